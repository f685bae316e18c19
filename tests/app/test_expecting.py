"""The line that says how long a run will take."""

import pytest

from mcpsoar.app.budgets import budgeted
from mcpsoar.app.expecting import words
from mcpsoar.connectors import contextforge, reference
from mcpsoar.contain.plan import make
from mcpsoar.core.plan import Direction
from mcpsoar.core.profile import ROLES, Binding, CanaryBinding, Profile
from mcpsoar.pack import playbooks
from tests.conftest import ROOT
from tests.contain.fakes import FakeClock

EACH = "; and a call for each further token, for each tool that may write"
URL = "https://gateway.example.com"
CANARY = CanaryBinding(f"{URL}/mcp/{{server}}", "ping", {}, None, hold_s=65.0, every_s=5.0)
MODULES = {"reference": reference, "contextforge": contextforge}


def said(
    binding: Binding, canary: CanaryBinding | None = None, servers: int = 1, *, is_dry: bool = False
) -> str:
    clock = FakeClock()
    profile = Profile("prod", dict.fromkeys(ROLES, binding), canary, "a test", look_s=600.0)
    profile = budgeted(profile, clock=clock, tell=lambda _: None)
    connector = MODULES[binding.connector].connect(binding, clock=clock)
    plan = make(
        playbooks.load(ROOT, "contain-server"),
        tuple(f"server-{n}" for n in range(servers)),
        direction=Direction.APPLY,
        bindings={},
        canaries=profile.canaries,
    )
    return words(plan, profile, dict.fromkeys(ROLES, connector), is_dry=is_dry)


@pytest.mark.parametrize(
    ("binding", "canary", "servers", "line"),
    [
        (
            Binding("reference", URL),
            None,
            1,
            "expected: a moment (9 calls to gateway.example.com)",
        ),
        (
            Binding("reference", URL, calls_per_minute=400),
            CANARY,
            1,
            "expected: about 70 s (24 calls to gateway.example.com at 400 a minute, a canary holds 65 s)",
        ),
        (
            Binding("contextforge", URL),
            None,
            100,
            "expected: about 2 min (803 calls to gateway.example.com at 450 a minute)" + EACH,
        ),
    ],
)
def test_a_run_says_what_it_will_take(
    binding: Binding, canary: CanaryBinding | None, servers: int, line: str
) -> None:
    assert said(binding, canary, servers) == line


def test_each_tier_of_a_host_is_told_by_its_own_number() -> None:
    line = said(Binding("contextforge", URL), CANARY, 100)
    assert "803 calls to gateway.example.com at 450 a minute" in line
    assert "calls to gateway.example.com at 90 a minute, a canary holds 65 s)" in line


def test_a_dry_run_costs_its_looks() -> None:
    assert said(Binding("reference", URL), CANARY, is_dry=True) == (
        "expected: a moment (4 calls to gateway.example.com)"
    )
