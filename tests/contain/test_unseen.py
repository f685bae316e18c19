"""How it was before a run is not always seen in time: nothing that was off is switched on for that."""

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from mcpsoar.app import contain
from mcpsoar.app.order import Order
from mcpsoar.contain.home import Home
from mcpsoar.contain.journal import read
from mcpsoar.core.errors import Unreachable
from mcpsoar.core.plan import Direction, Step
from mcpsoar.core.run import Baseline, Effect, Report
from mcpsoar.core.verdict import RunVerdict, StepVerdict
from mcpsoar.kit import telling
from tests.contain.fakes import FakeClock, FakeConnector, FakePlane, station

ROOT = Path(__file__).resolve().parent.parent.parent


def ordered(home: Path, connector: FakeConnector, order: Order, *, budget_s: float = 60.0) -> Report:
    ready = station(home, connector, FakeClock(), budget_s=budget_s)
    try:
        return contain.carry_out(order, order.servers, ready, ROOT)
    finally:
        ready.looks.close()


def unseen(call: str) -> None:
    if call == "look disable:s1":
        raise Unreachable("busy")


@pytest.mark.parametrize("was_on", [True, False])
def test_what_nobody_saw_is_left_as_it_is_and_told(tmp_path: Path, was_on: bool) -> None:
    there = FakePlane({"s1": was_on})
    contained = ordered(tmp_path, FakeConnector(there, FakeClock(), unseen), Order(("s1",), Direction.APPLY))
    assert contained.verdict is RunVerdict.CONTAINED
    connector = FakeConnector(there, FakeClock())
    released = ordered(tmp_path, connector, Order(("s1",), Direction.UNDO))
    assert there.servers["s1"] is False
    disable = next(step for step in released.steps if step.id == "disable:s1")
    assert disable.verdict is StepVerdict.CANNOT_TELL
    assert "--assume-on" in disable.detail
    assert released.verdict is RunVerdict.UNVERIFIED
    again = ordered(tmp_path, connector, replace(Order(("s1",), Direction.UNDO), assume_on=True))
    assert again.verdict is RunVerdict.RELEASED
    assert there.servers["s1"] is True


class Telling(FakeConnector):
    """Says what it is about to alter, as changes of many calls do."""

    def apply(self, step: Step, was: Baseline | None, key: str) -> Effect:
        telling.about_to(Effect({"open": [step.id]}, self._at(), found_in_force=False))
        return super().apply(step, was, key)


@pytest.mark.parametrize(("is_seen", "late"), [(True, []), (False, ["disable:s1", "revoke:s1"])])
def test_what_a_change_is_about_to_alter_counts_where_nobody_saw_it(
    tmp_path: Path, *, is_seen: bool, late: list[str]
) -> None:
    """Of what is everybody's the note of its holders has that."""

    def blind(call: str) -> None:
        if call.startswith("look ") and not is_seen:
            raise Unreachable("busy")

    connector = Telling(FakePlane({"s1": True}, {"s1": 1}), FakeClock(), blind)
    report = ordered(tmp_path, connector, Order(("s1",), Direction.APPLY))
    house = Home(tmp_path)
    entries = read(house.journal(report.run), house.anchor(report.run), report.run).entries
    assert sorted(entry["step"] for entry in entries if entry["kind"] == "late look") == late


class Slow(FakeConnector):
    """The look at the registry is answered only when the change has been made; it was read `before` it."""

    def __init__(self, plane: FakePlane, *, before: bool) -> None:
        super().__init__(plane, FakeClock(), self._calls)
        self._done = threading.Event()
        self._before = before

    def baseline(self, step: Step) -> Baseline:
        if step.id != "disable:s1" or self._done.is_set():
            return super().baseline(step)
        seen = super().baseline(step)
        self._done.wait(5)
        return seen if self._before else super().baseline(step)

    def _calls(self, call: str) -> None:
        if call == "verify disable:s1":
            self._done.set()


@pytest.mark.parametrize(("before", "verdict"), [(True, RunVerdict.RELEASED), (False, RunVerdict.UNVERIFIED)])
def test_a_late_look_counts_where_it_can_only_be_of_before(
    tmp_path: Path, before: bool, verdict: RunVerdict
) -> None:
    there = FakePlane({"s1": True})
    slow = Slow(there, before=before)
    contained = ordered(tmp_path, slow, Order(("s1",), Direction.APPLY), budget_s=0.05)
    assert contained.verdict is RunVerdict.CONTAINED
    released = ordered(tmp_path, FakeConnector(there, FakeClock()), Order(("s1",), Direction.UNDO))
    assert released.verdict is verdict
    assert there.servers["s1"] is (verdict is RunVerdict.RELEASED)
