"""Gates in SPL: one row that says of a log what the engine says, whatever the log holds.

MCPSOAR_EXAMPLES sets the number of random logs.
"""

import json
import os
import tempfile
from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpsoar.app.watch import look
from mcpsoar.core.content import GateText
from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import MINUTE_MS
from mcpsoar.core.finding import Judgement
from mcpsoar.detect.gate import parse
from mcpsoar.detect.matching import referenced
from mcpsoar.pack import gates
from mcpsoar.targets.gate import LISTED, Gate
from mcpsoar.targets.spl import gate as spl
from mcpsoar.targets.spl import tuned
from tests.languages.spl import run
from tests.laws import contract_reading as plain
from tests.laws.judged import facts
from tests.laws.random_logs import NOW, logs
from tests.targets.spl.splunk import COLUMNS, EXTRACTIONS, ROOT, Extraction, Fields, calculated

EXAMPLES = int(os.environ.get("MCPSOAR_EXAMPLES", "8"))
GATES = gates.load(ROOT)
MACROS = {"mcp_audit_events": 'index="mcp"'}
Row = dict[str, Any]


def gate_of(text: GateText) -> Gate:
    made = parse(text, COLUMNS, approved={LISTED})
    return Gate(text, made.subject, made.hit, made.judged, made.warned)


ASKED = {text.id: gate_of(text) for text in GATES}
PARTS: list[Any] = [
    part
    for one in ASKED.values()
    for part in (one.hit, one.judged, one.subject, one.warned)
    if part is not None
]
WANTED = referenced(PARTS) | {"event_id"}


def in_splunk(log: bytes, extraction: Extraction = EXTRACTIONS[0]) -> list[Fields]:
    """The lines of a log that are events, received in their order, a second apart, after they happened."""
    found = []
    for place, line in enumerate(log.split(b"\n")):
        try:
            raw = plain.parse(line.strip())
            at_ms = plain.moment(raw.get("event_time"))
        except plain.NoEventError:
            continue
        if 946_684_800_000 <= at_ms <= NOW + 10 * MINUTE_MS:
            fields = calculated().over(extraction.fields(line.decode().strip()), WANTED)
            own = {"_time": at_ms / 1000, "_indextime": NOW / 1000 + 3600 + place, "index": "mcp"}
            found.append(fields | own)
    return found


def judged(
    text: GateText,
    events: Sequence[Fields],
    tick_ms: int,
    *,
    lag: int = 1,
    approved: Collection[str] | None = None,
    into_minute_ms: int = 7_300,
    reverse_ties: bool = False,
) -> Row:
    """The one row of a gate at a tick, searched `lag` minutes later."""
    query = spl.search(ASKED[text.id], COLUMNS, lag_minutes=lag, approved=approved is not None)
    rows = run(
        query,
        events,
        now_ms=tick_ms + lag * MINUTE_MS + into_minute_ms,
        macros=MACROS,
        lookups={tuned.LOOKUP: [{"server_name": name} for name in sorted(approved or ())]},
        reverse_ties=reverse_ties,
    )
    assert len(rows) == 1
    return rows[0]


def said(row: Row) -> Row:
    """A row in the words of a judgement."""
    return {
        **{name: row.get(name) for name in ("gate", "state", "numerator", "denominator", "warned")},
        **{name: row.get(name) for name in ("events", "judged", "window_from", "window_to")},
        "evidence": _listed(row.get("evidence")),
        "groups": sorted(_listed(row.get("groups"))),
    }


def _listed(value: Any) -> list[str]:
    return value if isinstance(value, list) else [] if value is None else [value]


def told(judgement: Judgement) -> Row:
    """What the engine says, in the same words."""
    reading = judgement.reading
    shown = [
        f"{one.state} {one.numerator}{'' if one.denominator is None else f'/{one.denominator}'} {one.key}"
        for one in reading.groups
    ]
    return {
        **facts(judgement),
        "gate": reading.gate,
        "window_from": reading.window.start_ms // 1000,
        "window_to": reading.window.end_ms // 1000,
        "groups": sorted(shown),
    }


