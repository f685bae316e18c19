"""What a gate sees of each event: its subject, and three flags as + and - behind the time of receipt."""

from collections.abc import Sequence
from typing import Any

from sqlglot import exp

from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import Column, Kind
from mcpsoar.targets.es import fields, identity, listed, paths
from mcpsoar.targets.es.commands import assigned, grouped
from mcpsoar.targets.es.expression import Printer
from mcpsoar.targets.es.gate.asked import Asked, window
from mcpsoar.targets.gate import Gate, asks_list

LOOKUP = "mcp-approved-servers"
_ON_LIST = "mcp.on_approved_list"
_OWN = ("event_ms", "event_key")
_FLAGS = ("judged", "hit", "warned")


def lookup_index() -> dict[str, Any]:
    """Settings and mapping of the approved servers: one document a name, with on_approved_list true."""
    properties = {"server_name": {"type": "keyword"}, "on_approved_list": {"type": "boolean"}}
    return {
        "mappings": {"dynamic": False, "properties": {"mcp": {"properties": properties}}},
        "settings": {"index": {"mode": "lookup"}},
    }


def each(gate: Gate, columns: Sequence[Column], asked: Asked, *, widest_ms: int | None = None) -> list[str]:
    """Commands up to one row an identity: subject, judged, hit, warned, where a flag is 1 or 0.

    `widest_ms` takes the place of the gate's own window. Raises Unsupported, with the gate's name.
    """
    commands, is_ranked = flagged(gate, columns, asked, widest_ms=widest_ms)
    known = 'CASE(subject IS NULL, "-", CONCAT("+", subject))'
    rank = [listed.RANK] if is_ranked else []
    received = f"received = CONCAT({', '.join([identity.RECEIVED, *rank, *_FLAGS, known])})"
    return [
        *commands,
        f"EVAL {assigned([identity.ALONE, received])}",
        f"STATS counted = MIN(received){grouped(asked.by(*identity.KEYS))}",
        f"EVAL {assigned(_unpacked(identity.BEHIND + len(rank)))}",
    ]


def flagged(
    gate: Gate, columns: Sequence[Column], asked: Asked, *, widest_ms: int | None = None
) -> tuple[list[str], bool]:
    """Commands up to the flags of each event as + and -, and whether lists made several rows of one."""
    try:
        flags, needed = _flags(gate, columns, asked)
    except Unsupported as error:
        said = f"gate {gate.text.id}: {error.message} (target esql)"
        raise Unsupported(said, where=str(gate.text.path)) from None
    start, end = window(widest_ms or gate.text.window_ms, asked)
    normal = fields.evals(columns, needed) if asked.raw else ()
    commands = [
        f"FROM {asked.index} METADATA _id, _index",
        f"WHERE {paths.TIME} >= {start} AND {paths.TIME} < {end}",
        *([] if asked.raw else [f"WHERE {paths.IS_EVENT}"]),
        *([f"EVAL {assigned(normal)}"] if normal else []),
        *listed.fills(needed, servers=asked.servers, windows=asked.windows),
        *([f"LOOKUP JOIN {LOOKUP} ON {paths.of('server_name')}"] if _looks_up(gate, asked) else []),
        f"EVAL {assigned(flags)}",
    ]
    return commands, listed.ranks(needed, windows=asked.windows)


def _flags(gate: Gate, columns: Sequence[Column], asked: Asked) -> tuple[list[str], frozenset[str]]:
    """The flags of one event as + and -, the subject, and the columns that all of them read."""
    trees = {"judged": gate.judged, "hit": gate.hit, "warned": gate.warned, "subject": gate.subject}
    asks = {name: tree.copy().transform(_listed) for name, tree in trees.items() if tree is not None}
    printer = Printer(columns, approved=_ON_LIST if asked.approved else "")
    found = [one for tree in asks.values() for one in tree.find_all(exp.Column)]
    kinds = {column.name: column.kind for column in columns}
    if not isinstance(gate.subject, exp.Column) or kinds.get(gate.subject.name) not in (Kind.TEXT, Kind.ENUM):
        raise Unsupported("a subject that is no column of text")
    flags = [f"subject = {printer.value(asks['subject'])}"]
    for name in _FLAGS:
        told = printer.condition(asks[name]) if name in asks else "false"
        flags.append(f'{name} = CASE({told}, "+", "-")')
    needed = frozenset(one.name for one in found if one.name not in _OWN) | {"event_id"}
    return flags, needed


def _listed(node: exp.Expr) -> exp.Expr:
    if asks_list(node):
        return exp.In(this=node.this, expressions=[exp.Placeholder(this="approved")])
    return node


def _looks_up(gate: Gate, asked: Asked) -> bool:
    trees = [tree for tree in (gate.hit, gate.judged, gate.warned) if tree is not None]
    return asked.approved and any(asks_list(one) for tree in trees for one in tree.find_all(exp.In))


def _unpacked(first: int) -> list[str]:
    places = {name: first + at for at, name in enumerate((*_FLAGS, "known"))}
    is_one = {name: f'SUBSTRING(counted, {at}, 1) == "+"' for name, at in places.items()}
    judged, known = is_one["judged"], is_one["known"]
    return [
        f"subject = CASE({known}, SUBSTRING(counted, {places['known'] + 1}))",
        f"judged = CASE({judged}, 1, 0)",
        *(f"{name} = CASE({judged} AND {is_one[name]}, 1, 0)" for name in ("hit", "warned")),
    ]
