"""The line that says how long a run will take."""

from collections.abc import Iterable
from pathlib import Path

import pytest

from mcpsoar.app.budgets import budgeted
from mcpsoar.app.expecting import tell, words
from mcpsoar.connectors import contextforge, reference
from mcpsoar.contain.plan import make
from mcpsoar.core.plan import Direction, Plan
from mcpsoar.core.profile import ROLES, Binding, CanaryBinding, Profile
from mcpsoar.core.run import Baseline
from mcpsoar.pack import playbooks
from tests.conftest import ROOT
from tests.contain.fakes import FakeClock, FakeConnector, FakePlane, station

EACH = "; and a call for each further token, for each tool that may write"
URL = "https://gateway.example.com"
CANARY = CanaryBinding(f"{URL}/mcp/{{server}}", "ping", {}, None, hold_s=65.0, every_s=5.0)
MODULES = {"reference": reference, "contextforge": contextforge}


def said(
    binding: Binding,
    canary: CanaryBinding | None = None,
    servers: int = 1,
    *,
    is_dry: bool = False,
    seen: dict[str, Baseline] | None = None,
) -> str:
    clock = FakeClock()
    profile = Profile("prod", dict.fromkeys(ROLES, binding), canary, "a test", look_s=600.0)
    profile = budgeted(profile, clock=clock, tell=lambda _: None)
    connector = MODULES[binding.connector].connect(binding, clock=clock)
    plan = planned([f"server-{n}" for n in range(servers)], profile.canaries)
    return words(plan, profile, dict.fromkeys(ROLES, connector), is_dry=is_dry, seen=seen)


def planned(servers: Iterable[str], canaries: Iterable[str] = ()) -> Plan:
    playbook = playbooks.load(ROOT, "contain-server")
    return make(
        playbook,
        tuple(servers),
        direction=Direction.APPLY,
        bindings={},
        canaries=canaries,
        without=[spec.id for spec in playbook.steps if spec.optional],
    )


@pytest.mark.parametrize(
    ("binding", "canary", "servers", "line"),
    [
        (
            Binding("reference", URL),
            None,
            1,
            "a moment (9 calls to gateway.example.com)",
        ),
        (
            Binding("reference", URL, calls_per_minute=400),
            CANARY,
            1,
            "about 70 s (24 calls to gateway.example.com at 400 a minute, a canary holds 65 s)",
        ),
        (
            Binding("contextforge", URL),
            None,
            100,
            "about 30 s (230 calls to gateway.example.com at 450 a minute)" + EACH,
        ),
    ],
)
def test_a_run_says_what_it_will_take(
    binding: Binding, canary: CanaryBinding | None, servers: int, line: str
) -> None:
    assert said(binding, canary, servers) == line


def test_each_tier_of_a_host_is_told_by_its_own_number() -> None:
    line = said(Binding("contextforge", URL), CANARY, 100)
    assert "231 calls to gateway.example.com at 450 a minute" in line
    assert "calls to gateway.example.com at 90 a minute, a canary holds 65 s)" in line


def test_a_dry_run_costs_its_looks() -> None:
    assert said(Binding("reference", URL), CANARY, is_dry=True) == (
        "a moment (4 calls to gateway.example.com)"
    )


def test_what_was_seen_before_the_changes_is_counted() -> None:
    binding = Binding("contextforge", URL)
    seen = {
        "force": Baseline(in_force=False, facts={"open": [f"tool-{n}" for n in range(200)]}, seen_at=""),
        "disable:server-0": Baseline(in_force=False, facts={"tools_off": []}, seen_at=""),
        "revoke:server-0": Baseline(in_force=False, facts={"ids": ["one", "two"]}, seen_at=""),
    }
    assert said(binding) == "a moment (12 calls to gateway.example.com at 450 a minute)" + EACH
    assert said(binding, seen=seen) == "about 20 s (213 calls to gateway.example.com at 450 a minute)"


def test_entries_that_take_long_to_switch_are_expected_to() -> None:
    line = said(Binding("contextforge", URL, options={"switch_s": 5.0}), None, 30)
    assert line.startswith("about 2 min 30 s ("), line


@pytest.mark.parametrize(("is_forced", "times"), [(False, 1), (True, 2)])
def test_it_is_said_again_after_the_looks_where_it_is_otherwise_by_then(
    tmp_path: Path, *, is_forced: bool, times: int
) -> None:
    clock, told, there = FakeClock(), list[str](), FakePlane({"crm": True}, {"crm": 1})
    there.is_forced = is_forced
    ready = station(tmp_path, FakeConnector(there, clock), clock, say=told.append)
    plan = planned(["crm"])
    ready.looks.begin(plan.steps, plan.direction)
    for step in plan.steps:
        assert ready.looks.of(step).baseline
    tell(plan, ready, is_dry=False)
    ready.looks.close()
    said_twice = ["  expected: a moment (9 calls", "  expected now: a moment (8 calls"]
    assert [line.partition(" to ")[0] for line in told] == said_twice[:times]
