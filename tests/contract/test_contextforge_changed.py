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


@pytest.mark.parametrize("edit", [EDITED, SWITCHED])
def test_a_gateway_that_somebody_changed_stays_off(
    plane: Forge, tmp_path: Path, edit: dict[str, Any]
) -> None:
    ordered(plane, tmp_path, "github")
    plane.edits["g-github"] = edit
    before = switches(plane)
    with pytest.raises(Changed, match="--changed-too") as raised:
        ordered(plane, tmp_path, "github", Direction.UNDO)
    told = {change.what: change.now for change in raised.value.changes}
    assert told["updated_at"] == "2026-11-23T16:01:02.000003"
    assert told.get("modified_by") == edit.get("modifiedBy")
    assert switches(plane) == before
    report = ordered(plane, tmp_path, "github", Direction.UNDO, changed_too=True)
    assert (report.verdict, plane.off) == (RunVerdict.RELEASED, set())


def test_what_a_health_check_moves_is_nobody_s_change(plane: Forge, tmp_path: Path) -> None:
    ordered(plane, tmp_path, "github")
    plane.edits["g-github"] = {"lastSeen": "2026-11-23T16:01:02.000003", "reachable": False}
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
