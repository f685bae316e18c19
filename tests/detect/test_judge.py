"""Judging: exact at the threshold, floors, and what no data is."""

from dataclasses import replace
from pathlib import Path

import pytest

from mcpsoar.core.event import Window
from mcpsoar.core.finding import Reading
from mcpsoar.detect.judge import judge
from mcpsoar.pack import gates

ROOT = Path(__file__).resolve().parent.parent.parent


def state(gate: str, numerator: int, denominator: int | None, judged: int = 1, warned: int = 0) -> str:
    text = gates.load(ROOT, [gate])[0]
    seen = denominator if denominator is not None else judged
    reading = Reading(gate, Window(0, 1), seen, seen, numerator, denominator, warned, (), ())
    return judge(text, reading).state.value


@pytest.mark.parametrize(
    ("gate", "numerator", "denominator", "expected"),
    [
        ("scope-mismatch", 3, 300, "page"),
        ("scope-mismatch", 3, 301, "warn"),
        ("scope-mismatch", 10**15, 10**17, "page"),
        ("scope-mismatch", 10**15 - 1, 10**17, "warn"),
        ("scope-mismatch", 1, 1000, "warn"),
        ("scope-mismatch", 1, 1001, "ok"),
        ("quarantine-ratio", 6, 200, "warn"),
        ("quarantine-ratio", 7, 200, "page"),
        ("quarantine-ratio", 3 * 10**15, 10**17, "warn"),
        ("quarantine-ratio", 3 * 10**15 + 1, 10**17, "page"),
    ],
)
def test_a_ratio_is_compared_exactly(gate: str, numerator: int, denominator: int, expected: str) -> None:
    assert state(gate, numerator, denominator) == expected


def test_nothing_to_judge_is_no_data_and_never_ok() -> None:
    assert state("scope-mismatch", 0, 0) == "no_data"
    assert state("unapproved-write-calls", 0, None, judged=0) == "no_data"
    assert state("unapproved-write-calls", 0, None) == "ok"
    assert state("registry-drift", 0, None, warned=1) == "warn"


def test_the_value_is_the_numerator_or_the_ratio() -> None:
    text = gates.load(ROOT, ["scope-mismatch"])[0]
    reading = Reading("g", Window(0, 1), 200, 200, 3, 200, 0, (), ())
    assert judge(text, reading).value == 3 / 200
    assert judge(text, replace(reading, denominator=None)).value == 3
    assert judge(text, replace(reading, judged=0)).value is None
