"""The canary around a change: what its sightings amount to."""

from dataclasses import replace
from pathlib import Path

import pytest

from mcpsoar.app import contain
from mcpsoar.app.order import Order
from mcpsoar.core.plan import Direction
from mcpsoar.core.profile import CanaryBinding, Control
from mcpsoar.core.run import Passage, Report, Sighting
from mcpsoar.core.secret import Secret
from mcpsoar.core.verdict import RunVerdict, StepVerdict
from mcpsoar.kit.budget import Budget, Rank, metered
from tests.contain.fakes import CANARY, FakeCanary, FakeClock, FakeConnector, FakePlane, station

ROOT = Path(__file__).resolve().parent.parent.parent
JIRA = Control("jira", "search", {"query": "canary"}, None)
E, D, U = Passage.EXECUTED, Passage.DENIED, Passage.UNCLEAR


def ordered(
    home: Path,
    canary: FakeCanary,
    clock: FakeClock,
    plane: FakePlane,
    *,
    direction: Direction = Direction.APPLY,
    binding: CanaryBinding = CANARY,
) -> Report:
    ready = station(home, FakeConnector(plane, clock), clock, canary=canary, binding=binding)
    report = contain.carry_out(Order(("github",), direction), ("github",), ready, ROOT)
    ready.looks.close()
    return report


def of_canary(report: Report) -> StepVerdict:
    return next(step.verdict for step in report.steps if step.action == "canary.probe")


def plane() -> FakePlane:
    return FakePlane({"github": True}, {"github": 1})


@pytest.mark.parametrize(
    ("sights", "step", "run"),
    [
        ([E, D], StepVerdict.VERIFIED, RunVerdict.CONTAINED),
        ([E, E, D], StepVerdict.FAILED, RunVerdict.NOT_CONTAINED),
        ([E, D, D, E], StepVerdict.FAILED, RunVerdict.NOT_CONTAINED),
        ([E, D, U, D], StepVerdict.CANNOT_TELL, RunVerdict.UNVERIFIED),
        ([E, U], StepVerdict.CANNOT_TELL, RunVerdict.UNVERIFIED),
        ([D, D], StepVerdict.CANNOT_TELL, RunVerdict.UNVERIFIED),
        ([U, E, D], StepVerdict.VERIFIED, RunVerdict.CONTAINED),
    ],
)
def test_only_denials_after_one_execution_before_are_proof(
    tmp_path: Path, sights: list[Passage], step: StepVerdict, run: RunVerdict
) -> None:
    clock = FakeClock()
    report = ordered(tmp_path, FakeCanary(clock, *sights), clock, plane())
    assert of_canary(report) is step
    assert report.verdict is run


class Late(FakeCanary):
    """Its calls wait long for their turn."""

    def probe(self, server: str) -> Sighting:
        self._clock.sleep(100.0)
        return super().probe(server)


def test_a_call_that_came_late_begins_the_hold_and_does_not_end_it(tmp_path: Path) -> None:
    clock = FakeClock()
    report = ordered(tmp_path, Late(clock, E, D), clock, plane())
    assert report.steps[-1].evidence["after"]["calls"] == 2


@pytest.mark.parametrize("direction", Direction)
def test_who_is_locked_out_waits_for_nothing(tmp_path: Path, direction: Direction) -> None:
    clock = FakeClock()
    budget = Budget("gateway.example.com", clock=clock)
    binding = replace(CANARY, hold_s=65.0, network=metered(CANARY.network, budget))
    there = plane()
    if direction is Direction.UNDO:
        ordered(tmp_path, FakeCanary(clock, E, D), clock, there)
    budget.heard("/mcp", 429, {"retry-after": "900"}, b"", Rank.PROBE)
    began = clock.monotonic()
    report = ordered(tmp_path, FakeCanary(clock, U), clock, there, direction=direction, binding=binding)
    assert of_canary(report) is StepVerdict.CANNOT_TELL
    assert clock.monotonic() - began < 5


def test_denials_are_asked_for_over_the_whole_hold(tmp_path: Path) -> None:
    clock = FakeClock()
    canary = FakeCanary(clock, E, D)
    report = ordered(tmp_path, canary, clock, plane())
    after = report.steps[-1].evidence["after"]
    assert after["denied"] == after["calls"] == 4, "at 0, 2, 4 and 6 seconds"


def test_a_dead_network_refuses_everybody_and_proves_nothing(tmp_path: Path) -> None:
    clock = FakeClock()
    binding = CanaryBinding(CANARY.url, "ping", {}, None, hold_s=1.0, every_s=1.0, control=JIRA)
    canary = FakeCanary(clock, E, D)
    report = ordered(tmp_path, canary, clock, plane(), binding=binding)
    assert canary.probed[-1] == "jira"
    assert of_canary(report) is StepVerdict.CANNOT_TELL


def test_an_untouched_path_that_answers_completes_the_proof(tmp_path: Path) -> None:
    clock = FakeClock()
    binding = CanaryBinding(CANARY.url, "ping", {}, None, hold_s=1.0, every_s=2.0, control=JIRA)
    report = ordered(tmp_path, FakeCanary(clock, E, D, D, E), clock, plane(), binding=binding)
    assert of_canary(report) is StepVerdict.VERIFIED
    assert report.steps[-1].evidence["control"]["executed"] == 1
    assert "jira, untouched, answered" in report.steps[-1].detail


