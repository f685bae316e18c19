# ruff: noqa: E501  # a statement is read in one line
"""What ES|QL says of small detections, and of logs that are all edges: ties, absences, bounds of windows."""

import dataclasses
import os
import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mcpsoar.detect.detection import Detection, parse
from mcpsoar.targets.es import detection, paths
from tests.languages.esql import Index, run
from tests.laws import contract_reading as contract
from tests.laws.test_detections import on_duckdb
from tests.targets.es import ground
from tests.targets.es.detected import COLUMNS, EVERY, RECEIVED, TEXTS

EXAMPLES = int(os.environ.get("MCPSOAR_EXAMPLES", "2"))
START = datetime(2026, 3, 1, 12, tzinfo=UTC)
_READ = ("server_name", "tool_name", "conversation_id", "actor_id", "trace_id", "span_id", "parent_call_id")
_SHORT = tuple(
    column
    for column in COLUMNS
    if column.name in (*_READ, "status", "chain_depth", "is_error", "event_time", "ingest_time", "event_id")
)
_OWN = "event_ms, event_key"
_BY = "PARTITION BY conversation_id ORDER BY event_ms"


def windowed(window: str, condition: str, where: str = "TRUE = TRUE", subject: str = "server_name") -> str:
    """A window as `w` over the events where something holds, and the rows where something holds of it."""
    return (
        f"WITH seen AS (SELECT {_OWN}, conversation_id, server_name, tool_name, chain_depth, {window} AS w "
        f"FROM mcp_audit WHERE {where}), told AS (SELECT {_OWN}, server_name, tool_name, chain_depth, w "
        f"FROM seen) SELECT {_OWN}, {subject} AS subject FROM told WHERE {condition}"
    )


DETECTIONS = {
    "a place": (
        f"WITH seen AS (SELECT {_OWN}, server_name, ROW_NUMBER() OVER ({_BY}, event_key) AS w FROM mcp_audit) "
        f"SELECT {_OWN}, server_name AS subject FROM seen WHERE w = 2"
    ),
    "a count compared": windowed(f"COUNT(*) OVER ({_BY} RANGE BETWEEN 2 PRECEDING AND CURRENT ROW)", "w >= 3"),
    "a count compared twice": windowed(
        f"COUNT(*) OVER ({_BY} RANGE BETWEEN 29999 PRECEDING AND CURRENT ROW)", "w > 1 AND w <= 4"
    ),
    "a count that is a number": windowed(
        f"COUNT(*) OVER ({_BY} RANGE BETWEEN 29999 PRECEDING AND CURRENT ROW)", "w * 2 = 6 OR w = 5"
    ),
    "a sum in parts": windowed(
        f"SUM(CASE WHEN status = 'error' THEN 1 ELSE 0 END) OVER ({_BY} RANGE BETWEEN 29 PRECEDING AND CURRENT ROW)",
        "w = 1 OR w = 3",
        "server_name IS NOT NULL",
    ),
    "a sum": windowed(
        f"SUM(CASE WHEN status = 'error' THEN 2 ELSE 0 END) OVER ({_BY} RANGE BETWEEN 3 PRECEDING AND CURRENT ROW)",
        "w = 2",
    ),
    "the least and the greatest": windowed(
        f"MIN(tool_name) OVER ({_BY} RANGE BETWEEN 59 PRECEDING AND CURRENT ROW)", "w < tool_name", subject="w"
    ),
    "the greatest number": windowed(
        f"MAX(chain_depth) OVER ({_BY} RANGE BETWEEN 29 PRECEDING AND CURRENT ROW)", "w > chain_depth"
    ),
    "the greatest before": windowed(
        f"MAX(chain_depth) OVER ({_BY} RANGE BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)", "w < chain_depth"
    ),
    "the last that is marked": windowed(
        f"MAX(CASE WHEN is_error = TRUE THEN event_ms END) OVER ({_BY})", "event_ms - w < 7", "tool_name <> 'b'"
    ),
    "a row before": windowed(f"LAG(tool_name) OVER ({_BY}, event_key)", "w <> tool_name", subject="w"),
    "three rows before": windowed(f"LAG(chain_depth, 3) OVER ({_BY}, event_key)", "w IS NULL OR w = 1"),
    "rows": windowed(
        f"SUM(CASE WHEN is_error = TRUE THEN 1 ELSE 0 END) OVER ({_BY}, event_key ROWS BETWEEN 2 PRECEDING AND CURRENT ROW)",
        "w >= 2",
    ),
    "all of a partition": windowed("MAX(chain_depth) OVER (PARTITION BY conversation_id)", "w = chain_depth"),
    "among": (
        f"SELECT {_OWN}, server_name AS subject FROM mcp_audit WHERE tool_name IN "
        "(SELECT tool_name FROM mcp_audit WHERE status = 'error' AND chain_depth > 1)"
    ),
    "not among": (
        f"SELECT {_OWN}, server_name AS subject FROM mcp_audit WHERE tool_name NOT IN "
        "(SELECT tool_name FROM mcp_audit WHERE status = 'error' AND chain_depth = 3 AND tool_name IS NOT NULL)"
    ),
    "groups": (
        "WITH many AS (SELECT tool_name, server_name, MIN(event_ms) AS first_ms, COUNT(*) AS n FROM mcp_audit "
        "GROUP BY tool_name, server_name HAVING COUNT(*) > 2) SELECT c.event_ms, c.event_key, c.server_name AS "
        "subject FROM mcp_audit AS c JOIN many ON c.tool_name = many.tool_name AND COALESCE(c.server_name, '') "
        "= COALESCE(many.server_name, '') AND c.event_ms > many.first_ms WHERE many.n < 6"
    ),
    "a cause": (
        "WITH causes AS (SELECT trace_id, span_id, server_name, ROW_NUMBER() OVER (PARTITION BY trace_id, span_id "
        f"ORDER BY {_OWN}) AS place FROM mcp_audit WHERE span_id IS NOT NULL) SELECT c.event_ms, c.event_key, "
        "causes.server_name AS subject FROM mcp_audit AS c JOIN causes ON c.trace_id = causes.trace_id AND "
        "c.parent_call_id = causes.span_id WHERE causes.place = 1 AND c.chain_depth > 0"
    ),
    "a cause if any": (
        "WITH causes AS (SELECT trace_id, span_id, server_name, ROW_NUMBER() OVER (PARTITION BY trace_id, span_id "
        f"ORDER BY {_OWN}) AS place FROM mcp_audit), firsts AS (SELECT trace_id, span_id, server_name FROM causes "
        "WHERE place = 1) SELECT c.event_ms, c.event_key, firsts.server_name AS subject FROM mcp_audit AS c "
        "LEFT JOIN firsts ON c.trace_id = firsts.trace_id AND c.parent_call_id = firsts.span_id"
    ),
    "one number for all": (
        f"SELECT {_OWN}, server_name AS subject FROM mcp_audit WHERE event_ms - (SELECT MIN(event_ms) FROM "
        "mcp_audit WHERE status = 'error') > 20 AND (SELECT COUNT(*) FROM mcp_audit WHERE is_error = TRUE) > 3"
    ),
}  # fmt: skip


