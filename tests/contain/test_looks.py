"""Looks before the changes: within one budget of time, and none is made that nobody waits for."""

from mcpsoar.contain.looks import Look, Looks
from mcpsoar.core.plan import Direction, Step, Undo
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
