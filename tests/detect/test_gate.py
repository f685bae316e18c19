"""What a gate's SQL may say, and where it is told that it may not."""

from dataclasses import replace
from pathlib import Path

import pytest

from mcpsoar.core.errors import BadContent
from mcpsoar.detect.gate import parse
from mcpsoar.pack import gates, schema

ROOT = Path(__file__).resolve().parent.parent.parent
COLUMNS = schema.load(ROOT)
GATE = gates.load(ROOT, ["registry-drift"])[0]
FRAME = "SELECT event_ms, event_key, server_name AS subject,\n  {} AS hit,\n  1 AS judged\nFROM mcp_audit"


def refused(sql: str) -> str:
    with pytest.raises(BadContent) as caught:
        parse(replace(GATE, sql=sql, sql_line=10, path=Path("g.sql")), COLUMNS)
    return str(caught.value)


@pytest.mark.parametrize(
    ("expression", "named"),
    [
        ("invented(server_name)", "the function invented"),
        ("APPROX_QUANTILE(latency_ms, 0.5)", "the function ApproxQuantile"),
        ("EPOCH_MS(event_time)", "the function"),
        ("server_name LIKE 'x%'", "the node Like"),
        ("(SELECT 1)", "the node Subquery"),
        ("ROW_NUMBER() OVER (ORDER BY event_ms)", "the node Window"),
        ("CAST(server_name AS INTEGER)", "the function Cast"),
        ("CASE WHEN server_name IN ('a', NULL) THEN 1 ELSE 0 END", "IN with a NULL"),
        ("CASE WHEN scope_match IS FALSE THEN 1 ELSE 0 END", "compare booleans with ="),
        ("CASE WHEN nowhere = 'a' THEN 1 ELSE 0 END", "no column"),
        ("CASE WHEN server_name IN (:other) THEN 1 ELSE 0 END", "column IN (:approved)"),
        ("CASE WHEN server_name = :approved THEN 1 ELSE 0 END", "column IN (:approved)"),
    ],
)
def test_what_engines_read_differently_is_refused_with_its_name_and_line(expression: str, named: str) -> None:
    said = refused(FRAME.format(expression))
    assert said.startswith("g.sql:11: ")
    assert named in said


@pytest.mark.parametrize(
    "sql",
    [
        "DROP TABLE mcp_audit",
        "SELECT 1; SELECT 2",
        "COPY mcp_audit TO 'x'",
        "SELECT * FROM mcp_audit",
        FRAME.format("1") + " GROUP BY 1",
        FRAME.format("1") + " LIMIT 5",
        FRAME.format("1") + " JOIN other ON 1 = 1",
        FRAME.format("1").replace("SELECT", "SELECT DISTINCT"),
        "WITH x AS (SELECT 1) " + FRAME.format("1"),
        FRAME.format("1").replace("mcp_audit", "read_csv('/etc/passwd')"),
        FRAME.format("1").replace("mcp_audit", "other"),
        FRAME.format("1") + " UNION ALL " + FRAME.format("1"),
        FRAME.format("SELECT"),
        "",
    ],
)
def test_anything_but_one_select_over_mcp_audit_is_refused(sql: str) -> None:
    assert refused(sql).startswith("g.sql:1")


@pytest.mark.parametrize("depth", [25, 60, 700, 5000])
def test_deep_nesting_is_refused_and_never_a_crash(depth: int) -> None:
    said = refused(FRAME.format("(" * depth + "1" + ")" * depth))
    assert "nested" in said or "longer" in said


def test_long_chains_are_no_depth() -> None:
    chain = " OR ".join(f"server_name = 's{index}'" for index in range(300))
    sql = FRAME.format(f"CASE WHEN {chain} THEN 1 ELSE 0 END")
    assert parse(replace(GATE, sql=sql), COLUMNS).hit.sql().count("OR") == 299


@pytest.mark.parametrize(
    ("approved", "found"),
    [(None, "1 = 1"), (frozenset(), "1 = 0"), (frozenset({"b'", "a"}), "server_name IN ('a', 'b''')")],
)
def test_the_approved_list_becomes_literals_in_the_tree(approved: frozenset[str] | None, found: str) -> None:
    assert found in parse(GATE, COLUMNS, approved=approved).hit.sql("duckdb")


def test_the_rows_a_gate_selects_are_part_of_what_it_judges() -> None:
    made = parse(replace(GATE, sql=FRAME.format("1") + " WHERE decision = 'allow'"), COLUMNS)
    assert "decision = 'allow'" in made.judged.sql()
    assert "decision = 'allow'" in made.hit.sql()
