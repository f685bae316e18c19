"""What a described control plane says beside its actions: names, and how its token and headers are sent."""

import re

from mcpsoar.connectors.in_http.reading import read
from mcpsoar.connectors.in_http.said import Said
from mcpsoar.connectors.in_http.table import Place, Table
from mcpsoar.core.digest import Facts
from mcpsoar.core.ports import Clock
from mcpsoar.core.profile import Network
from mcpsoar.core.secret import Secret
from mcpsoar.kit.http import Edge

OPTIONS = ("actions", "names", "scheme", "header", "headers")
_AUTHORIZATION = "Authorization"
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_OURS = {"accept", "accept-encoding", "connection", "content-encoding", "content-length", "content-type"}
_OURS |= {"cookie", "expect", "host", "idempotency-key", "te", "trailer", "transfer-encoding", "upgrade"}


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


def edge(
    url: str,
    tokens: tuple[Secret, ...],
    options: Facts,
    *,
    network: Network,
    clock: Clock,
    timeout_s: float,
) -> Edge:
    """All calls to it; `tokens` in the order of trying. Sends nothing yet. Raises Usage."""
    header = options.get("header", _AUTHORIZATION)
    return Edge(
        url,
        next(iter(tokens), None),
        spares=tokens[1:],
        header=header,
        scheme=options.get("scheme", "Bearer" if header == _AUTHORIZATION else ""),
        headers=options.get("headers"),
        network=network,
        clock=clock,
        timeout_s=timeout_s,
    )


def _name(text: str, complaint: str) -> str:
    if not _NAME.fullmatch(text) or text.lower() in _OURS:
        raise ValueError(complaint)
    return text
