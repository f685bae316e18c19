"""Detections as ES|QL give the rows that the SQL gives: in every case and variant, and over shaken logs."""

import dataclasses
import os
import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlglot import exp, parse_one

from mcpsoar.app import variants
from mcpsoar.core.content import CaseKind
from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Unsupported
from mcpsoar.targets.es import detection, paths
from mcpsoar.targets.es.detection import Asked
from mcpsoar.targets.es.detection import asked as asking
from tests.languages.esql import Field, Index, elastic_parser, run
from tests.laws.test_detections import on_duckdb, shaken
from tests.targets.es import ground
from tests.targets.es.detected import (
    COLUMNS,
    EVERY,
    RECEIVED,
    TEXTS,
    converted,
    matches,
    parsed,
    refusal,
    said,
    stream,
)

EXAMPLES = int(os.environ.get("MCPSOAR_EXAMPLES", "1"))
REFUSED = {
    "fan_out_spike": "mcp_audit is read again after a window",
    "first_seen_client_on_server": "a window over all rows",
    "first_seen_tool_after_retrieval": "a window over all rows",
    "output_volume_spike": "a query in FROM",
}


def alike(name: str, events: Sequence[Facts]) -> int:
    """How many matches there are, the same on both."""
    wanted = on_duckdb(parsed(name), events)
    assert matches(name, events) == wanted
    return len(wanted)


@pytest.mark.timeout(600)  # some cases have hundreds of events
@pytest.mark.parametrize("name", converted())
def test_a_detection_gives_the_rows_of_its_sql_in_every_case_and_variant(name: str) -> None:
    found = 0
    for case in TEXTS[name].cases:
        found += alike(name, case.events)
        for variant in variants.together(case, COLUMNS, parsed(name).columns):
            alike(name, variant.events)
    assert found


@pytest.mark.timeout(600)  # some cases have hundreds of events
@pytest.mark.parametrize("name", converted())
def test_a_detection_gives_the_rows_of_its_sql_over_shaken_logs(name: str) -> None:
    rng = random.Random(name)
    cases = sorted(TEXTS[name].cases, key=lambda case: case.kind is not CaseKind.POSITIVE)
    for number in range(EXAMPLES):
        events = shaken(cases[number % len(cases)].events, rng)
        rng.shuffle(events)
        alike(name, events)


def test_what_cannot_be_said_is_refused_by_name() -> None:
    found = {name: refusal(text) for name, text in TEXTS.items() if name not in converted()}
    assert sorted(found) == sorted(REFUSED)
    for name, why in REFUSED.items():
        assert found[name].startswith(f"detection {name}: ")
        assert why in found[name]
    with pytest.raises(Unsupported, match="fan_out_spike") as told:
        said("fan_out_spike")
    assert told.value.next_command == "mcpsoar rules convert sql fan_out_spike"


HOSTILE = (
    "{}\t{}",
    "{}\n{}",
    "{}\r-\t-",
    "~a{}",
    "~{}~d",
    "+{}",
    "-",
    "{}\t+\t-",
    "0000\t{}",
    " {}",
    "ß\u2028{}",
)