def log(rng: random.Random) -> list[dict[str, Any]]:
    """Few values, many ties, and something missing everywhere."""
    spread = rng.choice((5, 40, 200, 70_000))
    events = []
    for number in range(rng.choice((1, 12, 30, 60))):
        event: dict[str, Any] = {
            "event_time": f"{START + timedelta(milliseconds=rng.randrange(spread)):%Y-%m-%dT%H:%M:%S.%f}"[:-3]
            + "Z",
            "event_id": f"{rng.choice('aB~')}{number}",
            "status": rng.choice(("ok", "error", None)),
            "chain_depth": rng.choice((0, 1, 2, 3, None)),
            "is_error": rng.choice((True, False, None)),
        }
        event |= {name: rng.choice(("a", "b", "B~\t", None)) for name in _READ}
        events.append({name: value for name, value in event.items() if value is not None})
    return events


def made(sql: str) -> Detection:
    return parse(dataclasses.replace(TEXTS["error_loop"], sql=sql), COLUMNS)


@pytest.mark.parametrize("name", DETECTIONS)
def test_a_small_detection_gives_the_rows_of_its_sql_over_any_log(name: str) -> None:
    asked = made(DETECTIONS[name])
    query = detection.query(asked.text, asked.tree, COLUMNS, EVERY)
    rng, found = random.Random(name), 0
    for _ in range(EXAMPLES * 4):
        events = log(rng)
        documents = [
            ground.stored(event, place, _SHORT) | {paths.RECEIVED: RECEIVED + place}
            for place, event in enumerate(events)
        ]
        rows = run(query, {ground.STREAM: Index(ground.mapping(_SHORT), documents[::-1])}, now_ms=0)
        told = sorted(
            (row["event.id"], contract.moment(row["@timestamp"]), row["subject"] or "") for row in rows
        )
        wanted = on_duckdb(asked, events)
        assert told == wanted, query
        found += len(wanted)
    assert found
