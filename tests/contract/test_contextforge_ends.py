"""How a quarantine ends beside a freeze and an entry that is off, and with tools that are gone."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.core.plan import Direction
from mcpsoar.core.run import Report
from mcpsoar.core.verdict import RunVerdict, StepVerdict
from tests.contract.forge import Forge
from tests.contract.forge import forge as served
from tests.contract.orders import ordered

WRITE = "tool:write@github"


@pytest.fixture
def plane() -> Iterator[Forge]:
    with served() as one:
        one.page = 100
        one.originals = {"t-write": "write"}
        yield one


def verdicts(report: Report) -> dict[str, StepVerdict]:
    return {step.id: step.verdict for step in report.steps}


def test_a_lift_right_after_a_quarantine_let_go_switches_its_tool_on(plane: Forge, tmp_path: Path) -> None:
    """The run that let go has not written yet that it is over: the tool is the freeze's all the same."""
    lifted: list[Report] = []

    def lift(line: str) -> None:
        if "skipped: still frozen" in line and not lifted:
            lifted.append(ordered(plane, tmp_path, "jira", Direction.UNDO))

    ordered(plane, tmp_path, WRITE, playbook="quarantine-tool")
    ordered(plane, tmp_path, "jira", playbook="freeze-writes")
    report = ordered(plane, tmp_path, WRITE, Direction.UNDO, say=lift)
    assert [one.verdict for one in (report, *lifted)] == [RunVerdict.RELEASED] * 2
    assert not plane.off


def test_a_tool_of_an_entry_that_is_off_never_executes_while_it_is_let_go(
    plane: Forge, tmp_path: Path
) -> None:
    ordered(plane, tmp_path, WRITE, playbook="quarantine-tool")
    plane.off.add("g-github")
    switch, executed = plane._switch, list[bool]()

    def watched(kind: str, one: str, *, on: bool) -> tuple[int, Any]:
        answer = switch(kind, one, on=on)
        executed.append(plane.is_on("t-write"))
        return answer

    plane._switch = watched  # type: ignore[method-assign]
    report = ordered(plane, tmp_path, WRITE, Direction.UNDO)
    assert report.verdict is RunVerdict.RELEASED
    assert not any(executed)
    assert not plane.is_on("t-write")


def test_tools_that_are_gone_keep_no_other_of_their_entry_on(plane: Forge, tmp_path: Path) -> None:
    """Those that were off before it was are switched off again, one after the other."""
    plane.tools["a-gone"] = ("g-github", False)
    plane.off |= {"a-gone", "t-write"}
    ordered(plane, tmp_path, "github")
    del plane.tools["a-gone"]
    report = ordered(plane, tmp_path, "github", Direction.UNDO)
    assert verdicts(report)["disable:github"] is StepVerdict.VERIFIED
    assert plane.is_on("t-read")
    assert not plane.is_on("t-write")


def test_nor_does_a_freeze(plane: Forge, tmp_path: Path) -> None:
    ordered(plane, tmp_path, "jira", playbook="freeze-writes")
    del plane.tools["t-other"]
    report = ordered(plane, tmp_path, "jira", Direction.UNDO)
    assert (report.verdict, plane.is_on("t-write")) == (RunVerdict.RELEASED, True)
