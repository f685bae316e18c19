"""Which tokens a step is about: those for a server's audience, or those of a client."""

from dataclasses import dataclass

from mcpsoar.connectors.in_oauth.held import Held
from mcpsoar.connectors.in_oauth.service import Said


@dataclass(frozen=True, slots=True)
class Aim:
    """One of the two is set."""

    audience: str | None = None
    client: str | None = None

    @property
    def words(self) -> str:
        return f"of {self.client}" if self.client else f"for {self.audience}"

    def covers(self, one: Held) -> bool:
        """Whether the list does not say that the token is somebody else's."""
        if self.client is not None:
            return one.client in (None, self.client)
        return not one.aim or self.audience in one.aim

    def is_missed(self, said: Said) -> bool:
        """Whether the service says that the token is of others alone."""
        if self.client is not None:
            return said.client not in (None, self.client)
        return bool(said.audiences) and self.audience not in said.audiences
