"""Parts of commands as ES|QL writes them, and a moment that stands in one."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta


def assigned(parts: Iterable[str]) -> str:
    """The parts of one EVAL or STATS."""
    return ",\n    ".join(parts)


def grouped(keys: Sequence[str]) -> str:
    """The BY of one STATS, or nothing."""
    return f" BY {', '.join(keys)}" if keys else ""


def moment(at_ms: int) -> str:
    """A date, of milliseconds since 1970."""
    at = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at_ms)
    return f'TO_DATETIME("{at:%Y-%m-%dT%H:%M:%S}.{at_ms % 1000:03d}Z")'
