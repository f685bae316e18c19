"""Windows over time: every row with the rows that it sees, or with the last one that is marked.

A bounded window pairs a row with those of its own stretch of time and of the one before alone, so that what
a flood costs is bounded by the window, and not by the whole log.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from mcpsoar.targets.es import paths
from mcpsoar.targets.es.detection import packed
from mcpsoar.targets.es.detection.flow import APART, LINE, MARK, TAB, Flow
from mcpsoar.targets.es.detection.packed import OWN, Type
from mcpsoar.targets.es.text import quoted

_FLAGGED, _PLAIN = "0", "1"  # of events at one time the marked one is the earliest


@dataclass(frozen=True, slots=True)
class Seen:
    """What a window makes of a column: `function` is COUNT, SUM, MIN or MAX."""

    name: str
    function: str
    column: str


@dataclass(frozen=True, slots=True)
class Frame:
    """From `start` ms before a row, or from the beginning, to `end` ms before it; both count."""

    start: int | None
    end: int = 0


def spanned(
    flow: Flow, keys: Sequence[str], frame: Frame, seen: Sequence[Seen], kept: Collection[str], *, time: str
) -> None:
    """Give every row what a frame before it holds of the rows with its keys.

    `time` is the column that tells when a row is seen: its own time, or when its value was first there.
    """
    columns = sorted({one.column for one in seen})
    names = flow.kept(keys, kept)
    own, by = packed.row(names, flow.types), list(keys)
    if frame.start is not None:
        width = frame.start + 1
        turn = f"event_ms / {width}"
        flow.commands += [f"EVAL span = MV_APPEND({turn}, {turn} + 1)", "MV_EXPAND span"]
        own, by = f"CASE(span == {turn}, {own})", [*keys, "span"]
    counts = any(one.function in ("COUNT", "SUM") for one in seen)
    told = [packed.at(time), "event_key" if counts else '"-"']
    told += [packed.packed(paths.quoted(one), flow.types[one]) for one in columns]
    asked = [f"{paths.quoted(one)} != 0" if counts else f"{paths.quoted(one)} IS NOT NULL" for one in columns]
    other = f"CASE({' OR '.join(asked)}, {packed.joined(told)})"
    flow.commands.append(f"EVAL row = {own},\n    other = {other}")
    flow.stats({"row": "VALUES(row)", "other": "VALUES(other)"}, by)
    types = dict(flow.types)
    flow.given_back(by, names)
    flow.commands += ["MV_EXPAND other", f"EVAL part = SPLIT(other, {TAB})"]
    others = {column: f"other_{column}" for column in columns}
    made = ["other_ms = TO_LONG(MV_SLICE(part, 0))"] + [
        f"{paths.quoted(others[one])} = {packed.unpacked(f'MV_SLICE(part, {at})', types[one])}"
        for at, one in enumerate(columns, 2)
    ]
    flow.commands.append(f"EVAL {APART.join(made)}")
    inside = [f"other_ms <= event_ms{f' - {frame.end}' if frame.end else ''}"]
    inside += [f"other_ms >= event_ms - {frame.start}"] if frame.start is not None else []
    found = {
        one.name: _made(one, f"CASE({' AND '.join(inside)}, {paths.quoted(others[one.column])})")
        for one in seen
    }
    flow.stats(found, [*keys, *names, *(one for one in OWN if one not in keys)])
    flow.forget({*keys, *names, *OWN})
    flow.types |= {one.name: types[one.column] for one in seen}
    zeros = [f"{paths.quoted(one.name)} = COALESCE({paths.quoted(one.name)}, 0)" for one in seen if counts]
    if zeros:
        flow.commands.append(f"EVAL {APART.join(zeros)}")


def _made(one: Seen, value: str) -> str:
    return f"{'SUM' if one.function == 'COUNT' else one.function}({value})"


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
    flow.commands.append(f"EVAL {APART.join(made)}")
    flow.forget({*keys, *names, *head, *OWN})
