"""Real runs with every kind of record there is in their journals: killed and resumed, then released."""

from pathlib import Path

import pytest

from mcpsoar.app import contain, resuming
from mcpsoar.app.order import Order
from mcpsoar.contain.home import Home
from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Denied, Unreachable
from mcpsoar.core.plan import Direction, Step
from mcpsoar.core.run import Baseline, Effect, Passage, Report
from mcpsoar.core.verdict import RunVerdict
from mcpsoar.kit import telling
from tests.contain.fakes import FakeCanary, FakeClock, FakeConnector, FakePlane, station

ROOT = Path(__file__).resolve().parent.parent.parent
SERVER = "s1"
KINDS = {
    *("plan", "look", "late look", "intent", "effect", "trouble", "seen", "affects", "sighting", "outcome"),
    *("cut", "resumed", "again", "released", "end"),
}


class Troubled(FakeConnector):
    """Nobody saw the entry before its change, which tells; tokens are refused; then the process dies."""

    is_dying = True

    def baseline(self, step: Step) -> Baseline:
        if self.is_dying and step.id.startswith("disable"):
            raise Unreachable("busy")
        return super().baseline(step)

    def apply(self, step: Step, was: Baseline | None, key: str) -> Effect:
        if self.is_dying and step.id.startswith("revoke"):
            raise Denied("not allowed")
        if was is None:
            telling.about_to(Effect({"open": ["one"]}, "2026-03-01T00:00:00Z", found_in_force=False))
        return super().apply(step, was, key)

    def affects(self, step: Step) -> Facts:
        return {"owner": "somebody", "tokens": 2, "tools": [step.id]}


def contained(home: Path) -> Report:
    """Killed in the middle of a line, and resumed."""
    clock = FakeClock()
    connector = Troubled(FakePlane({SERVER: True}, {SERVER: 2}), clock)

    def ordered(resumed: str = "") -> Report:
        canary = FakeCanary(clock, Passage.EXECUTED, Passage.DENIED)
        ready = station(home, connector, clock, canary=canary)
        try:
            if resumed:
                return resuming.resume(ready, resumed, ROOT)
            return contain.carry_out(Order((SERVER,), Direction.APPLY), (SERVER,), ready, ROOT)
        finally:
            ready.looks.close()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("mcpsoar.app.carrier.judged", killed)
        with pytest.raises(KeyboardInterrupt):
            ordered()
    (run,) = Home(home).runs()
    with Home(home).journal(run).open("ab") as journal:
        journal.write(b'{"entries":[{"at"')
    connector.is_dying = False
    report = ordered(run)
    assert report.verdict is RunVerdict.CONTAINED
    return report


def killed(_: object) -> RunVerdict:
    raise KeyboardInterrupt


def released(home: Path) -> Report:
    """What `contained` did there."""
    contained(home)
    clock = FakeClock()
    connector = FakeConnector(FakePlane({SERVER: False}, {SERVER: 0}, is_forced=True), clock)
    ready = station(home, connector, clock)
    try:
        report = contain.carry_out(Order((SERVER,), Direction.UNDO), (SERVER,), ready, ROOT)
    finally:
        ready.looks.close()
    return report
