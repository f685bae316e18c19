"""Correlations over a user's own `mcp_audit`: by its event_time, of events as the scan reads them."""

from typing import Any

import pytest
from sigma.collection import SigmaCollection

from sigma.backends.mcpsoar import McpsoarSql
from tests.targets.user_tables import Event, fill

MINUTE = 60_000
START = 1_772_366_400_000  # 2026-03-01T12:00:00Z
RULES = """
title: denied
name: denied
logsource: {product: mcp, service: audit}
detection:
  one: {decision: deny}
  condition: one
---
title: let
name: let
logsource: {product: mcp, service: audit}
detection:
  one: {decision: allow, approval_id: null}
  condition: one
---
"""
KINDS = {
    "event_count": ("[denied]", "{gte: 3}", ["e3"]),
    "value_count": ("[denied]", "{gte: 2, field: tool_name}", ["e3"]),
    "value_sum": ("[denied]", "{gte: 30, field: chain_depth}", ["e3"]),
    "temporal": ("[denied, let]", "{gte: 2}", ["e5"]),
    "temporal_ordered": ("[denied, let]", "{gte: 2}", ["e5"]),
}


def event(name: str, minute: int, decision: str, actor: str = "ann", **more: Any) -> Event:
    at = START + minute * MINUTE
    return {"event_id": name, "event_time": at, "decision": decision, "actor_id": actor, **more}


LOG = [
    event("e1", 0, "DENY", tool_name="a", chain_depth=10),
    event("e2", 1, "Deny", tool_name="\u3000", chain_depth=10),
    *[event("e2", 1, "deny", tool_name="b", chain_depth=10)] * 3,  # received again
    event("e3", 2, "deny", tool_name="b", chain_depth=10),
    event("e4", 3, "deny", " ", tool_name="c", chain_depth=99),  # nobody's
    event("e4", 4, "denied", tool_name="d", chain_depth=99),  # no such decision
    event("e5", 5, "ALLOW", approval_id="\t"),
    event("e6", 40, "allow", approval_id=" "),
    event("e7", 60, "DENY", tool_name="a", chain_depth=10),
]


def correlated(kind: str, rules: str, condition: str, more: str = "", **options: Any) -> str:
    text = f"{RULES}title: all\nname: all\ncorrelation:\n  type: {kind}\n  rules: {rules}\n"
    text += f"  group-by: [actor_id]\n  timespan: 10m\n  condition: {condition}\n{more}"
    *_, query = McpsoarSql(**options).convert(SigmaCollection.from_yaml(text))
    return str(query)


@pytest.fixture(scope="module")
def filled(engine: tuple[str, Any]) -> tuple[str, Any]:
    fill(*engine, LOG)
    return engine


def found(database: Any, query: str) -> list[tuple[Any, ...]]:
    cursor = database.cursor()
    cursor.execute(query)
    return sorted(cursor.fetchall())


@pytest.mark.parametrize("kind", KINDS)
def test_a_correlation_finds_events_of_a_table_that_was_made_as_the_schema_says(
    filled: tuple[str, Any], kind: str
) -> None:
    name, database = filled
    rules, condition, names = KINDS[kind]
    at = {one["event_id"]: one["event_time"] for one in LOG}
    wanted = [(one, at[one], "ann") for one in names]
    assert found(database, correlated(kind, rules, condition, dialect=name)) == wanted


def test_a_correlation_of_correlations_finds_them_too(filled: tuple[str, Any]) -> None:
    name, database = filled
    more = "---\ntitle: top\ncorrelation:\n  type: event_count\n  rules: [all]\n  timespan: 1h\n"
    query = correlated(
        "event_count", "[denied]", "{gte: 2}", f"{more}  condition: {{gte: 2}}\n", dialect=name
    )
    assert found(database, query) == [("e3", START + 2 * MINUTE)]


def test_a_time_of_one_s_own_is_slid_over_where_it_is_named() -> None:
    rules, condition, _ = KINDS["event_count"]
    assert '"at_ns" AS "event_ms"' in correlated("event_count", rules, condition, time="at_ns")
    assert "EPOCH_US(event_time) // 1000 AS" in correlated("event_count", rules, condition)
