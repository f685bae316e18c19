"""The page of a run says what its report says, and no text from outside says anything else on it."""

import re
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpsoar.app.run_page import page
from mcpsoar.core.digest import Facts
from mcpsoar.core.run import Exposure, Report, StepReport
from mcpsoar.core.verdict import RunVerdict, StepVerdict
from mcpsoar.kit.markdown import code
from tests.kit.test_markdown import HOSTILE

SPAN = re.compile(r"`[^`\n]*`")


def evidence(said: str) -> Facts:
    seen: Facts = {"at": said, "says": said, "facts": {said: said}}
    calls = {"calls": 3, "denied": 2, "unclear": 1, "first_at": said, "last_at": said, "last": said}
    before = {"in_force": False, "facts": {said: said}, "seen_at": said}
    return {
        "before": before,
        "claimed": {said: said},
        "seen": seen,
        "after": calls,
        "control": calls,
        "troubles": [said, said],
        "idempotency_keys": [said],
    }


def affects(said: str) -> Facts:
    lists = {key: [said, said] for key in ("principals", "tools", "may_write", "servers")}
    return {**lists, "tokens": 1, "kinds": {said: 1}, "owner": said, "environment": said}


def canary(said: str) -> Facts:
    once = {"calls": 1, "executed": 1, "first_at": said, "last_at": said, "last": said}
    return {"before": once, "after": evidence(said)["after"]}


def report(said: str) -> Report:
    """A report with this text in every place that somebody else may fill."""
    steps = [
        StepReport(
            said, said, said, StepVerdict.VERIFIED, 1, said, said, said, evidence(said), affects(said)
        ),
        StepReport(said, None, said, StepVerdict.FAILED, 3, said, said, said, {"before_unknown": said}),
        StepReport(said, said, said, StepVerdict.SKIPPED, 0, None, None, said),
        StepReport(said, said, said, StepVerdict.VERIFIED, 0, said, said, said, canary(said)),
    ]
    about = ("by", "ticket", "reason", "profile", "api", "plan_digest", "started_at", "finished_at")
    extra: dict[str, Any] = dict.fromkeys(about, said)
    return Report(
        run=said,
        playbook=said,
        playbook_digest=said,
        servers=(said, said),
        verdict=RunVerdict.NOT_CONTAINED,
        steps=tuple(steps),
        remaining_exposure=(Exposure(said, said), Exposure(said, None)),
        journal_path=said,
        journal_head=said,
        extra={
            **extra,
            "signature": {"state": "unsigned", "why": said},
            "released_by": [{"run": said, "at": said, "servers": [said, said]}],
        },
    )


KINDS = (
    *("plan", "look", "affects", "intent", "effect", "trouble", "seen", "outcome", "again", "resumed"),
    *("released", "cut", "end", "sighting", "sighting", "sighting", "of a later version"),
)


def entries(said: str) -> list[Facts]:
    names = ("at", "step", "text", "detail", "by", "server", "run", "playbook", "unknown", "phase")
    plain = {"steps": [], "verdict": "failed", "passage": "denied", "bytes": 3, "attempt": 1}
    return [{**dict.fromkeys(names, said), **plain, "kind": kind} for kind in KINDS]


def bare(text: str) -> str:
    """What is left of a page when everything is taken out that stands in code spans."""
    return SPAN.sub("``", text)


BENIGN = bare(page(report("x"), entries("x")))


@pytest.mark.parametrize("said", HOSTILE)
def test_hostile_text_changes_nothing_outside_its_spans(said: str) -> None:
    text = page(report(said), entries(said))
    assert bare(text) == BENIGN
    assert not re.search("[<>|&]", text)
    assert "`" not in bare(text).replace("``", "")


@given(st.text().filter(lambda said: code(said) != "(empty)"))
@settings(max_examples=200, deadline=None)
def test_no_text_changes_anything_outside_its_spans(said: str) -> None:
    assert bare(page(report(said), entries(said))) == BENIGN


def test_a_verdict_that_a_forger_wrote_is_letters_alone() -> None:
    forged = [{"at": "t", "kind": "end", "verdict": "**contained** <b>"}]
    assert "the run ended **containedb**" in page(report("x"), forged)


def test_what_was_proven_and_what_was_not_stand_apart() -> None:
    text = page(report("x"), [])
    proven, _, rest = text.partition("## What was not proven")
    assert "**verified**" in proven
    assert "canary, `before`: 1 executed of 1, `x` to `x`; last `x`" in proven
    assert "canary, `after`: 2 denied, 1 unclear of 3" in proven
    assert "**failed**" in rest
    assert "before: not known, `x`" in rest
    assert "- `x`, until `x`\n- `x`, no known end\n" in rest


@pytest.mark.parametrize("said", HOSTILE)
def test_what_a_release_left_is_said_and_obeyed_by_nobody(said: str) -> None:
    def released(said: str) -> str:
        left = {"step": said, "server": said, "action": said, "why": said}
        extra = {"direction": "undo", "still_in_force": [left]}
        return page(replace(report(said), verdict=RunVerdict.RELEASED, extra=extra), [])

    assert bare(released(said)) == bare(released("x"))
    assert "## Still in force\n\n- `x`, `x`: `x`\n" in released("x")
    assert "Still exposed" not in released("x")
    none = page(replace(report("x"), verdict=RunVerdict.RELEASED, extra={"direction": "undo"}), [])
    assert "Nothing that these steps put in force" in none


def test_calls_of_a_canary_that_met_the_same_are_one_line() -> None:
    call = {
        "kind": "sighting",
        "step": "canary:s",
        "phase": "after",
        "passage": "denied",
        "detail": "HTTP 403",
    }
    other = {**call, "step": "canary:t"}
    seen = [{**one, "at": f"t{n}"} for n, one in enumerate((call, other, call, other, call))]
    odd = {**call, "at": "t9", "passage": "executed", "detail": "it ran"}
    text = page(report("x"), [*seen, odd, {**call, "at": "t10"}])
    assert text.partition("## Timeline\n\n")[2] == (
        "- `t0` `canary:s` called, `after`: `denied`, `HTTP 403` (3 calls, the last `t4`)\n"
        "- `t1` `canary:t` called, `after`: `denied`, `HTTP 403` (2 calls, the last `t3`)\n"
        "- `t9` `canary:s` called, `after`: `executed`, `it ran`\n"
        "- `t10` `canary:s` called, `after`: `denied`, `HTTP 403`\n"
    )


@pytest.mark.parametrize("verdict", list(RunVerdict))
def test_every_verdict_has_its_words(verdict: RunVerdict) -> None:
    text = page(replace(report("x"), verdict=verdict, remaining_exposure=()), [])
    assert f"- Verdict: **{verdict.value}**, " in text
    is_clear = verdict in (RunVerdict.CONTAINED, RunVerdict.RELEASED)
    assert ("Nothing that these systems know of" in text) is is_clear
