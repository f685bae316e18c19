"""A release lifts what runs of this home forced, and leaves to others what others forced meanwhile."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.app import runs
from mcpsoar.contain.commons import Commons
from mcpsoar.contain.home import Home
from mcpsoar.core.run import Report, StepReport
from mcpsoar.core.verdict import RunVerdict, StepVerdict
from mcpsoar.kit.clock import SystemClock
from mcpsoar.lab.faults import Fault
from mcpsoar.lab.serving import control_plane
from tests.flow.ground import ROOT, Ground

Patch = pytest.MonkeyPatch


class Crash(BaseException):
    """The process dies here: no handler of the house sees it."""


@pytest.fixture
def ground(tmp_path: Path) -> Iterator[Ground]:
    (tmp_path / "plane").mkdir()
    with control_plane(tmp_path / "plane", servers=("github", "jira")) as handle:
        yield Ground(handle, tmp_path / "home")


def force(report: Report) -> StepReport:
    return next(step for step in report.steps if step.id == "force")


def refused(ground: Ground, server: str) -> Report:
    """Our credential may not force it: the control plane did nothing."""
    ground.plane.faults.set(Fault.STATUS, "policy.force", status=403)
    report = ground.contain(server)
    ground.plane.faults.clear()
    assert force(report).verdict is StepVerdict.FAILED
    assert not ground.is_forced
    return report


def killed(ground: Ground, server: str, patch: Patch, name: str, *, is_after: bool) -> str:
    """A containment that dies where it calls this of what it shares."""
    called: Callable[..., Any] = getattr(Commons, name)

    def die(*args: Any, **kwargs: Any) -> None:
        if is_after:
            called(*args, **kwargs)
        raise Crash

    with patch.context() as there:
        there.setattr(Commons, name, die)
        with pytest.raises(Crash):
            ground.contain(server)
    return Home(ground.home).runs()[-1]


def resumed(ground: Ground, run: str) -> Report:
    return runs.resume(
        ground.home,
        run,
        profile=ground.profile,
        pack=ROOT,
        clock=SystemClock(),
        say=ground.said.append,
    )


def left(ground: Ground, report: Report) -> bool:
    """Whether a release left in force what a person did, and said so."""
    words = "left in force: no run of this home forced it"
    return (force(report).verdict, force(report).detail, ground.is_forced) == (
        StepVerdict.ALREADY,
        words,
        True,
    )


def test_what_a_person_forced_after_we_were_refused_is_left_to_them(ground: Ground) -> None:
    refused(ground, "github")
    ground.plane.plane.force()
    report = ground.release("github")
    assert left(ground, report), force(report).detail
    assert report.verdict is RunVerdict.RELEASED
    assert not ground.is_disabled("github")


def test_nor_does_a_second_run_that_found_it_in_force_make_it_ours(ground: Ground) -> None:
    refused(ground, "github")
    ground.plane.plane.force()
    assert force(ground.contain("jira")).verdict is StepVerdict.ALREADY
    assert "still needed" in force(ground.release("jira")).detail
    assert left(ground, ground.release("github"))


def test_nor_a_resumed_one(ground: Ground) -> None:
    run = refused(ground, "github").run
    ground.plane.plane.force()
    resumed(ground, run)
    assert left(ground, ground.release("github"))


@pytest.mark.parametrize("then", ["resume", "release"])
def test_a_run_that_died_before_its_change_forced_nothing(
    ground: Ground, monkeypatch: Patch, then: str
) -> None:
    run = killed(ground, "github", monkeypatch, "begin", is_after=True)
    assert not ground.is_forced
    ground.plane.plane.force()
    if then == "resume":
        resumed(ground, run)
    report = ground.release("github")
    assert ground.is_forced
    assert force(report).verdict is StepVerdict.ALREADY
    assert force(report).detail.startswith("left in force: ")


def test_a_run_that_died_after_its_change_and_before_its_note_forced_it(
    ground: Ground, monkeypatch: Patch
) -> None:
    killed(ground, "github", monkeypatch, "forced", is_after=False)
    assert ground.is_forced
    report = ground.release("github")
    assert force(report).verdict is StepVerdict.VERIFIED
    assert "runs in other homes are not known" in force(report).detail
    assert not ground.is_forced


def test_a_server_that_a_person_switched_off_after_its_release_is_left_off(ground: Ground) -> None:
    """The first run still holds another server: of this one it tells no more."""
    ground.contain("github", "jira")
    ground.release("github")
    ground.plane.plane.set_state("github", "disabled")
    ground.contain("github")
    ground.release("github", "jira")
    assert ground.is_disabled("github")
    assert not ground.is_disabled("jira")


def test_a_server_that_was_contained_again_is_switched_on_whoever_found_it_off(ground: Ground) -> None:
    ground.contain("github")
    ground.contain("github", "jira")
    ground.release("github")
    ground.contain("github")
    report = ground.release("github", "jira")
    assert report.verdict is RunVerdict.RELEASED
    assert not ground.is_disabled("github")


def test_what_a_run_forced_that_was_released_since_is_lifted_with_the_last(ground: Ground) -> None:
    ground.contain("github")
    assert force(ground.contain("jira")).verdict is StepVerdict.ALREADY
    ground.release("github")
    assert ground.is_forced
    assert force(ground.release("jira")).verdict is StepVerdict.VERIFIED
    assert not ground.is_forced


def test_what_a_release_forced_again_for_others_is_ours_to_lift(ground: Ground) -> None:
    """They saw it forced by somebody, who lifted it: the release forced it, and no other run."""
    ground.plane.plane.force()
    assert force(ground.contain("github")).verdict is StepVerdict.ALREADY
    assert force(ground.contain("jira")).verdict is StepVerdict.ALREADY
    ground.plane.plane.lift()
    assert "it was no longer in force, and is again" in force(ground.release("jira")).detail
    assert force(ground.release("github")).verdict is StepVerdict.VERIFIED
    assert not ground.is_forced


def test_without_the_journal_of_who_forced_it_nobody_calls_it_ours(ground: Ground) -> None:
    first = ground.contain("github").run
    ground.contain("jira")
    ground.release("github")
    Home(ground.home).journal(first).unlink()
    report = ground.release("jira")
    assert ground.is_forced
    assert force(report).verdict is StepVerdict.CANNOT_TELL
    assert "lift it by hand if nobody needs it" in force(report).detail


def test_nothing_is_forced_for_a_run_that_never_got_it_forced(ground: Ground) -> None:
    refused(ground, "github")
    refused(ground, "jira")
    report = ground.release("jira")
    assert (report.verdict, force(report).verdict) == (RunVerdict.RELEASED, StepVerdict.SKIPPED)
    assert force(report).detail.endswith("; it is not in force, and was not in any of these runs")
    assert not ground.is_forced


def test_nor_for_the_one_that_is_released_and_stays(ground: Ground) -> None:
    refused(ground, "github")
    ground.plane.faults.set(Fault.STATUS, "registry.enable", status=403)
    report = ground.release("github")
    assert report.verdict is RunVerdict.NOT_RELEASED
    assert not ground.is_forced


def test_it_is_forced_again_for_a_run_that_saw_it_forced(ground: Ground) -> None:
    ground.contain("github", "jira")
    ground.plane.plane.lift()
    assert force(ground.release("jira")).detail.endswith("it was no longer in force, and is again")
    assert ground.is_forced
