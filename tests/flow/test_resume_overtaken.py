"""A containment that others went past: not resumed, and no word on how it was before those that acted."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.app import contain, runs
from mcpsoar.app.order import Order
from mcpsoar.contain.change import Change
from mcpsoar.contain.home import Home
from mcpsoar.core.errors import Usage
from mcpsoar.core.plan import Direction
from mcpsoar.core.run import Report
from mcpsoar.core.verdict import RunVerdict, StepVerdict
from mcpsoar.kit.clock import SystemClock
from mcpsoar.lab.faults import Fault
from mcpsoar.lab.serving import control_plane
from tests.flow.ground import ROOT, Ground, verdicts

Patch = pytest.MonkeyPatch
HOUR = timedelta(hours=1)


class Crash(BaseException):
    """The process dies here: no handler of the house sees it."""


class SetClock(SystemClock):
    """A system clock that somebody sets."""

    off = timedelta(0)

    def now(self) -> datetime:
        return super().now() + self.off


@dataclass
class Office:
    ground: Ground
    clock: SetClock = field(default_factory=SetClock)

    def contain(self, *servers: str) -> Report:
        return self._ordered(servers, Direction.APPLY)

    def release(self, *servers: str) -> Report:
        return self._ordered(servers, Direction.UNDO)

    def killed(self, patch: Patch, *servers: str) -> str:
        """A containment that dies before it has used its looks."""
        before = set(Home(self.ground.home).runs())
        with patch.context() as there:
            there.setattr(Change, "carry_out", die)
            with pytest.raises(Crash):
                self.contain(*servers)
        (run,) = set(Home(self.ground.home).runs()) - before
        return run

    def resume(self, run: str) -> Report:
        return runs.resume(
            self.ground.home,
            run,
            profile=self.ground.profile,
            pack=ROOT,
            clock=self.clock,
            say=self.ground.said.append,
        )

    def _ordered(self, servers: tuple[str, ...], direction: Direction) -> Report:
        return contain.execute(
            Order(servers, direction),
            profile=self.ground.profile,
            home=self.ground.home,
            pack=ROOT,
            clock=self.clock,
            say=self.ground.said.append,
        )


def die(*_: Any) -> None:
    raise Crash


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    (tmp_path / "plane").mkdir()
    with control_plane(tmp_path / "plane", servers=("github", "jira")) as handle:
        yield Office(Ground(handle, tmp_path / "home"))


def refused(office: Office, run: str, by: str) -> None:
    with pytest.raises(Usage, match=f"github was contained again since, by {by}") as found:
        office.resume(run)
    assert found.value.next_command == "mcpsoar contain github"


def test_a_killed_containment_that_a_later_one_overtook_is_not_resumed(
    office: Office, monkeypatch: Patch
) -> None:
    run = office.killed(monkeypatch, "github")
    later = office.contain("github").run
    refused(office, run, later)
    assert office.release("github").verdict is RunVerdict.RELEASED
    assert not office.ground.is_disabled("github")


def test_nor_is_one_that_was_overtaken_by_a_clock_that_was_set_back(
    office: Office, monkeypatch: Patch
) -> None:
    run = office.killed(monkeypatch, "github")
    office.clock.off = -HOUR
    later = office.contain("github").run
    refused(office, run, later)


def test_the_last_of_two_is_resumed_though_a_clock_was_set_back_before_it(
    office: Office, monkeypatch: Patch
) -> None:
    office.contain("github")
    office.clock.off = -HOUR
    run = office.killed(monkeypatch, "github")
    assert office.resume(run).verdict is RunVerdict.CONTAINED
    assert office.release("github").verdict is RunVerdict.RELEASED
    assert not office.ground.is_disabled("github")


def test_only_the_servers_that_were_overtaken_are_named(office: Office, monkeypatch: Patch) -> None:
    run = office.killed(monkeypatch, "github", "jira")
    later = office.contain("github").run
    with pytest.raises(Usage, match=f": github was contained again since, by {later};") as found:
        office.resume(run)
    assert found.value.next_command == "mcpsoar contain github jira"


def test_the_last_of_two_and_one_of_another_server_are_resumed(office: Office, monkeypatch: Patch) -> None:
    office.contain("github")
    run = office.killed(monkeypatch, "github")
    office.contain("jira")
    assert office.resume(run).verdict is RunVerdict.CONTAINED
    assert office.release("github").verdict is RunVerdict.RELEASED
    assert not office.ground.is_disabled("github")


@pytest.mark.parametrize("back", [HOUR, -HOUR])
def test_a_containment_that_changed_nothing_tells_no_release_how_it_was(
    office: Office, back: timedelta
) -> None:
    """Of two runs whose clocks may say anything, the one that switched the entry off saw how it was."""
    office.contain("github")
    office.clock.off = -back
    assert verdicts(office.contain("github"))["disable:github"] is StepVerdict.ALREADY
    report = office.release("github")
    assert not office.ground.is_disabled("github")
    assert verdicts(report)["disable:github"] is StepVerdict.VERIFIED


def test_a_look_from_before_the_run_that_acted_blind_stands(office: Office) -> None:
    """The first was refused, and saw it on; the second could not look, and switched it off."""
    faults = office.ground.plane.faults
    faults.set(Fault.STATUS, "registry.disable", status=403)
    assert verdicts(office.contain("github"))["disable:github"] is StepVerdict.FAILED
    faults.clear()
    office.ground.look_s = 0.0
    assert verdicts(office.contain("github"))["disable:github"] is StepVerdict.VERIFIED
    office.ground.look_s = 2.0
    assert office.release("github").verdict is RunVerdict.RELEASED
    assert not office.ground.is_disabled("github")