def agree(
    log: bytes,
    approved: frozenset[str] | None,
    gate_ids: Sequence[str] = tuple(ASKED),
    *,
    extraction: Extraction = EXTRACTIONS[0],
    ties: Sequence[bool] = (False,),
) -> None:
    events = in_splunk(log, extraction)
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "log.ndjson"
        path.write_bytes(log)
        seen = look([str(path)], pack=ROOT, now_ms=NOW, approved=approved, gates=gate_ids)
    for text, judgement in zip(seen.gates, seen.judgements, strict=True):
        for reverse_ties in ties:
            row = judged(text, events, seen.as_of_ms, approved=approved, reverse_ties=reverse_ties)
            assert said(row) == told(judgement)


@pytest.mark.parametrize("text", GATES, ids=lambda text: text.id)
def test_every_case_is_judged_as_the_engine_judges_it(text: GateText) -> None:
    for place, case in enumerate(text.cases):
        log = "\n".join(json.dumps(event) for event in case.events).encode()
        for approved in (None, frozenset({"github", "crm"})):
            agree(log, approved, (text.id,), extraction=EXTRACTIONS[place % 2])


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@given(log=logs(), approved=st.sampled_from([None, None, frozenset(), frozenset({"crm"})]))
def test_a_gate_says_of_any_log_what_the_engine_says(log: bytes, approved: frozenset[str] | None) -> None:
    agree(log, approved, ties=(False, True))


TICK = NOW - NOW % MINUTE_MS
UNAPPROVED = next(text for text in GATES if text.id == "unapproved-write-calls")
REGISTRY = next(text for text in GATES if text.id == "registry-drift")


def call(at_ms: int, *, received_ms: int | None = None, **facts: Any) -> Fields:
    """A write that nobody approved, as a search finds it."""
    own = {"event_id": "e", "action_class": "write", "decision": "allow", "server_name": "crm"}
    found = calculated().over(EXTRACTIONS[0].fields(json.dumps({**own, **facts})), WANTED)
    received = at_ms if received_ms is None else received_ms
    return {**found, "_time": at_ms / 1000, "_indextime": received / 1000, "index": "mcp"}


