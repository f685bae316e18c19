"""The questions that are asked of a gate: its state, whom it blames, what shows it, what came too late."""

from collections.abc import Sequence

from mcpsoar.core.content import Counts, GateText, Threshold
from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import MINUTE_MS, Column
from mcpsoar.targets.es import paths
from mcpsoar.targets.es.commands import assigned, grouped
from mcpsoar.targets.es.gate.asked import Asked, window
from mcpsoar.targets.es.gate.events import each, flagged
from mcpsoar.targets.es.text import quoted
from mcpsoar.targets.gate import Gate

_MOST = 10_000  # rows that a query gives at most (page "Limitations")
_SHOWN = 20  # contract, section 5: evidence
_ALERTS = 1000  # rows that a run of a rule makes alerts of (line.MOST_ALERTS)


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
    (_, _, *before), is_ranked = flagged(gate, columns, asked)
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


def _ratio_has(gate: GateText, name: str) -> list[str]:
    return [name] if gate.page.ratio is not None else []
