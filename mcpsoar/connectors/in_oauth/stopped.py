"""Which clients are stopped: those cannot ask for a revocation, and their tokens may look revoked."""

from collections.abc import Iterable

from mcpsoar.connectors.in_http.caller import Caller
from mcpsoar.connectors.in_http.single import Single
from mcpsoar.connectors.in_oauth.clients import one_of
from mcpsoar.connectors.in_oauth.described import Described
from mcpsoar.core.errors import Trouble
from mcpsoar.core.ports import Clock
from mcpsoar.kit.http import Edge
from mcpsoar.kit.targets import PRINCIPAL


class Stopped:
    """`single` is a client as the service's administration has it; None where nothing describes that."""

    def __init__(self, single: Single | None) -> None:
        self._single = single

    def among(self, clients: Iterable[str]) -> frozenset[str]:
        """Those of which the administration says so. Raises nothing: who cannot be asked about is not one."""
        return frozenset(client for client in clients if self._is_off(client))

    def _is_off(self, client: str) -> bool:
        try:
            return self._single is not None and self._single.baseline(one_of(client)).in_force
        except Trouble:
            return False


def single(edge: Edge, clock: Clock, described: Described, place: str | None) -> Single:
    """One client, looked at and switched. `place` is where the settings have the role."""
    names = {f"{PRINCIPAL}{client}": called for client, called in described.names.items()}
    return Single(edge, clock, Caller(edge, described.said, names, clock=clock, place=place))
