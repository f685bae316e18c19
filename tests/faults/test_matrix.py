"""A few rows of the table hold in the suite, and a connector that lies or hides something turns a cell red.

The whole table is `python -m tests.faults`.
"""

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from mcpsoar.connectors.in_contextforge import tokens
from mcpsoar.core.plan import Step
from mcpsoar.core.run import Observation
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit.rooms import Rooms
from tests.faults import __main__ as table
from tests.faults.cells import Bench, bench
from tests.faults.judge import STEPS, Judge
from tests.faults.places import PLACES
from tests.faults.rows import ROWS

FEW = ("2", "6a", "6b", "6d", "10", "16b", "20a", "26")
BY_NUMBER = {row.number: row for row in ROWS}


@pytest.fixture(scope="module", params=sorted(PLACES))
def ready(request: pytest.FixtureRequest) -> Iterator[Bench]:
    with bench(request.param) as made:
        yield made


@pytest.mark.parametrize("number", FEW)
def test_no_verdict_is_more_or_less_than_the_truth(ready: Bench, number: str) -> None:
    for step in STEPS:
        for mark in ready.cell(BY_NUMBER[number], step) or ():
            assert mark.wrong == ()


@pytest.mark.parametrize(
    ("number", "verdict", "letter"), [("2", Verdict.YES, "V!"), ("16b", Verdict.CANNOT_TELL, "?!")]
)
def test_a_connector_that_claims_too_much_or_too_little_is_red(
    ready: Bench, number: str, verdict: Verdict, letter: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def said(self: Any, step: Step) -> Observation:
        return dataclasses.replace(real(self, step), verdict=verdict)

    real = Rooms.verify
    monkeypatch.setattr(Rooms, "verify", said)
    marks = ready.cell(BY_NUMBER[number], ready.place.roles[0])
    assert marks is not None
    assert str(marks[0]) == letter


def test_half_that_is_told_as_nothing_is_red(ready: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    if ready.place.name != "contextforge":
        pytest.skip("one call does it all there, or another module sends them")

    def until_refused(names: list[str], send: Any, **_: Any) -> None:
        for name in names:
            send(name)

    monkeypatch.setattr(tokens, "each", until_refused)
    marks = ready.cell(BY_NUMBER["6d"], "tokens")
    assert marks is not None
    assert "left what could be done" in str(marks[0].wrong)


def test_the_command_prints_one_table_and_ends_with_1_for_a_wrong_cell(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    words = ["--row", "1", "--connector", "contextforge", "--jobs", "1", "--processes", "1"]
    assert table.main(words) == 0
    assert "1 rows, 4 runs, 0 wrong" in capsys.readouterr().out
    monkeypatch.setattr(Judge, "_canary_is_wrong", lambda *_, **__: "is made up")
    assert table.main(words) == 1
    assert "V!" in capsys.readouterr().out
