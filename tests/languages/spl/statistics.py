"""stats, eventstats, streamstats and accum (their pages in Search Reference 10.0)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tests.languages.spl.aggregates import Aggregation, read
from tests.languages.spl.errors import NotInGrammar, Undocumented
from tests.languages.spl.results import Row, Rows, State, key, single, stored, value
from tests.languages.spl.times import span
from tests.languages.spl.values import Field, numeric, order, whole
from tests.languages.spl.words import Words, count, flag

LIMIT = 10_000  # max_stream_window of limits.conf


@dataclass(frozen=True, slots=True)
class Clause:
    """What to compute, for each combination of which fields, and the options."""

    aggregations: tuple[Aggregation, ...]
    by: tuple[str, ...]
    options: Mapping[str, Any]


def stats(arguments: str, rows: Rows, state: State) -> Rows:
    """ "only one row is returned" without BY, else "one row … for each distinct value" of it.

    A result without a BY field is in no row (others measured that; the page only says "distinct value"), a
    multivalue is in one for each value (dedup_splitvals: "remove duplicate values in multivalued … fields").
    """
    clause = _clause(arguments, {})
    if not clause.by:
        found = _computed({}, clause, rows, state)
        if not found:
            raise Undocumented("a row of stats in which nothing could be computed")
        return [found]
    groups: dict[Any, tuple[Row, Rows]] = {}
    for row in rows:
        for one in _spread(row, clause.by):
            group = key(one, clause.by)
            if group is not None:
                named = {name: one[name] for name in clause.by}
                groups.setdefault(group, (named, []))[1].append(one)
    ordered = sorted(groups, key=lambda group: [order(str(one)) for one in group])
    return state.ties([_computed(groups[group][0], clause, groups[group][1], state) for group in ordered])


def eventstats(arguments: str, rows: Rows, state: State) -> Rows:
    """ "The generated summary statistics … are added … inline to each event" they are computed from.

    At its limit of memory it "stops adding the requested fields to the search results".
    """
    clause = _clause(arguments, {})
    groups: dict[Any, Rows] = {}
    for row in rows:
        groups.setdefault(_group(row, clause.by, "eventstats"), []).append(row)
    answers = {
        group: [(one.name, one.over(some, state.now_ms)) for one in clause.aggregations]
        for group, some in groups.items()
    }
    found: Rows = []
    for row in rows[: state.remembered(len(rows))]:
        changed = dict(row)
        for name, answer in answers[_group(row, clause.by, "eventstats")]:
            stored(changed, name, answer)
        found.append(changed)
    return found + rows[len(found) :]


def streamstats(arguments: str, rows: Rows, state: State) -> Rows:
    """Statistics over the results before each, "at the time the event is seen".

    "global … a single window, … or separate windows based on the by clause" (only with `window`);
    "reset_on_change … when the group by fields change"; current=false leaves out the result itself.
    """
    known = {
        "current": flag,
        "window": count,
        "time_window": span,
        "global": flag,
        "reset_on_change": flag,
    }
    clause = _clause(arguments, known)
    groups = [_group(row, clause.by, "streamstats") for row in rows]
    if clause.options.get("reset_on_change") and not clause.by:
        raise NotInGrammar("reset_on_change without BY")
    if "time_window" in clause.options:
        _in_time_order(rows)
    found, start = [], 0
    for at, row in enumerate(rows):
        if clause.options.get("reset_on_change") and at and groups[at] != groups[at - 1]:
            start = at
        places = range(start, at + 1 if clause.options.get("current", True) else at)
        found.append(_streamed(row, clause, _window(clause, rows, groups, places, at), rows, state))
    return found


def accum(arguments: str, rows: Rows, _state: State) -> Rows:
    """ "For each event where field is a number, … a running total": without a number it is refused.

    "The accumulated sum can be returned to either the same field, or a newfield that you specify."
    """
    words = Words(arguments)
    name = words.name()
    new = words.renamed(name)
    words.end()
    found: Rows = []
    total: float = 0
    for row in rows:
        one = single(row, name, "accum")
        if one is None:
            raise Undocumented(f"accum of a result without {name}")
        total = whole(total + numeric(Field(one) if isinstance(one, str) else one))
        changed = dict(row)
        stored(changed, new, total)
        found.append(changed)
    return found


def _streamed(row: Row, clause: Clause, windows: list[list[int]], rows: Rows, state: State) -> Row:
    answers = [_computed(row, clause, [rows[place] for place in window], state) for window in windows]
    if any(one != answers[0] for one in answers):
        raise Undocumented("whether a time_window holds a result that is exactly its length away")
    return answers[0]


def _window(clause: Clause, rows: Rows, groups: list[Any], places: range, at: int) -> list[list[int]]:
    """The results to compute over; two answers where an edge is not written about."""
    size = clause.options.get("window", 0)
    if size > LIMIT:
        raise Undocumented("a window beyond maxresultrows")
    if not size and len(places) > LIMIT:
        if clause.by:
            raise Undocumented("max_stream_window with BY")
        size = LIMIT  # "the default of 10,000 events … applies"
    mine = [place for place in places if groups[place] == groups[at]]
    if size and clause.options.get("global", True):
        mine = [place for place in mine if place in places[-size:]]
    elif size:
        mine = mine[-size:]
    width = clause.options.get("time_window")
    if width is None:
        return [mine]
    ages = {place: abs(value(rows[at], "_time") - value(rows[place], "_time")) for place in mine}
    return [
        [place for place in mine if ages[place] < width],
        [place for place in mine if ages[place] <= width],
    ]


def _in_time_order(rows: Rows) -> None:
    """ "the events must be sorted in either ascending or descending time order"."""
    times = [value(row, "_time") for row in rows]
    if None in times or times not in (sorted(times), sorted(times, reverse=True)):
        raise Undocumented("time_window over results that are not in time order")


def _computed(row: Row, clause: Clause, rows: Rows, state: State) -> Row:
    found = dict(row)
    for one in clause.aggregations:
        stored(found, one.name, one.over(rows, state.now_ms))
    return found


def _group(row: Row, by: tuple[str, ...], command: str) -> Any:
    if any(isinstance(row.get(name), list) for name in by):
        raise Undocumented(f"a multivalue in the BY of {command}")
    found = key(row, by)
    if found is None:
        raise Undocumented(f"{command} of a result without a BY field")
    return found


def _spread(row: Row, by: tuple[str, ...]) -> Rows:
    several = [name for name in by if isinstance(row.get(name), list)]
    if not several:
        return [row]
    if len(several) > 1:
        raise Undocumented("two multivalues in BY")
    return [row | {several[0]: one} for one in row[several[0]]]


def _clause(arguments: str, known: Mapping[str, Callable[[str], Any]]) -> Clause:
    words = Words(arguments)
    options, found, by = words.options(known), [], list[str]()
    while words.peek() is not None and (words.peek() or "").upper() != "BY":
        found.append(read(words))
        options |= words.options(known)
        if words.peek() == ",":
            words.take()
    if words.peek() is not None:
        words.take()
        while words.peek() is not None and words.peek(1) != "=":
            by.append(words.name())
            if words.peek() == ",":
                words.take()
        options |= words.options(known)
        words.end()
        if not by:
            raise NotInGrammar("BY nothing")
    names = [one.name for one in found]
    if not found or len({*names, *by}) != len(names) + len(by):
        raise NotInGrammar(f"two fields of one name, or none: {arguments}")
    return Clause(tuple(found), tuple(by), options)
