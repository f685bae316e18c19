"""Any control plane with an HTTP API of its own, described wholly in the profile: docs/http.md has it all.

    [profiles.prod.registry]
    connector = "http"
    url = "https://plane.example.com/api"
    token = { env = "PLANE_TOKEN" }

    [profiles.prod.registry.actions."registry.disable"]
    unknown = { status = 404, pointer = "/error", is = "no such server" }

    [profiles.prod.registry.actions."registry.disable".look]
    path = "servers/{server}"
    in_force = { pointer = "/state", is = "off" }
    not_in_force = { pointer = "/state", is = "on" }

    [profiles.prod.registry.actions."registry.disable".do]
    method = "POST"
    path = "servers/{server}/disable"
    body = { reason = "contained by mcpsoar" }
    done = { status = [200, 204], pointer = "/ok", is = true }

    [profiles.prod.registry.actions."registry.disable".undo]
    method = "POST"
    path = "servers/{server}/enable"

Options of a binding: `actions`; `names`, what the plane calls a server where that differs; `scheme`, the word
before the token ("Bearer"), and `header`, the one it stands in ("Authorization"; any other has it alone);
`headers` that go with every call. `timeout_s` bounds one call (10), `settle_s` a read-back (5);
`propagation_s` is how long the data plane may go on with what it remembers (0).
"""

from mcpsoar.connectors.in_http import role
from mcpsoar.connectors.in_http.caller import Caller
from mcpsoar.connectors.in_http.entries import Entries
from mcpsoar.connectors.in_http.role import check
from mcpsoar.connectors.in_http.single import Single
from mcpsoar.core.ports import Clock
from mcpsoar.core.profile import Binding
from mcpsoar.kit.http import TIMEOUT_S, Edge
from mcpsoar.kit.options import seconds
from mcpsoar.kit.rooms import Room, Rooms

OPTIONS = (*role.OPTIONS, "timeout_s", "settle_s", "propagation_s")
MEANING = {"actions": "action", "names": "server"}
SETTLE_S = 5.0


def connect(binding: Binding, *, clock: Clock) -> Rooms:
    """One connector for the actions that are described. Sends nothing yet. Raises Usage."""
    options = binding.options
    actions = check(options, lambda _: binding.where or f"connector {binding.connector!r}")
    edge = role.edge(
        binding.base_url,
        binding.tokens,
        options,
        network=binding.network,
        clock=clock,
        timeout_s=seconds(binding, "timeout_s", TIMEOUT_S),
    )
    names = options.get("names", {})
    return Rooms(
        {
            action: _room(Caller(edge, said, names, clock=clock, place=binding.where), edge, clock)
            for action, said in actions.items()
        },
        edge,
        name="the control plane",
        clock=clock,
        settle_s=seconds(binding, "settle_s", SETTLE_S),
        propagation_s=seconds(binding, "propagation_s", 0.0, least=0.0),
    )


def _room(caller: Caller, edge: Edge, clock: Clock) -> Room:
    of = caller.said.look.list if caller.said.look else None
    return Entries(edge, clock, caller, of) if of else Single(edge, clock, caller)
