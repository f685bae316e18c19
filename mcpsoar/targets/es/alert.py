"""A gate as a detection rule asks it: tuning stands in a lookup index, so that it never touches the query.

The query is the same for everybody; `mcp-gates` holds at most one document a gate, and what it does not say
is what the gate was shipped with. A tuned window lies within the range that the rule reads (`widest_ms`).
Both lookups come after counting, where a row is a minute, a subject or both: a join for each event of a day,
every minute, would be the dear part. Across clusters none is allowed there (page LOOKUP JOIN, Limitations,
9.2 to 9.5): such a pack asks `gate.state` instead. A gate that stands twice in the index counts nothing
twice.
"""

from collections.abc import Sequence
from typing import Any

from mcpsoar.core.content import Counts, GateText, Threshold
from mcpsoar.core.event import MINUTE_MS, Column
from mcpsoar.targets.es import paths
from mcpsoar.targets.es.commands import assigned, grouped
from mcpsoar.targets.es.gate import Asked, each, of_pages, window
from mcpsoar.targets.es.text import quoted
from mcpsoar.targets.gate import Gate

LOOKUP = "mcp-gates"
_HOUR_MS = 60 * MINUTE_MS
_COUNTS = ("judged", "numerator", "warned")
_MINUTE = f"DATE_TRUNC(1 minute, {paths.TIME})"
_LONGS = ("window_minutes", "min_denominator", "min_numerator")
_SHARES = ("page", "warn")


def lookup_index() -> dict[str, Any]:
    """Settings and mapping of the tuned gates: one document a gate, whose `_id` is the gate's id."""
    tuned: dict[str, Any] = {name: {"type": "long"} for name in _LONGS}
    for name in _SHARES:
        tuned |= {f"{name}_over": {"type": "long"}, f"{name}_under": {"type": "long"}}
        tuned[f"{name}_inclusive"] = {"type": "boolean"}
    properties = {"gate": {"type": "keyword"}, "tuned": {"properties": tuned}}
    return {
        "mappings": {"dynamic": False, "properties": properties},
        "settings": {"index": {"mode": "lookup"}},
    }


def document(gate_id: str, **said: Any) -> dict[str, Any]:
    """One document of that index from what a user says: `page`, `warn`, `window_ms` and the floors.

    What is None is left out: the shipped word stands.
    """
    tuned: dict[str, Any] = {name: said[name] for name in ("min_denominator", "min_numerator")}
    tuned["window_minutes"] = said["window_ms"] // MINUTE_MS if said["window_ms"] is not None else None
    for name in _SHARES:
        if said[name] is not None and said[name].ratio is not None:
            tuned |= {f"{name}_over": said[name].ratio.over, f"{name}_under": said[name].ratio.under}
            tuned[f"{name}_inclusive"] = said[name].inclusive
    return {"gate": gate_id, "tuned": {key: value for key, value in tuned.items() if value is not None}}


def widest_ms(gate: GateText) -> int:
    """The longest window that a gate may be tuned to: an hour, or its own where that is longer."""
    return max(gate.window_ms, _HOUR_MS)


def state(gate: Gate, columns: Sequence[Column], asked: Asked, *, only_pages: bool = False) -> str:
    """One row: gate, state, numerator, denominator (of a ratio), warned and the window.

    A tenant without events has none, and with `only_pages` there is none unless it pages, as an alert wants
    it: then of a count there is a row a subject to blame, "-" for events without, each with the whole
    numerator. Raises Unsupported, with the gate's name.
    """
    text, (_, end) = gate.text, window(gate.text.window_ms, asked)
    starts = f"TO_LONG({end}) - {MINUTE_MS} * {_tuned('window_minutes', text.window_ms // MINUTE_MS)}"
    join = [f"EVAL gate = {quoted(text.id)}", f"LOOKUP JOIN {LOOKUP} ON gate"]
    pages, rows = of_pages(text) if only_pages else ([], [])
    named = ["subject"] if pages else []
    within = (
        _minutes(asked.by("minute", *named), join, starts)
        if text.counts is Counts.EVENTS
        else _subjects(asked.by("subject"), join, starts)
    )
    ratio = ["denominator"] if text.page.ratio is not None else []
    sums = [f"{name} = SUM({name})" for name in _COUNTS]
    # of several minutes: TOP would take a subject as often
    once = [f"STATS {assigned(sums)}{grouped(asked.by('subject'))}"] if pages else []
    shown = asked.by("gate", *named, "state", "numerator", *ratio, "warned", "window_from", "window_to")
    told = [f"state = {_state(text)}", f"window_from = TO_DATETIME({starts})", f"window_to = {end}"]
    commands = [
        *each(gate, columns, asked, widest_ms=widest_ms(text)),
        *within,
        *once,
        f"STATS {assigned([*sums, *pages])}{grouped(asked.by())}",
        f"EVAL {assigned(f'{name} = COALESCE({name}, 0)' for name in _COUNTS)}",
        *join,
        f"EVAL {assigned([*told, *(f'{name} = judged' for name in ratio)])}",
        *rows,
        f"KEEP {', '.join(shown)}",
    ]
    return "\n| ".join(commands)