@pytest.mark.timeout(600)  # some cases have hundreds of events
@pytest.mark.parametrize("name", converted())
def test_texts_of_an_attacker_forge_no_place(name: str) -> None:
    """Every text of an event, its id too, is another with signs that stand between rows and columns."""
    case = next(case for case in TEXTS[name].cases if case.kind is CaseKind.POSITIVE)
    texts = {column.name for column in COLUMNS if column.kind.value == "text"} & {
        *parsed(name).columns,
        "event_id",
    }
    found = 0
    for shape in HOSTILE[:: max(1, len(HOSTILE) // EXAMPLES)]:
        events = [
            {
                key: shape.format(value, value) if key in texts and isinstance(value, str) else value
                for key, value in event.items()
            }
            for event in case.events
        ]
        if shape == "-":
            events = [{**event, "event_id": f"-{place}"} for place, event in enumerate(events)]
        found += alike(name, events)
    assert found


CALL: dict[str, Any] = {
    "conversation_id": "c1",
    "server_name": "crm",
    "tool_name": "find",
    "status": "error",
    "event_kind": "tool_call",
}


def errors(count: int, **more: Any) -> list[dict[str, Any]]:
    return [
        {**CALL, "event_time": f"2026-03-01T12:00:{place:02d}Z", "event_id": f"e{place}", **more}
        for place in range(count)
    ]


def test_each_identity_counts_once_and_the_first_received_is_it() -> None:
    nine = errors(9)
    fine = {**nine[8], "status": "ok"}
    assert matches("error_loop", [*nine, *nine]) == []
    assert matches("error_loop", [*errors(10), fine]) == on_duckdb(parsed("error_loop"), errors(10))
    assert matches("error_loop", [fine, *errors(10)]) == []


def test_of_two_received_at_once_the_one_that_is_read_counts() -> None:
    indices = stream("error_loop", [*errors(10), {**errors(10)[9], "status": "ok"}])
    index = indices[ground.STREAM]
    together = [{**document, paths.RECEIVED: RECEIVED} for document in index.documents]
    found = run(said("error_loop"), {ground.STREAM: Index(index.fields, together)}, now_ms=0)
    assert [row["event.id"] for row in found] == ["e9"]


def test_an_event_without_an_id_is_its_own_and_is_told_by_its_time() -> None:
    events = errors(10, event_id=None)
    assert matches("error_loop", events) == [("", 1_772_366_409_000, "c1")]
    same = [{**event, "event_time": "2026-03-01T12:00:00Z"} for event in events]
    assert matches("error_loop", same) == [("", 1_772_366_400_000, "c1")]


def test_events_at_one_time_count_each_other_and_the_first_by_its_key_is_told() -> None:
    events = [{**event, "event_time": "2026-03-01T12:00:00Z"} for event in errors(12)]
    assert alike("error_loop", events) == 1
    assert matches("error_loop", events)[0][0] == "e0"


def test_events_outside_the_window_are_not_seen() -> None:
    events, start = errors(10), 1_772_366_400_000
    for first, last, count in ((0, 9_001, 1), (1, 9_001, 0), (0, 9_000, 0)):
        asked = Asked(start_ms=start + first, end_ms=start + last, raw=True)
        assert len(matches("error_loop", events, asked)) == count


def test_the_lookback_ends_now() -> None:
    events, last = errors(10), 1_772_366_409_000
    asked = Asked(raw=True)
    for now, count in ((last, 0), (last + 1, 1), (last + 591_000, 1), (last + 591_001, 0)):
        assert len(matches("error_loop", events, asked, now_ms=now)) == count, now - last


def moved(events: Sequence[Facts], by_ms: int) -> list[Facts]:
    return [
        {
            **event,
            "event_time": (
                datetime.fromisoformat(str(event["event_time"])) + timedelta(milliseconds=by_ms)
            ).isoformat(timespec="milliseconds"),
        }
        for event in events
    ]


@pytest.mark.parametrize("name", [name for name in converted() if "MV_APPEND(event_ms / " in said(name)])
def test_a_window_sees_over_the_border_of_its_stretch_of_time(name: str) -> None:
    """Wherever the stretches begin that rows are paired in, the rows are the same, but later."""
    width = int(said(name).partition("MV_APPEND(event_ms / ")[2].partition(",")[0])
    case = next(case for case in TEXTS[name].cases if case.kind is CaseKind.POSITIVE)
    wanted = matches(name, case.events)
    for quarter in range(1, 4):
        by_ms = width * quarter // 4
        found = matches(name, moved(case.events, by_ms))
        assert found == [(key, at_ms + by_ms, subject) for key, at_ms, subject in wanted]


@pytest.mark.parametrize("name", converted())
def test_events_of_tenants_are_never_seen_together(name: str) -> None:
    """A pattern whose events are two tenants' is none; one of each tenant's is two."""
    case = next(case for case in TEXTS[name].cases if case.kind is CaseKind.POSITIVE)
    asked = dataclasses.replace(EVERY, tenant="customer.id")
    (index,) = stream(name, case.events).values()
    fields = {**index.fields, "customer.id": Field("keyword")}
    both = [{**one, "customer.id": tenant} for one in index.documents for tenant in ("b", "a")]
    half = [{**one, "customer.id": "ab"[at % 2]} for at, one in enumerate(index.documents)]
    wanted = matches(name, case.events)
    found = run(said(name, asked), {ground.STREAM: Index(fields, both)}, now_ms=0)
    assert sorted(row["customer.id"] for row in found) == ["a"] * len(wanted) + ["b"] * len(wanted)
    for tenant in "ab":
        own = [one for one in half if one["customer.id"] == tenant]
        alone = run(said(name), {ground.STREAM: Index(fields, own)}, now_ms=0)
        parted = run(said(name, asked), {ground.STREAM: Index(fields, half)}, now_ms=0)
        of_it = [
            {k: v for k, v in row.items() if k != "customer.id"}
            for row in parted
            if row["customer.id"] == tenant
        ]
        assert of_it == alone


def test_more_matches_than_come_back_are_said_to_be_truncated(monkeypatch: pytest.MonkeyPatch) -> None:
    events = [one for name in ("c1", "c2", "c3") for one in errors(10, conversation_id=name)]
    events = [{**event, "event_id": f"x{place}"} for place, event in enumerate(events)]
    whole = run(said("error_loop"), stream("error_loop", events), now_ms=0)
    assert [row["truncated"] for row in whole] == [False] * 3
    monkeypatch.setattr(asking, "_MOST", 2)
    query = detection.query(TEXTS["error_loop"], parsed("error_loop").tree, COLUMNS, EVERY)
    cut = run(query, stream("error_loop", events), now_ms=0)
    assert [(row["event.id"], row["truncated"]) for row in cut] == [("x19", True), ("x29", True)]


def test_only_matches_whose_last_event_is_new_are_told() -> None:
    events = [*errors(10), *errors(10, conversation_id="c2", server_name="files")]
    events = [{**event, "event_id": f"x{place}"} for place, event in enumerate(events)]
    asked = Asked(start_ms=0, end_ms=EVERY.end_ms, raw=True, since_ms=RECEIVED + 10)
    assert matches("error_loop", events, asked) == [("x19", 1_772_366_409_000, "c2")]
    clock = Asked(start_ms=0, end_ms=EVERY.end_ms, raw=True, only_since=5)
    for late, count in ((300_010, 1), (300_019, 1), (300_020, 0), (300_000, 2 - 0)):
        found = matches("error_loop", events, clock, now_ms=RECEIVED + late)
        assert len(found) == count, late


def test_events_without_the_key_of_a_query_inside_are_held_apart() -> None:
    query = said("injection_then_write")
    assert "alone = CASE(conversation_id IS NULL" in query
    case = next(case for case in TEXTS["injection_then_write"].cases if case.kind is CaseKind.POSITIVE)
    bare = [{**event, "conversation_id": None, "event_id": f"n{at}"} for at, event in enumerate(case.events)]
    assert alike("injection_then_write", [*bare, *case.events]) == alike("injection_then_write", case.events)


_NUMBERED = (
    "WITH n AS (SELECT event_ms, event_key, server_name, ROW_NUMBER() OVER "
    "(PARTITION BY server_name ORDER BY event_ms, event_key) AS place FROM mcp_audit), "
)


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        (
            _NUMBERED + "m AS (SELECT event_ms, event_key, server_name, place FROM n WHERE place = 1) "
            "SELECT event_ms, event_key, server_name AS subject FROM m WHERE place = 2",
            "not only compared with a number",
        ),
        (
            (
                "SELECT event_ms, event_key, server_name AS subject FROM mcp_audit "
                "WHERE event_ms > (SELECT event_ms FROM mcp_audit)"
            ),
            "more than one number for all rows",
        ),
        (
            (
                "SELECT event_ms, event_key, server_name AS subject FROM mcp_audit WHERE server_name IN "
                "(SELECT server_name FROM mcp_audit WHERE tool_name IN (SELECT tool_name FROM mcp_audit))"
            ),
            "a query inside a query inside",
        ),
        (
            (
                "SELECT event_ms, event_key, server_name AS subject FROM mcp_audit AS a WHERE event_ms > "
                "(SELECT MIN(b.event_ms) FROM mcp_audit AS b WHERE b.server_name = a.server_name)"
            ),
            "a column of another SELECT",
        ),
        (
            (
                "SELECT event_ms, event_key, server_name AS subject FROM mcp_audit "
                "UNION ALL SELECT event_ms, event_key, tool_name AS subject FROM mcp_audit"
            ),
            "UNION",
        ),
        ("SELECT event_ms, event_key, subject FROM (SELECT * FROM mcp_audit) AS x", "a query in FROM"),
        (
            (
                "WITH n AS (SELECT event_ms, event_key, server_name, ROW_NUMBER() OVER "
                "(PARTITION BY server_name ORDER BY event_ms, event_key) AS place FROM mcp_audit) "
                "SELECT event_ms, event_key, server_name AS subject FROM n WHERE place < 3"
            ),
            "ROW_NUMBER other than",
        ),
        (
            (
                "WITH n AS (SELECT event_ms, event_key, server_name, COUNT(*) OVER "
                "(PARTITION BY server_name ORDER BY event_ms, event_key) AS n FROM mcp_audit) "
                "SELECT event_ms, event_key, server_name AS subject FROM n WHERE n > 3"
            ),
            "a running count over rows",
        ),
        (
            (
                "SELECT event_ms, event_key, server_name AS subject FROM mcp_audit WHERE server_name NOT IN "
                "(SELECT server_name FROM mcp_audit)"
            ),
            "NOT IN a query that may give NULL",
        ),
        (
            (
                "SELECT a.event_ms, a.event_key, a.server_name AS subject FROM mcp_audit AS a "
                "JOIN mcp_audit AS b ON a.trace_id = b.trace_id"
            ),
            "which may have several rows for one",
        ),
    ],
)
def test_a_query_of_a_user_that_cannot_be_said_is_refused(sql: str, why: str) -> None:
    tree = parse_one(sql, dialect="duckdb")
    assert isinstance(tree, exp.Query)
    with pytest.raises(Unsupported, match=why):
        detection.query(TEXTS["error_loop"], tree, COLUMNS, EVERY)


