"""Aggregates (pages of "Aggregation functions"; null is skipped, of nothing comes null, COUNT gives 0)."""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from tests.languages.esql.arithmetic import fitting
from tests.languages.esql.compiled import NUMBERS, WHOLE, Compiled, Session, exact, expect, several, values_of
from tests.languages.esql.errors import NotInGrammar, Refused, Undocumented
from tests.languages.esql.expressions import compiled
from tests.languages.esql.tables import Column, Row, Value
from tests.languages.esql.tree import Call, Literal

_ANY = ("boolean", "date", "double", "integer", "ip", "keyword", "long")
_DEFAULT_PRECISION, _MOST_PRECISION = 3_000, 40_000  # page COUNT_DISTINCT
# page MEDIAN: "usually approximate", like PERCENTILE
_APPROXIMATE = ("MEDIAN", "PERCENTILE")


@dataclass(frozen=True, slots=True)
class Aggregate:
    """`ordered` as for columns; `over` gives the value for the rows of one group."""

    kind: str
    over: Callable[[Sequence[Row]], Value]
    ordered: bool = True


def aggregate(of: Call, columns: Mapping[str, Column], session: Session) -> Aggregate:
    """The aggregate of a call; raises as expressions do."""
    if of.name in _APPROXIMATE:
        raise Undocumented(f"{of.name} is approximate")
    if of.name == "COUNT" and (of.star or not of.arguments):
        return Aggregate("long", len)
    arguments = [compiled(one, columns, session) for one in of.arguments]
    if of.star or not arguments or (len(arguments) > 1 and of.name not in ("COUNT_DISTINCT", "TOP")):
        raise Refused(f"[{of.text}]: arguments")
    build = {
        "COUNT": _count,
        "COUNT_DISTINCT": _count_distinct,
        "SUM": _sum,
        "AVG": _average,
        "MIN": _least,
        "MAX": _greatest,
        "VALUES": _values,
        "TOP": _top,
    }[of.name]
    built = build(session, of, arguments)
    if not arguments[0].constant:
        return built

    def over(rows: Sequence[Row]) -> Value:
        if not rows:  # elastic/elasticsearch#113875: inconsistent
            raise Undocumented(f"[{of.text}] of a constant over no rows")
        return built.over(rows)

    return Aggregate(built.kind, over, built.ordered)


def _gathered(of: Compiled, rows: Sequence[Row]) -> list[Value]:
    """All values, also of rows with several (ip.csv-spec aggAndSort, stats.csv-spec maxOfManyInts)."""
    return [value for row in rows for value in values_of(of.evaluate(row))]


def _count(_session: Session, _call: Call, of: Sequence[Compiled]) -> Aggregate:
    return Aggregate("long", lambda rows: len(_gathered(of[0], rows)))


def _count_distinct(_session: Session, call: Call, of: Sequence[Compiled]) -> Aggregate:
    """Up to the threshold "expected to be close to accurate" (the page): exact there is *assumed*."""
    expect(of[0], _ANY, call.text)
    precision = _DEFAULT_PRECISION
    if len(of) == 2:
        precision = min(_written(call, 1), _MOST_PRECISION)

    def over(rows: Sequence[Row]) -> int:
        count = len(set(_gathered(of[0], rows)))
        if count > precision:
            raise Undocumented(f"[{call.text}]: {count} distinct values, approximate above {precision}")
        return count

    return Aggregate("long", over)


def _sum(session: Session, call: Call, of: Sequence[Compiled]) -> Aggregate:
    """A long of whole numbers; overflow is a failure in some versions (elastic/elasticsearch#110437)."""
    expect(of[0], NUMBERS, call.text)
    kind = {"null": "null", "double": "double"}.get(of[0].kind, "long")  # null.csv-spec, row.csv-spec

    def over(rows: Sequence[Row]) -> Value:
        values = _singles(call, of[0], rows)
        if not values:
            return None
        total = _total(call, values) if kind == "double" else sum(values)
        if fitting(session, call.text, kind, total) is None:
            raise Undocumented(f"[{call.text}]: the sum overflows")
        return total

    return Aggregate(kind, over)


def _average(_session: Session, call: Call, of: Sequence[Compiled]) -> Aggregate:
    expect(of[0], NUMBERS, call.text)

    def over(rows: Sequence[Row]) -> Value:
        values = _singles(call, of[0], rows)
        if not values:
            return None
        total = sum(values) if of[0].kind in WHOLE else _total(call, values)
        return exact(total) / len(values)

    return Aggregate("double", over)


def _least(_session: Session, call: Call, of: Sequence[Compiled]) -> Aggregate:
    expect(of[0], _ANY, call.text)
    return Aggregate(of[0].kind, lambda rows: min(_gathered(of[0], rows), default=None))


def _greatest(_session: Session, call: Call, of: Sequence[Compiled]) -> Aggregate:
    expect(of[0], _ANY, call.text)
    return Aggregate(of[0].kind, lambda rows: max(_gathered(of[0], rows), default=None))


def _values(_session: Session, call: Call, of: Sequence[Compiled]) -> Aggregate:
    """Without repeats; the order is not guaranteed."""
    expect(of[0], _ANY, call.text)
    return Aggregate(of[0].kind, lambda rows: several(sorted(set(_gathered(of[0], rows)))), ordered=False)


def _top(_session: Session, call: Call, of: Sequence[Compiled]) -> Aggregate:
    """TOP(field, limit, order) with repeats; no page gives the order of the values."""
    expect(of[0], _ANY, call.text)
    if len(of) != 3 or not of[2].literal or str(of[2].evaluate({})).lower() not in ("asc", "desc"):
        raise NotInGrammar(f"[{call.text}]: a field, a limit and an order")
    most, down = _written(call, 1), str(of[2].evaluate({})).lower() == "desc"
    return Aggregate(
        of[0].kind,
        lambda rows: several(sorted(_gathered(of[0], rows), reverse=down)[:most]),
        ordered=False,
    )


def _written(call: Call, at: int) -> int:
    given = call.arguments[at]
    if not isinstance(given, Literal) or given.kind != "integer" or given.value < 1:
        raise NotInGrammar(f"[{call.text}]: a number as written")
    return int(given.value)


def _singles(call: Call, of: Compiled, rows: Sequence[Row]) -> list[Value]:
    found = [of.evaluate(row) for row in rows]
    if any(isinstance(one, tuple) for one in found):
        raise Undocumented(f"[{call.text}] over several values in one row")
    return [one for one in found if one is not None]


def _total(call: Call, values: Sequence[float]) -> float:
    """The order of addition is not documented: read where it does not matter."""
    if any(sum(order) != math.fsum(values) for order in (values, values[::-1], sorted(values))):
        raise Undocumented(f"[{call.text}]: the last digits of the sum")
    return math.fsum(values)
