"""The functions of stats, eventstats and streamstats.

Sources: Search Reference 10.0, "Aggregate functions", "Event order functions", "Multivalue stats and chart
functions". A value that is absent takes no part; text where numbers are wanted is refused (allnum only says
that it does not stop the others), and so are multivalues.
"""

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.languages.spl.errors import NotInGrammar, Undocumented
from tests.languages.spl.evaluate import Scope, boolean, evaluate
from tests.languages.spl.expression import parse
from tests.languages.spl.nodes import Call, Node, Operation
from tests.languages.spl.results import Row, Rows, single, stored, value
from tests.languages.spl.values import Field, decided, number, numeric, order, text, whole
from tests.languages.spl.words import Words

LISTED = 100  # list(): "limit … 100 values", the rest are lost
DISTINCT = 1000  # from here on perc() is an approximation
_PERCENTILE = re.compile(r"(exactperc|perc|p)([0-9]{1,2})")
_ALIASES = {"distinct_count": "dc", "c": "count", "mean": "avg"}


@dataclass(frozen=True, slots=True)
class Aggregation:
    """One function over a field or an expression, and the field its answer goes to."""

    function: str
    field: str | None
    node: Node | None
    name: str

    def over(self, rows: Rows, now_ms: int) -> Any:
        """The answer, None where nothing could be computed."""
        if self.function == "count" and self.field is None and self.node is None:
            return len(rows)
        if self.function == "count" and self.node is not None:
            return sum(self._counted(row, now_ms) for row in rows)
        pairs = [(row, found) for row in rows if (found := self._value(row, now_ms)) is not None]
        if self.function in ("earliest", "latest"):
            return _timed(pairs, latest=self.function == "latest")
        values = [found for _, found in pairs]
        percentile = _PERCENTILE.fullmatch(self.function)
        if percentile:
            return _percentile(values, int(percentile[2]), exact=percentile[1] == "exactperc")
        return _FUNCTIONS[self.function](values)

    def _value(self, row: Row, now_ms: int) -> Any:
        if self.node is None:
            return single(row, self.field or "", self.function)
        made: Row = {}
        stored(made, self.name, evaluate(self.node, Scope(row, now_ms)))
        return single(made, self.name, self.function)

    def _counted(self, row: Row, now_ms: int) -> bool:
        """ "count(eval(field="value"))": the results for which it is true."""
        assert self.node is not None
        return decided(boolean(self.node, Scope(row, now_ms)), "count(eval(…))")


def read(words: Words) -> Aggregation:
    """`count`, `f(field)` or `f(eval(expression)) AS name`."""
    function = words.take()
    known = _ALIASES.get(function, function)
    if known not in _FUNCTIONS and not _PERCENTILE.fullmatch(known):
        raise NotInGrammar(f"the function {function}")
    if words.peek() != "(":
        if known != "count":
            raise NotInGrammar(f"{function} of nothing")
        return Aggregation(known, None, None, words.renamed(function))
    inner = words.inside().strip()
    evaluated = re.fullmatch(r"eval\s*\((.*)\)", inner, re.DOTALL)
    name = words.renamed("")
    if evaluated is None:
        inside = Words(inner)
        field = inside.name()
        inside.end()
        return Aggregation(known, field, None, name or f"{function}({field})")
    node = parse(evaluated[1])
    if not name:
        raise NotInGrammar(f"{function}(eval(…)) without AS")
    if known == "count" and not _is_boolean(node):
        raise Undocumented("count(eval(…)) of something that is no boolean")
    return Aggregation(known, None, node, name)


def _is_boolean(node: Node) -> bool:
    booleans = ("NOT", "in", "isnotnull", "isnull", "isnum", "like", "match", "cidrmatch", "true", "false")
    if isinstance(node, Operation):
        return node.operator in ("AND", "OR", "XOR", "=", "!=", "<", "<=", ">", ">=")
    if isinstance(node, Call) and node.name == "()":
        return _is_boolean(node.arguments[0])
    return isinstance(node, Call) and node.name in booleans


def _number(found: Any) -> int | float:
    return numeric(Field(found) if isinstance(found, str) else found)


def _sum(values: Sequence[Any]) -> Any:
    return whole(math.fsum(map(_number, values))) if values else None


def _avg(values: Sequence[Any]) -> Any:
    return whole(math.fsum(map(_number, values)) / len(values)) if values else None


def _range(values: Sequence[Any]) -> Any:
    numbers = [_number(one) for one in values]
    return whole(max(numbers) - min(numbers)) if numbers else None


def _extreme(pick: Callable[..., Any]) -> Callable[[Sequence[Any]], Any]:
    """ "Processes field values as numbers if possible, otherwise … as strings"; mixes are refused."""

    def function(values: Sequence[Any]) -> Any:
        numbers = [number(one) if isinstance(one, str) else one for one in values]
        if not values:
            return None
        if None not in numbers:
            return pick(numbers)
        if any(one is not None for one in numbers):
            raise Undocumented(f"{pick.__name__} over numbers and text")
        return pick(values, key=order)

    return function


def _values(values: Sequence[Any]) -> Any:
    """ "all the distinct values … as a multivalue entry. The order of the values is lexicographical"."""
    return tuple(sorted({text(one) for one in values}, key=order)) or None


def _list(values: Sequence[Any]) -> Any:
    """ "a list of up to 100 values … The order of the values reflects the order of input events"."""
    return tuple(text(one) for one in values[:LISTED]) or None


def _percentile(values: Sequence[Any], percent: int, *, exact: bool) -> Any:
    """Nearest rank below 1000 distinct values, says its page; others saw it interpolate (mockdr, 10.4.2).

    Answered where both agree.
    """
    numbers = sorted(map(_number, values))
    if not numbers:
        return None
    if not exact and len(set(numbers)) >= DISTINCT:
        raise Undocumented("perc over a thousand distinct values is an approximation")
    nearest = numbers[max(math.ceil(percent * len(numbers) / 100), 1) - 1]
    place = (len(numbers) - 1) * percent / 100
    low, high = numbers[math.floor(place)], numbers[math.ceil(place)]
    if {nearest} != {low, high}:
        raise Undocumented(f"perc{percent} between {low} and {high}")
    return nearest


def _timed(pairs: Sequence[tuple[Row, Any]], *, latest: bool) -> Any:
    """ "the chronologically earliest-seen (latest-seen) … value"; equals in time are refused."""
    if not pairs:
        return None
    times = [value(row, "_time") for row, _ in pairs]
    if None in times:
        raise Undocumented("earliest or latest of a result without _time")
    wanted = max(times) if latest else min(times)
    found = {text(one): one for (_, one), at in zip(pairs, times, strict=True) if at == wanted}
    if len(found) != 1:
        raise Undocumented("earliest or latest among values of one time")
    return next(iter(found.values()))


_FUNCTIONS: Mapping[str, Callable[[Sequence[Any]], Any]] = {
    "avg": _avg,
    "count": len,
    "dc": lambda values: len({text(one) for one in values}),
    "earliest": len,  # the four of event order: see over() for the two that read _time
    "first": lambda values: values[0] if values else None,
    "last": lambda values: values[-1] if values else None,
    "latest": len,
    "list": _list,
    "max": _extreme(max),
    "min": _extreme(min),
    "range": _range,
    "sum": _sum,
    "values": _values,
}
