"""Functions of dates (pages of "Date-time functions"; time zone UTC)."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

from tests.languages.esql.arithmetic import DAY_MS, fitting
from tests.languages.esql.comparisons import cast
from tests.languages.esql.compiled import Compiled, Session, expect, scalar
from tests.languages.esql.errors import Undocumented
from tests.languages.esql.literals import Period
from tests.languages.esql.moments import milliseconds, moment
from tests.languages.esql.tables import Value

_DAY_ONE_MS = milliseconds(datetime(1, 1, 1, tzinfo=UTC))
# page DATE_DIFF, units and their short forms; calendar units are left out
_UNITS_MS = {
    **dict.fromkeys(("millisecond", "milliseconds", "ms"), 1),
    **dict.fromkeys(("second", "seconds", "ss", "s"), 1_000),
    **dict.fromkeys(("minute", "minutes", "mi", "n"), 60_000),
    **dict.fromkeys(("hour", "hours", "hh"), 3_600_000),
    **dict.fromkeys(("day", "days", "dd", "d"), DAY_MS),
    **dict.fromkeys(("week", "weeks", "wk", "ww"), 7 * DAY_MS),
}
# page DATE_EXTRACT: java.time.temporal.ChronoField in lower case; Monday is 1
_PARTS: dict[str, Callable[[datetime], int]] = {
    "year": lambda at: at.year,
    "month_of_year": lambda at: at.month,
    "day_of_month": lambda at: at.day,
    "day_of_week": lambda at: at.isoweekday(),
    "hour_of_day": lambda at: at.hour,
    "minute_of_hour": lambda at: at.minute,
    "second_of_minute": lambda at: at.second,
}


def now(session: Session, text: str, _of: Sequence[Compiled]) -> Compiled:
    return Compiled("date", lambda _row: session.now_ms, text, constant=True)


def date_trunc(session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    """A span that is an argument, then the date; weeks begin on Monday (date.csv-spec)."""
    expect(of[0], ("time_duration", "date_period"), text)
    at = _dated(of[1], text)
    return scalar(session, text, "date", (of[0], at), lambda span, ms: _truncated(span, ms, text))


def date_diff(session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    """From the first date to the second, in whole units, an integer."""
    expect(of[0], ("keyword",), text)
    dates = (_dated(of[1], text), _dated(of[2], text))

    def compute(unit: str, start: int, end: int) -> Value:
        if unit not in _UNITS_MS:
            raise Undocumented(f"[{text}] in {unit!r}")
        whole = abs(end - start) // _UNITS_MS[unit]
        return fitting(session, text, "integer", whole if end >= start else -whole)

    return scalar(session, text, "integer", (of[0], *dates), compute)


def date_extract(session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    expect(of[0], ("keyword",), text)
    at = _dated(of[1], text)

    def compute(part: str, ms: int) -> int:
        if part not in _PARTS:
            raise Undocumented(f"[{text}]: the part {part!r}")
        return _PARTS[part](moment(ms))

    return scalar(session, text, "long", (of[0], at), compute)


def _dated(of: Compiled, text: str) -> Compiled:
    """Page "Implicit casting": a text as written is read as a date."""
    read = cast(of, "date") if of.literal else of
    expect(read, ("date",), text)
    return read


def _truncated(span: int | Period, ms: int, text: str) -> int:
    if isinstance(span, int):
        # the page counts from the year 1, date.csv-spec (evalDateTruncIntervalExpressionDuration) from 1970
        if span <= 0 or _DAY_ONE_MS % span:
            raise Undocumented(f"[{text}]: where intervals begin")
        return ms - ms % span
    at = moment(ms).replace(hour=0, minute=0, second=0, microsecond=0)
    if span.amount != 1:
        raise Undocumented(f"[{text}]: several calendar units")
    match span.unit:
        case "week":
            at -= timedelta(days=at.weekday())
        case "month":
            at = at.replace(day=1)
        case "quarter":
            at = at.replace(month=(at.month - 1) // 3 * 3 + 1, day=1)
        case "year":
            at = at.replace(month=1, day=1)
    return milliseconds(at)
