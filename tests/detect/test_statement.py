"""The whole statement: the same row as the scan on two engines, and text in every dialect."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpsoar.app.gates import statement
from mcpsoar.core.errors import Unsupported, Usage
from mcpsoar.core.event import Column, Kind
from mcpsoar.detect.dialects import EVENT_MS
from mcpsoar.detect.engines import sqlite
from mcpsoar.detect.engines.duckdb import connect, rows
from mcpsoar.detect.gate import parse
from mcpsoar.detect.matching import referenced
from mcpsoar.detect.scan import Ask, over_events
from mcpsoar.detect.statement import text
from mcpsoar.pack import gates, schema
from tests.laws.random_logs import BASE, NOW, events
from tests.laws.user_table import table

ROOT = Path(__file__).resolve().parent.parent.parent
COLUMNS = schema.load(ROOT)
GATES = gates.load(ROOT)
TICK = BASE + 20 * 60_000


def on_duckdb(sql: str, columns: list[Column], given: list[dict[str, Any]]) -> tuple[Any, ...]:
    kinds = {Kind.BOOL: "BOOLEAN", Kind.TIME: "TIMESTAMP", Kind.INTEGER: "BIGINT", Kind.NUMBER: "DOUBLE"}
    typed = ", ".join(f"{column.name} {kinds.get(column.kind, 'VARCHAR')}" for column in columns)
    with connect() as connection:
        connection.execute(f"CREATE TABLE mcp_audit ({typed})")
        for row in given:
            marks = ", ".join("?" for _ in columns)
            connection.execute(f"INSERT INTO mcp_audit VALUES ({marks})", [row[c.name] for c in columns])
        return rows(connection, sql)[0]


@settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.lists(events(), max_size=14))
def test_duckdb_and_sqlite_answer_with_the_row_that_the_scan_counts(given: list[dict[str, Any]]) -> None:
    made = [parse(gate, COLUMNS, approved={"crm"}) for gate in GATES]
    with over_events(given, Ask(COLUMNS, made, {}, NOW + 10**9)) as scan:
        readings = [scan.reading(gate, TICK) for gate in made]
    held = [row for row in table(given) if row["event_ms"] >= 946_684_800_000]
    for gate, reading in zip(made, readings, strict=True):
        used = referenced(gate.expressions) | {"event_time", "event_id", "ingest_time"}
        columns = [column for column in COLUMNS if column.name in used]
        want = (reading.events, reading.judged, reading.numerator, reading.denominator or 0, reading.warned)
        flat = [{k: int(v) if isinstance(v, bool) else v for k, v in row.items()} for row in held]
        ours = text(gate, COLUMNS, "duckdb", as_of_ms=TICK)
        theirs = text(gate, COLUMNS, "sqlite", as_of_ms=TICK)
        assert on_duckdb(ours, columns, held) == want, json.dumps(given)
        assert sqlite.answers(theirs, [column.name for column in columns], flat) == [want], json.dumps(given)


BLANK = ["", *(chr(code) for code in range(0x3001) if chr(code).isspace()), " \t\u00a0\r\n"]


@pytest.mark.parametrize("dialect", ["duckdb", "sqlite"])
def test_an_approval_of_blanks_alone_is_none_in_a_table_too(dialect: str) -> None:
    call = {"event_time": "2026-03-01T12:15:00Z", "action_class": "Write", "decision": "ALLOW"}
    asked = [{**call, "event_id": str(place), "approval_id": one} for place, one in enumerate(BLANK)]
    other = [
        {**call, "event_id": one, "approval_id": f"\t{one}\u3000"} for one in ("ap-1", "\u30af", "\u200b")
    ]
    gate = parse(gates.load(ROOT, ["unapproved-write-calls"])[0], COLUMNS)
    used = referenced(gate.expressions) | {"event_time", "event_id", "ingest_time"}
    columns = [column for column in COLUMNS if column.name in used]
    sql, held = text(gate, COLUMNS, dialect, as_of_ms=TICK), table(asked + other)
    if dialect == "duckdb":
        found = on_duckdb(sql, columns, held)
    else:
        found = sqlite.answers(sql, [column.name for column in columns], held)[0]
    assert found[2] == len(BLANK)


def test_without_a_tick_the_statement_takes_the_first_after_the_last_event() -> None:
    event = {
        "event_time": "2026-03-01T12:00:00Z",
        "event_id": "a",
        "action_class": "write",
        "decision": "allow",
    }
    gate = parse(gates.load(ROOT, ["unapproved-write-calls"])[0], COLUMNS)
    held = table([event, {**event, "event_id": "b", "event_time": "2026-03-01T11:50:59.999Z"}])
    used = referenced(gate.expressions) | {"event_time", "event_id", "ingest_time"}
    columns = [column for column in COLUMNS if column.name in used]
    for dialect, run in (("duckdb", on_duckdb), ("sqlite", None)):
        sql = text(gate, COLUMNS, dialect)
        found = run(sql, columns, held) if run else sqlite.answers(sql, [c.name for c in columns], held)[0]
        assert found == (1, 1, 1, 0, 0), dialect


@pytest.mark.parametrize("dialect", sorted(EVENT_MS))
@pytest.mark.parametrize("gate", [gate.id for gate in GATES])
def test_every_gate_comes_out_whole_in_every_dialect(gate: str, dialect: str) -> None:
    made = statement(ROOT, gate, dialect, as_of_ms=TICK, approved=["crm"])
    assert "ROW_NUMBER() OVER" in made
    assert f"{TICK} AS as_of_ms" in made
    assert "EVENT_MS_HERE" not in made
    assert EVENT_MS[dialect] in made


@pytest.mark.parametrize("dialect", ["duckdb", "sqlite", "tsql", "clickhouse", "bigquery"])
def test_the_statements_read_as_they_did(dialect: str, golden: Any) -> None:
    made = statement(ROOT, "registry-drift", dialect, as_of_ms=TICK, approved=["crm", "o'hara"])
    golden(ROOT / "tests" / "golden" / "gates" / f"registry-drift.{dialect}.sql", made + "\n")


def test_an_unknown_dialect_is_answered_with_those_there_are() -> None:
    with pytest.raises(Usage, match="clickhouse"):
        statement(ROOT, "registry-drift", "klingon")


def test_what_does_not_read_back_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(EVENT_MS, "duckdb", "FROM FROM")
    with pytest.raises(Unsupported, match="registry-drift"):
        statement(ROOT, "registry-drift", "duckdb")
