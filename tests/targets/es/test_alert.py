"""A gate as a detection rule asks it says what the check says, tuned or not, for one customer or many."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from mcpsoar.app.gates import as_of
from mcpsoar.core.content import Case, GateText, Ratio, Threshold
from mcpsoar.core.event import LAST_TICK_MS, MINUTE_MS, first_tick_after
from mcpsoar.core.finding import Judgement
from mcpsoar.detect import gate as detected
from mcpsoar.detect.judge import judge
from mcpsoar.detect.scan import Ask, over_events
from mcpsoar.targets.es import alert, gate
from mcpsoar.targets.es.gate import Asked
from tests.languages.esql import Field, Index, elastic_parser, run
from tests.laws.judged import facts
from tests.laws.random_logs import logs
from tests.laws.test_gates import checked
from tests.targets.es import ground
from tests.targets.es.test_gate import (
    BY_TICK,
    CASES,
    COLUMNS,
    GATES,
    SOME,
    TICK,
    WRITE,
    accepted,
    parsed,
    scope,
    stream,
)

_TUNED = alert.lookup_index()["mappings"]["properties"]
FIELDS = {
    "gate": Field(_TUNED["gate"]["type"]),
    **{f"tuned.{name}": Field(kind["type"]) for name, kind in _TUNED["tuned"]["properties"].items()},
}
NOTHING: Mapping[str, Any] = dict.fromkeys(("page", "warn", "window_ms", "min_denominator", "min_numerator"))


def tuned(gate_id: str, **said: Any) -> dict[str, Any]:
    return alert.document(gate_id, **{**NOTHING, **said})


def rows(
    text: GateText,
    indices: Mapping[str, Index],
    asked: Asked,
    documents: Sequence[Mapping[str, Any]] = (),
    now_ms: int = 0,
) -> list[dict[str, Any]]:
    held = {**indices, alert.LOOKUP: Index(FIELDS, documents, lookup=True)}
    return run(alert.state(parsed(text), SOME, asked), held, now_ms=now_ms)


def said(found: Sequence[Mapping[str, Any]]) -> tuple[Any, ...]:
    """State, numerator, denominator and warned."""
    (row,) = found
    return row["state"], row["numerator"], row.get("denominator") or None, row["warned"]


def wanted(judgement: Judgement) -> tuple[Any, ...]:
    own = facts(judgement)
    return own["state"], own["numerator"], own["denominator"] or None, own["warned"]


@pytest.mark.parametrize(("text", "case"), CASES)
def test_untuned_it_says_of_a_case_what_the_scan_says(text: GateText, case: Case) -> None:
    approved = case.expect.get("approved")
    own = detected.parse(text, COLUMNS, approved=approved)
    with over_events(case.events, Ask(COLUMNS, [own], {}, LAST_TICK_MS)) as scan:
        last_ms = scan.intake.last_ms
        tick = as_of(case.expect["as_of"]) if "as_of" in case.expect else first_tick_after(last_ms or 0)
        want = judge(text, scan.reading(own, tick))
    indices = stream([dict(event) for event in case.events], approved)
    by_clock = Asked(lag_minutes=3, approved=approved is not None, raw=True)
    got = said(rows(text, indices, by_clock, now_ms=tick + 3 * MINUTE_MS + 59_999))
    assert got == wanted(want)


@settings(
    max_examples=max(ground.EXAMPLES // 4, 5),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@given(log=logs(), approved=st.sampled_from([None, frozenset({"crm"})]))
@example(log=b"", approved=None)
def test_untuned_it_says_of_any_log_what_a_check_says(log: bytes, approved: frozenset[str] | None) -> None:
    got = checked(log, approved)
    indices = stream(accepted(log), sorted(approved) if approved is not None else None)
    asked = Asked(as_of_ms=got.as_of_ms, approved=approved is not None, raw=True)
    for judgement in got.judgements:
        assert said(rows(GATES[judgement.reading.gate], indices, asked)) == wanted(judgement)


HALF = Threshold(Ratio(1, 2), inclusive=False)


@pytest.mark.parametrize(
    "change",
    [
        {"page": HALF},
        {"page": Threshold(Ratio(1, 50), inclusive=True), "min_denominator": 10, "min_numerator": 1},
        {"page": HALF, "warn": Threshold(Ratio(1, 10), inclusive=True)},
        {"window_ms": 5 * MINUTE_MS, "min_denominator": 1},
        {"window_ms": 60 * MINUTE_MS},
    ],
    ids=repr,
)
def test_tuned_it_says_what_a_gate_with_those_settings_says(change: dict[str, Any]) -> None:
    text = GATES["scope-mismatch"]
    events = [
        scope(f"2026-03-01T11:{minute:02d}:00Z", minute * 100 + number, scope_match=bool(number % 7))
        for minute in range(0, 60, 3)
        for number in range(minute)
    ]
    other = replace(text, **change)
    (want,) = run(gate.state(parsed(other), SOME, BY_TICK), stream(events, None), now_ms=0)
    found = rows(text, stream(events, None), BY_TICK, [tuned(text.id, **change)])
    keys = ("state", "numerator", "denominator", "warned", "window_from", "window_to")
    assert [{key: row[key] for key in keys} for row in found] == [{key: want[key] for key in keys}]
    assert want["numerator"] > 0


@pytest.mark.parametrize(("minute", "state"), [(59, "page"), (29, "ok"), (30, "page")])
def test_a_shorter_window_of_subjects_forgets_who_hit_before(minute: int, state: str) -> None:
    drift = {"server_name": "crm", "registry_status": "pending", "event_id": "a"}
    events = [
        {**drift, "event_time": f"2026-03-01T11:{minute}:00Z"},
        {**drift, "event_time": "2026-03-01T11:58:00Z", "event_id": "b", "registry_status": "approved"},
    ]
    text = GATES["registry-drift"]
    found = rows(text, stream(events, None), BY_TICK, [tuned(text.id, window_ms=30 * MINUTE_MS)])
    assert [row["state"] for row in found] == [state]


def test_a_gate_that_stands_twice_in_the_index_counts_nothing_twice() -> None:
    text = GATES["unapproved-write-calls"]
    events = [{**WRITE, "event_time": "2026-03-01T11:59:00Z", "event_id": str(number)} for number in range(3)]
    twice = [tuned(text.id, min_numerator=2), tuned(text.id, min_numerator=2)]
    assert {row["numerator"] for row in rows(text, stream(events, None), BY_TICK, twice)} == {3}


def test_another_gates_tuning_is_not_taken() -> None:
    text = GATES["unapproved-write-calls"]
    events = [{**WRITE, "event_time": "2026-03-01T11:59:00Z"}]
    found = rows(text, stream(events, None), BY_TICK, [tuned("scope-mismatch", min_numerator=9)])
    assert [row["state"] for row in found] == ["page"]


TENANT = "organization.id"
TENANTS = Asked(as_of_ms=TICK, tenant=TENANT)


def of_tenants(events: Mapping[str, Sequence[dict[str, Any]]]) -> dict[str, Index]:
    """One stream, the tenant beside each event; ids and times may be alike across tenants."""
    documents: list[Mapping[str, Any]] = []
    for name, own in events.items():
        index = stream(own, None)[ground.STREAM]
        documents += [{**one, "_id": f"{name}{one['_id']}", TENANT: name} for one in index.documents]
    fields = {**ground.mapping(SOME), TENANT: Field("keyword")}
    return {**stream([], None), ground.STREAM: Index(fields, documents)}


@pytest.mark.parametrize("text", GATES.values(), ids=GATES)
def test_each_tenant_is_told_what_it_would_be_told_alone(text: GateText) -> None:
    at = "2026-03-01T11:59:00Z"
    write = {**WRITE, "event_time": at, "registry_status": "pending"}
    events: dict[str, list[dict[str, Any]]] = {
        "a": [write, scope(at, 1, registry_status="approved")],
        "b": [{**write, "approval_id": "ap-1", "registry_status": "approved"}],
        "c": [scope(at, number, scope_match=number > 4) for number in range(300)],
    }
    got = {row[TENANT]: row for row in rows(text, of_tenants(events), TENANTS)}
    for name, own in events.items():
        assert said([got.pop(name)]) == said(rows(text, stream(own, None), BY_TICK)), name
    assert got == {}
    every = run(gate.state(parsed(text), SOME, TENANTS), of_tenants(events), now_ms=0)
    assert {row[TENANT] for row in every} == set(events)


def test_a_count_of_subjects_is_one_of_each_tenants_own() -> None:
    at = {"event_time": "2026-03-01T11:59:00Z", "server_name": "crm", "registry_status": "pending"}
    found = run(
        gate.groups(parsed(GATES["registry-drift"]), SOME, TENANTS),
        of_tenants({"a": [at], "b": [at]}),
        now_ms=0,
    )
    assert [(row[TENANT], row["subject"], row["numerator"]) for row in found] == [
        ("a", "crm", 1),
        ("b", "crm", 1),
    ]


def test_an_alert_has_a_row_only_while_the_gate_pages() -> None:
    made = parsed(GATES["unapproved-write-calls"])
    query = alert.state(made, SOME, BY_TICK, only_pages=True)
    lookup = {alert.LOOKUP: Index(FIELDS, [], lookup=True)}
    paging = stream([{**WRITE, "event_time": "2026-03-01T11:59:00Z"}], None) | lookup
    assert [row["gate"] for row in run(query, paging, now_ms=0)] == ["unapproved-write-calls"]
    assert run(query, stream([], None) | lookup, now_ms=0) == []


@pytest.mark.parametrize("ask", [alert.state, gate.state])
@pytest.mark.parametrize("gate_id", ["unapproved-write-calls", "registry-drift"])
def test_an_alert_has_a_row_for_each_subject_to_blame(ask: Any, gate_id: str) -> None:
    """Else the second server of a window is hidden by the suppression of the first."""
    at = {**WRITE, "event_time": "2026-03-01T11:59:00Z", "registry_status": "pending", "environment": "prod"}
    events = [{**at, "event_id": f"{name}", "server_name": name} for name in ("crm", None, "jira")]
    events += [{**at, "event_id": "x", "event_time": "2026-03-01T11:58:00Z", "server_name": "crm"}]
    is_events = gate_id == "unapproved-write-calls"
    subjects = (["-"] if is_events else []) + ["crm", "jira"]
    indices = of_tenants({"a": events, "b": events[2:3]}) | {alert.LOOKUP: Index(FIELDS, [], lookup=True)}
    found = run(ask(parsed(GATES[gate_id]), SOME, TENANTS, only_pages=True), indices, now_ms=0)
    rows = [(row[TENANT], row["gate"], row["subject"], row["numerator"]) for row in found]
    whole = 4 if is_events else 2
    assert sorted(rows) == [*(("a", gate_id, one, whole) for one in subjects), ("b", gate_id, "jira", 1)]


def queries() -> list[str]:
    made = [parsed(text) for text in GATES.values()]
    asks = (Asked(approved=True), TENANTS)
    return [
        alert.state(one, COLUMNS, asked, only_pages=only)
        for one in made
        for asked in asks
        for only in (False, True)
    ]


def test_every_query_is_syntax_to_elastics_own_parser() -> None:
    module = os.environ.get("MCPSOAR_ESQL_PARSER")
    if not module:
        pytest.skip("MCPSOAR_ESQL_PARSER names no build of Elastic's parser")
    assert elastic_parser.complaints(Path(module), queries()) == [[] for _ in queries()]
