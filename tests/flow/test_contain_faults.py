"""Every fault on every step: the verdict is the truth, and nothing leaks."""

import json
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.app import runs
from mcpsoar.app.report import document
from mcpsoar.cli.report_text import lines
from mcpsoar.core.verdict import RunVerdict, StepVerdict, Verdict
from mcpsoar.kit.stops import ENTRY, KEY, stopped_by
from mcpsoar.lab.faults import Fault
from mcpsoar.lab.records import TokenKind
from mcpsoar.lab.seed import issue_unused
from mcpsoar.lab.serving import Handle, control_plane
from mcpsoar.lab.wire import Call, Trick, wire
from tests.flow.ground import Ground, verdicts

PATHS = {
    "disable:github": "/registry/github/disable",
    "revoke:github": "/tokens/revoke",
    "force": "/policy/emergency-write-approval",
}
READS = {"disable:github": "/registry/github", "revoke:github": "/tokens", "force": "/policy"}
ROUTES = {"disable:github": "registry.disable", "revoke:github": "tokens.revoke", "force": "policy.force"}
GETS = {"disable:github": "registry.get", "revoke:github": "tokens.list", "force": "policy.get"}
STEPS = sorted(PATHS)

# once: the network fails one call, and the run gets there; always: it does not get there, and says so
WIRE: dict[str, dict[str, Any]] = {
    "dropped before": {"trick": Trick.DROP_BEFORE},
    "dropped after": {"trick": Trick.DROP_AFTER},
    "hung up": {"trick": Trick.HANG_UP},
    "half an answer": {"trick": Trick.HALF},
    "not HTTP": {"trick": Trick.GARBLED},
    "not JSON": {"trick": Trick.NOT_JSON},
    "bomb": {"trick": Trick.BOMB},
    "silence": {"trick": Trick.SILENCE},
    "500 and done": {"trick": Trick.STATUS_AFTER, "status": 500},
    "500": {"trick": Trick.STATUS, "status": 500},
    "503 later": {"trick": Trick.STATUS, "status": 503, "headers": {"retry-after": "0"}},
    "429": {"trick": Trick.STATUS, "status": 429, "headers": {"retry-after": "1"}},
    "409": {"trick": Trick.STATUS, "status": 409},
    "401": {"trick": Trick.STATUS, "status": 401},
    "403": {"trick": Trick.STATUS, "status": 403},
    "404": {"trick": Trick.STATUS, "status": 404},
    "400": {"trick": Trick.STATUS, "status": 400},
    "redirect": {"trick": Trick.REDIRECT, "status": 307},
    "200 of another kind": {"trick": Trick.STATUS, "status": 200, "body": b'{"success": false}'},
    "202 and nothing": {"trick": Trick.STATUS, "status": 202},
    "202 and later": {"trick": Trick.LATER, "seconds": 0.2},
    "echo": {"trick": Trick.ECHO, "status": 500},
}
FATAL_ONCE = ("401", "403", "404", "400", "redirect", "200 of another kind")
_SLOW = ("silence",)


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Handle]:
    with control_plane(tmp_path_factory.mktemp("plane"), servers=("github", "jira", "slack")) as handle:
        yield handle


@pytest.fixture
def ground(plane: Handle, tmp_path: Path) -> Iterator[Ground]:
    plane.faults.clear()
    plane.plane.lift()
    plane.plane.set_state("github", "enabled")
    reissue(plane)
    yield Ground(plane, tmp_path / "home")
    plane.faults.clear()


def reissue(plane: Handle) -> None:
    plane.plane.revoke("github")
    for kind in (TokenKind.OPAQUE, TokenKind.OPAQUE, TokenKind.REFRESH):
        issue_unused(plane.plane, "github", kind)


