"""What is switched on again is the tool that was switched off: its server may call another one so by then."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.connectors.contextforge import connect
from mcpsoar.core.errors import Denied, UnknownTarget
from mcpsoar.core.plan import Direction, Step, Undo
from mcpsoar.core.ports import Connector
from mcpsoar.core.run import Effect, Report
from mcpsoar.core.verdict import RunVerdict, StepVerdict, Verdict
from mcpsoar.kit import targets, telling
from mcpsoar.kit.clock import SystemClock
from tests.contract.forge import Forge
from tests.contract.forge import forge as served
from tests.contract.orders import ordered, profile_of

WRITE = "tool:write@github"
OFF = Step(f"disable-tool:{WRITE}", "off", "registry.disable_tool", "registry", WRITE, Undo.EXACT, ())


@pytest.fixture
def plane() -> Iterator[Forge]:
    with served() as one:
        one.page = 100
        one.originals = {"t-write": "write"}
        yield one


@pytest.fixture
def connector(plane: Forge) -> Iterator[Connector]:
    made = connect(profile_of(plane).roles["registry"], clock=SystemClock())
    yield made
    made.close()


def quarantined(plane: Forge, home: Path, name: str = WRITE) -> Report:
    return ordered(plane, home, name, playbook="quarantine-tool")


def renamed(plane: Forge) -> None:
    """Its server calls the tool otherwise, and another one by its name; that one is off."""
    plane.originals["t-write"] = "innocent"
    plane.tools["t-new"] = ("g-github", False)
    plane.originals["t-new"] = "write"
    plane.off.add("t-new")


def test_a_name_that_went_to_another_tool_switches_that_one_not_on(plane: Forge, tmp_path: Path) -> None:
    quarantined(plane, tmp_path)
    renamed(plane)
    report = ordered(plane, tmp_path, WRITE, Direction.UNDO, changed_too=True)
    (step,) = report.steps
    assert plane.off == {"t-new"}
    assert (report.verdict, step.verdict) == (RunVerdict.RELEASED, StepVerdict.VERIFIED)
    assert step.detail == "tool github-t-write (t-write) is enabled"
    assert step.affects["tools"] == ["github-t-write"]


def test_nor_does_one_that_is_on_read_as_the_tool_released(plane: Forge, connector: Connector) -> None:
    was = connector.baseline(OFF)
    connector.apply(OFF, was, "key")
    renamed(plane)
    plane.off.discard("t-new")
    seen = connector.verify_rollback(OFF, was)
    assert (seen.verdict, seen.detail) == (Verdict.NO, "tool github-t-write (t-write) is disabled")


@pytest.mark.parametrize("twin", [False, True])
def test_a_name_that_no_tool_has_or_two_have_locks_no_release(
    plane: Forge, tmp_path: Path, twin: bool
) -> None:
    quarantined(plane, tmp_path)
    if twin:
        plane.tools["t-twin"] = ("g-github", False)
        plane.originals["t-twin"] = "write"
    else:
        plane.originals["t-write"] = "innocent"
    report = ordered(plane, tmp_path, WRITE, Direction.UNDO)
    assert (report.verdict, plane.off) == (RunVerdict.RELEASED, set())


@pytest.mark.parametrize("bearer", [None, "write", "t-write"])
def test_a_tool_that_is_gone_is_not_released_in_another(
    plane: Forge, tmp_path: Path, bearer: str | None
) -> None:
    quarantined(plane, tmp_path)
    del plane.tools["t-write"]
    plane.off = {"t-new"}
    if bearer is not None:
        plane.tools["t-new"] = ("g-github", False)
        plane.originals["t-new"] = bearer
    report = ordered(plane, tmp_path, WRITE, Direction.UNDO, changed_too=True)
    (step,) = report.steps
    assert (report.verdict, step.verdict) == (RunVerdict.NOT_RELEASED, StepVerdict.FAILED)
    there = f"; {WRITE} is another today, t-new" * (bearer == "write")
    words = f"t-write of g-github, which was switched off, is no longer there{there}"
    assert step.detail == f"nothing was sent: tool {words}"
    assert plane.off == {"t-new"}


def test_nor_is_it_said_to_be_frozen_still(plane: Forge, tmp_path: Path) -> None:
    quarantined(plane, tmp_path)
    ordered(plane, tmp_path, "jira", playbook="freeze-writes")
    del plane.tools["t-write"]
    report = ordered(plane, tmp_path, WRITE, Direction.UNDO)
    assert report.verdict is RunVerdict.NOT_RELEASED
    assert {step.id: step.verdict for step in report.steps}[OFF.id] is StepVerdict.FAILED


def test_nor_verified_by_the_connector(plane: Forge, connector: Connector) -> None:
    was = connector.baseline(OFF)
    connector.apply(OFF, was, "key")
    renamed(plane)
    plane.off = {"t-new"}
    del plane.tools["t-write"]
    with pytest.raises(UnknownTarget, match="gateway github has no tool t-write any more"):
        connector.rollback(OFF, was, "key")
    seen = connector.verify_rollback(OFF, was)
    assert seen.verdict is Verdict.CANNOT_TELL
    assert plane.off == {"t-new"}


def test_a_later_look_can_be_at_the_tool_that_was_seen(plane: Forge, connector: Connector) -> None:
    was = connector.baseline(OFF)
    renamed(plane)
    plane.edits["t-write"] = {"version": 2, "modifiedBy": "colleague@example.com"}
    now = connector.baseline(targets.noted(OFF, was.facts))
    assert (now.facts["tool_id"], now.facts["edit"]) == ("t-write", "version 2 by colleague@example.com")
    assert targets.noted(OFF, {}) == OFF


def test_a_name_that_moved_since_the_look_is_not_switched_off(plane: Forge, connector: Connector) -> None:
    was = connector.baseline(OFF)
    renamed(plane)
    plane.off.clear()
    with pytest.raises(Denied, match="write was t-write when it was looked at, and is t-new now"):
        connector.apply(OFF, was, "key")
    assert not plane.off


def test_two_tools_that_were_called_so_in_turn_are_both_released(plane: Forge, tmp_path: Path) -> None:
    quarantined(plane, tmp_path)
    renamed(plane)
    plane.off.discard("t-new")
    assert quarantined(plane, tmp_path).verdict is RunVerdict.CONTAINED
    assert plane.off == {"t-write", "t-new"}
    report = ordered(plane, tmp_path, WRITE, Direction.UNDO)
    assert (report.verdict, plane.off) == (RunVerdict.RELEASED, set())
    words = "tool github-t-write (t-write) is enabled; tool github-t-new (t-new) is enabled"
    assert report.steps[0].detail == words


def test_one_of_them_that_is_gone_is_told_and_the_other_is_released(plane: Forge, tmp_path: Path) -> None:
    quarantined(plane, tmp_path)
    renamed(plane)
    plane.off.discard("t-new")
    quarantined(plane, tmp_path)
    del plane.tools["t-write"]
    report = ordered(plane, tmp_path, WRITE, Direction.UNDO)
    assert report.verdict is RunVerdict.NOT_RELEASED
    assert plane.off == {"t-write"}, "one that is no longer there"


def test_what_an_order_that_changed_nothing_saw_is_not_undone(plane: Forge, tmp_path: Path) -> None:
    """It came before the name went to another tool; the run after it switched that one off."""
    answer = plane.answer

    def refused(method: str, target: str, token: str, body: Any) -> tuple[int, Any]:
        return (
            (403, {"detail": "no"})
            if method == "POST" and "/tools/" in target
            else answer(method, target, token, body)
        )

    plane.answer = refused  # type: ignore[method-assign]
    assert quarantined(plane, tmp_path).verdict is RunVerdict.NOT_CONTAINED
    plane.answer = answer  # type: ignore[method-assign]
    renamed(plane)
    plane.off.clear()
    quarantined(plane, tmp_path)
    assert plane.off == {"t-new"}
    plane.off.add("t-write")  # by somebody else
    report = ordered(plane, tmp_path, WRITE, Direction.UNDO)
    assert (report.verdict, plane.off) == (RunVerdict.RELEASED, {"t-write"})


def test_who_sends_without_a_look_is_told_which_tool_it_is(plane: Forge, connector: Connector) -> None:
    heard: list[Effect] = []
    with telling.heard_by(heard.append):
        connector.apply(OFF, None, "key")
        connector.apply(OFF, None, "key")
    (effect,) = heard
    assert (effect.facts["tool_id"], effect.found_in_force) == ("t-write", False), "off may be our own work"
    renamed(plane)
    was = replace(connector.baseline(OFF), in_force=False, facts=effect.facts)
    connector.rollback(OFF, was, "key")
    assert plane.off == {"t-new"}


def test_nor_does_a_person_who_knows_that_it_was_on_switch_on_another(plane: Forge, tmp_path: Path) -> None:
    plane.off.add("t-write")
    ordered(plane, tmp_path, WRITE, playbook="quarantine-tool", look_s=0.0)
    renamed(plane)
    (step,) = ordered(plane, tmp_path, WRITE, Direction.UNDO, changed_too=True).steps
    assert (step.verdict, plane.off) == (StepVerdict.CANNOT_TELL, {"t-write", "t-new"})
    report = ordered(plane, tmp_path, WRITE, Direction.UNDO, assume_on=True, changed_too=True)
    assert (report.verdict, plane.off) == (RunVerdict.RELEASED, {"t-new"})


def test_nor_is_it_asked_after_by_name_before_a_second_try(plane: Forge, tmp_path: Path) -> None:
    quarantined(plane, tmp_path)
    plane.tools["t-twin"] = ("g-github", False)
    plane.originals["t-twin"] = "write"
    answer, busy = plane.answer, list[str]()

    def once_busy(method: str, target: str, token: str, body: Any) -> tuple[int, Any]:
        if method == "POST" and "/tools/" in target and not busy:
            busy.append(target)
            return 429, {"detail": "later"}
        return answer(method, target, token, body)

    plane.answer = once_busy  # type: ignore[method-assign]
    report = ordered(plane, tmp_path, WRITE, Direction.UNDO)
    assert (report.verdict, plane.off) == (RunVerdict.RELEASED, set())
    assert busy