@pytest.mark.parametrize("lag", [0, 1, 5])
@pytest.mark.parametrize("into_minute_ms", [0, 59_000])
def test_the_window_is_whole_minutes_and_half_open(lag: int, into_minute_ms: int) -> None:
    edges = {TICK: 0, TICK - 1: 1, TICK - 600_000: 1, TICK - 600_001: 0}
    for at_ms, count in edges.items():
        row = judged(UNAPPROVED, [call(at_ms)], TICK, lag=lag, into_minute_ms=into_minute_ms)
        assert (row["numerator"], row["state"]) == (count, "page" if count else "no_data")
        assert (row["window_from"], row["window_to"]) == (TICK // 1000 - 600, TICK // 1000)


def test_what_comes_within_the_lag_is_judged_at_its_tick() -> None:
    late = call(TICK - 1000, received_ms=TICK + 40_000)
    here = [one for one in [late] if one["_indextime"] * 1000 <= TICK + MINUTE_MS]
    assert judged(UNAPPROVED, here, TICK, lag=1)["state"] == "page"
    here = [one for one in [late] if one["_indextime"] * 1000 <= TICK]
    assert judged(UNAPPROVED, here, TICK, lag=0)["state"] == "no_data"


@pytest.mark.parametrize("reverse_ties", [False, True])
def test_of_one_identity_the_first_received_counts(reverse_ties: bool) -> None:
    first = call(TICK - 5000, received_ms=TICK + 1000, approval_id="ap-1")
    again = call(TICK - 5000, received_ms=TICK + 3000)
    for events in ([first, again], [again, first]):
        row = judged(UNAPPROVED, events, TICK, reverse_ties=reverse_ties)
        assert (row["events"], row["numerator"]) == (1, 0)
    other = call(TICK - 4999, received_ms=TICK + 3000)
    assert judged(UNAPPROVED, [first, other], TICK, reverse_ties=reverse_ties)["numerator"] == 1


@pytest.mark.parametrize("reverse_ties", [False, True])
def test_of_two_indexed_in_one_second_the_hit_counts(reverse_ties: bool) -> None:
    """Index times are whole seconds: which was the first nobody can tell."""
    quiet = call(TICK - 5000, received_ms=TICK + 1000, approval_id="ap-1")
    unjudged = call(TICK - 5000, received_ms=TICK + 1000, action_class="read")
    hit = call(TICK - 5000, received_ms=TICK + 1000)
    for events in ([quiet, unjudged, hit], [hit, unjudged, quiet]):
        row = judged(UNAPPROVED, events, TICK, reverse_ties=reverse_ties)
        assert (row["events"], row["numerator"]) == (1, 1)
    for events in ([quiet, unjudged], [unjudged, quiet]):
        row = judged(UNAPPROVED, events, TICK, reverse_ties=reverse_ties)
        assert (row["numerator"], row["judged"]) == (0, 1)


@pytest.mark.parametrize("text", GATES, ids=lambda text: text.id)
def test_whole_events_are_neither_sorted_nor_held_in_memory(text: GateText) -> None:
    query = spl.search(ASKED[text.id], COLUMNS)
    before, _, _ = query.partition("| sort 0")
    assert before.rstrip().endswith("| fields - _raw")


def test_times_of_one_millisecond_are_one_time() -> None:
    one = call(TICK - 5000)
    same = {**one, "_time": one["_time"] + 0.000_7, "_indextime": one["_indextime"] + 1}
    other = {**one, "_time": one["_time"] + 0.001, "_indextime": one["_indextime"] + 1}
    assert judged(UNAPPROVED, [one, same], TICK)["events"] == 1
    assert judged(UNAPPROVED, [one, other], TICK)["events"] == 2


def test_an_event_without_an_id_is_its_own() -> None:
    row = judged(UNAPPROVED, [call(TICK - 5000, event_id=" ") for _ in range(3)], TICK)
    assert (row["numerator"], row.get("evidence")) == (3, None)


def test_the_evidence_is_the_newest_twenty_by_name() -> None:
    events = [call(TICK - 1000 - at // 2, event_id=f"e {at:03d}:x") for at in range(150)]
    assert judged(UNAPPROVED, events, TICK)["evidence"] == [f"e {at:03d}:x" for at in range(20)]


def test_the_approved_list_is_asked_by_exact_name_alone() -> None:
    known: dict[str, Any] = {"registry_status": "approved", "environment": "prod"}
    events = [
        call(TICK - 1000, event_id=name, server_name=name, **known) for name in ("crm", "CRM", "x", " ")
    ]
    row = judged(REGISTRY, events, TICK, approved=["crm"])
    assert (row["numerator"], row["groups"]) == (2, ["page 1 CRM", "page 1 x"])
    assert judged(REGISTRY, events, TICK, approved=[])["numerator"] == 3
    assert judged(REGISTRY, events, TICK)["state"] == "ok"


def test_no_field_of_an_event_passes_for_an_answer() -> None:
    forged = {"listed_server": "x", "on_approved_list": "true", "hit": "0", "judged": "0", "subject": "-"}
    forged |= {"event_ms": "1", "key": "k", "own_hits": "0", "group": "g", "own_state": "ok", "warned": "1"}
    event = call(TICK - 1000, server_name="x", registry_status="approved") | forged
    row = judged(REGISTRY, [event], TICK, approved=["crm"])
    assert (row["state"], row["groups"], row["evidence"]) == ("page", "page 1 x", "e")


def test_an_alert_gets_no_row_unless_it_pages() -> None:
    query = spl.search(ASKED[UNAPPROVED.id], COLUMNS, only_pages=True)
    now_ms = TICK + MINUTE_MS
    assert len(run(query, [call(TICK - 1000)], now_ms=now_ms, macros=MACROS)) == 1
    assert run(query, [call(TICK - 1000, decision="deny")], now_ms=now_ms, macros=MACROS) == []
    assert run(query, [], now_ms=now_ms, macros=MACROS) == []


def test_what_a_gate_cannot_say_is_refused_by_its_name() -> None:
    hit = sqlglot.parse_one("md5(server_name) = 'x'", dialect="duckdb")
    made = replace(ASKED[REGISTRY.id], hit=hit)
    with pytest.raises(Unsupported, match=r"gate registry-drift: .*no word in SPL"):
        spl.search(made, COLUMNS)
    made = replace(made, hit=sqlglot.parse_one(f"tool_name IN ('{LISTED}')", dialect="duckdb"))
    with pytest.raises(Unsupported, match="only server_name"):
        spl.search(made, COLUMNS, approved=True)


@pytest.mark.parametrize("text", GATES, ids=lambda text: text.id)
def test_a_gate_reads_as_its_golden_says(text: GateText, golden: Any) -> None:
    made = spl.search(ASKED[text.id], COLUMNS, approved=text.id == REGISTRY.id)
    golden(ROOT / "tests" / "golden" / "gates" / f"{text.id}.spl", made + "\n")