def test_a_second_run_trusts_what_the_first_saw_before(tmp_path: Path) -> None:
    clock, there = FakeClock(), plane()
    first = ordered(tmp_path, FakeCanary(clock, E, D), clock, there)
    second = ordered(tmp_path, FakeCanary(clock, D), clock, there)
    assert second.verdict is RunVerdict.CONTAINED
    assert first.run in second.steps[-1].detail


@pytest.mark.parametrize(
    ("sights", "step", "run"),
    [
        ([E], StepVerdict.VERIFIED, RunVerdict.RELEASED),
        ([D, D, E], StepVerdict.VERIFIED, RunVerdict.RELEASED),
        ([D], StepVerdict.FAILED, RunVerdict.NOT_RELEASED),
        ([U], StepVerdict.CANNOT_TELL, RunVerdict.UNVERIFIED),
        ([(D, "HTTP 401 (token_revoked)")], StepVerdict.CANNOT_TELL, RunVerdict.UNVERIFIED),
    ],
)
def test_after_a_release_it_must_execute_again(
    tmp_path: Path, sights: list[Passage | tuple[Passage, str]], step: StepVerdict, run: RunVerdict
) -> None:
    clock, there = FakeClock(), plane()
    ordered(tmp_path, FakeCanary(clock, E, D), clock, there)
    report = ordered(tmp_path, FakeCanary(clock, *sights), clock, there, direction=Direction.UNDO)
    assert of_canary(report) is step
    assert report.verdict is run


def test_a_server_that_was_disabled_before_is_not_expected_to_execute(tmp_path: Path) -> None:
    clock, there = FakeClock(), FakePlane({"github": False}, {"github": 1})
    ordered(tmp_path, FakeCanary(clock, D), clock, there)
    report = ordered(tmp_path, FakeCanary(clock, D), clock, there, direction=Direction.UNDO)
    assert of_canary(report) is StepVerdict.SKIPPED
    assert report.verdict is RunVerdict.RELEASED
    assert there.servers["github"] is False


def test_a_server_that_no_run_changed_is_not_expected_to_execute(tmp_path: Path) -> None:
    clock, there = FakeClock(), FakePlane()
    ordered(tmp_path, FakeCanary(clock, U), clock, there)
    report = ordered(tmp_path, FakeCanary(clock, U), clock, there, direction=Direction.UNDO)
    assert of_canary(report) is StepVerdict.SKIPPED
    assert report.verdict is RunVerdict.RELEASED


@pytest.mark.parametrize(
    ("control", "words"),
    [(None, "name `control` in the profile"), (replace(JIRA, server="github"), "github is contained too")],
)
def test_a_proof_without_an_untouched_server_says_so(
    tmp_path: Path, control: Control | None, words: str
) -> None:
    clock = FakeClock()
    binding = replace(CANARY, control=control)
    report = ordered(tmp_path, FakeCanary(clock, E, D), clock, plane(), binding=binding)
    assert of_canary(report) is StepVerdict.VERIFIED
    assert f"no unaffected server was tried: {words}" in report.steps[-1].detail


@pytest.mark.parametrize(
    ("other", "run"),
    [
        ([E, D], RunVerdict.CONTAINED),
        ([E, E], RunVerdict.NOT_CONTAINED),
        ([D], RunVerdict.UNVERIFIED),
        ([E, U], RunVerdict.UNVERIFIED),
    ],
)
def test_every_route_has_to_refuse_and_to_have_worked(
    tmp_path: Path, other: list[Passage], run: RunVerdict
) -> None:
    clock = FakeClock()
    ready = station(tmp_path, FakeConnector(plane(), clock), clock, canary=FakeCanary(clock, E, D))
    ready = replace(
        ready,
        profile=replace(ready.profile, routes={"canary.all": CANARY}),
        canaries={**ready.canaries, "canary.all": FakeCanary(clock, *other)},
    )
    report = contain.carry_out(Order(("github",), Direction.APPLY), ("github",), ready, ROOT)
    ready.looks.close()
    assert [step.id for step in report.steps][-2:] == ["canary:github", "canary.all:github"]
    assert report.verdict is run


@pytest.mark.parametrize(
    ("control", "step"),
    [
        (None, StepVerdict.CANNOT_TELL),
        (replace(JIRA, token=Secret("another-token")), StepVerdict.CANNOT_TELL),
        (JIRA, StepVerdict.VERIFIED),  # with the canary's token, which is good then
    ],
)
def test_a_canary_without_its_token_proves_nothing(
    tmp_path: Path, control: Control | None, step: StepVerdict
) -> None:
    clock = FakeClock()
    no_token = (D, "HTTP 401 (token_revoked)")
    canary = FakeCanary(clock, E, no_token, no_token, E)
    binding = replace(CANARY, hold_s=1.0, every_s=2.0, control=control)
    report = ordered(tmp_path, canary, clock, plane(), binding=binding)
    assert of_canary(report) is step
    if step is StepVerdict.CANNOT_TELL:
        assert "own token may have gone" in report.steps[-1].detail
