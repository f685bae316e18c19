"""The one real clock, and how times are written."""

import time
from datetime import UTC, datetime, timedelta

from mcpsoar.core.ports import Clock

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return time.monotonic()

    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


def now_ms(clock: Clock) -> int:
    """Integer milliseconds since 1970, as events have them; what is less than one is cut off."""
    return (clock.now() - _EPOCH) // timedelta(milliseconds=1)


def stamp(at: datetime) -> str:
    """RFC 3339, UTC, milliseconds, Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def stamp_ms(at_ms: int) -> str:
    """The same for integer milliseconds since 1970; whole seconds are written without a fraction."""
    text = stamp(datetime.fromtimestamp(at_ms / 1000, UTC))
    return text.replace(".000Z", "Z")
