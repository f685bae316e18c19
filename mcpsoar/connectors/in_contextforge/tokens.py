"""tokens.revoke: API tokens scoped to a server, and the unscoped ones, which reach it too."""

from collections.abc import Sequence

from mcpsoar.connectors.in_contextforge.affected import tokens_touched
from mcpsoar.connectors.in_contextforge.directory import Directory
from mcpsoar.connectors.in_contextforge.token_list import Token, TokenList
from mcpsoar.core.errors import Conflict, Malformed, Unsupported
from mcpsoar.core.plan import Step
from mcpsoar.core.ports import Clock
from mcpsoar.core.run import Baseline, Effect, Exposure, Observation
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit.each import each
from mcpsoar.kit.http import Edge
from mcpsoar.kit.rooms import Room, server
from mcpsoar.kit.stops import ENTRY, stopped_by

_REASON = "contained by mcpsoar"
_LOGINS = (
    "login sessions, which this gateway does not list (20 min, unless TOKEN_EXPIRY says otherwise)"
    f" {stopped_by(ENTRY, 'another JWT_SECRET_KEY')}"
)


class Tokens(Room):
    """`keep` are ids that are never revoked, or names of tokens of `login` itself: anybody may take a name.

    A scope is no confinement: a token for another server reaches this one by /mcp and /rpc (measured), and is
    reported.
    """

    has_way_back = False

    def __init__(
        self,
        edge: Edge,
        clock: Clock,
        directory: Directory,
        listed: TokenList,
        *,
        keep: frozenset[str],
        login: str | None,
    ) -> None:
        super().__init__(edge, clock)
        self._directory = directory
        self._listed = listed
        self._keep = keep
        self._login = login
        self._before: dict[str, frozenset[str]] = {}
        self._late: set[str] = set()

    @property
    def lacks(self) -> tuple[str, ...]:
        no_login = ("an API token lists no tokens: name an administrator's e-mail as login",)
        return (
            *(() if self._login else no_login),
            "cannot list tokens by audience: revokes those scoped to a server before it, and unscoped ones",
            "cannot see login sessions (JWT): they are good until they run out",
        )

    @property
    def spills(self) -> str | None:
        return "it also revokes every token that is scoped to no server"

    def survey(self) -> str:
        active = _active(self._listed.now())
        kept = sum(self._is_kept(one) for one in active)
        return f"{len(active)} active tokens, {kept} of them in keep: never revoked"

    def baseline(self, step: Step) -> Baseline:
        reaching, others = self._sorted(step, self._listed.before())
        facts = {
            "active": len(reaching),
            "of_other_servers": len(others),
            "ids": [one.id for one in reaching],
        }
        return Baseline(not reaching, facts, self._now(), tokens_touched(step, reaching))

    def apply(self, step: Step, was: Baseline | None, key: str) -> Effect:  # noqa: ARG002 (the port's shape)
        reaching, _ = self._sorted(step, self._listed.now())
        self._before.setdefault(step.id, frozenset(one.id for one in reaching))
        unclear = []

        def revoke(one: str) -> None:
            reply = self._edge.change(
                "DELETE",
                *("v1", "tokens", "admin", one),
                body={"reason": _REASON},
                absent=lambda status, _: status in (404, 409),
            )
            if reply.status < 400 and reply.body is not None:
                raise Malformed("the answer does not say that the token is revoked", where=self._where)
            if reply.status >= 400:
                unclear.append(one)  # the plane says "try again" of what is revoked: the list tells

        try:
            each([one.id for one in reaching], revoke, where=self._where, late=self._late)
        finally:
            self._listed.changed()
        if unclear:
            raise Conflict(
                f"of {len(reaching)} tokens {len(unclear)} are gone, or were revoked before",
                where=self._where,
            )
        return Effect({"revoked": [one.id for one in reaching]}, self._now())

    def look(self, step: Step) -> Observation:
        reaching, others = self._sorted(step, self._listed.now())
        left = frozenset(one.id for one in reaching)
        before = self._before.get(step.id)
        since = None if before is None else len(left - before)
        words = f"{len(left) or 'no'} token {self._aim(step)} is active"
        words += f", {since} issued since the look before" if since else ""
        exposures = [Exposure(one.words, one.ends) for one in reaching]
        exposures += [Exposure(f"{one.words}, {self._why_left(one)}", one.ends) for one in others]
        return Observation(
            Verdict.NO if left else Verdict.YES,
            words,
            {"left": sorted(left), "issued_since": since},
            self._now(),
            (*exposures, *self._beside(step)),
            is_partial=bool(left and before and before - left),
        )

    def rollback(self, step: Step, was: Baseline | None, key: str) -> Effect:  # noqa: ARG002
        raise Unsupported("a revoked token does not come back: let the clients fetch new ones")

    def look_back(self, step: Step, was: Baseline | None) -> Observation:  # noqa: ARG002
        raise Unsupported("a revoked token does not come back: let the clients fetch new ones")

    def _aim(self, step: Step) -> str:
        return f"for {server(step)} or for every server"

    def _why_left(self, token: Token) -> str:
        if self._is_kept(token):
            return f"kept, as the profile says {stopped_by(ENTRY)}"
        return f"scoped to another server: by /mcp and /rpc {stopped_by(ENTRY)}"

    def _is_kept(self, token: Token) -> bool:
        return token.id in self._keep or (token.name in self._keep and token.owner == self._login)

    def _beside(self, step: Step) -> tuple[Exposure, ...]:  # noqa: ARG002
        """What is open whatever is revoked."""
        return (Exposure(_LOGINS, None),)

    def _sorted(self, step: Step, listed: Sequence[Token]) -> tuple[list[Token], list[Token]]:
        """Active tokens that are to go, and those that stay: of other servers, and those that are kept."""
        gateway = self._directory.find(server(step))
        active = _active(listed)
        scopes = {one.server for one in active if one.server is not None}
        before = {scope for scope in scopes if self._directory.is_before(scope, gateway)}
        reaching = [one for one in active if one.server is None or one.server in before]
        kept = [one for one in reaching if self._is_kept(one)]
        stay = kept + [one for one in active if one not in reaching]
        return [one for one in reaching if one not in kept], stay


def _active(listed: Sequence[Token]) -> list[Token]:
    return [one for one in listed if one.is_active]