@pytest.mark.parametrize(
    ("function", "rest"),
    [
        ("LAG(chain_depth)", ", event_key DESC"),
        ("SUM(1)", ", event_key DESC ROWS BETWEEN 2 PRECEDING AND CURRENT ROW"),
        ("COUNT(*)", " RANGE BETWEEN 29999 PRECEDING AND CURRENT ROW"),
        ("MAX(CASE WHEN is_error = TRUE THEN event_ms END)", ""),
        ("ROW_NUMBER()", ", event_key DESC"),
    ],
)
def test_a_window_that_looks_from_the_end_is_refused(function: str, rest: str) -> None:
    sql = (
        f"WITH n AS (SELECT event_ms, event_key, server_name, {function} OVER (PARTITION BY server_name "
        f"ORDER BY event_ms DESC{rest}) AS w FROM mcp_audit) "
        "SELECT event_ms, event_key, server_name AS subject FROM n WHERE w = 1"
    )
    tree = parse_one(sql, dialect="duckdb")
    assert isinstance(tree, exp.Query)
    with pytest.raises(Unsupported, match="ORDER BY … DESC"):
        detection.query(TEXTS["error_loop"], tree, COLUMNS, EVERY)


@pytest.mark.parametrize("name", ["error_loop", "injection_then_write"])
def test_a_detection_reads_as_its_golden_says(name: str, golden: Any) -> None:
    golden(ground.ROOT / "tests" / "golden" / "esql" / f"{name}.txt", f"{said(name, Asked())}\n")


@pytest.mark.parametrize("name", converted())
def test_a_query_is_syntax_to_elastics_own_parser(name: str) -> None:
    module = os.environ.get("MCPSOAR_ESQL_PARSER")
    if not module:
        pytest.skip("MCPSOAR_ESQL_PARSER names no build of Elastic's parser")
    asked = [Asked(), Asked(raw=True, only_since=10, index="logs-x", tenant="customer.id")]
    queries = [said(name, one) for one in asked]
    assert elastic_parser.complaints(Path(module), queries) == [[] for _ in queries]
