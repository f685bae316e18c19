"""Conditions, tries and time limits of a step: part of the plan, kept in its journal, and never a way to a
verdict that is better than the truth.
"""

from collections.abc import Callable
from pathlib import Path

import pytest

from mcpsoar.app import contain, resuming
from mcpsoar.app.order import Order
from mcpsoar.contain.home import Home
from mcpsoar.contain.journal import read
from mcpsoar.contain.ledger import fold
from mcpsoar.core.errors import Unreachable
from mcpsoar.core.plan import Direction
from mcpsoar.core.run import Passage, Report
from mcpsoar.core.verdict import RunVerdict, StepVerdict
from tests.contain.fakes import FakeCanary, FakeClock, FakeConnector, FakePlane, station

HEAD = """
title: T
steps:
  - {id: disable, title: T, action: registry.disable, role: registry, undo: exact, after: [], why: W%s}
  - {id: revoke, title: T, action: tokens.revoke, role: tokens, undo: none, after: [disable], why: W%s}
"""
SUCCESS = ", when: {step: disable, verdict: [verified, already]}"
FALLBACK = ", when: {step: disable, verdict: [failed, partial, cannot_tell]}"
HELD = (Passage.EXECUTED, Passage.DENIED)


class Scene:
    """One playbook on a plane in memory; `refused` are the calls that it never processes."""

    def __init__(self, folder: Path, first: str = "", second: str = "") -> None:
        (folder / "playbooks").mkdir(parents=True)
        self.file = folder / "playbooks" / "p.yml"
        self.file.write_text(HEAD % (first, second))
        self.pack, self.home = folder, folder / "home"
        self.clock = FakeClock()
        self.plane = FakePlane({"a": True, "b": True}, {"a": 2, "b": 2})
        self.refused: set[str] = set()
        self.tried: list[str] = []

    def order(
        self, *servers: str, canary: tuple[Passage, ...] = (), undo: bool = False, dry: bool = False
    ) -> Report:
        direction = Direction.UNDO if undo else Direction.APPLY
        order = Order(servers, direction, "p", dry_run=dry)
        return self._on(canary, lambda ready: contain.carry_out(order, servers, ready, self.pack))

    def resume(self, run: str, *canary: Passage) -> Report:
        return self._on(canary, lambda ready: resuming.resume(ready, run, self.pack))

    def _on(self, canary: tuple[Passage, ...], act: Callable[..., Report]) -> Report:
        there = FakeCanary(self.clock, *canary) if canary else None
        ready = station(
            self.home, FakeConnector(self.plane, self.clock, self._call), self.clock, canary=there
        )
        try:
            return act(ready)
        finally:
            ready.looks.close()

    def _call(self, call: str) -> None:
        self.tried.append(call)
        if call in self.refused:
            raise Unreachable("no connection")


def verdicts(report: Report) -> dict[str, StepVerdict]:
    return {step.id: step.verdict for step in report.steps}


def test_a_condition_that_is_met_lets_the_step_go_on(tmp_path: Path) -> None:
    scene = Scene(tmp_path, second=SUCCESS)
    report = scene.order("a")
    assert report.verdict is RunVerdict.CONTAINED
    assert scene.plane.calls == ["apply disable:a", "apply revoke:a"]


def test_a_condition_that_is_not_met_skips_the_step_and_says_why(tmp_path: Path) -> None:
    scene = Scene(tmp_path, second=SUCCESS)
    scene.refused = {"apply disable:a"}
    report = scene.order("a")
    step = report.steps[1]
    assert step.verdict is StepVerdict.SKIPPED
    assert step.detail == "nothing was sent: it is for verified or already, and disable:a ended failed"
    assert scene.plane.calls == []
    assert report.verdict is RunVerdict.NOT_CONTAINED


def test_each_server_s_step_goes_by_its_own_server(tmp_path: Path) -> None:
    scene = Scene(tmp_path, second=SUCCESS)
    scene.refused = {"apply disable:a"}
    report = scene.order("a", "b")
    assert verdicts(report)["revoke:a"] is StepVerdict.SKIPPED
    assert verdicts(report)["revoke:b"] is StepVerdict.VERIFIED


def test_a_skipped_step_is_an_exposure_and_no_containment_by_itself(tmp_path: Path) -> None:
    scene = Scene(tmp_path, second=FALLBACK)
    report = scene.order("a")
    assert verdicts(report) == {"disable:a": StepVerdict.VERIFIED, "revoke:a": StepVerdict.SKIPPED}
    assert [left.what for left in report.remaining_exposure] == ["tokens of a not known to be revoked"]
    assert report.verdict is RunVerdict.UNVERIFIED


