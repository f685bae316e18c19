"""+ - * / % and the sign (page "ES|QL operators", tables of types; math.csv-spec for overflow and zero)."""

import math
import operator as python
from calendar import monthrange
from collections.abc import Callable

from tests.languages.esql.compiled import NUMBERS, Compiled, Session, exact, expect, scalar
from tests.languages.esql.errors import Undocumented
from tests.languages.esql.literals import Period
from tests.languages.esql.moments import milliseconds, moment
from tests.languages.esql.tables import Value

DAY_MS = 86_400_000
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def calculated(session: Session, text: str, operator: str, left: Compiled, right: Compiled) -> Compiled:
    """Numbers, or a date and a span to its right (page "Limitations": other date math is not always read)."""
    if left.kind == "date" and right.kind in ("time_duration", "date_period") and operator in "+-":
        sign = 1 if operator == "+" else -1
        return scalar(session, text, "date", (left, right), lambda at, span: moved(at, span, sign))
    for one in (left, right):
        expect(one, NUMBERS, text)
    kinds = {left.kind, right.kind} - {"null"}
    kind = next((one for one in reversed(NUMBERS) if one in kinds), "null")

    def compute(one: Value, other: Value) -> Value:
        if kind == "double":
            one, other = exact(one), exact(other)
        if operator in "/%" and other == 0:
            session.warn(text, "/ by zero")
            return None
        value = (_DOUBLE if kind == "double" else _WHOLE)[operator](one, other)
        return fitting(session, text, kind, value)

    return scalar(session, text, kind, (left, right), compute)


def negated(session: Session, text: str, of: Compiled) -> Compiled:
    """The sign; the least whole number has no opposite (math.csv-spec, negateIntOverflow)."""
    expect(of, NUMBERS, text)
    return scalar(session, text, of.kind, (of,), lambda value: fitting(session, text, of.kind, -value))


def fitting(session: Session, text: str, kind: str, value: Value) -> Value:
    """Null and a warning beyond the range (math.csv-spec addLongOverflow; elastic/elasticsearch#107076)."""
    bits = {"integer": 31, "long": 63}.get(kind)
    if math.isfinite(value) if bits is None else -(2**bits) <= value < 2**bits:
        return value
    session.warn(text, f"{kind} overflow" if bits else "not a finite double number")
    return None


def moved(at_ms: int, span: int | Period, sign: int) -> int:
    """A date a span later or earlier; no page says what becomes of a day that the month lacks."""
    if isinstance(span, int):
        return at_ms + sign * span
    if span.unit in ("day", "week"):
        return at_ms + sign * span.amount * DAY_MS * (7 if span.unit == "week" else 1)
    at = moment(at_ms)
    months = at.year * 12 + at.month - 1 + sign * span.amount * _MONTHS[span.unit]
    year, month = divmod(months, 12)
    if not 1 <= year <= 9999 or at.day > monthrange(year, month + 1)[1]:
        raise Undocumented(f"day {at.day} of month {month + 1} of {year}")
    return milliseconds(at.replace(year=year, month=month + 1))


def _quotient(one: int, other: int) -> int:
    """Towards 0 (page "ES|QL operators", Divide)."""
    size = abs(one) // abs(other)
    return size if (one < 0) == (other < 0) else -size


_WHOLE: dict[str, Callable[[int, int], int]] = {
    "+": python.add,
    "-": python.sub,
    "*": python.mul,
    "/": _quotient,
    "%": lambda one, other: one - other * _quotient(one, other),
}
_DOUBLE: dict[str, Callable[[float, float], float]] = {
    "+": python.add,
    "-": python.sub,
    "*": python.mul,
    "/": python.truediv,
    "%": math.fmod,
}