def told_truthfully(ground: Ground, report: Any) -> None:
    """A proven step is in force, a failed one is not; the run's word follows from its steps'."""
    for step in report.steps:
        if step.verdict in (StepVerdict.VERIFIED, StepVerdict.ALREADY):
            assert ground.truth(step.id), f"{step.id} is claimed: {step.detail}"
        elif step.verdict in (StepVerdict.FAILED, StepVerdict.PARTIAL):
            assert not ground.truth(step.id), f"{step.id} is denied: {step.detail}"
        assert step.detail
    answers = {step.verdict.verdict for step in report.steps}
    expected = (
        RunVerdict.NOT_CONTAINED
        if Verdict.NO in answers
        else RunVerdict.UNVERIFIED
        if Verdict.CANNOT_TELL in answers
        else RunVerdict.CONTAINED
    )
    assert report.verdict is expected
    assert runs.verify(ground.home, report.run, report.journal_head).verdict is Verdict.YES
    shown = json.dumps(document(report)) + "\n".join(lines(report))
    assert ground.plane.token not in shown + ground.everything_written()
    assert document(runs.show(ground.home, report.run)) == document(report)


def others_are_verified(report: Any, step: str) -> None:
    others = {name: verdict for name, verdict in verdicts(report).items() if name != step}
    assert set(others.values()) == {StepVerdict.VERIFIED}, "every step runs, whatever became of another"


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("fault", WIRE)
def test_one_fault_on_a_change_ends_in_the_truth(ground: Ground, step: str, fault: str) -> None:
    with wire(ground.plane.url) as between:
        between.play(when=lambda call: is_write(call, step), times=1, **WIRE[fault])
        met = ground.elsewhere(between.url)
        met.timeout_s = 0.5 if fault in _SLOW else 5.0
        report = met.contain("github")
        told_truthfully(ground, report)
        others_are_verified(report, step)
        wanted = StepVerdict.FAILED if fault in FATAL_ONCE else StepVerdict.VERIFIED
        assert verdicts(report)[step] is wanted, report.steps
        no_write_repeated_unseen(between.calls)
        assert between.decoy_connections == 0


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    ("headers", "body"), [({"retry-after": "3600"}, b"{}"), ({}, b'{"error": "Account locked"}')]
)
def test_who_is_locked_out_calls_no_more(
    ground: Ground, step: str, headers: dict[str, str], body: bytes
) -> None:
    """Whoever goes on calling only stays locked out, and so does the whole team behind the address."""
    with wire(ground.plane.url) as between:
        between.play(
            Trick.STATUS, when=lambda call: is_write(call, step), status=429, headers=headers, body=body
        )
        met = ground.elsewhere(between.url)
        began = time.monotonic()
        report = met.contain("github")
        took_s = time.monotonic() - began
        told_truthfully(ground, report)
        assert verdicts(report)[step] is StepVerdict.FAILED
        assert "not before" in next(one.detail for one in report.steps if one.id == step)
        at = next(n for n, call in enumerate(between.calls) if is_write(call, step))
        # what was on its way when the answer came, a call of each step at most
        assert len(between.calls) - at <= len(STEPS), [call.target for call in between.calls]
        assert took_s < ground.retry_s / 2, "nobody waits for what is a quarter of an hour away"
        told = [line for line in met.said if "it is not called before" in line]
        assert len(told) == 1, told


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize(
    "fault", ["dropped before", "dropped after", "not JSON", "500", "429", "409", "202 and nothing"]
)
def test_a_fault_that_stays_ends_in_the_truth(ground: Ground, step: str, fault: str) -> None:
    with wire(ground.plane.url) as between:
        between.play(when=lambda call: is_write(call, step), **WIRE[fault])
        ground.attempts, ground.settle_s = 2, 0.2
        report = ground.elsewhere(between.url).contain("github")
        told_truthfully(ground, report)
        others_are_verified(report, step)
        made_anyway = fault in ("dropped after", "not JSON")
        assert verdicts(report)[step] is (StepVerdict.VERIFIED if made_anyway else StepVerdict.FAILED)
        no_write_repeated_unseen(between.calls)


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("fault", ["dropped before", "not JSON", "500", "401"])
def test_a_change_that_cannot_be_read_back_is_not_called_proven(
    ground: Ground, step: str, fault: str
) -> None:
    with wire(ground.plane.url) as between:
        between.play(when=lambda call: is_read(call, step), **WIRE[fault])
        report = ground.elsewhere(between.url).contain("github")
        told_truthfully(ground, report)
        others_are_verified(report, step)
        assert verdicts(report)[step] is StepVerdict.CANNOT_TELL
        assert ground.truth(step), "the change goes out without its baseline"
        assert report.verdict is RunVerdict.UNVERIFIED


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_plane_of_three_posts_works_unverified(ground: Ground, status: int) -> None:
    ground.plane.faults.set(Fault.NO_READ_BACK, status=status)
    report = ground.contain("github")
    assert set(verdicts(report).values()) == {StepVerdict.APPLIED_UNVERIFIED}
    assert report.verdict is RunVerdict.UNVERIFIED
    assert report.verdict.verdict.value == 3
    assert all(ground.truth(step) for step in STEPS)