def _minutes(by: Sequence[str], join: Sequence[str], starts: str) -> list[str]:
    """Up to one row a minute of the window and what else stands in `by`."""
    sums = assigned(["judged = SUM(judged)", "numerator = SUM(hit)", "warned = SUM(warned)"])
    once = assigned(f"{name} = MAX({name})" for name in _COUNTS)
    return [
        f"EVAL minute = {_MINUTE}",
        f"STATS {sums}{grouped(by)}",
        *join,
        f"WHERE TO_LONG(minute) >= {starts}",
        f"STATS {once}{grouped(by)}",
    ]


def _subjects(by: Sequence[str], join: Sequence[str], starts: str) -> list[str]:
    """Up to one row a subject, by when each was judged, hit and warned of last; `judged` counts subjects."""
    flags = {"judged": "judged", "numerator": "hit", "warned": "warned"}
    last = {name: f"last_{flag}" for name, flag in flags.items()}
    seen = {name: f"COALESCE(TO_LONG({at}) >= {starts}, false)" for name, at in last.items()}
    seen |= {name: f"subject IS NOT NULL AND {seen[name]}" for name in ("numerator", "warned")}
    return [
        f"EVAL {assigned(f'last_{flag} = CASE({flag} == 1, {paths.TIME})' for flag in flags.values())}",
        f"STATS {assigned(f'{at} = MAX({at})' for at in last.values())}{grouped(by)}",
        *join,
        f"EVAL {assigned(f'{name} = CASE({said}, 1, 0)' for name, said in seen.items())}",
        f"STATS {assigned(f'{name} = MAX({name})' for name in _COUNTS)}{grouped(by)}",
    ]


def _state(gate: GateText) -> str:
    full = [f"numerator >= {_tuned('min_numerator', gate.min_numerator)}"]
    if gate.page.ratio is not None:
        full.append(f"judged >= {_tuned('min_denominator', gate.min_denominator)}")
    page = " AND ".join([*full, _passes("page", gate.page)])
    warn = " OR ".join(["warned > 0", *([_passes("warn", gate.warn)] if gate.page.ratio is not None else [])])
    return f'CASE(judged == 0, "no_data", {page}, "page", {warn}, "warn", "ok")'


def _passes(name: str, shipped: Threshold | None) -> str:
    """Ratios compare as integers; a warning that was not shipped passes nothing until it is tuned."""
    if shipped is not None and shipped.ratio is None:
        return "numerator > 0"
    over, under, inclusive = _shipped(shipped)
    share = f"judged * {_tuned(f'{name}_over', over)}"
    whole = f"numerator * {_tuned(f'{name}_under', under)}"
    return f"CASE({_tuned(f'{name}_inclusive', inclusive)}, {whole} >= {share}, {whole} > {share})"


def _shipped(threshold: Threshold | None) -> tuple[int, int, str]:
    """Over, under and whether inclusive; nothing is more than all of it."""
    if threshold is None or threshold.ratio is None:
        return 1, 1, "false"
    return threshold.ratio.over, threshold.ratio.under, str(threshold.inclusive).lower()


def _tuned(name: str, shipped: int | str) -> str:
    return f"COALESCE(tuned.{name}, {shipped})"
