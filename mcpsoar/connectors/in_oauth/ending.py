"""One held token ended by its own client, and what became of that, by the tokens' names."""

from mcpsoar.connectors.in_oauth.held import Held
from mcpsoar.connectors.in_oauth.sent import Sent
from mcpsoar.connectors.in_oauth.service import Ended, Service, State
from mcpsoar.connectors.in_oauth.stopped import Stopped
from mcpsoar.core.errors import Trouble
from mcpsoar.kit.status import Unknown


class Ending:
    """`acknowledged` are pairs of a change's key and a token. `turned_away` are clients that were stopped the
    last time that one was to revoke something.
    """

    def __init__(self, service: Service, stopped: Stopped) -> None:
        self._service = service
        self._stopped = stopped
        self.why_left: dict[str, str] = {}
        self.tried: set[str] = set()
        self.acknowledged: set[tuple[str, str]] = set()
        self.turned_away: set[str] = set()

    def revoke(self, one: Held, client: str | None, key: str, sent: Sent) -> None:
        """Errors are those of `Service.revoked`."""
        if client is None or not self._service.has(client):
            sent.refused.append(one.name)
            self.why_left[one.name] = (
                f"the profile has no credentials of {client}" if client else "whose it is is not known"
            )
            return
        ended = self._asked(one, client, sent)
        if ended is None:
            return
        self.tried.add(one.name)
        if ended is Ended.ACKNOWLEDGED:
            self.acknowledged.add((key, one.name))
            self.why_left[one.name] = "its revocation was acknowledged, without effect"
            sent.acknowledged.append(one.name)
        elif ended is Ended.UNSUPPORTED:
            self.why_left[one.name] = "the service does not revoke tokens of its kind"
            sent.unsupported.append(one.name)
        else:
            self.why_left[one.name] = f"its revocation by {client} was refused"
            sent.refused.append(one.name)

    def _asked(self, one: Held, client: str, sent: Sent) -> Ended | None:
        """None where the client is stopped, and so turned away: in this round nothing more is asked as it."""
        if client not in sent.stopped:
            try:
                ended = self._service.revoked(one, client)
            except Unknown:
                if not self._stopped.among([client]):
                    raise
                sent.stopped.add(client)
                self.turned_away.add(client)
            else:
                self.turned_away.discard(client)
                return ended
        (sent.refused if self._is_active(one) else sent.unasked).append(one.name)
        return None

    def _is_active(self, one: Held) -> bool:
        try:
            return self._service.introspected(one).state is State.ACTIVE
        except Trouble:
            return False
