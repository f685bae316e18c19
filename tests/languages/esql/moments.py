"""Dates: milliseconds since 1970 in UTC (page "Limitations": no other zone), read from and shown as text."""

import re
from datetime import UTC, datetime, timedelta

from tests.languages.esql.errors import Undocumented

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# page TO_DATETIME names this one form
EXACT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", re.ASCII)
# forms that examples of the documents use for literals and documents; others of the format are left out
_LOOSE = re.compile(r"\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d{1,3})?Z)?", re.ASCII)


def from_text(text: str) -> int:
    """Milliseconds; raises Undocumented for forms or days that no example shows."""
    if _LOOSE.fullmatch(text) is None:
        raise Undocumented(f"{text!r} as a date")
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Undocumented(f"{text!r} as a date") from None
    return milliseconds(moment.replace(tzinfo=UTC))


def milliseconds(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(milliseconds=1)


def moment(ms: int) -> datetime:
    """Raises Undocumented outside the years 1 to 9999, which is as far as this reading goes."""
    try:
        return EPOCH + timedelta(milliseconds=ms)
    except OverflowError:
        raise Undocumented(f"the date {ms} ms after 1970") from None


def shown(ms: int) -> str:
    """As the product prints it: 1985-02-18T00:00:00.000Z."""
    return moment(ms).isoformat(timespec="milliseconds").replace("+00:00", "Z")
