"""When it is asked what a step touches, and which of two answers stays."""

from pathlib import Path
from typing import Any

import pytest

from mcpsoar.contain.affected import Affected
from mcpsoar.contain.journal import Chain
from mcpsoar.contain.ledger import fold
from mcpsoar.core.digest import Facts
from mcpsoar.core.plan import Direction, Step, Undo
from tests.contain.fakes import FakeClock, FakeConnector, FakePlane, station

STEPS = [
    Step(f"{spec}:crm", spec, action, role, "crm", Undo.EXACT, ())
    for spec, action, role in (
        ("disable", "registry.disable", "registry"),
        ("revoke", "tokens.revoke", "tokens"),
    )
]
BOTH = [step.id for step in STEPS]


class Telling(FakeConnector):
    def affects(self, step: Step) -> Facts:
        return {"owner": step.id}


class Kept:
    """Stands for a journal."""

    def __init__(self) -> None:
        self.steps: list[str] = []

    def append(self, *entries: Facts) -> None:
        self.steps += [entry["step"] for entry in entries]


@pytest.mark.parametrize(("is_dry", "at_once"), [(False, []), (True, BOTH[:1])])
def test_nobody_is_asked_while_a_change_is_left(tmp_path: Path, *, is_dry: bool, at_once: list[str]) -> None:
    clock = FakeClock()
    connector = Telling(FakePlane({"crm": True}, {"crm": 2}), clock)
    ready = station(tmp_path, connector, clock)
    affected = Affected(STEPS, ready.roles, looks=ready.looks, is_dry=is_dry)
    early, late = Kept(), Kept()
    affected.ended(BOTH[0], {BOTH[1], "canary:crm"})
    affected.note(early)  # type: ignore[arg-type]  # what has been asked by now
    affected.ended(BOTH[1], {"canary:crm"})
    affected.note(late)  # type: ignore[arg-type]
    affected.close()
    ready.looks.close()
    assert early.steps == at_once
    assert sorted(late.steps) == BOTH


def known(*told: tuple[str, Facts]) -> dict[str, Any]:
    """What a journal with these entries says the step touches."""
    step = STEPS[1].as_facts()
    plan = {
        "kind": "plan",
        "run": "r",
        "direction": Direction.APPLY.value,
        "playbook": "p",
        "playbook_digest": "",
        "plan_digest": "",
        "servers": ["crm"],
        "steps": [step],
        "bindings": {},
        "dry_run": False,
        "at": "2026-03-01T00:00:00.000Z",
    }
    entries = [
        {"kind": kind, "step": step["id"], "at": plan["at"], "unknown": "", "affects": affects}
        for kind, affects in told
    ]
    ledger, problem = fold(Chain((plan, *entries), (), 0, b"", 0, None))
    assert (ledger is not None, problem) == (True, None)
    return ledger.steps[step["id"]].affects if ledger else {}


def test_of_two_answers_the_first_that_is_known_stays() -> None:
    assert known(("look", {"tokens": 3}), ("affects", {"tokens": 0})) == {"tokens": 3}
    assert known(("affects", {"tokens": 3}), ("affects", {"tokens": 0})) == {"tokens": 3}
    assert known(("look", {"tokens": None}), ("affects", {"tokens": 3})) == {"tokens": 3}
    assert known(("look", {"tokens": 3}), ("affects", {"tokens": None, "owner": "x"})) == {
        "tokens": 3,
        "owner": "x",
    }
