"""What people know of servers that no gateway writes: pins, tickets and deploy windows, joined to each event.

An event's own word counts, and a list fills what it does not say. A server has up to one document of pin and
ticket, and any number of windows, which give an event as many rows: `RANK` puts the one inside first, so that
it is the one that is kept (`gate.each`).
"""

from collections.abc import Collection
from typing import Any

from mcpsoar.targets.es import paths

SERVERS, WINDOWS = "mcp-servers", "mcp-deploy-windows"
RANK = "listed.rank"
_FILLED = ("pinned_manifest_hash", "change_ticket")
_WINDOW = "deploy_window"
_SERVER = paths.of("server_name")
_FROM, _TO = "listed.window_from", "listed.window_to"


def servers_index() -> dict[str, Any]:
    """Settings and mapping: a document a server, with its pinned manifest and the ticket of its change."""
    return _index({name: {"type": "keyword"} for name in _FILLED})


def windows_index() -> dict[str, Any]:
    """The same of deploy windows, half open: a document a window."""
    return _index({"window_from": {"type": "date"}, "window_to": {"type": "date"}})


def fills(read: Collection[str], *, servers: bool, windows: bool) -> list[str]:
    """Commands that fill the columns that are read, from the lists that there are."""
    commands = []
    named = [name for name in _FILLED if name in read]
    if servers and named:
        values = [f"{paths.of(name)} = COALESCE({paths.of(name)}, listed.{name})" for name in named]
        commands += [f"LOOKUP JOIN {SERVERS} ON {_SERVER}", f"EVAL {', '.join(values)}"]
    if ranks(read, windows=windows):
        inside = f"COALESCE({paths.TIME} >= {_FROM} AND {paths.TIME} < {_TO}, false)"
        own = paths.of(_WINDOW)
        commands += [
            f"LOOKUP JOIN {WINDOWS} ON {_SERVER}",
            f'EVAL {RANK} = CASE({inside}, "0", "1"), {own} = COALESCE({own}, CASE({inside}, true))',
        ]
    return commands


def ranks(read: Collection[str], *, windows: bool) -> bool:
    """Whether an event may have several rows, of which the rank tells which one counts."""
    return windows and _WINDOW in read


def _index(listed: dict[str, Any]) -> dict[str, Any]:
    own = {"server_name": {"type": "keyword"}}
    properties = {"listed": {"properties": listed}, "mcp": {"properties": own}}
    return {
        "mappings": {"dynamic": False, "properties": properties},
        "settings": {"index": {"mode": "lookup"}},
    }
