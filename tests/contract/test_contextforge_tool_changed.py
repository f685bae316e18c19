"""A name that went to another tool is a change since: who releases says first that the noted one is meant."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mcpsoar.app.changed import Changed
from mcpsoar.core.plan import Direction
from mcpsoar.core.run import Report
from mcpsoar.core.verdict import RunVerdict
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


def quarantined(plane: Forge, home: Path) -> Report:
    return ordered(plane, home, WRITE, playbook="quarantine-tool")


def renamed(plane: Forge, *, is_on: bool) -> None:
    plane.originals["t-write"] = "innocent"
    plane.tools["t-new"] = ("g-github", False)
    plane.originals["t-new"] = "write"
    if not is_on:
        plane.off.add("t-new")


def told(plane: Forge, home: Path) -> list[str]:
    switches = [call for call in plane.calls if call.endswith("/state")]
    with pytest.raises(Changed) as raised:
        ordered(plane, home, WRITE, Direction.UNDO)
    assert [call for call in plane.calls if call.endswith("/state")] == switches
    return [change.words for change in raised.value.changes]


MOVED = f"disable-tool:{WRITE}: tool_id was t-write, is t-new"


@pytest.mark.parametrize("is_on", [True, False])
def test_another_tool_by_that_name_is_told_and_the_noted_one_undone(
    plane: Forge, tmp_path: Path, *, is_on: bool
) -> None:
    said: list[str] = []
    quarantined(plane, tmp_path)
    renamed(plane, is_on=is_on)
    others = plane.off - {"t-write"}
    assert told(plane, tmp_path) == [MOVED]
    report = ordered(plane, tmp_path, WRITE, Direction.UNDO, changed_too=True, say=said.append)
    assert (report.verdict, plane.off) == (RunVerdict.RELEASED, others)
    assert not [line for line in said if "undone since" in line]


def test_an_edit_of_the_noted_one_shows_under_another_name(plane: Forge, tmp_path: Path) -> None:
    quarantined(plane, tmp_path)
    renamed(plane, is_on=True)
    plane.edits["t-write"] = {"version": 2, "modifiedBy": "colleague@example.com"}
    edit = "edit was version 1 by nobody, is version 2 by colleague@example.com"
    assert told(plane, tmp_path) == [MOVED, f"disable-tool:{WRITE}: {edit}"]


def test_and_where_no_tool_is_called_so(plane: Forge, tmp_path: Path) -> None:
    quarantined(plane, tmp_path)
    plane.originals["t-write"] = "innocent"
    plane.edits["t-write"] = {"version": 2, "modifiedBy": "colleague@example.com"}
    (words,) = told(plane, tmp_path)
    assert "edit was version 1" in words


def test_of_two_that_were_called_so_in_turn_each_is_looked_at(plane: Forge, tmp_path: Path) -> None:
    quarantined(plane, tmp_path)
    renamed(plane, is_on=True)
    assert quarantined(plane, tmp_path).verdict is RunVerdict.CONTAINED
    plane.edits["t-write"] = {"version": 2, "modifiedBy": "colleague@example.com"}
    (words,) = told(plane, tmp_path)
    assert "edit was version 1" in words
