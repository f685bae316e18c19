"""The runner over a plane in memory: order, side by side, and what happens when the journal breaks."""

from dataclasses import replace
from pathlib import Path

import pytest

from mcpsoar.app import contain, resuming, runs
from mcpsoar.app.order import Order
from mcpsoar.contain.home import Home
from mcpsoar.contain.journal import read
from mcpsoar.core.errors import (
    Denied,
    Held,
    Indeterminate,
    Trouble,
    UnknownTarget,
    Unreachable,
    Unsupported,
    Unwritable,
)
from mcpsoar.core.plan import Direction
from mcpsoar.core.run import Report
from mcpsoar.core.verdict import RunVerdict, StepVerdict
from mcpsoar.kit import jsonl
from tests.contain.fakes import FakeClock, FakeConnector, FakePlane, station

ROOT = Path(__file__).resolve().parent.parent.parent
SERVERS = tuple(f"s{n}" for n in range(40))
ORDERED = """
title: In order
steps:
  - {id: force, title: T, action: policy.force_write_approval, role: policy, undo: exact,
     shared: true, after: [], why: W}
  - {id: revoke, title: T, action: tokens.revoke, role: tokens, undo: none, after: [force], why: W}
  - {id: disable, title: T, action: registry.disable, role: registry, undo: exact, after: [revoke], why: W}
"""


def plane() -> FakePlane:
    return FakePlane(dict.fromkeys(SERVERS, True), dict.fromkeys(SERVERS, 1))


def ordered(
    home: Path,
    connector: FakeConnector,
    clock: FakeClock,
    *servers: str,
    direction: Direction = Direction.APPLY,
    pack: Path = ROOT,
    playbook: str = "contain-server",
) -> Report:
    ready = station(home, connector, clock)
    try:
        return contain.carry_out(Order(servers, direction, playbook), servers, ready, pack)
    finally:
        ready.looks.close()


def test_many_servers_are_contained_by_one_run_and_the_policy_is_forced_once(tmp_path: Path) -> None:
    clock, there = FakeClock(), plane()
    report = ordered(tmp_path, FakeConnector(there, clock), clock, *SERVERS)
    assert report.verdict is RunVerdict.CONTAINED
    assert len(report.steps) == 2 * len(SERVERS) + 1
    assert there.calls.count("apply force") == 1
    assert len(there.calls) == len(set(there.calls))


def test_a_playbook_s_order_is_kept_and_the_release_goes_backwards(tmp_path: Path) -> None:
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks" / "in-order.yml").write_text(ORDERED)
    clock, there = FakeClock(), plane()
    connector = FakeConnector(there, clock)
    ordered(tmp_path / "home", connector, clock, "s1", pack=tmp_path, playbook="in-order")
    assert there.calls == ["apply force", "apply revoke:s1", "apply disable:s1"]
    there.calls.clear()
    ordered(tmp_path / "home", connector, clock, "s1", direction=Direction.UNDO, pack=tmp_path)
    assert there.calls == ["undo disable:s1", "undo force"]


def test_order_is_no_condition(tmp_path: Path) -> None:
    (tmp_path / "playbooks").mkdir()
    (tmp_path / "playbooks" / "in-order.yml").write_text(ORDERED)

    def refuse(call: str) -> None:
        if call == "apply force":
            raise Unreachable("no connection")

    clock, there = FakeClock(), plane()
    report = ordered(
        tmp_path / "home",
        FakeConnector(there, clock, refuse),
        clock,
        "s1",
        pack=tmp_path,
        playbook="in-order",
    )
    assert there.calls == ["apply revoke:s1", "apply disable:s1"]
    assert report.verdict is RunVerdict.NOT_CONTAINED


@pytest.mark.parametrize("good_lines", range(1, 6))
def test_when_the_disk_is_full_nothing_more_is_sent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, good_lines: int
) -> None:
    clock, there = FakeClock(), plane()
    append = jsonl.Appender.append
    left = [good_lines]
    promised: list[int] = []

    def full(self: jsonl.Appender, line: bytes) -> None:
        left[0] -= 1
        if left[0] < 0:
            raise Unwritable("no space left on device")
        promised.append(line.count(b'"kind":"intent"'))
        append(self, line)

    monkeypatch.setattr(jsonl.Appender, "append", full)
    with pytest.raises(Unwritable):
        ordered(tmp_path, FakeConnector(there, clock), clock, "s1")
    assert len(there.calls) <= sum(promised), "no change without its promise on disk"


