"""Logs that somebody wrote to make a detection expensive: each ends, in little memory and nothing on disk.

Whoever writes events chooses their keys: one for everything, or one for each. A join on such a key is as
big as they like. So no step of a statement may give many more rows than the log has, and nothing may spill.
"""

import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from mcpsoar.core.event import Kind
from mcpsoar.detect.detection import parse
from mcpsoar.pack import detections, schema

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = schema.load(ROOT)
DETECTIONS = {text.id: parse(text, COLUMNS) for text in detections.load(ROOT)}
EVENTS = 20_000
GROWTH = 20  # an hour or a day is compared with the fifteen days before it, and no more
PATIENCE_S = 120  # far more than any needs; a statement without a bound would need days
TYPES = {Kind.BOOL: "BOOLEAN", Kind.INTEGER: "BIGINT"}

START = 1_772_323_200_000
SECOND, HOUR, DAY = 1000, 3_600_000, 86_400_000
# i is the number of an event; everything alternates, and every name is one
ONE_NAME = {
    "event_ms": f"{START} + i * {SECOND}",
    "actor_id": "'a'",
    "actor_type": "if(i % 2 = 0, 'human', 'service')",
    "client_id": "'c'",
    "server_name": "if(i % 2 = 0, 'a', 'b')",
    "tool_name": "'t'",
    "action_class": "if(i % 2 = 0, 'read', 'write')",
    "open_world": "i % 2 = 0",
    "decision": "'allow'",
    "status": "'ok'",
    "token_jti": "'j'",
    "server_audience": "if(i % 2 = 0, 'a', 'b')",
    "audience_match": "false",
    "scope_match": "false",
    "manifest_hash": "if(i % 4 < 2, 'a', 'b')",
    "manifest_match": "false",
    "server_fingerprint": "if(i % 4 < 2, 'a', 'b')",
    "registry_status": "if(i % 2 = 0, 'approved', 'unknown')",
    "conversation_id": "'v'",
    "trace_id": "'t'",
    "span_id": "'s'",
    "parent_call_id": "'s'",
    "args_hash": "if(i % 3 = 0, 'x', 'y')",
    "bytes_out": "500000",
    "token_scope_count": "i % 7",
    "has_secret_label": "i % 2 = 0",
    "has_injection_label": "i % 2 = 0",
    "has_personal_label": "i % 2 = 0",
    "has_wildcard_scope": "true",
}
HALF = EVENTS // 2
LOGS: dict[str, dict[str, str]] = {
    "one name for everything": {},
    "one millisecond for everything": {"event_ms": f"{START}"},
    "one millisecond, after a week, in one conversation": {
        "event_ms": f"{START} + if(i < 4, i * {DAY}, 8 * {DAY})",
        "tool_name": "'t' || i",
        "server_name": "'s' || i",
    },
    "denied, and then allowed": {"decision": "if(i % 4 < 3, 'deny', 'allow')", "action_class": "'write'"},
    "errors alone": {"status": "'error'", "is_error": "true", "action_class": "'write'"},
    "an approval for everything": {
        "approval_id": "'p'",
        "args_hash": "'x' || i",
        "action_class": "'write'",
    },
    "two spans, each the other's parent": {
        "span_id": "if(i % 2 = 0, 's', 'r')",
        "parent_call_id": "if(i % 2 = 0, 'r', 's')",
    },
    "one chain": {"span_id": "'s' || i", "parent_call_id": "'s' || (i - 1)"},
    "a tool on many approved servers, and on one that is not": {
        "server_name": f"if(i < {HALF}, 'ok' || i, 'shadow')",
        "registry_status": f"if(i < {HALF}, 'approved', 'unknown')",
    },
    "many announcements, then many fingerprints": {
        "server_name": "'s'",
        "change_ticket": f"if(i < {HALF}, 'CHG-1', NULL)",
        "server_fingerprint": "'f' || i",
        "event_ms": f"{START} + i * {HOUR}",
    },
    "a listing and a call each day, for decades": {
        "event_ms": f"{START - 20 * 365 * DAY} + i * 13 * {HOUR}",
        "server_name": "'s'",
        "event_kind": "if(i % 2 = 0, 'tools_list', 'tool_call')",
    },
    "many conversations of one call, then many bursts": {
        "conversation_id": f"if(i < {HALF}, 'v' || i, 'b' || (i // 40))",
        "event_ms": f"{START} + if(i < {HALF}, i * {SECOND}, {DAY} + i * {SECOND} // 50)",
    },
    "many actors in one hour, then much in every hour": {
        "server_name": "'s'",
        "actor_id": f"if(i < {HALF}, 'a' || i, 'b')",
        "bytes_out": f"if(i < {HALF}, 1, 2000000)",
        "event_ms": f"{START} + if(i < {HALF}, 0, {DAY} + (i % 300) * {HOUR})",
    },
}


@pytest.fixture(scope="module")
def engine() -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(":memory:", config={"memory_limit": "512MB", "temp_directory": ""}) as connection:
        for number, changes in enumerate(LOGS.values()):
            log = {**ONE_NAME, **changes}
            told = "".join(
                f", CAST({log.get(one.name, 'NULL')} AS {TYPES.get(one.kind, 'VARCHAR')}) AS {one.name}"
                for one in COLUMNS
                if any(one.name in detection.columns for detection in DETECTIONS.values())
            )
            connection.execute(
                f"CREATE TABLE log{number} AS SELECT CAST({log['event_ms']} AS BIGINT) AS event_ms, "
                f"'e' || i AS event_key{told} FROM range({EVENTS}) AS made(i)"
            )
        yield connection


def widths(profile: Any) -> Iterator[int]:
    """How many rows each step of a profile gave; versions of DuckDB name it in two ways."""
    for part in profile if isinstance(profile, list) else ():
        yield from widths(part)
    for name, part in profile.items() if isinstance(profile, dict) else ():
        if name in ("intermediate_rows", "operator_cardinality"):
            yield int(part)
        else:
            yield from widths(part)


def width(engine: duckdb.DuckDBPyConnection, name: str, log: int) -> int:
    """The most rows that a step of one detection gave over one log."""
    engine.execute(f"CREATE OR REPLACE TEMP VIEW mcp_audit AS SELECT * FROM log{log}")
    alarm = threading.Timer(PATIENCE_S, engine.interrupt)
    alarm.start()
    try:
        told = engine.execute(f"EXPLAIN (ANALYZE, FORMAT json) {DETECTIONS[name].sql}").fetchone()
    finally:
        alarm.cancel()
    assert told
    return max(widths(json.loads(told[1])))


@pytest.mark.parametrize("name", sorted(DETECTIONS))
def test_a_detection_costs_no_more_than_the_log_is_long(engine: duckdb.DuckDBPyConnection, name: str) -> None:
    found = {log: width(engine, name, number) for number, log in enumerate(LOGS)}
    assert {log: rows for log, rows in found.items() if rows > GROWTH * EVENTS} == {}
    assert max(found.values()) >= EVENTS // 8, "no log has anything that this detection reads on"
