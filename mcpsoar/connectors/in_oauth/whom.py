"""Which clients a step stops, and which stay whatever it is about."""

from mcpsoar.connectors.in_oauth.aim import Aim
from mcpsoar.connectors.in_oauth.described import Described
from mcpsoar.connectors.in_oauth.settings import Settings
from mcpsoar.core.errors import Usage


class Whom:
    """Clients of an audience are those that `clients` names for it, and the owners of held tokens for it.

    `kept`, with why: who owns a token that is kept, for some services call all tokens of a stopped client
    inactive; who asks about tokens; and whom the profile names. `place` is where that is.
    """

    def __init__(self, settings: Settings, described: Described, place: str | None) -> None:
        self._settings = settings
        self._place = place
        owners = [one.owner for one in settings.held if one.is_kept and one.owner]
        self.kept = {
            **dict.fromkeys(described.keep, "the profile says so"),
            **dict.fromkeys(owners, "a token of it is kept"),
            settings.caller.id: "it asks about tokens",
        }

    @property
    def known(self) -> tuple[str, ...]:
        """Everybody whom the profile knows."""
        owners = [one.owner for one in self._settings.held if one.owner]
        return tuple(dict.fromkeys([*self._settings.clients, *owners]))

    def is_hearsay(self, client: str) -> bool:
        """Whether nothing but a token's own word, which anybody can write, names it."""
        return client not in self._settings.clients and all(
            one.client != client for one in self._settings.held
        )

    def of(self, aim: Aim) -> tuple[str, ...]:
        """Kept ones too."""
        if aim.client is not None:
            return (aim.client,)
        named = [one.id for one in self._settings.clients.values() if aim.audience in one.audiences]
        owners = [one.owner for one in self._settings.held if aim.audience in one.aim and one.owner]
        return tuple(sorted({*named, *owners}))

    def to_stop(self, aim: Aim) -> tuple[str, ...]:
        """Raises Usage where there is none."""
        known = self.of(aim)
        found = tuple(client for client in known if client not in self.kept)
        if not found:
            stay = "; ".join(f"{client} stays: {self.kept[client]}" for client in known) or "none is known"
            words = f"no client {aim.words} can be stopped: {stay}; say audiences of clients, or hold tokens"
            raise Usage(words, where=self._place)
        return found