@pytest.mark.parametrize("attempt", range(25))  # a race of threads let the lift look too early, now and then
def test_a_release_goes_back_to_how_it_was_before_the_first_run(tmp_path: Path, attempt: int) -> None:  # noqa: ARG001
    clock, there = FakeClock(), plane()
    there.servers["s2"] = False
    connector = FakeConnector(there, clock)
    ordered(tmp_path, connector, clock, "s1", "s2")
    second = ordered(tmp_path, connector, clock, "s1")
    assert {step.verdict for step in second.steps} == {StepVerdict.ALREADY}
    report = ordered(tmp_path, connector, clock, "s1", "s2", direction=Direction.UNDO)
    assert report.verdict is RunVerdict.RELEASED
    assert there.servers["s1"] is True
    assert there.servers["s2"] is False
    assert not there.is_forced


def test_the_policy_is_kept_and_its_holders_are_named(tmp_path: Path) -> None:
    clock, there = FakeClock(), plane()
    connector = FakeConnector(there, clock)
    ordered(tmp_path, connector, clock, "s1")
    other = ordered(tmp_path, connector, clock, "s2")
    report = ordered(tmp_path, connector, clock, "s1", direction=Direction.UNDO)
    force = next(step for step in report.steps if step.id == "force")
    assert force.verdict is StepVerdict.SKIPPED
    assert other.run in force.detail
    assert there.is_forced
    assert report.verdict is RunVerdict.RELEASED


def test_steps_that_promise_at_once_share_a_line(tmp_path: Path) -> None:
    clock, there = FakeClock(), plane()
    report = ordered(tmp_path, FakeConnector(there, clock), clock, *SERVERS)
    home = Home(tmp_path)
    chain = read(home.journal(report.run), home.anchor(report.run), report.run)
    assert chain.problem is None
    assert chain.count < len(chain.entries)


def test_one_server_is_one_run_s(tmp_path: Path) -> None:
    clock, there = FakeClock(), plane()
    held: list[Held] = []

    def meanwhile(call: str) -> None:
        if call == "apply disable:s1":
            with pytest.raises(Held) as caught:
                ordered(tmp_path, FakeConnector(there, clock), clock, "s1", "s3")
            held.append(caught.value)
            ordered(tmp_path, FakeConnector(there, clock), clock, "s3")

    report = ordered(tmp_path, FakeConnector(there, clock, meanwhile), clock, "s1", "s2")
    assert report.verdict is RunVerdict.CONTAINED
    assert held[0].run == report.run
    assert [row["verdict"] for row in runs.listed(tmp_path)] == ["contained", "contained"]


def test_a_role_that_nothing_is_bound_to_fails_and_the_others_go_on(tmp_path: Path) -> None:
    clock, there = FakeClock(), plane()
    ready = station(tmp_path, FakeConnector(there, clock), clock)
    roles = {role: connector for role, connector in ready.roles.items() if role != "tokens"}
    report = contain.carry_out(Order(("s1",), Direction.APPLY), ("s1",), replace(ready, roles=roles), ROOT)
    ready.looks.close()
    assert report.verdict is RunVerdict.NOT_CONTAINED
    assert sorted(there.calls) == [
        "apply disable:s1",
        "apply force",
    ]


def verdict_of(report: Report, step: str) -> StepVerdict:
    return next(one.verdict for one in report.steps if one.id == step)


def test_a_mistyped_name_holds_the_policy_no_longer_than_until_its_release(tmp_path: Path) -> None:
    clock, there = FakeClock(), plane()
    connector = FakeConnector(there, clock)
    typo = ordered(tmp_path, connector, clock, "githbu")
    assert typo.verdict is RunVerdict.NOT_CONTAINED
    assert there.is_forced, "every step runs"
    report = ordered(tmp_path, connector, clock, "githbu", direction=Direction.UNDO)
    assert verdict_of(report, "disable:githbu") is StepVerdict.ALREADY
    assert report.verdict is RunVerdict.RELEASED
    assert not there.is_forced
    assert there.calls == ["apply force", "undo force"]


