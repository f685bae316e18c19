"""The policy is everybody's: other homes, other people and other tools force and lift it too."""

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mcpsoar.app import contain
from mcpsoar.app.order import Order
from mcpsoar.core.errors import Indeterminate
from mcpsoar.core.plan import Direction
from mcpsoar.core.run import Report, StepReport
from mcpsoar.core.verdict import RunVerdict, StepVerdict
from tests.contain.fakes import FakeClock, FakeConnector, FakePlane, station

ROOT = Path(__file__).resolve().parent.parent.parent


@dataclass
class Office:
    """One plane, and homes that know nothing of each other."""

    path: Path
    plane: FakePlane = field(default_factory=lambda: FakePlane({"s1": True, "s2": True}))
    clock: FakeClock = field(default_factory=FakeClock)

    def contain(self, home: str, server: str, *, drop: bool = False) -> Report:
        return self._ordered(home, server, Direction.APPLY, drop=drop)

    def release(self, home: str, server: str) -> Report:
        return self._ordered(home, server, Direction.UNDO)

    def _ordered(self, home: str, server: str, direction: Direction, *, drop: bool = False) -> Report:
        def lost(call: str) -> None:
            if drop and call == "applied force":
                raise Indeterminate("the connection was lost")

        connector = FakeConnector(self.plane, self.clock, lost)
        ready = station(self.path / home, connector, self.clock)
        try:
            return contain.carry_out(Order((server,), direction), (server,), ready, ROOT)
        finally:
            ready.looks.close()


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def force(report: Report) -> StepReport:
    return next(step for step in report.steps if step.id == "force")


def test_a_policy_that_somebody_forced_again_is_left_to_them(office: Office) -> None:
    office.contain("here", "s1")
    office.plane.force(is_forced=False)
    office.plane.force(is_forced=True)
    report = office.release("here", "s1")
    assert office.plane.is_forced
    assert force(report).verdict is StepVerdict.CANNOT_TELL
    assert "forced it again since (version 4, ours was 2)" in force(report).detail
    assert report.verdict is RunVerdict.UNVERIFIED
    assert "undo force" not in office.plane.calls


def test_a_policy_that_we_forced_again_is_ours_to_lift(office: Office) -> None:
    office.contain("here", "s1")
    office.plane.force(is_forced=False)
    office.contain("here", "s2")
    office.release("here", "s1")
    report = office.release("here", "s2")
    assert force(report).verdict is StepVerdict.VERIFIED
    assert not office.plane.is_forced


def test_a_forcing_whose_answer_was_lost_is_ours_as_it_was_read_back(office: Office) -> None:
    office.contain("here", "s1", drop=True)
    assert force(office.release("here", "s1")).verdict is StepVerdict.VERIFIED
    assert not office.plane.is_forced


def test_a_second_home_leaves_what_it_found_in_force(office: Office) -> None:
    office.contain("here", "s1")
    office.contain("there", "s2")
    report = office.release("there", "s2")
    assert office.plane.is_forced
    assert "left in force" in force(report).detail


def test_a_lift_says_that_other_homes_are_not_known(office: Office) -> None:
    """Forcing what is forced leaves nothing to see on the plane: nobody can name the second home's run."""
    office.contain("here", "s1")
    office.contain("there", "s2")
    report = office.release("here", "s1")
    assert force(report).verdict is StepVerdict.VERIFIED
    assert "runs in other homes are not known" in force(report).detail
