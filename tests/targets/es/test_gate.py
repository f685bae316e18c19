"""Gates as ES|QL say what the scan says: in every case, and over any log."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from sqlglot import parse_one

from mcpsoar.app.gates import as_of
from mcpsoar.core.content import Case, GateText
from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import LAST_TICK_MS, MINUTE_MS, first_tick_after
from mcpsoar.detect import gate as detected
from mcpsoar.detect.judge import judge
from mcpsoar.detect.scan import Ask, over_events
from mcpsoar.pack import gates
from mcpsoar.targets.es import gate, paths
from mcpsoar.targets.es.gate import Asked
from mcpsoar.targets.gate import LISTED, Gate
from tests.languages.esql import Field, Index, elastic_parser, run
from tests.laws import contract_reading as contract
from tests.laws.judged import facts
from tests.laws.random_logs import NOW, logs
from tests.laws.test_gates import checked
from tests.targets.es import ground

COLUMNS = ground.columns()
MAKE = (gate.state, gate.groups, gate.evidence)
GATES = {one.id: one for one in gates.load(ground.ROOT)}
_READ = {
    "event_time",
    "ingest_time",
    "event_id",
    *("action_class", "decision", "approval_id", "event_kind", "server_name", "environment"),
    *("registry_status", "manifest_hash", "pinned_manifest_hash", "deploy_window", "change_ticket"),
    *("scope_match", "token_scopes", "required_scopes", "classifier_result"),
}
SOME = tuple(column for column in COLUMNS if column.name in _READ)
APPROVED = {"mcp.server_name": Field("keyword"), "mcp.on_approved_list": Field("boolean")}


def parsed(text: GateText) -> Gate:
    made = detected.parse(text, COLUMNS, approved=[LISTED])
    return Gate(text, made.subject, made.hit, made.judged, made.warned)


def stream(events: Sequence[dict[str, Any]], approved: Sequence[str] | None) -> dict[str, Index]:
    """The events in the order in which they were received, a millisecond apart, and the list twice over."""
    documents = []
    for place, event in enumerate(events):
        document = ground.stored(event, place, SOME) | {paths.RECEIVED: ground.NOW + place}
        if paths.TIME in document:
            documents.append(document)
    listed = [{"mcp.server_name": name, "mcp.on_approved_list": True} for name in approved or ()] * 2
    return {
        ground.STREAM: Index(ground.mapping(SOME), documents[::-1]),
        gate.LOOKUP: Index(APPROVED, listed, lookup=True),
    }


def said(text: GateText, indices: dict[str, Index], asked: Asked, *, now_ms: int = 0) -> dict[str, Any]:
    (row,) = run(gate.state(parsed(text), SOME, asked), indices, now_ms=now_ms)
    by_subject = run(gate.groups(parsed(text), SOME, asked), indices, now_ms=now_ms)
    row = {name: value for name, value in row.items() if not name.startswith("window_")}
    shown = {
        one["subject"] or "": (one["state"], one["numerator"], one.get("denominator")) for one in by_subject
    }
    ids = gate.evidence(parsed(text), SOME, asked, warned=not row["numerator"])
    newest = [one["event.id"] for one in run(ids, indices, now_ms=now_ms)]
    return {"denominator": None, **row, "evidence": newest, "groups": shown}


CASES = [
    pytest.param(text, case, id=f"{text.id}: {case.name}") for text in GATES.values() for case in text.cases
]


@pytest.mark.parametrize(("text", "case"), CASES)
def test_a_gate_says_of_a_case_what_the_scan_says(text: GateText, case: Case) -> None:
    approved = case.expect.get("approved")
    own = detected.parse(text, COLUMNS, approved=approved)
    with over_events(case.events, Ask(COLUMNS, [own], {}, LAST_TICK_MS)) as scan:
        last_ms = scan.intake.last_ms
        tick = as_of(case.expect["as_of"]) if "as_of" in case.expect else first_tick_after(last_ms or 0)
        want = facts(judge(text, scan.reading(own, tick)))
    indices = stream([dict(event) for event in case.events], approved)
    is_listed = approved is not None
    fixed = Asked(as_of_ms=tick, approved=is_listed, raw=True)
    assert said(text, indices, fixed) == want
    # the same by the clock: any second of the minute, some minutes later
    by_clock = Asked(lag_minutes=3, approved=is_listed, raw=True)
    assert said(text, indices, by_clock, now_ms=tick + 3 * MINUTE_MS + 59_999) == want


def accepted(log: bytes) -> list[dict[str, Any]]:
    """The lines that are events, in their order; a reader of files counts the others as rejects."""
    made = []
    for line in log.split(b"\n"):
        try:
            event = contract.parse(line.strip()) if line.strip() else None
            at = contract.moment(event.get("event_time")) if event is not None else -1
        except contract.NoEventError:
            continue
        if event is not None and 946_684_800_000 <= at <= NOW + 10 * contract.MINUTE:
            made.append(event)
    return made


@settings(
    max_examples=max(ground.EXAMPLES // 4, 5),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@given(log=logs(), approved=st.sampled_from([None, None, frozenset({"crm"})]))
@example(log=b"", approved=None)
def test_a_gate_says_of_any_log_what_a_check_says(log: bytes, approved: frozenset[str] | None) -> None:
    got = checked(log, approved)
    indices = stream(accepted(log), sorted(approved) if approved is not None else None)
    asked = Asked(as_of_ms=got.as_of_ms, approved=approved is not None, raw=True)
    for judgement in got.judgements:
        assert said(GATES[judgement.reading.gate], indices, asked) == facts(judgement)


def scope(at: str, number: int, **more: Any) -> dict[str, Any]:
    return {"event_time": at, "event_id": f"e{number}", "scope_match": True, "server_name": "crm", **more}


def counted(events: Sequence[dict[str, Any]], asked: Asked, gate_id: str = "unapproved-write-calls") -> Any:
    found = said(GATES[gate_id], stream(events, None), asked)
    return found["state"], found["numerator"], found["events"]


TICK = contract.moment("2026-03-01T12:00:00Z")
BY_TICK = Asked(as_of_ms=TICK)
WRITE = {"event_id": "a", "action_class": "write", "decision": "allow", "server_name": "crm"}


@pytest.mark.parametrize(
    ("at", "events"),
    [
        ("2026-03-01T11:49:59.999Z", 0),
        ("2026-03-01T11:50:00.000Z", 1),
        ("2026-03-01T11:59:59.999Z", 1),
        ("2026-03-01T12:00:00.000Z", 0),
    ],
)
def test_the_window_is_half_open(at: str, events: int) -> None:
    state = ("page", 1, 1) if events else ("no_data", 0, 0)
    assert counted([{**WRITE, "event_time": at}], BY_TICK) == state


def test_of_one_identity_the_first_received_counts_however_they_are_stored() -> None:
    at = "2026-03-01T11:59:00Z"
    approved = {**WRITE, "event_time": at, "approval_id": "ap-1"}
    bare = {**WRITE, "event_time": at}
    assert counted([approved, bare, bare], BY_TICK) == ("ok", 0, 1)
    assert counted([bare, approved, approved], BY_TICK) == ("page", 1, 1)


def test_of_two_that_were_received_at_once_the_one_that_hits_counts() -> None:
    at = {**WRITE, "event_time": "2026-03-01T11:59:00Z"}
    indices = stream([at, {**at, "approval_id": "ap-1"}], None)
    index = indices[ground.STREAM]
    together = [{**document, paths.RECEIVED: ground.NOW} for document in index.documents]
    found = said(
        GATES["unapproved-write-calls"],
        {**indices, ground.STREAM: Index(index.fields, together)},
        BY_TICK,
    )
    assert (found["state"], found["events"]) == ("page", 1)


def test_an_old_id_replayed_at_another_time_hides_nothing() -> None:
    events = [{**WRITE, "event_time": f"2026-03-01T11:5{minute}:00Z"} for minute in range(3)]
    assert counted(events, BY_TICK) == ("page", 3, 3)


def test_an_event_without_an_id_is_its_own() -> None:
    events: list[dict[str, Any]] = [{**WRITE, "event_time": "2026-03-01T11:59:00Z", "event_id": None}] * 3
    assert counted(events, BY_TICK) == ("page", 3, 3)


def test_a_blank_id_of_raw_events_is_no_id() -> None:
    events = [{**WRITE, "event_time": "2026-03-01T11:59:00Z", "event_id": " "}] * 3
    assert counted(events, Asked(as_of_ms=TICK, raw=True)) == ("page", 3, 3)


def test_an_event_that_comes_late_is_counted_by_its_own_time_while_the_lag_waits_for_it() -> None:
    """Happened at 11:59:30 and came two minutes later: a window that ends three minutes ago sees it."""
    indices = stream([{**WRITE, "event_time": "2026-03-01T11:59:30Z"}], None)
    text = GATES["unapproved-write-calls"]
    for lag, now, numerator in ((1, 1, 1), (3, 3, 1), (3, 2, 0), (3, 12, 1), (3, 13, 0)):
        found = said(text, indices, Asked(lag_minutes=lag), now_ms=TICK + now * MINUTE_MS)
        assert found["numerator"] == numerator, (lag, now)


def test_a_subject_counts_once_whatever_it_does_and_nobody_counts_for_none() -> None:
    at: dict[str, Any] = {
        "event_time": "2026-03-01T11:59:00Z",
        "registry_status": "pending",
        "environment": "prod",
    }
    events = [{**at, "event_id": str(number), "server_name": "crm"} for number in range(3)]
    events += [{**at, "event_id": "x", "server_name": None}]
    assert counted(events, BY_TICK, "registry-drift") == ("page", 1, 4)


def test_events_of_nobody_are_no_subject_even_where_the_sql_does_not_ask() -> None:
    made = parsed(GATES["registry-drift"])
    every = Gate(made.text, made.subject, parse_one("1 = 1"), made.judged, None)
    at = "2026-03-01T11:59:00Z"
    indices = stream([{"event_time": at, "server_name": name} for name in (None, "crm", "crm")], None)
    (row,) = run(gate.state(every, SOME, BY_TICK), indices, now_ms=0)
    assert (row["numerator"], row["events"]) == (1, 3)
    assert [one["subject"] for one in run(gate.groups(every, SOME, BY_TICK), indices, now_ms=0)] == ["crm"]


def test_a_name_twice_on_the_list_counts_no_event_twice() -> None:
    at = {"event_time": "2026-03-01T11:59:00Z", "server_name": "crm", "registry_status": "approved"}
    indices = stream([{**at, "event_id": "a"}, {**at, "event_id": None}], ["crm"])
    found = said(GATES["registry-drift"], indices, Asked(as_of_ms=TICK, approved=True))
    assert (found["state"], found["events"]) == ("ok", 2)


def test_a_ratio_pages_at_exactly_its_share_and_not_below() -> None:
    for hits, judged, state in ((3, 300, "page"), (3, 301, "warn"), (2, 100, "warn"), (3, 99, "warn")):
        events = [
            scope("2026-03-01T11:59:00Z", number, scope_match=number >= hits) for number in range(judged)
        ]
        assert counted(events, BY_TICK, "scope-mismatch") == (state, hits, judged)


def test_an_alert_has_a_row_only_while_the_gate_pages() -> None:
    made = parsed(GATES["unapproved-write-calls"])
    query = gate.state(made, SOME, BY_TICK, only_pages=True)
    paging = stream([{**WRITE, "event_time": "2026-03-01T11:59:00Z"}], None)
    assert [row["state"] for row in run(query, paging, now_ms=0)] == ["page"]
    assert run(query, stream([], None), now_ms=0) == []


def test_what_the_pipeline_rejects_is_no_event_of_any_gate() -> None:
    """It stays in the stream, with the time at which it came in: nothing is still no data."""
    reject = {paths.TIME: TICK - MINUTE_MS, "event.kind": "pipeline_error", paths.RECEIVED: TICK - MINUTE_MS}
    indices = {
        ground.STREAM: Index(ground.mapping(SOME), [reject]),
        gate.LOOKUP: Index(APPROVED, [], lookup=True),
    }
    for text in GATES.values():
        assert said(text, indices, Asked(as_of_ms=TICK))["state"] == "no_data"


def test_a_gate_that_cannot_be_said_is_refused_with_its_name() -> None:
    text = GATES["unapproved-write-calls"]
    made = parsed(text)
    odd = Gate(text, made.subject, parse_one("upper(server_name) = 'X'"), made.judged, None)
    with pytest.raises(Unsupported, match=r"gate unapproved-write-calls: Upper.*target esql"):
        gate.state(odd, SOME, BY_TICK)
    with pytest.raises(Unsupported, match="subject"):
        gate.groups(Gate(text, parse_one("1"), made.hit, made.judged, None), SOME, BY_TICK)


def test_the_lookup_index_holds_what_the_query_joins() -> None:
    index = gate.lookup_index()
    assert index["settings"]["index"]["mode"] == "lookup"
    own = index["mappings"]["properties"]["mcp"]["properties"]
    assert {f"mcp.{name}": Field(kind["type"]) for name, kind in own.items()} == APPROVED


@pytest.mark.parametrize("text", GATES.values(), ids=GATES)
def test_a_gate_reads_as_its_golden_says(text: GateText, golden: Any) -> None:
    asked = Asked(approved=True)
    made = [make(parsed(text), COLUMNS, asked) for make in MAKE]
    golden(ground.ROOT / "tests" / "golden" / "esql" / f"{text.id}.txt", "\n\n".join(made) + "\n")


def test_every_query_of_a_gate_is_syntax_to_elastics_own_parser() -> None:
    module = os.environ.get("MCPSOAR_ESQL_PARSER")
    if not module:
        pytest.skip("MCPSOAR_ESQL_PARSER names no build of Elastic's parser")
    asked = [Asked(), Asked(as_of_ms=TICK, approved=True, raw=True)]
    queries = [make(parsed(text), COLUMNS, one) for text in GATES.values() for one in asked for make in MAKE]
    assert elastic_parser.complaints(Path(module), queries) == [[] for _ in queries]