@pytest.mark.parametrize("step", STEPS)
def test_a_plane_of_three_posts_is_asked_again_only_when_nothing_was_processed(
    ground: Ground, step: str
) -> None:
    ground.plane.faults.set(Fault.NO_READ_BACK)
    with wire(ground.plane.url) as between:
        between.play(Trick.DROP_AFTER, when=lambda call: is_write(call, step))
        report = ground.elsewhere(between.url).contain("github")
        assert verdicts(report)[step] is StepVerdict.CANNOT_TELL
        assert len([call for call in between.calls if is_write(call, step)]) == 1


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("fault", [Fault.NO_EFFECT, Fault.SUCCESS_FALSE, Fault.ACCEPTED_NEVER])
def test_a_plane_that_lies_is_found_out(ground: Ground, step: str, fault: Fault) -> None:
    ground.plane.faults.set(fault, ROUTES[step])
    ground.attempts, ground.settle_s = 2, 0.2
    report = ground.contain("github")
    told_truthfully(ground, report)
    others_are_verified(report, step)
    assert verdicts(report)[step] is StepVerdict.FAILED
    assert report.verdict is RunVerdict.NOT_CONTAINED


def test_a_lie_told_once_is_made_good(ground: Ground) -> None:
    ground.plane.faults.set(Fault.NO_EFFECT, "registry.disable", nth=(1,))
    report = ground.contain("github")
    told_truthfully(ground, report)
    assert verdicts(report)["disable:github"] is StepVerdict.VERIFIED
    keys = [line["key"] for line in ground.plane.ledger() if line["path"] == PATHS["disable:github"]][-2:]
    assert keys[0] != keys[1], "a plane that remembers keys would only repeat its answer"


def test_the_wrong_object_is_no_containment(ground: Ground) -> None:
    ground.plane.faults.set(Fault.WRONG_OBJECT, "registry.disable", other="jira")
    report = ground.contain("github")
    told_truthfully(ground, report)
    assert verdicts(report)["disable:github"] is StepVerdict.FAILED
    ground.plane.plane.set_state("jira", "enabled")


@pytest.mark.parametrize("step", STEPS)
def test_a_slow_plane_does_not_hold_back_the_change_for_its_look(ground: Ground, step: str) -> None:
    ground.plane.faults.set(Fault.DELAY_BEFORE, GETS[step], nth=(1,), seconds=1.5)
    ground.look_s = 0.3
    report = ground.contain("github")
    told_truthfully(ground, report)
    assert verdicts(report)[step] is StepVerdict.VERIFIED
    evidence = next(one.evidence for one in report.steps if one.id == step)
    assert evidence["before"] is None
    assert "did not end in time" in str(evidence)


def test_an_unknown_server_is_not_contained_and_nothing_is_sent_for_it(ground: Ground) -> None:
    report = ground.contain("githb")
    assert verdicts(report)["disable:githb"] is StepVerdict.FAILED
    assert "unknown_server" in next(step.detail for step in report.steps if step.id == "disable:githb")
    assert "/registry/githb/disable" not in ground.writes()
    assert report.verdict is RunVerdict.NOT_CONTAINED


def test_what_is_in_force_already_is_left_alone(ground: Ground) -> None:
    assert ground.contain("github").verdict is RunVerdict.CONTAINED
    sent = len(ground.writes())
    report = ground.contain("github")
    assert set(verdicts(report).values()) == {StepVerdict.ALREADY}
    assert report.verdict is RunVerdict.CONTAINED
    assert len(ground.writes()) == sent


