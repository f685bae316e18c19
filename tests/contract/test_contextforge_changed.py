"""What somebody did to a contained gateway meanwhile is not undone with it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.app.changed import Changed
from mcpsoar.core.plan import Direction
from mcpsoar.core.verdict import RunVerdict
from tests.contract.forge import Forge
from tests.contract.forge import forge as served
from tests.contract.orders import ordered

EDITED: dict[str, Any] = {
    "version": 2,
    "modifiedBy": "colleague@example.com",
    "updatedAt": "2026-11-23T16:01:02.000003",
}
SWITCHED = {"updatedAt": "2026-11-23T16:01:02.000003"}


@pytest.fixture
def plane() -> Iterator[Forge]:
    with served() as one:
        one.page = 100
        yield one


def switches(plane: Forge) -> list[str]:
    return [call for call in plane.calls if call.endswith("/state")]


def test_a_gateway_that_somebody_changed_stays_off(plane: Forge, tmp_path: Path) -> None:
    ordered(plane, tmp_path, "github")
    plane.edits["g-github"] = EDITED
    before = switches(plane)
    with pytest.raises(Changed, match="--changed-too") as raised:
        ordered(plane, tmp_path, "github", Direction.UNDO)
    told = {change.what: change.now for change in raised.value.changes}
    assert told == {"version": 2, "modified_by": "colleague@example.com"}
    assert switches(plane) == before
    report = ordered(plane, tmp_path, "github", Direction.UNDO, changed_too=True)
    assert (report.verdict, plane.off) == (RunVerdict.RELEASED, set())


def test_what_a_health_check_moves_is_nobody_s_change(plane: Forge, tmp_path: Path) -> None:
    ordered(plane, tmp_path, "github")
    plane.edits["g-github"] = {"lastSeen": "2026-11-23T16:01:02.000003", "reachable": False, **SWITCHED}
    assert ordered(plane, tmp_path, "github", Direction.UNDO).verdict is RunVerdict.RELEASED


def test_a_gateway_that_somebody_switched_on_is_left(plane: Forge, tmp_path: Path) -> None:
    said: list[str] = []
    ordered(plane, tmp_path, "github", playbook="contain-server")
    plane.off.discard("g-github")
    plane.edits["g-github"] = SWITCHED
    before = [call for call in switches(plane) if "gateways" in call]
    report = ordered(plane, tmp_path, "github", Direction.UNDO, say=said.append)
    assert report.verdict is RunVerdict.RELEASED
    assert any("undone since by somebody else" in line for line in said)
    assert [call for call in switches(plane) if "gateways" in call] == before


def test_nor_are_tools_switched_off_that_came_on_with_it(plane: Forge, tmp_path: Path) -> None:
    plane.off.add("t-read")
    ordered(plane, tmp_path, "github")
    plane.off -= {"g-github", "t-read"}
    before = switches(plane)
    with pytest.raises(Changed) as raised:
        ordered(plane, tmp_path, "github", Direction.UNDO)
    (change,) = raised.value.changes
    assert "off before the run, are on" in str(change.now)
    assert switches(plane) == before
    ordered(plane, tmp_path, "github", Direction.UNDO, changed_too=True)
    assert "t-read" in plane.off


def told(plane: Forge, home: Path, name: str) -> list[tuple[str, object, object]]:
    before = switches(plane)
    with pytest.raises(Changed) as raised:
        ordered(plane, home, name, Direction.UNDO)
    assert switches(plane) == before
    return [(change.what, change.was, change.now) for change in raised.value.changes]


EDIT = ("version 1 by nobody", "version 2 by colleague@example.com")


def test_a_frozen_tool_that_somebody_edited_is_not_let_go(plane: Forge, tmp_path: Path) -> None:
    ordered(plane, tmp_path, "github", playbook="freeze-writes")
    plane.edits["t-write"] = EDITED
    assert told(plane, tmp_path, "github") == [("tool t-write", *EDIT)]
    report = ordered(plane, tmp_path, "github", Direction.UNDO, changed_too=True)
    assert (report.verdict, plane.off) == (RunVerdict.RELEASED, set())


def test_nor_asked_after_while_another_run_needs_it(plane: Forge, tmp_path: Path) -> None:
    ordered(plane, tmp_path, "github", playbook="freeze-writes")
    ordered(plane, tmp_path, "jira", playbook="freeze-writes")
    plane.edits["t-write"] = EDITED
    assert ordered(plane, tmp_path, "github", Direction.UNDO).verdict is RunVerdict.RELEASED
    assert "t-write" in plane.off
    assert told(plane, tmp_path, "jira") == [("tool t-write", *EDIT)]


def test_switches_of_our_own_are_no_edit(plane: Forge, tmp_path: Path) -> None:
    ordered(plane, tmp_path, "github", playbook="freeze-writes")
    ordered(plane, tmp_path, "jira")
    ordered(plane, tmp_path, "jira", Direction.UNDO)
    plane.edits["t-write"] = SWITCHED
    report = ordered(plane, tmp_path, "github", Direction.UNDO)
    assert (report.verdict, plane.off) == (RunVerdict.RELEASED, set())


def test_a_tool_in_quarantine_that_somebody_edited_stays_there(plane: Forge, tmp_path: Path) -> None:
    ordered(plane, tmp_path, "tool:t-write@github", playbook="quarantine-tool")
    plane.edits["t-write"] = EDITED
    assert told(plane, tmp_path, "tool:t-write@github") == [("edit", *EDIT)]
