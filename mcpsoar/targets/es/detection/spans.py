"""Running windows: every row with the last one before it that is marked."""

from collections.abc import Collection, Mapping, Sequence

from mcpsoar.targets.es import paths
from mcpsoar.targets.es.commands import assigned
from mcpsoar.targets.es.detection import packed
from mcpsoar.targets.es.detection.flow import LINE, MARK, TAB, Flow
from mcpsoar.targets.es.detection.packed import OWN, Type
from mcpsoar.targets.es.text import quoted

_FLAGGED, _PLAIN = "0", "1"  # of events at one time the marked one is the earliest


def latest(flow: Flow, keys: Sequence[str], name: str, marked: str, kept: Collection[str]) -> None:
    """Give every row the time of the last marked row with its keys, up to its own time."""
    head = {"event_ms": packed.at(), "": _flag(marked), "event_key": "event_key"}
    _behind(flow, keys, marked, kept, head=head)
    _put(flow, name, "TO_LONG(MV_SLICE(mark, 0))", Type.WHOLE)


def last_before(
    flow: Flow, keys: Sequence[str], name: str, marked: str, kept: Collection[str], *, order: str
) -> None:
    """Give every row a text for the last marked row up to itself, by a number and the key: one for each."""
    head = {
        order: packed.at(paths.quoted(order)),
        "event_key": "event_key",
        "": _flag(marked),
        "event_ms": packed.at(),
    }
    _behind(flow, keys, marked, kept, head=head)
    _put(flow, name, 'COALESCE(CONCAT(MV_SLICE(mark, 0), MV_SLICE(mark, 1)), "-")', Type.TEXT)


def _flag(marked: str) -> str:
    return f'CASE({marked}, "{_FLAGGED}", "{_PLAIN}")'


def _put(flow: Flow, name: str, value: str, kind: Type) -> None:
    flow.commands.append(f"EVAL {paths.quoted(name)} = {value}")
    flow.types[name] = kind


def _behind(
    flow: Flow, keys: Sequence[str], marked: str, kept: Collection[str], *, head: Mapping[str, str]
) -> None:
    """Give every row the parts of the last marked row as `mark`; rows begin with what `head` says.

    The rows of a group are put behind each other, the last first, and cut behind every marked one: in a piece
    the last row is the marked one that the others saw last.
    """
    names = [one for one in flow.kept(keys, kept) if one not in head]
    own = {one: at for at, one in enumerate(head) if one and one not in keys}
    told = [*head.values(), *(packed.packed(paths.quoted(one), flow.types[one]) for one in names)]
    by = flow.members(keys)
    flow.commands.append(f"EVAL row = {packed.joined(told)}")
    flow.commands.append(f"EVAL row = CASE({marked}, CONCAT(row, {MARK}), row)")
    flow.stats({"row": "VALUES(row)"}, by)
    last = quoted(packed.TAB.join("-" * len(head)))
    flag = list(head).index("")
    flow.commands += [
        f'EVAL lines = SPLIT(MV_CONCAT(MV_APPEND(MV_SORT(row, "DESC"), {last}), {LINE}), {MARK})',
        "MV_EXPAND lines",
        f"EVAL row = SPLIT(CASE(STARTS_WITH(lines, {LINE}), SUBSTRING(lines, 2), lines), {LINE})",
        f"EVAL mark = SPLIT(MV_LAST(row), {TAB})",
        f'EVAL mark = CASE(MV_SLICE(mark, {flag}) == "{_FLAGGED}", mark)',
        "MV_EXPAND row",
        f"WHERE row != {last}",
        f"EVAL part = SPLIT(row, {TAB})",
    ]
    made = []
    for one, at in own.items():
        value = f"MV_SLICE(part, {at})"
        made.append(f"{paths.quoted(one)} = {value if one == 'event_key' else f'TO_LONG({value})'}")
    made += packed.assigned(names, flow.types, "part", len(head))
    flow.commands.append(f"EVAL {assigned(made)}")
    flow.forget({*keys, *names, *head, *OWN})
