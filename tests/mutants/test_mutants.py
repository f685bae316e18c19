"""Mutants: what is changed in a text, that a weak proof lets some live, and that ours lets few."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import yaml

from mcpsoar.core.content import Case, CaseKind, DetectionText, GateText, RuleText, Text
from mcpsoar.pack import content, gates, schema
from mutants import excuses, sigma, statement
from mutants.__main__ import main
from mutants.mutant import Mutant
from mutants.run import Outcome, Report, lines, outcome, report

ROOT = Path(__file__).parents[2]
COLUMNS = schema.load(ROOT)


def rule(id_: str) -> RuleText:
    (text,) = content.load(ROOT, [id_])
    assert isinstance(text, RuleText)
    return text


def detection(id_: str) -> DetectionText:
    (text,) = content.load(ROOT, [id_])
    assert isinstance(text, DetectionText)
    return text


def mutants_of(text: Text | GateText) -> Iterator[Mutant[Any]]:
    return sigma.mutants(text, COLUMNS) if isinstance(text, RuleText) else statement.mutants(text)


def told(mutants: object) -> dict[str, object]:
    return {one.name: one.text for one in mutants}  # type: ignore[attr-defined]  # an iterator of mutants


def changed(detection: object) -> dict[str, object]:
    text = yaml.safe_dump({"detection": detection})
    made = sigma.mutants(replace(rule("call_chain_too_deep"), text=text), COLUMNS)
    return {one.name: yaml.safe_load(one.text.text)["detection"] for one in made}


def test_every_part_of_a_sigma_detection_is_changed_once() -> None:
    found = changed(
        {
            "call": {"decision": "allow", "fan_out|gte": 5, "tool_name|contains": ["a", "b"]},
            "filter_x": {"is_error": True},
            "filter_y": {"status": None},
            "condition": "call and not 1 of filter_*",
        }
    )
    assert found["call: drop decision"]["call"] == {"fan_out|gte": 5, "tool_name|contains": ["a", "b"]}  # type: ignore[index]  # as YAML has it
    assert {
        "call: decision: 'allow' to 'deny'",
        "call: fan_out|gte: |gte to |gt",
        "call: fan_out|gte: |gte to |lte",
        "call: fan_out|gte without |gte",
        "call: fan_out|gte: 5 to 4",
        "call: fan_out|gte: 5 to 6",
        "call: tool_name|contains without 'a'",
        "call: tool_name|contains: 'b' to 'bx'",
        "filter_x: is_error: True to False",
        "condition: and to or before not 1 of filter_*",
        "condition: drop call",
        "condition: drop not 1 of filter_*",
        "condition: not 1 of filter_* to 1 of filter_*",
        "condition: not 1 of filter_* to not all of filter_*",
        "drop filter_x",
        "drop filter_y",
    } <= set(found)
    assert found["condition: drop call"]["condition"] == "not 1 of filter_*"  # type: ignore[index]  # as YAML has it
    assert "filter_y" not in found["drop filter_y"]  # type: ignore[operator]  # as YAML has it


def test_every_part_of_a_statement_is_changed_once_and_no_two_are_the_same() -> None:
    sql = """
    SELECT event_ms, event_key, server_name AS subject FROM mcp_audit
    WHERE fan_out >= 5 AND (decision = 'allow' OR NOT status IN ('ok', 'error'))
      AND CASE WHEN is_error THEN 1 ELSE 0 END = 1
    """
    found = [one.text.sql for one in statement.mutants(replace(detection("error_loop"), sql=sql))]
    flat = [" ".join(one.split()) for one in found]
    for part in (
        "fan_out > 5",
        "fan_out <= 5",
        "fan_out >= 4",
        "fan_out >= 6",
        "decision <> 'allow' OR",
        "decision = 'allow' AND NOT status",
        "decision = 'allow' OR status IN ('ok', 'error')",
        "NOT status IN ('error')",
        "THEN 0 ELSE 0",
        "ELSE 1 END",
    ):
        assert any(part in one for one in flat), part
    assert any("WHERE" not in one for one in flat)
    assert len(set(flat)) == len(flat)


@pytest.mark.parametrize("id_", ["manifest_drift_outside_window", "error_loop"])
def test_a_text_without_cases_lets_every_mutant_live_and_its_own_cases_kill_them(id_: str) -> None:
    (text,) = content.load(ROOT, [id_])
    bare = outcome(replace(text, cases=()), COLUMNS)
    assert len(bare.survivors) == bare.total > 10
    proven = outcome(text, COLUMNS)
    assert len(proven.survivors) < proven.total / 10


def test_a_mutant_is_killed_by_the_one_case_that_sees_it() -> None:
    text = rule("call_chain_too_deep")
    deep = Case("deep", CaseKind.POSITIVE, ({"chain_depth": 99},), {}, "file:1")
    lives = {one.name for one in outcome(replace(text, cases=(deep,)), COLUMNS).survivors}
    assert "selection: chain_depth|gte: |gte to |gt" in lives
    value = yaml.safe_load(text.text)["detection"]["selection"]["chain_depth|gte"]
    edge = Case("edge", CaseKind.POSITIVE, ({"chain_depth": value},), {}, "file:2")
    left = {one.name for one in outcome(replace(text, cases=(deep, edge)), COLUMNS).survivors}
    assert "selection: chain_depth|gte: |gte to |gt" not in left
    assert left < lives


def test_an_excused_survivor_is_not_counted_and_the_sum_is_said_last() -> None:
    text = detection("error_loop")
    (first, *_) = statement.mutants(text)
    made = Report((Outcome(text.id, 10, (first,), excused=2),))
    assert (made.killed, made.total) == (9, 10)
    assert list(lines(made)) == [
        "   9/10   error_loop",
        f"          survives: {first.name}",
        "9 of 10 mutants killed: 90.0%",
        "not counted: 2 that mean the same, each with its reason in mutants/equivalent.json",
    ]


def test_each_excuse_is_of_one_mutant() -> None:
    known = excuses.load(ROOT / "mutants" / "equivalent.json")
    assert all(why.strip() for why in known.values())
    texts = {one.id: one for one in (*content.load(ROOT), *gates.load(ROOT))}
    for of in {of for of, _ in known}:
        names = [one.name for one in mutants_of(texts[of])]
        assert [names.count(name) for other, name in known if other == of and names.count(name) != 1] == []


def test_changes_that_read_the_same_are_numbered_and_long_ones_are_told_whole() -> None:
    wide = "CASE WHEN fan_out > 1 THEN 1 ELSE 0 END"
    long = f"tool_name <> '{'x' * 200}' AND decision = 'allow'"
    sql = f"SELECT {wide} AS one, {wide} AS two FROM mcp_audit WHERE {long}"
    names = [one.name for one in statement.mutants(replace(detection("error_loop"), sql=sql))]
    assert {"gt to gte: fan_out > 1", "gt to gte: fan_out > 1 (2)", f"and to or: {long}"} <= set(names)
    assert len(set(names)) == len(names)


def test_an_excuse_that_hides_no_survivor_is_stale_and_a_no(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    id_ = "token_with_wildcard_scope"
    (killed, *_) = [one.name for one in mutants_of(rule(id_))]
    known = {(id_, killed): "is killed", (id_, "no such change"): "is none", ("error_loop", "x"): "not asked"}
    (one,) = report(ROOT, [id_], excuses=known).outcomes
    assert (one.stale, one.excused) == ((killed, "no such change"), 0)
    monkeypatch.setattr("mutants.__main__.load", lambda _: known)
    assert main([id_]) == 1
    assert "an excuse that hides no survivor: no such change" in capsys.readouterr().out


def test_one_rule_is_asked_of_its_cases_and_then_of_the_recorded_logs() -> None:
    made = report(ROOT, ["token_with_wildcard_scope"])
    assert [one.of for one in made.outcomes] == ["token_with_wildcard_scope"]
    assert made.share == 1.0


def test_too_few_killed_is_a_no_and_an_id_of_nobody_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["token_with_wildcard_scope"]) == 0
    assert main(["--at-least", "100.1", "token_with_wildcard_scope"]) == 1
    assert main(["token_with_wildcard_scop"]) == 2
    assert "no rule, detection or gate 'token_with_wildcard_scop'" in capsys.readouterr().err
