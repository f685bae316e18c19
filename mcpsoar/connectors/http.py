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

import re

from mcpsoar.connectors.in_http.caller import Caller
from mcpsoar.connectors.in_http.entries import Entries
from mcpsoar.connectors.in_http.reading import read
from mcpsoar.connectors.in_http.said import Said
from mcpsoar.connectors.in_http.single import Single
from mcpsoar.connectors.in_http.table import Place, Table
from mcpsoar.core.digest import Facts
from mcpsoar.core.ports import Clock
from mcpsoar.core.profile import Binding
from mcpsoar.kit.http import TIMEOUT_S, Edge
from mcpsoar.kit.options import seconds
from mcpsoar.kit.rooms import Room, Rooms

OPTIONS = ("actions", "names", "scheme", "header", "headers", "timeout_s", "settle_s", "propagation_s")
SETTLE_S = 5.0
_AUTHORIZATION = "Authorization"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_OURS = {"accept", "accept-encoding", "connection", "content-encoding", "content-length", "content-type"}
_OURS |= {"cookie", "expect", "host", "idempotency-key", "te", "trailer", "transfer-encoding", "upgrade"}


def connect(binding: Binding, *, clock: Clock) -> Rooms:
    """One connector for the actions that are described. Sends nothing yet. Raises Usage."""
    options = binding.options
    actions = check(options, lambda _: binding.where or f"connector {binding.connector!r}")
    header = options.get("header", _AUTHORIZATION)
    edge = Edge(
        binding.base_url,
        binding.token,
        spares=binding.spares,
        header=header,
        scheme=options.get("scheme", "Bearer" if header == _AUTHORIZATION else ""),
        headers=options.get("headers"),
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


def check(options: Facts, place: Place) -> dict[str, Said]:
    """The actions of a role's table; `place` tells where keys of it stand. Raises Usage, for all else too."""
    table = Table(dict(options), (), place)
    if "actions" not in table:
        raise table.bad("connector http lacks actions: a table for each thing that it is to do")
    for name, called in table.words("names").items():
        if not called:
            raise table.bad(f"{name} is called something", "names", name)
    if "scheme" in table:
        table.checked("scheme", lambda text: _name(text, "a scheme is one word, such as Bearer"))
    if "header" in table:
        table.checked("header", lambda text: _name(text, "a header is named as X-Api-Key is"))
    held = str(options.get("header", _AUTHORIZATION)).lower()
    for name, value in table.words("headers").items():
        is_ours = name.lower() in _OURS | {held, _AUTHORIZATION.lower()}
        if is_ours or not _NAME.fullmatch(name) or not value.isascii() or not value.isprintable():
            raise table.bad(f"{name!r} is no header that can be set here", "headers", name)
    return read(table["actions"], place)


def _room(caller: Caller, edge: Edge, clock: Clock) -> Room:
    of = caller.said.look.list if caller.said.look else None
    return Entries(edge, clock, caller, of) if of else Single(edge, clock, caller)


def _name(text: str, complaint: str) -> str:
    if not _NAME.fullmatch(text) or text.lower() in _OURS:
        raise ValueError(complaint)
    return text