def test_a_canary_that_is_refused_proves_what_a_skipped_step_did_not(tmp_path: Path) -> None:
    assert Scene(tmp_path, second=FALLBACK).order("a", canary=HELD).verdict is RunVerdict.CONTAINED


def test_a_canary_that_executes_is_no_containment_whatever_was_skipped(tmp_path: Path) -> None:
    report = Scene(tmp_path, second=FALLBACK).order("a", canary=(Passage.EXECUTED,))
    assert report.verdict is RunVerdict.NOT_CONTAINED


@pytest.mark.parametrize("wanted", [one.value for one in StepVerdict if one.verdict is not None])
@pytest.mark.parametrize("trouble", [None, "refused", "already"])
def test_no_condition_makes_a_run_green_that_left_tokens_alive(
    tmp_path: Path, wanted: str, trouble: str | None
) -> None:
    scene = Scene(tmp_path, second=f", when: {{step: disable, verdict: [{wanted}]}}")
    scene.refused = {"apply disable:a"} if trouble == "refused" else set()
    scene.plane.servers["a"] = trouble != "already"
    report = scene.order("a")
    is_done = not scene.plane.servers["a"] and not scene.plane.tokens["a"]
    assert (report.verdict is RunVerdict.CONTAINED) is is_done


def test_a_condition_is_asked_again_when_the_run_is_resumed(tmp_path: Path) -> None:
    scene = Scene(tmp_path, second=SUCCESS)
    scene.refused = {"apply disable:a"}
    run = scene.order("a").run
    scene.refused = set()
    report = scene.resume(run)
    assert verdicts(report) == {"disable:a": StepVerdict.VERIFIED, "revoke:a": StepVerdict.VERIFIED}
    assert report.verdict is RunVerdict.CONTAINED


def test_a_release_knows_no_condition(tmp_path: Path) -> None:
    scene = Scene(tmp_path, second=FALLBACK)
    scene.order("a")
    assert scene.order("a", undo=True).verdict is RunVerdict.RELEASED
    assert scene.plane.servers["a"]


def test_a_dry_run_plans_the_step_whatever_its_condition(tmp_path: Path) -> None:
    report = Scene(tmp_path, second=SUCCESS).order("a", dry=True)
    assert set(verdicts(report).values()) == {StepVerdict.PLANNED}


@pytest.mark.parametrize(
    ("said", "tries"),
    [
        ("", 3),  # as the profile of the station says
        (", retry: {attempts: 5}", 5),
        (", retry: {attempts: 1}", 1),
        (", retry: {attempts: 20, seconds: 0.05}", 1),
        (", retry: {attempts: 20}, limit_s: 0.05", 1),
        (", limit_s: 3600", 3),
    ],
)
def test_tries_are_bounded_as_the_step_says(tmp_path: Path, said: str, tries: int) -> None:
    scene = Scene(tmp_path, first=said)
    scene.refused = {"apply disable:a"}
    report = scene.order("a")
    assert scene.tried.count("apply disable:a") == tries
    assert verdicts(report)["disable:a"] is StepVerdict.FAILED


def test_the_journal_keeps_all_of_it_and_resume_goes_by_the_journal(tmp_path: Path) -> None:
    scene = Scene(tmp_path, first=", retry: {attempts: 2, seconds: 7}, limit_s: 60", second=SUCCESS)
    scene.refused = {"apply disable:a"}
    run = scene.order("a").run
    home = Home(scene.home)
    ledger, _ = fold(read(home.journal(run), home.anchor(run), run))
    assert ledger is not None
    assert ledger.plan.digest == ledger.plan_digest
    first, second = (state.step for state in ledger.steps.values())
    assert (first.attempts, first.retry_s, first.limit_s) == (2, 7.0, 60.0)
    assert second.when == ("disable:a",)
    scene.file.write_text(HEAD % (", retry: {attempts: 9}", ""))
    scene.tried.clear()
    report = scene.resume(run)
    assert scene.tried.count("apply disable:a") == 2, "not by the edited playbook"
    assert verdicts(report)["revoke:a"] is StepVerdict.SKIPPED
    scene.file.unlink()
    scene.refused = set()
    assert scene.resume(run).verdict is RunVerdict.CONTAINED
