"""A gate as ES|QL, to be run every minute: the contract's section 5 in one query.

Of several events with one identity (event.id and @timestamp) the first received counts: the flags of each go
into one text behind the time of receipt, and the least text of an identity is kept; + comes before -, so that
of two received at once the one that hits counts. That also makes one of the rows that a name twice on the
approved list would give. Counts of subjects are counts of rows, since COUNT_DISTINCT is approximate. Ratios
compare as integers.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlglot import exp

from mcpsoar.core.content import Counts, GateText, Threshold
from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import MINUTE_MS, Column, Kind
from mcpsoar.targets.es import fields, listed, paths
from mcpsoar.targets.es.expression import Printer
from mcpsoar.targets.es.text import quoted
from mcpsoar.targets.gate import Gate, asks_list

LOOKUP = "mcp-approved-servers"
_ON_LIST = "mcp.on_approved_list"
_OWN = ("event_ms", "event_key")
_MOST = 10_000  # rows that a query gives at most (page "Limitations")
_SHOWN = 20  # contract, section 5: evidence
_ALERTS = 1000  # rows that a run of a rule makes alerts of (line.MOST_ALERTS)
_NEVER = "9999-12-31T23:59:59.999Z"  # as long as every date written as text: 24 characters
_FLAGS = ("judged", "hit", "warned")
_FIRST_FLAG = len(_NEVER) + 1


@dataclass(frozen=True, slots=True)
class Asked:
    """How a gate is asked.

    The window ends `lag_minutes` before this whole minute, or at `as_of_ms`. `approved`: the lookup index
    tells who is on the list; without it every name is. `servers`, `windows`: what `es.listed` holds fills an
    event's own word. `raw`: events are not in normal form yet. `tenant` is
    the field that parts customers: an event is known within its tenant, and every answer is by tenant first,
    with no row for a tenant that has no event.
    """

    lag_minutes: int = 1
    as_of_ms: int | None = None
    approved: bool = False
    raw: bool = False
    servers: bool = False
    windows: bool = False
    index: str = paths.INDEX
    tenant: str = ""

    def by(self, *names: str) -> list[str]:
        """What to group by: the tenant first."""
        return [*([paths.quoted(self.tenant)] if self.tenant else []), *names]


def lookup_index() -> dict[str, Any]:
    """Settings and mapping of the approved servers: one document a name, with on_approved_list true."""
    properties = {"server_name": {"type": "keyword"}, "on_approved_list": {"type": "boolean"}}
    return {
        "mappings": {"dynamic": False, "properties": {"mcp": {"properties": properties}}},
        "settings": {"index": {"mode": "lookup"}},
    }


def state(gate: Gate, columns: Sequence[Column], asked: Asked, *, only_pages: bool = False) -> str:
    """One row: state, numerator, denominator (of a ratio), warned, events, judged and the window.

    `only_pages` gives no row unless it pages, as an alert wants it: with `gate`, and of a count a row a
    subject to blame, "-" for events without. Raises Unsupported, with the gate's name.
    """
    pages, rows = of_pages(gate.text) if only_pages else ([], [])
    sums = {"events": "events", "judged": "judged", "numerator": "numerator", "warned": "warned"}
    start, end = window(gate.text.window_ms, asked)
    shown = ["state", "numerator", *_ratio_has(gate.text, "denominator"), "warned", "events", "judged"]
    named = ["gate", *(["subject"] if pages else [])] if only_pages else []
    tenant = asked.by()
    commands = [
        *_by_subject(gate, columns, asked),
        f"STATS {assigned([*(f'{new} = SUM({old})' for new, old in sums.items()), *pages])}{grouped(tenant)}",
        f"EVAL {assigned(f'{name} = COALESCE({name}, 0)' for name in sums)}",
        f"EVAL state = {_state(gate.text)}, window_from = {start}, window_to = {end}"
        + "".join(f", {name} = judged" for name in _ratio_has(gate.text, "denominator")),
        *([f"EVAL gate = {quoted(gate.text.id)}"] if only_pages else []),
        *rows,
        f"KEEP {', '.join([*tenant, *named, *shown, 'window_from', 'window_to'])}",
    ]
    return "\n| ".join(commands)


def of_pages(text: GateText) -> tuple[list[str], list[str]]:
    """What an alert asks beside the sums over `subject` and `numerator`, and the commands after `state`.

    Of a count a row a subject: were there one row, suppression would hide who comes after the first. As many
    subjects as a run makes alerts of, so that no flood of names takes all memory.
    """
    if text.page.ratio is not None:
        return [], ['WHERE state == "page"']
    to_blame = f'subject = TOP(CASE(numerator > 0, COALESCE(subject, "-")), {_ALERTS}, "asc")'
    return [to_blame], ['WHERE state == "page"', "MV_EXPAND subject"]


def groups(gate: Gate, columns: Sequence[Column], asked: Asked) -> str:
    """One row a subject that is to blame, or that warns: subject (null: events without), state and counts.

    Those with the most first, 10 000 at most: so many rows mean that there may be more; `state` counts all.
    Raises Unsupported, with the gate's name.
    """
    keys = asked.by("subject")
    shown = [*keys, "state", "numerator", *_ratio_has(gate.text, "denominator"), "warned"]
    commands = [
        *_by_subject(gate, columns, asked),
        "WHERE numerator > 0 OR warned > 0",
        f"EVAL state = {_state(gate.text)}"
        + "".join(f", {name} = judged" for name in _ratio_has(gate.text, "denominator")),
        f"KEEP {', '.join(shown)}",
        f"SORT numerator DESC, warned DESC, {', '.join(keys)}",
        f"LIMIT {_MOST}",
    ]
    return "\n| ".join(commands)


def evidence(gate: Gate, columns: Sequence[Column], asked: Asked, *, warned: bool = False) -> str:
    """The newest 20 events with an id that hit, or that warn: event.id, @timestamp, subject.

    Raises Unsupported, with the gate's name.
    """
    commands = [
        *each(gate, columns, asked),
        f"WHERE {'warned' if warned else 'hit'} == 1 AND {paths.EVENT_ID} IS NOT NULL",
        f"KEEP {', '.join(asked.by(paths.EVENT_ID, paths.TIME, 'subject'))}",
        f"SORT {paths.TIME} DESC, {paths.EVENT_ID}",
        f"LIMIT {_SHOWN}",
    ]
    return "\n| ".join(commands)


def late(gate: Gate, columns: Sequence[Column], asked: Asked) -> str:
    """The hits that came when no tick looked at their minute any more, a row an event.

    For a gate that counts, where one hit is a page. Each row has its `_id`, so that Elastic alerts on it
    once. A copy of an event that comes so late is a row, too. Raises Unsupported, with the gate's name.
    """
    text = gate.text
    if text.page.ratio is not None:
        raise Unsupported(f"gate {text.id}: a ratio has no single event to page for", where=str(text.path))
    (_, _, *before), is_ranked = _flagged(gate, columns, asked)
    if is_ranked:
        raise Unsupported(f"gate {text.id}: an event has a row a deploy window", where=str(text.path))
    minutes = text.window_ms // MINUTE_MS + asked.lag_minutes
    named = ['hit == "+"', "subject IS NOT NULL"] if text.counts is Counts.SUBJECTS else ['hit == "+"']
    commands = [
        f"FROM {asked.index} METADATA _id, _index, _version",
        f"WHERE {paths.RECEIVED} >= DATE_TRUNC(1 minute, {paths.TIME}) + {minutes} minutes",
        *before,
        f'WHERE judged == "+" AND {" AND ".join(named)}',
    ]
    return "\n| ".join(commands)


def _by_subject(gate: Gate, columns: Sequence[Column], asked: Asked) -> list[str]:
    """Up to one row a subject: events, judged, numerator, warned."""
    return [*each(gate, columns, asked), *_counted(gate.text.counts, asked)]


def each(gate: Gate, columns: Sequence[Column], asked: Asked, *, widest_ms: int | None = None) -> list[str]:
    """Commands up to one row an identity: subject, judged, hit, warned, where a flag is 1 or 0.

    `widest_ms` takes the place of the gate's own window. Raises Unsupported, with the gate's name.
    """
    flagged, is_ranked = _flagged(gate, columns, asked, widest_ms=widest_ms)
    at = f"COALESCE(TO_STRING({paths.RECEIVED}), {quoted(_NEVER)})"
    known = 'CASE(subject IS NULL, "-", CONCAT("+", subject))'
    alone = f'alone = CASE({paths.EVENT_ID} IS NULL, CONCAT(_index, " ", _id))'
    rank = [listed.RANK] if is_ranked else []
    received = f"received = CONCAT({', '.join([at, *rank, *_FLAGS, known])})"
    return [
        *flagged,
        f"EVAL {assigned([alone, received])}",
        f"STATS counted = MIN(received){grouped(asked.by(paths.EVENT_ID, paths.TIME, 'alone'))}",
        f"EVAL {assigned(_unpacked(_FIRST_FLAG + len(rank)))}",
    ]


def _flagged(
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


def _counted(counts: Counts, asked: Asked) -> list[str]:
    by = grouped(asked.by("subject"))
    if counts is Counts.EVENTS:
        own = "events = COUNT(*), judged = SUM(judged), numerator = SUM(hit), warned = SUM(warned)"
        return [f"STATS {own}{by}"]
    own = "events = COUNT(*), judged = SUM(judged), hits = MAX(hit), warnings = MAX(warned)"
    named = "CASE(subject IS NOT NULL, {}, 0)"
    return [
        f"STATS {own}{by}",
        f"EVAL numerator = {named.format('hits')}, warned = {named.format('warnings')}",
    ]


def _state(gate: GateText) -> str:
    full = [f"numerator >= {gate.min_numerator}"] if gate.min_numerator > 1 else []
    if gate.page.ratio is not None and gate.min_denominator > 0:
        full.append(f"judged >= {gate.min_denominator}")
    page = " AND ".join([*full, _passes(gate.page)])
    warn = " OR ".join(["warned > 0", *([_passes(gate.warn)] if gate.warn else [])])
    return f'CASE(judged == 0, "no_data", {page}, "page", {warn}, "warn", "ok")'


def _passes(threshold: Threshold) -> str:
    """A ratio over nothing is no question here: without a judged event there is no data."""
    if threshold.ratio is None:
        return "numerator > 0"
    over, under = threshold.ratio.over, threshold.ratio.under
    return f"numerator * {under} {'>=' if threshold.inclusive else '>'} judged * {over}"


def window(window_ms: int, asked: Asked) -> tuple[str, str]:
    """Half open, whole minutes, on the time of the event."""
    minutes = window_ms // MINUTE_MS
    if asked.as_of_ms is not None:
        return _date(asked.as_of_ms - window_ms), _date(asked.as_of_ms)
    tick = "DATE_TRUNC(1 minute, NOW())"
    return f"{tick} - {minutes + asked.lag_minutes} minutes", f"{tick} - {asked.lag_minutes} minutes"


def _date(at_ms: int) -> str:
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)
    return f'TO_DATETIME("{at:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z")'


def _ratio_has(gate: GateText, name: str) -> list[str]:
    return [name] if gate.page.ratio is not None else []


def assigned(parts: Iterable[str]) -> str:
    """The parts of one EVAL or STATS."""
    return ",\n    ".join(parts)


def grouped(keys: Sequence[str]) -> str:
    """The BY of one STATS, or nothing."""
    return f" BY {', '.join(keys)}" if keys else ""
