"""Times as integers and as text."""

from dataclasses import dataclass
from datetime import datetime

import pytest

from mcpsoar.kit.clock import SystemClock, now_ms, stamp_ms


@dataclass
class Still(SystemClock):
    at: datetime

    def now(self) -> datetime:
        return self.at


@pytest.mark.parametrize(
    ("said", "at_ms"),
    [
        ("2026-03-01T12:00:00.999999+00:00", 1_772_366_400_999),
        ("2026-03-01T14:00:00.001+02:00", 1_772_366_400_001),
        ("1969-12-31T23:59:59.999+00:00", -1),
    ],
)
def test_now_is_exact_to_the_millisecond(said: str, at_ms: int) -> None:
    assert now_ms(Still(datetime.fromisoformat(said))) == at_ms


def test_whole_seconds_are_written_without_a_fraction() -> None:
    assert stamp_ms(1_772_366_400_000) == "2026-03-01T12:00:00Z"
    assert stamp_ms(1_772_366_400_001) == "2026-03-01T12:00:00.001Z"
