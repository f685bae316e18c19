"""tokens.revoke_principal: every API token of a user, or of that name, whatever server it is scoped to."""

from collections.abc import Sequence

from mcpsoar.connectors.in_contextforge.token_list import Token
from mcpsoar.connectors.in_contextforge.tokens import Tokens
from mcpsoar.core.errors import UnknownTarget
from mcpsoar.core.plan import Step
from mcpsoar.core.run import Exposure
from mcpsoar.kit.targets import principal


class Owners(Tokens):
    """Whose token the plane has never listed is an unknown target: a typing error must not read as done."""

    @property
    def lacks(self) -> tuple[str, ...]:
        return ("cannot stop a user from making new tokens, nor see login sessions of one",)

    @property
    def spills(self) -> None:
        return None

    def _aim(self, step: Step) -> str:
        return f"of {principal(step)}"

    def _beside(self, step: Step) -> tuple[Exposure, ...]:
        who = principal(step)
        words = f"new tokens and login sessions of {who}: nothing here stops them"
        return (Exposure(words, None),)

    def _sorted(self, step: Step, listed: Sequence[Token]) -> tuple[list[Token], list[Token]]:
        """Active tokens that are to go, and those that are kept."""
        who = principal(step)
        own = [token for token in listed if who in (token.owner, token.name)]
        if not own:
            raise UnknownTarget(f"no token is of {who}, or called so", where=self._where)
        active = [token for token in own if token.is_active]
        kept = [token for token in active if self._is_kept(token)]
        return [token for token in active if token not in kept], kept
