"""The policy is everybody's: other homes, other people and other tools force and lift it too."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from mcpsoar.app import contain
from mcpsoar.app.order import Order
from mcpsoar.core.errors import Indeterminate, Trouble, Unreachable, Unsupported
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
        def lost(call: str) -> None:
            if drop and call == "applied force":
                raise Indeterminate("the connection was lost")

        return self._ordered(home, server, Direction.APPLY, lost)

    def release(
        self,
        home: str,
        server: str,
        *,
        budget_s: float = 60.0,
        trouble: Callable[[str], None] = lambda _: None,
    ) -> Report:
        return self._ordered(home, server, Direction.UNDO, trouble, budget_s=budget_s)

    def _ordered(
        self,
        home: str,
        server: str,
        direction: Direction,
        trouble: Callable[[str], None],
        *,
        budget_s: float = 60.0,
    ) -> Report:
        connector = FakeConnector(self.plane, self.clock, trouble)
        ready = station(self.path / home, connector, self.clock, budget_s=budget_s)
        try:
            return contain.carry_out(Order((server,), direction), (server,), ready, ROOT)
        finally:
            ready.looks.close()


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path)


def force(report: Report) -> StepReport:
    return next(step for step in report.steps if step.id == "force")


def failing(trouble: Trouble, *calls: int) -> Callable[[str], None]:
    """The looks at the policy of these numbers fail, counted from 1; without numbers all do."""
    seen = [0]

    def fail(call: str) -> None:
        if call == "look force":
            seen[0] += 1
            if not calls or seen[0] in calls:
                raise trouble

    return fail


@pytest.mark.parametrize("budget_s", [60.0, 0.0])
def test_a_policy_that_somebody_forced_again_is_left_to_them(office: Office, budget_s: float) -> None:
    """However slow the release was until then: the time for its first looks may be spent."""
    office.contain("here", "s1")
    office.plane.force(is_forced=False)
    office.plane.force(is_forced=True)
    report = office.release("here", "s1", budget_s=budget_s)
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


def test_a_policy_that_cannot_be_looked_at_is_not_lifted(office: Office) -> None:
    office.contain("here", "s1")
    report = office.release("here", "s1", trouble=failing(Indeterminate("no answer in time")))
    assert force(report).verdict is StepVerdict.CANNOT_TELL
    assert "nothing was sent: it could not be looked at (no answer in time)" in force(report).detail
    assert office.plane.is_forced
    assert "undo force" not in office.plane.calls
    assert report.verdict is RunVerdict.UNVERIFIED


def test_a_look_that_failed_once_is_repeated_before_a_lift(office: Office) -> None:
    office.contain("here", "s1")
    report = office.release("here", "s1", trouble=failing(Unreachable("no connection"), 1))
    assert force(report).verdict is StepVerdict.VERIFIED
    assert not office.plane.is_forced


def test_a_policy_that_a_plane_cannot_show_is_lifted_all_the_same(office: Office) -> None:
    """A plane of three POSTs: there is nothing to look at, and we know how it was before."""
    office.contain("here", "s1")
    report = office.release("here", "s1", trouble=failing(Unsupported("there is no such read-back")))
    assert not office.plane.is_forced
    assert report.verdict is RunVerdict.RELEASED


def test_what_could_not_be_looked_at_is_not_said_to_be_in_force(office: Office) -> None:
    office.contain("here", "s1", drop=True)
    note = next((office.path / "here" / "locks").glob("commons-*.json"))
    note.write_text("not as it was written")
    report = office.release("here", "s1", trouble=failing(Unreachable("no connection")))
    assert force(report).verdict is StepVerdict.CANNOT_TELL
    assert "left in force" not in force(report).detail
    assert "could not be looked at" in force(report).detail
    assert "lift it by hand" in force(report).detail
