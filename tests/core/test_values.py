"""Verdicts fold, secrets keep quiet, ticks are half open."""

import copy
import pickle
from dataclasses import replace

import pytest

from mcpsoar.core.errors import Held
from mcpsoar.core.event import first_tick_after
from mcpsoar.core.plan import Direction, Plan, Step, Undo
from mcpsoar.core.secret import Secret
from mcpsoar.core.verdict import RunVerdict, StepVerdict, Verdict, worst


@pytest.mark.parametrize(
    ("seen", "answer"),
    [
        ([], Verdict.CANNOT_TELL),
        ([Verdict.YES], Verdict.YES),
        ([Verdict.YES, Verdict.CANNOT_TELL], Verdict.CANNOT_TELL),
        ([Verdict.CANNOT_TELL, Verdict.NO, Verdict.YES], Verdict.NO),
    ],
)
def test_a_known_no_outranks_a_doubt_and_nothing_is_a_doubt(seen: list[Verdict], answer: Verdict) -> None:
    assert worst(seen) is answer


def test_every_word_of_a_report_has_its_exit_code() -> None:
    assert {word.value: word.verdict.value for word in RunVerdict} == {
        "contained": 0,
        "released": 0,
        "planned": 0,
        "not_contained": 1,
        "not_released": 1,
        "unverified": 3,
        "running": 3,
        "interrupted": 3,
    }
    silent = {word for word in StepVerdict if word.verdict is None}
    assert silent == {StepVerdict.SKIPPED, StepVerdict.PLANNED}


def test_a_secret_never_prints_and_cannot_be_copied_out() -> None:
    secret = Secret("hunter2")
    shown = f"{secret} {secret!r} {secret:>20} {[secret]} {secret!s}"
    assert "hunter2" not in shown
    with pytest.raises(TypeError):
        pickle.dumps(secret)
    with pytest.raises(TypeError):
        copy.deepcopy(secret)
    assert secret.reveal() == "hunter2"


@pytest.mark.parametrize(("at", "tick"), [(0, 60_000), (59_999, 60_000), (60_000, 120_000)])
def test_an_event_lies_in_the_window_that_its_first_tick_closes(at: int, tick: int) -> None:
    assert first_tick_after(at) == tick


def test_a_plan_digest_changes_with_its_direction_and_its_servers() -> None:
    step = Step("registry.disable:a", "disable", "registry.disable", "registry", "a", Undo.EXACT, ())
    plan = Plan("p", "sha256:0", Direction.APPLY, ("a",), (step,), {})
    assert (
        len(
            {
                plan.digest,
                replace(plan, direction=Direction.UNDO).digest,
                replace(plan, servers=("b",)).digest,
            }
        )
        == 3
    )


def test_the_next_command_of_a_lock_that_nobody_signed_names_no_run() -> None:
    assert Held("h", by="unknown", run="unknown", since="unknown").next_command == "mcpsoar runs list"
    assert Held("h", by="b", run="r1", since="s").next_command == "mcpsoar runs show r1"
