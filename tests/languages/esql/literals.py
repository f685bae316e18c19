"""Constants as written: numbers, texts, spans of time (page "Basic ES|QL syntax")."""

from dataclasses import dataclass

from tests.languages.esql.errors import NotInGrammar, Undocumented
from tests.languages.esql.tree import Literal

_ESCAPES = {"t": "\t", "n": "\n", "r": "\r", '"': '"', "\\": "\\"}
# page "ES|QL time spans"; the two types do not mix
_DURATIONS_MS = {
    **dict.fromkeys(("millisecond", "ms", "milliseconds"), 1),
    **dict.fromkeys(("second", "s", "sec", "seconds"), 1_000),
    **dict.fromkeys(("minute", "m", "min", "minutes"), 60_000),
    **dict.fromkeys(("hour", "h", "hours"), 3_600_000),
}
_PERIODS = {
    **dict.fromkeys(("day", "d", "days"), "day"),
    **dict.fromkeys(("week", "w", "weeks"), "week"),
    **dict.fromkeys(("month", "mo", "months"), "month"),
    **dict.fromkeys(("quarter", "q", "quarters"), "quarter"),
    **dict.fromkeys(("year", "y", "yr", "years"), "year"),
}


@dataclass(frozen=True, slots=True)
class Period:
    """A span whose length depends on the calendar: day, week, month, quarter, year."""

    amount: int
    unit: str


def number(text: str, shown: str) -> Literal:
    """Whole numbers are `integer`, `long` or `double`, whichever first holds them; the rest is `double`."""
    plain = text.replace(" ", "")
    if not plain.lstrip("+-").isdigit():
        return Literal(float(plain), "double", shown)
    value = int(plain)
    if -(2**31) <= value < 2**31:
        return Literal(value, "integer", shown)
    if -(2**63) <= value < 2**63:
        return Literal(value, "long", shown)
    if value == 2**63:  # only its negative is a long; alone it is an unsigned_long
        return Literal(value, "huge", shown)
    # the page names three types, row.csv-spec a fourth (unsigned_long)
    raise Undocumented(f"the type of {shown}")


def span(amount: int, unit: str, shown: str) -> Literal:
    """A duration is its milliseconds, a period a Period."""
    if unit in _DURATIONS_MS:
        return Literal(amount * _DURATIONS_MS[unit], "time_duration", shown)
    if unit in _PERIODS:
        return Literal(Period(amount, _PERIODS[unit]), "date_period", shown)
    raise NotInGrammar(f"{unit} is no unit of time")


def unquoted(token: str) -> str:
    """The text between quotes; three quotes escape nothing, one quote knows five escapes and no other."""
    if token.startswith('"""') and len(token) >= 6:
        return token[3:-3]
    rest = iter(token[1:-1])
    return "".join(_ESCAPES[next(rest)] if char == "\\" else char for char in rest)
