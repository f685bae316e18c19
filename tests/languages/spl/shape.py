"""The commands that keep, drop or change results one at a time.

Sources: the pages of these commands in Search Reference 10.0.
"""

import math

from tests.languages.spl import terms
from tests.languages.spl.errors import NotInGrammar, Undocumented
from tests.languages.spl.evaluate import Scope, boolean, evaluate
from tests.languages.spl.expression import assignments, parse
from tests.languages.spl.results import Row, Rows, State, single, stored, value
from tests.languages.spl.times import span
from tests.languages.spl.values import decided, numeric
from tests.languages.spl.words import Words, count


def search(arguments: str, rows: Rows, _state: State) -> Rows:
    """search later in the pipeline: "filter the results from the previous command"."""
    found = terms.parse(arguments)
    if found.earliest or found.latest:
        raise NotInGrammar("a time range later in the pipeline")
    return [row for row in rows if decided(found.test(row), f"search {arguments}")]


def where(arguments: str, rows: Rows, state: State) -> Rows:
    """ "returns only the results for which the eval expression returns true"."""
    node = parse(arguments)
    return [row for row in rows if decided(boolean(node, Scope(row, state.now_ms)), f"where {arguments}")]


def evaluation(arguments: str, rows: Rows, state: State) -> Rows:
    """eval: left to right, an existing field is overwritten."""
    todo = assignments(arguments)
    if any("{" in name and not name.endswith("{}") for name, _ in todo):
        raise NotInGrammar("a field name made of a field")
    found = []
    for row in rows:
        changed = dict(row)
        for name, node in todo:
            stored(changed, name, evaluate(node, Scope(changed, state.now_ms)))
        found.append(changed)
    return found


def fields(arguments: str, rows: Rows, _state: State) -> Rows:
    """Keep or remove. "_raw and _time are included … by default"; of other internal ones no word."""
    sign = arguments[:1] if arguments[:1] in ("+", "-") else ""
    names = Words(arguments[len(sign) :]).names()
    if sign == "-":
        return [{name: one for name, one in row.items() if name not in names} for row in rows]
    return [
        {name: _kept(name, one, names) for name, one in row.items() if name in names or name.startswith("_")}
        for row in rows
    ]


def _kept(name: str, one: object, names: list[str]) -> object:
    if name in names or name in ("_raw", "_time"):
        return one
    return Undocumented(f"whether fields keeps {name}, which it does not name")


def table(arguments: str, rows: Rows, _state: State) -> Rows:
    """ "returns a table that is formed by only the fields that you specify"."""
    names = Words(arguments).names()
    found = [{name: row[name] for name in names if name in row} for row in rows]
    if not all(found):
        raise Undocumented("whether table keeps a result that has none of its fields")
    return found


def rename(arguments: str, rows: Rows, _state: State) -> Rows:
    """`a AS b, c AS d`. A field that does not exist takes the data of its new name with it."""
    words, pairs = Words(arguments), []
    while words.peek() is not None:
        old = words.name()
        pairs.append((old, words.renamed("")))
        if words.peek() == ",":
            words.take()
    new = [one for _, one in pairs]
    if "" in new or len(set(new)) != len(new) or set(new) & {old for old, _ in pairs}:
        raise NotInGrammar(f"rename {arguments}")
    for old, name in pairs:
        rows = _renamed(rows, old, name)
    return rows


def _renamed(rows: Rows, old: str, new: str) -> Rows:
    present = [old in row for row in rows]
    if any(present) and any(new in row and not here for row, here in zip(rows, present, strict=True)):
        raise Undocumented(f"rename {old} AS {new}, where some results have only {new}")
    return [{new if name == old else name: one for name, one in row.items() if name != new} for row in rows]


def fillnull(arguments: str, rows: Rows, _state: State) -> Rows:
    """ "Default: 0"; listed fields are created; without a list "the value is applied to all fields"."""
    words = Words(arguments)
    filler = words.options({"value": str}).get("value", "0")
    names = words.names() if words.peek() is not None else _columns(rows)
    return [row | {name: filler for name in names if value(row, name) is None} for row in rows]


def _columns(rows: Rows) -> list[str]:
    return [name for name in dict.fromkeys(name for row in rows for name in row) if not name.startswith("_")]


def bin_(arguments: str, rows: Rows, _state: State) -> Rows:
    """bin of _time: bins start at whole spans since the epoch (aligntime); other fields would get labels."""
    words = Words(arguments)
    options = words.options({"span": span})
    field = words.name()
    options |= words.options({"span": span})
    new = words.renamed(field)
    words.end()
    if "span" not in options or field != "_time" or options["span"] % 604_800 == 0:
        raise NotInGrammar(f"bin {arguments}: only _time, with a span below a week")
    found = []
    for row in rows:
        changed = dict(row)
        at = value(row, field)
        if at is not None:
            size = options["span"]
            stored(changed, new, math.floor(numeric(_number(at)) / size) * size)
        found.append(changed)
    return found


def _number(at: object) -> float:
    return float(at) if isinstance(at, str | int | float) else math.nan


def head(arguments: str, rows: Rows, _state: State) -> Rows:
    """ "returns the first N … results"; 10 if none is given."""
    words = Words(arguments)
    limit = words.options({"limit": count}).get("limit")
    if limit is None:
        limit = count(words.take()) if words.peek() is not None else 10
    words.end()
    return rows[:limit]


def mvexpand(arguments: str, rows: Rows, state: State) -> Rows:
    """A result for each value of the field; limit=0 is none.

    At its limit of memory ([mvexpand] max_mem_usage_mb, 500) "output will be truncated at … results": its own
    warning, as manuals of apps quote it.
    """
    words = Words(arguments)
    name = words.name()
    limit = words.options({"limit": count}).get("limit", 0)
    words.end()
    found: list[Row] = []
    for row in rows:
        values = value(row, name)
        if values is None:
            raise Undocumented(f"mvexpand of a result without {name}")
        kept = values if isinstance(values, list) else [single(row, name, "mvexpand")]
        found += [row | {name: one} for one in (kept[:limit] if limit else kept)]
    return found[: state.remembered(len(found))]