def test_a_token_that_outlives_revocation_leaves_the_run_unverified_and_is_named(ground: Ground) -> None:
    jti = issue_unused(ground.plane.plane, "slack", TokenKind.JWT)
    report = ground.contain("slack")
    assert set(verdicts(report).values()) == {StepVerdict.VERIFIED}
    assert report.verdict is RunVerdict.UNVERIFIED, "without a canary nobody saw the data plane refuse"
    ours = [exposure for exposure in report.remaining_exposure if jti in exposure.what]
    assert ours[0].until is not None
    shown = "\n".join(lines(report))
    assert f"jwt token {jti} for slack {stopped_by(ENTRY, KEY)}, until {ours[0].until}" in shown
    assert "name a canary" in shown


def test_a_token_that_a_revocation_left_is_not_said_to_be_stopped_by_a_key(ground: Ground) -> None:
    """It is no JWT: whoever looks it up finds it good, whatever key signs others."""
    opaque = issue_unused(ground.plane.plane, "slack", TokenKind.OPAQUE)
    ground.plane.faults.set(Fault.NO_EFFECT, "tokens.revoke")
    left = [exposure.what for exposure in ground.contain("slack").remaining_exposure]
    assert f"opaque token {opaque} for slack" in left


def test_a_plane_that_is_gone_is_told_without_a_guess(ground: Ground) -> None:
    report = ground.elsewhere("http://127.0.0.1:9").contain("github")
    assert set(verdicts(report).values()) == {StepVerdict.FAILED}
    assert "nothing was processed" in report.steps[0].detail


def test_a_token_that_expires_in_the_middle_fails_the_rest(ground: Ground) -> None:
    ground.plane.faults.set(Fault.EXPIRE_TOKEN, "registry.disable")
    told_truthfully_or_unknown(ground, ground.contain("github"))


def told_truthfully_or_unknown(ground: Ground, report: Any) -> None:
    for step in report.steps:
        if step.verdict in (StepVerdict.VERIFIED, StepVerdict.ALREADY):
            assert ground.truth(step.id)
        elif step.verdict is StepVerdict.FAILED:
            assert not ground.truth(step.id)
    assert report.verdict in (RunVerdict.NOT_CONTAINED, RunVerdict.UNVERIFIED)


def is_write(call: Call, step: str) -> bool:
    return call.method != "GET" and call.target == PATHS[step]


def is_read(call: Call, step: str) -> bool:
    return call.method == "GET" and call.target.partition("?")[0] == READS[step]


def no_write_repeated_unseen(calls: list[Call]) -> None:
    """Between two writes of one step, as they came over the wire, there is a look at the same thing."""
    for step in STEPS:
        own = [call.method for call in calls if is_write(call, step) or is_read(call, step)]
        for first, second in pairwise(own):
            assert first == "GET" or second == "GET", f"{step}: {own}"


@pytest.mark.parametrize("seconds", [0.0, 0.6])
def test_a_policy_that_an_operator_forced_again_is_left_in_force(ground: Ground, seconds: float) -> None:
    """Seen also by a release that was held up for longer than its first looks may take."""
    ground.look_s = 0.5
    ground.contain("github")
    ground.plane.plane.lift()
    ground.plane.plane.force()
    ground.plane.faults.set(Fault.DELAY_BEFORE, "registry.enable", seconds=seconds)
    report = ground.release("github")
    assert verdicts(report)["force"] is StepVerdict.CANNOT_TELL
    assert "somebody else forced it again" in next(step.detail for step in report.steps if step.id == "force")
    assert ground.is_forced
    assert not ground.is_disabled("github")


def test_a_mistyped_server_is_released_on_a_plane_that_shows_it(ground: Ground) -> None:
    assert ground.contain("githb").verdict is RunVerdict.NOT_CONTAINED
    assert ground.is_forced
    assert ground.release("githb").verdict is RunVerdict.RELEASED
    assert not ground.is_forced


def test_a_mistyped_server_does_not_keep_a_plane_of_three_posts_forced_for_good(ground: Ground) -> None:
    """How the policy was before could not be seen there: a person lifts it, and is told so."""
    ground.plane.faults.set(Fault.NO_READ_BACK)
    assert ground.contain("githb").verdict is RunVerdict.NOT_CONTAINED
    report = ground.release("githb")
    assert verdicts(report)["disable:githb"] is StepVerdict.SKIPPED
    assert "lift it by hand" in next(step.detail for step in report.steps if step.id == "force")
    assert "/registry/githb/enable" not in ground.writes()
