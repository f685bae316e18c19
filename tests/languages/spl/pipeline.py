"""Runs a search: the first command gets the events, each later one the results before it."""

import json
from collections.abc import Callable, Mapping
from typing import Any

from tests.languages.spl import extraction, ordering, shape, statistics, tables, terms
from tests.languages.spl.errors import NotInGrammar, Undocumented
from tests.languages.spl.results import Row, Rows, State
from tests.languages.spl.times import relative
from tests.languages.spl.values import LARGEST, decided, whole
from tests.languages.spl.words import Words, commands, count, expanded, flag

SUBSEARCH = 50_000  # append: "maxout … default 50000"

Command = Callable[[str, Rows, State], Rows]
_COMMANDS: Mapping[str, Command] = {
    "accum": statistics.accum,
    "bin": shape.bin_,
    "dedup": ordering.dedup,
    "eval": shape.evaluation,
    "eventstats": statistics.eventstats,
    "fields": shape.fields,
    "fillnull": shape.fillnull,
    "head": shape.head,
    "inputlookup": tables.inputlookup,
    "lookup": tables.lookup,
    "mvexpand": shape.mvexpand,
    "outputlookup": tables.outputlookup,
    "rename": shape.rename,
    "search": shape.search,
    "sort": ordering.sort,
    "spath": extraction.spath,
    "stats": statistics.stats,
    "streamstats": statistics.streamstats,
    "table": shape.table,
    "where": shape.where,
}


def run_search(query: str, state: State) -> Rows:
    """The results of a whole search, macros and all."""
    return _pipeline(expanded(query.strip(), state.macros), state, implied=True)


def _pipeline(source: str, state: State, *, implied: bool) -> Rows:
    """The search command "is implied at the beginning of any search"; a subsearch has to name it."""
    first, *later = commands(source)
    if not first and later:
        rows = _generated(later.pop(0), state)
    else:
        word, rest = _split(first)
        if word != "search" and not implied:
            raise NotInGrammar(f"a subsearch that starts with {word}")
        rows = retrieved(rest if word == "search" else first, state)
    for command in later:
        word, rest = _split(command)
        if word == "append":
            rows = rows + _subsearch(rest, state)
        elif word in _COMMANDS:
            rows = _COMMANDS[word](rest, rows, state)
        else:
            raise NotInGrammar(f"the command {word}")
    return rows


def retrieved(source: str, state: State) -> Rows:
    """The events that a first search finds: "the most recent events are searched first" (dedup page).

    `earliest` is inside the range, `latest` is not (Search Manual, "Specify time modifiers in your search").
    """
    found = terms.parse(source)
    now = state.now_ms / 1000
    low, high = (_bound(one, now) for one in (found.earliest, found.latest))
    kept = [
        row
        for row in map(_event, state.events)
        if (low is None or row["_time"] >= low)
        and (high is None or row["_time"] < high)
        and decided(found.test(row), f"search {source}")
    ]
    return sorted(state.ties(kept), key=lambda row: -row["_time"])


def _bound(written: str | None, now: float) -> float | None:
    if written is None:
        return None
    try:
        return float(written)
    except ValueError:
        return relative(int(now), written)


def _event(given: Mapping[str, Any]) -> Row:
    """Field values are texts or lists of texts; only the two times are numbers."""
    row: Row = {}
    for name, one in given.items():
        if name in ("_time", "_indextime"):
            row[name] = whole(float(one))
        elif isinstance(one, list) and one and all(isinstance(each, str) for each in one):
            row[name] = list(one) if len(one) > 1 else one[0]
        elif isinstance(one, str):
            row[name] = one
        else:
            raise TypeError(f"{name}={one!r} is no field of an event")
    return row


def _generated(command: str, state: State) -> Rows:
    word, rest = _split(command)
    if word == "search":
        return retrieved(rest, state)
    if word == "inputlookup":
        return tables.inputlookup(rest, [], state)
    if word == "makeresults":
        return _made(rest, state)
    raise NotInGrammar(f"a search that starts with | {word}")


def _made(arguments: str, state: State) -> Rows:
    """ "_time … is set to the time of the search"; annotate adds fields "with a value of NULL": none."""
    words = Words(arguments)
    options = words.options({"count": count, "annotate": flag, "format": str, "data": str})
    words.end()
    if "data" not in options:
        if "format" in options:
            raise NotInGrammar("makeresults with a format and no data")
        extra = {"splunk_server": Undocumented("the name of the server")} if options.get("annotate") else {}
        return [{"_time": state.now_ms // 1000} | extra for _ in range(options.get("count", 1))]
    if options.get("format") != "json" or {"count", "annotate"} & set(options):
        raise NotInGrammar(f"makeresults {arguments}")
    return [_inline(one) for one in json.loads(options["data"])]


def _inline(given: Mapping[str, Any]) -> Row:
    """An object's fields. Whether it has _time and _raw beside them is not written."""
    row: Row = {name: Undocumented(f"{name} of inline data") for name in ("_time", "_raw")}
    for name, one in given.items():
        if isinstance(one, bool):
            row[name] = "true" if one else "false"
        elif isinstance(one, str) or (isinstance(one, int) and abs(one) <= LARGEST):
            row[name] = str(one)
        else:
            raise Undocumented(f"{one!r} in inline data")
    return row


def _subsearch(source: str, state: State) -> Rows:
    """append [ … ]: its results come after; beyond 50 000 they are lost."""
    if not (source.startswith("[") and source.endswith("]")):
        raise NotInGrammar(f"append {source}")
    return _pipeline(source[1:-1].strip(), state, implied=False)[:SUBSEARCH]


def _split(command: str) -> tuple[str, str]:
    word, *rest = command.split(maxsplit=1)
    return word, "".join(rest)


def visible(rows: Rows) -> Rows:
    """The rows as a caller sees them: without what would raise."""
    return [{name: one for name, one in row.items() if not isinstance(one, Exception)} for row in rows]
