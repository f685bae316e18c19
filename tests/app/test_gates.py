"""The tick that a user names."""

import pytest

from mcpsoar.app.gates import as_of
from mcpsoar.core.errors import Usage


@pytest.mark.parametrize(
    ("said", "at_ms"),
    [
        ("2000-01-01T00:00:00Z", 946_684_800_000),
        ("2000-01-01T14:00:00+14:00", 946_684_800_000),
        ("2026-03-01T12:10", 1_772_367_000_000),
        ("2026-03-01T12:10:00+02:00", 1_772_359_800_000),
        ("2026-03-01t12:10:00.000z", 1_772_367_000_000),
        ("2026-03-01 12:10Z", 1_772_367_000_000),
        ("2100-01-01T00:00:00Z", 4_102_444_800_000),
    ],
)
def test_a_tick_is_the_same_moment_in_every_zone(said: str, at_ms: int) -> None:
    assert as_of(said) == at_ms


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("0001-01-01T00:00:00+14:00", "2000 to 2100"),
        ("9999-12-31T23:59:00-14:00", "2000 to 2100"),
        ("1999-12-31T23:59:00Z", "2000 to 2100"),
        ("2026-03-01T12:00:30Z", "whole minute"),
        ("2026-03-01T12:00:00.000001Z", "whole minute"),
        ("", "no time"),
        ("2026-W10", "no time"),
        ("2026-W10-1T00:00Z", "no time"),
        ("20260301T001000Z", "no time"),
        ("2026-03-01", "no time"),
        ("2026-03-01T12", "no time"),
        ("2026-03-01T12:10:00,000Z", "no time"),
        ("2026-03-01T12:10:00.0000001Z", "no time"),
        ("2026-03-01T12:10:00+0200", "no time"),
        ("2026-03-01T24:00:00Z", "no time"),
        ("2026-02-30T12:10:00Z", "no time"),
        ("2026-03-01x12:10:00Z", "no time"),
        ("2026-03-01T12:10:00Z\n", "no time"),
        ("\u0662026-03-01T12:10:00Z", "no time"),
    ],
)
def test_what_is_no_tick_is_refused_in_one_line(said: str, why: str) -> None:
    with pytest.raises(Usage, match=why) as caught:
        as_of(said)
    assert "\n" not in str(caught.value)
