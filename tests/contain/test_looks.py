"""Looks before the changes: within one budget of time, and none is made that nobody waits for."""

import threading
from collections.abc import Mapping

import pytest

from mcpsoar.contain.looks import Look, Looks
from mcpsoar.core.plan import Direction, Step, Undo
from mcpsoar.core.run import Baseline
from tests.contain.fakes import FakeClock, FakeConnector, FakePlane

STEPS = [
    Step(f"disable:{name}", "disable", "registry.disable", "registry", name, Undo.EXACT, ())
    for name in ("crm", "github")
]


def looked_at(budget_s: float) -> tuple[list[Look], list[str]]:
    clock, calls = FakeClock(), list[str]()
    connector = FakeConnector(FakePlane({"crm": True, "github": True}), clock, calls.append)
    looks = Looks({"registry": connector}, clock=clock, budget_s=budget_s, threads=1)
    looks.begin(STEPS, Direction.APPLY)
    found = [looks.of(step) for step in STEPS]
    looks.close()
    return found, calls


def test_a_look_in_time_is_made() -> None:
    found, calls = looked_at(60.0)
    assert all(look.baseline for look in found)
    assert calls == ["look disable:crm", "look disable:github"]


def test_a_look_that_would_begin_too_late_is_not_made() -> None:
    found, calls = looked_at(0.0)
    assert found == [Look(), Look()]
    assert calls == []


def test_what_all_looks_saw_is_told_once_they_have_ended() -> None:
    clock, heard, has_heard = FakeClock(), list[set[str]](), threading.Event()
    connector = FakeConnector(FakePlane({"crm": True, "github": True}), clock, lambda _: None)
    looks = Looks({"registry": connector}, clock=clock, budget_s=60.0, threads=2)
    looks.begin(STEPS, Direction.APPLY)

    def hear(seen: Mapping[str, Baseline]) -> None:
        heard.append(set(seen))
        has_heard.set()

    looks.then(hear)
    assert has_heard.wait(30.0)
    looks.close()
    assert heard == [{"disable:crm", "disable:github"}]


def test_nothing_is_told_of_looks_that_are_closed_before_they_end() -> None:
    clock, heard = FakeClock(), list[Mapping[str, Baseline]]()
    is_begun, may_end = threading.Event(), threading.Event()

    def under_way(_: str) -> None:
        is_begun.set()
        assert may_end.wait(30.0)

    connector = FakeConnector(FakePlane({"crm": True, "github": True}), clock, under_way)
    looks = Looks({"registry": connector}, clock=clock, budget_s=60.0, threads=2)
    looks.begin(STEPS[:1], Direction.APPLY)
    looks.then(heard.append)
    assert is_begun.wait(30.0)
    looks.close()
    may_end.set()
    assert looks.of(STEPS[0]).baseline
    assert heard == []


def test_a_look_that_breaks_belongs_to_who_asks_for_it_alone() -> None:
    clock, heard, has_heard = FakeClock(), list[set[str]](), threading.Event()

    class Broken(BaseException):
        pass

    def breaks(call: str) -> None:
        if call == f"look {STEPS[0].id}":
            raise Broken

    connector = FakeConnector(FakePlane({"crm": True, "github": True}), clock, breaks)
    looks = Looks({"registry": connector}, clock=clock, budget_s=60.0, threads=2)
    looks.begin(STEPS, Direction.APPLY)

    def hear(seen: Mapping[str, Baseline]) -> None:
        heard.append(set(seen))
        has_heard.set()

    looks.then(hear)
    assert has_heard.wait(30.0)
    with pytest.raises(Broken):
        looks.of(STEPS[0])
    looks.close()
    assert heard == [{STEPS[1].id}]
