"""Windows over time: every row with the rows that it sees.

Each row is paired with others, and those stand in memory for every row. So a window is cut into parts: a row
is paired with the totals of the parts that lie in it whole, and with the rows of the two at its ends.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace

from mcpsoar.targets.es import paths
from mcpsoar.targets.es.commands import assigned
from mcpsoar.targets.es.detection import packed
from mcpsoar.targets.es.detection.flow import TAB, Aggregate, Flow
from mcpsoar.targets.es.detection.packed import OWN, Type

_PARTS = 30


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


@dataclass(frozen=True, slots=True)
class _Pairing:
    """Which rows a row is paired with: those that are `inside`, told by their column `time`.

    Those of its own stretch of `width` ms, and of the one so many stretches before; without, all of its keys.
    """

    time: str
    inside: tuple[str, ...]
    width: int | None = None
    before: int = 1
    only: str = ""


def spanned(
    flow: Flow, keys: Sequence[str], frame: Frame, seen: Sequence[Seen], kept: Collection[str], *, time: str
) -> None:
    """Give every row what a frame before it holds of the rows with its keys.

    `time` is the column that tells when a row is seen: its own time, or when its value was first there.
    """
    inside = [f"other_ms <= event_ms{f' - {frame.end}' if frame.end else ''}"]
    if frame.start is None:
        _paired(flow, keys, _Pairing(time, tuple(inside)), seen, kept)
        return
    pairing = _Pairing(time, (*inside, f"other_ms >= event_ms - {frame.start}"), frame.start + 1)
    if frame.end or (frame.start + 1) % _PARTS:
        _paired(flow, keys, pairing, seen, kept)
    else:
        _in_parts(flow, keys, pairing, seen, kept, width=frame.start + 1)


def _in_parts(
    flow: Flow,
    keys: Sequence[str],
    pairing: _Pairing,
    seen: Sequence[Seen],
    kept: Collection[str],
    *,
    width: int,
) -> None:
    """The same from the totals of whole parts and from the rows of the two others."""
    part = width // _PARTS
    turn, foremost = flow.name("turn"), flow.name("foremost")
    kinds = {one.column: flow.types[one.column] for one in seen}
    totals = {one.name: flow.name(f"{one.name}_total") for one in seen}
    found = {
        totals[one.name]: Aggregate(_made(one.function, paths.quoted(one.column)), kinds[one.column])
        for one in seen
    }
    flow.eval({turn: (f"event_ms / {part}", Type.WHOLE)})
    own = {*kept, *(one.column for one in seen)}
    flow.gather([*keys, turn], found | {foremost: Aggregate(f"MIN({packed.place()})", Type.TEXT)}, own)
    whole = [replace(one, name=flow.name(f"{one.name}_whole"), column=totals[one.name]) for one in seen]
    parts = _Pairing(
        turn,
        (f"other_ms > {turn} - {_PARTS}", f"other_ms < {turn}"),
        width,
        only=f"{packed.place()} == {foremost}",
    )
    _paired(flow, keys, parts, whole, {*own, turn})
    ends = [replace(one, name=flow.name(f"{one.name}_ends")) for one in seen]
    own = {*kept, *(one.name for one in whole)}
    _paired(flow, keys, replace(pairing, width=part, before=_PARTS), ends, own)
    flow.eval(
        {
            one.name: (_both(one.function, first.name, second.name), kinds[one.column])
            for one, first, second in zip(seen, whole, ends, strict=True)
        }
    )


def _paired(
    flow: Flow, keys: Sequence[str], pairing: _Pairing, seen: Sequence[Seen], kept: Collection[str]
) -> None:
    columns = sorted({one.column for one in seen})
    names = flow.kept(keys, kept)
    own, by = packed.row(names, flow.types), list(keys)
    if pairing.width is not None:
        turn = f"event_ms / {pairing.width}"
        flow.commands += [f"EVAL span = MV_APPEND({turn}, {turn} + {pairing.before})", "MV_EXPAND span"]
        own, by = f"CASE(span == {turn}, {own})", [*keys, "span"]
    types = {column: flow.types[column] for column in columns}
    flow.commands.append(f"EVAL row = {own},\n    other = {_other(pairing, seen, types)}")
    flow.stats({"row": "VALUES(row)", "other": "VALUES(other)"}, by)
    flow.given_back(by, names)
    flow.commands += ["MV_EXPAND other", f"EVAL part = SPLIT(other, {TAB})"]
    others = {column: paths.quoted(f"other_{column}") for column in columns}
    made = ["other_ms = TO_LONG(MV_SLICE(part, 0))"] + [
        f"{others[one]} = {packed.unpacked(f'MV_SLICE(part, {at})', types[one])}"
        for at, one in enumerate(columns, 2)
    ]
    flow.commands.append(f"EVAL {assigned(made)}")
    inside = " AND ".join(pairing.inside)
    found = {one.name: _made(one.function, f"CASE({inside}, {others[one.column]})") for one in seen}
    flow.stats(found, [*keys, *names, *(one for one in OWN if one not in keys)])
    flow.forget({*keys, *names, *OWN})
    flow.types |= {one.name: types[one.column] for one in seen}
    zeros = [paths.quoted(one.name) for one in seen if _is_counted(one)]
    if zeros:
        flow.commands.append(f"EVAL {assigned(f'{one} = COALESCE({one}, 0)' for one in zeros)}")


def _other(pairing: _Pairing, seen: Sequence[Seen], types: dict[str, Type]) -> str:
    """What others see of a row: nothing, where it would change nothing."""
    counts = any(map(_is_counted, seen))
    told = [packed.at(paths.quoted(pairing.time)), "event_key" if counts else '"-"']
    told += [packed.packed(paths.quoted(one), kind) for one, kind in types.items()]
    asked = [f"{paths.quoted(one)} {'!= 0' if counts else 'IS NOT NULL'}" for one in types]
    useful = " OR ".join(asked)
    return f"CASE({f'{pairing.only} AND ({useful})' if pairing.only else useful}, {packed.joined(told)})"


def _is_counted(one: Seen) -> bool:
    return one.function in ("COUNT", "SUM")


def _made(function: str, value: str) -> str:
    return f"{'SUM' if function == 'COUNT' else function}({value})"


def _both(function: str, one: str, other: str) -> str:
    one, other = paths.quoted(one), paths.quoted(other)
    if function in ("COUNT", "SUM"):
        return f"{one} + {other}"
    return f"CASE({one} IS NULL OR {other} {'<' if function == 'MIN' else '>'} {one}, {other}, {one})"
