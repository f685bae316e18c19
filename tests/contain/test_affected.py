"""What a step touches is told beside it: no change waits for it, and what is not known is said."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.app import contain, resuming
from mcpsoar.app.order import Order
from mcpsoar.app.report import document
from mcpsoar.contain.home import Home
from mcpsoar.contain.journal import read
from mcpsoar.contain.ledger import fold
from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import UnknownTarget, Unreachable, Unsupported
from mcpsoar.core.plan import Direction, Step
from mcpsoar.core.run import Baseline
from mcpsoar.core.verdict import RunVerdict
from tests.contain.fakes import FakeClock, FakeConnector, FakePlane, station

ROOT = Path(__file__).resolve().parent.parent.parent


class Telling(FakeConnector):
    """One that can tell: `affects` is what it answers, `told` what its looks do."""

    def __init__(self, calls: list[str], affects: Callable[[Step], Facts], **told: Any) -> None:
        clock = FakeClock()
        super().__init__(FakePlane({"crm": True}, {"crm": 2}), clock, calls.append)
        self.clock = clock
        self._calls = calls
        self._affects = affects
        self._by_look = told

    def baseline(self, step: Step) -> Baseline:
        was = super().baseline(step)
        return Baseline(was.in_force, was.facts, was.seen_at, self._by_look)

    def affects(self, step: Step) -> Facts:
        self._calls.append(f"affects {step.id}")
        return self._affects(step)


def contained(home: Path, connector: Telling, *, is_dry: bool = False) -> dict[str, Facts]:
    """By step, what the report says that it touches."""
    ready = station(home, connector, connector.clock)
    order = Order(("crm",), Direction.APPLY, dry_run=is_dry)
    report = contain.carry_out(order, order.servers, ready, ROOT)
    ready.looks.close()
    assert report.verdict in (RunVerdict.CONTAINED, RunVerdict.PLANNED)
    house = Home(home)
    kept = fold(read(house.journal(report.run), house.anchor(report.run), report.run))[0]
    found = {step["id"]: step["affects"] for step in document(report)["steps"]}
    assert kept is not None
    assert {name: state.affects for name, state in kept.steps.items()} == found
    return found


def test_nothing_is_asked_before_the_last_change_was_made_and_seen(tmp_path: Path) -> None:
    calls: list[str] = []
    found = contained(tmp_path, Telling(calls, lambda step: {"owner": step.id}))
    first = min(place for place, call in enumerate(calls) if call.startswith("affects "))
    assert all(call.startswith("affects ") for call in calls[first:])
    assert {name: affects["owner"] for name, affects in found.items()} == {name: name for name in found}
    assert len(found) == 3


def test_a_dry_run_asks_too_and_sends_nothing(tmp_path: Path) -> None:
    calls: list[str] = []
    found = contained(tmp_path, Telling(calls, lambda step: {"owner": step.id}), is_dry=True)
    assert {affects["owner"] for affects in found.values()} == set(found)
    assert not [call for call in calls if call.startswith("apply ")]


def test_what_the_look_before_it_told_stays(tmp_path: Path) -> None:
    """A look after the revocation finds no token, and three were touched."""
    connector = Telling([], lambda _: {"tokens": 0, "owner": "x"}, tokens=3, owner=None)
    assert contained(tmp_path, connector)["revoke:crm"] == {"tokens": 3, "owner": "x"}


def test_nor_does_a_resumed_run_know_better(tmp_path: Path) -> None:
    """What it reads is read after the change of the run that was killed."""
    connector = Telling([], lambda _: {"tokens": 0}, tokens=3)

    def killed(call: str) -> None:
        if call == "verify revoke:crm":
            raise KeyboardInterrupt

    connector.before_call = killed
    with pytest.raises(KeyboardInterrupt):
        contained(tmp_path, connector)
    connector.before_call = lambda _: None
    (run,) = Home(tmp_path).runs()
    ready = station(tmp_path, connector, connector.clock)
    report = resuming.resume(ready, run, ROOT)
    ready.looks.close()
    assert {step.id: step.affects["tokens"] for step in report.steps}["revoke:crm"] == 3


@pytest.mark.parametrize(
    "trouble", [Unreachable("no"), UnknownTarget("no"), Unsupported("no"), KeyError("no")]
)
@pytest.mark.parametrize("is_dry", [True, False])
def test_trouble_with_it_is_unknown_and_ends_no_run_otherwise(
    tmp_path: Path, trouble: Exception, *, is_dry: bool
) -> None:
    def affects(_: Step) -> Facts:
        raise trouble

    found = contained(tmp_path, Telling([], affects), is_dry=is_dry)
    assert found["revoke:crm"] == dict.fromkeys(("tokens", "kinds", "principals"))


def test_one_that_never_answers_is_left_behind(tmp_path: Path) -> None:
    never = threading.Event()

    def affects(_: Step) -> Facts:
        never.wait(60)
        return {"tokens": 1}

    connector = Telling([], affects, servers=None)

    def late(call: str) -> None:
        if call == "verify disable:crm":
            connector.clock.sleep(59.0)  # of the 60 s that the looks may take

    connector.before_call = late
    try:
        found = contained(tmp_path, connector)
    finally:
        never.set()
    assert found["disable:crm"] == {"servers": None}


def test_who_cannot_tell_is_not_asked(tmp_path: Path) -> None:
    clock = FakeClock()
    ready = station(tmp_path, FakeConnector(FakePlane({"crm": True}, {"crm": 2}), clock), clock)
    order = Order(("crm",), Direction.APPLY)
    report = contain.carry_out(order, order.servers, ready, ROOT)
    ready.looks.close()
    assert [step["affects"] for step in document(report)["steps"]] == [{}] * 3


def test_a_second_look_that_fails_leaves_nothing_of_the_first(tmp_path: Path) -> None:
    """What is in force already is looked at again under the lock: the journal has that look alone."""
    connector = Telling([], lambda _: {}, tools=["a"])
    connector.plane.is_forced = True
    looked: list[str] = []

    def fails(call: str) -> None:
        if call == "look force":
            looked.append(call)
            if len(looked) == 2:
                raise Unreachable("no connection")

    connector.before_call = fails
    assert contained(tmp_path, connector)["force"] == {"tools": None, "servers": None}