def test_a_mistyped_name_beside_a_true_one_does_not_keep_the_policy(tmp_path: Path) -> None:
    clock, there = FakeClock(), plane()
    connector = FakeConnector(there, clock)
    ordered(tmp_path, connector, clock, "s1", "githbu")
    first = ordered(tmp_path, connector, clock, "githbu", direction=Direction.UNDO)
    assert first.verdict is RunVerdict.RELEASED
    assert there.is_forced, "s1 needs it"
    ordered(tmp_path, connector, clock, "s1", direction=Direction.UNDO)
    assert not there.is_forced


@pytest.mark.parametrize("trouble", [UnknownTarget("no such server"), Denied("403")])
def test_a_change_that_was_turned_away_is_not_undone(tmp_path: Path, trouble: Trouble) -> None:
    """On a plane that shows nothing the name is found out only when the change is sent."""

    def blind(call: str) -> None:
        if call == "look disable:s1":
            raise Unsupported("there is no such read-back")
        if call == "apply disable:s1":
            raise trouble

    clock, there = FakeClock(), plane()
    connector = FakeConnector(there, clock, blind)
    assert verdict_of(ordered(tmp_path, connector, clock, "s1"), "disable:s1") is StepVerdict.FAILED
    report = ordered(tmp_path, connector, clock, "s1", direction=Direction.UNDO)
    assert verdict_of(report, "disable:s1") is StepVerdict.SKIPPED
    assert "undo disable:s1" not in there.calls
    assert not there.is_forced


def test_a_change_whose_answer_was_lost_is_undone(tmp_path: Path) -> None:
    def drop(call: str) -> None:
        if call == "applied disable:s1":
            raise Indeterminate("the connection was lost")
        if call == "look disable:s1":
            raise Unsupported("there is no such read-back")

    clock, there = FakeClock(), plane()
    connector = FakeConnector(there, clock, drop)
    ordered(tmp_path, connector, clock, "s1")
    ordered(tmp_path, connector, clock, "s1", direction=Direction.UNDO)
    assert there.servers["s1"] is True


def test_a_release_without_looks_that_was_killed_goes_on_as_it_began(tmp_path: Path) -> None:
    """Nobody saw how it was before, and the release was let begin all the same: its promise is on disk."""

    def blind(call: str) -> None:
        if call == "look disable:s1":
            raise Unsupported("there is no such read-back")
        if call == "undo disable:s1" and is_killed:
            raise KeyboardInterrupt

    clock, there, is_killed = FakeClock(), plane(), True
    connector = FakeConnector(there, clock, blind)
    ordered(tmp_path, connector, clock, "s1")
    with pytest.raises(KeyboardInterrupt):
        ordered(tmp_path, connector, clock, "s1", direction=Direction.UNDO)
    is_killed = False
    (run,) = (row["run"] for row in runs.listed(tmp_path) if row["verdict"] == "interrupted")
    ready = station(tmp_path, connector, clock)
    report = resuming.resume(ready, str(run), ROOT)
    ready.looks.close()
    disable = next(step for step in report.steps if step.id == "disable:s1")
    assert (disable.verdict, there.servers["s1"]) == (StepVerdict.VERIFIED, True), disable.detail


def test_a_server_that_left_the_registry_after_it_was_contained_is_not_called_released(
    tmp_path: Path,
) -> None:
    clock, there = FakeClock(), plane()
    connector = FakeConnector(there, clock)
    ordered(tmp_path, connector, clock, "s1")
    del there.servers["s1"]
    report = ordered(tmp_path, connector, clock, "s1", direction=Direction.UNDO)
    assert verdict_of(report, "disable:s1") is StepVerdict.FAILED
    assert report.verdict is RunVerdict.NOT_RELEASED
    assert there.is_forced


def test_a_role_that_nothing_was_bound_to_is_nothing_to_undo(tmp_path: Path) -> None:
    clock, there = FakeClock(), plane()
    for direction in Direction:
        ready = station(tmp_path, FakeConnector(there, clock), clock)
        roles = {role: connector for role, connector in ready.roles.items() if role != "registry"}
        report = contain.carry_out(Order(("s1",), direction), ("s1",), replace(ready, roles=roles), ROOT)
        ready.looks.close()
    assert verdict_of(report, "disable:s1") is StepVerdict.SKIPPED
    assert not there.is_forced
