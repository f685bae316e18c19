"""`sigma convert -t mcpsoar-sql` says correlations too."""

import duckdb
import pytest
from sigma.collection import SigmaCollection
from sigma.exceptions import SigmaError
from sqlglot import exp, parse_one

from mcpsoar.core.errors import Unsupported
from mcpsoar.targets import correlation as correlations
from mcpsoar.targets.bridge import dialect as dialects
from sigma.backends.mcpsoar import McpsoarSql
from tests.targets.correlation.asking import built, correlation

RULES = """
title: a
name: a
logsource: {category: test}
detection:
  one: {x: yes}
  condition: one
---
title: many
name: many
correlation:
  type: value_sum
  rules: [a]
  group-by: [usr]
  timespan: 1m
  condition: {gte: 5, field: size}
"""
NESTED = """
---
title: more
correlation:
  type: event_count
  rules: [many]
  timespan: 1h
  condition: {gte: 2}
"""


def test_a_correlation_becomes_a_statement_that_runs() -> None:
    (query,) = McpsoarSql().convert(SigmaCollection.from_yaml(RULES))
    with duckdb.connect() as database:
        database.execute("CREATE TABLE events (event_ms BIGINT, x TEXT, usr TEXT, size TEXT)")
        database.execute("INSERT INTO events VALUES (0, 'true', 'u', '3'), (59999, 'true', 'u', '2')")
        assert database.execute(query).fetchall() == [(59999, "u")]


def test_a_correlation_of_correlations_counts_their_matches() -> None:
    (query,) = McpsoarSql().convert(SigmaCollection.from_yaml(RULES + NESTED))
    rows = [(0, "3"), (59_999, "2"), (60_000, "9"), (3_700_000, "5"), (7_400_000, "1")]
    with duckdb.connect() as database:
        database.execute("CREATE TABLE events (event_ms BIGINT, x TEXT, usr TEXT, size TEXT)")
        database.executemany("INSERT INTO events VALUES (?, 'true', 'u', ?)", rows)
        # the sum holds at 59 999, 60 000 and 3 700 000 ms; twice within one hour at the second alone
        assert database.execute(query).fetchall() == [(60_000,)]


def test_rules_of_different_tables_are_not_correlated() -> None:
    other = """
title: b
name: b
logsource: {product: mcp, service: audit}
detection:
  one: {decision: allow}
  condition: one
---
"""
    with pytest.raises(SigmaError, match="different tables"):
        McpsoarSql().convert(SigmaCollection.from_yaml(other + RULES.replace("rules: [a]", "rules: [a, b]")))


KINDS = {
    "event_count": "{gte: 2}",
    "value_count": "{gte: 2, field: val}",
    "temporal": "{gte: 2}",
    "temporal_ordered": "{gte: 3}",
    "value_sum": "{gte: 2, field: val}",
    "value_avg": "{gte: 2, field: val}",
    "value_percentile": "{gte: 2, field: val, percentile: 90}",
    "value_median": "{gte: 2, field: val}",
}
REFUSED = {"clickhouse": {"value_count"}, "mysql": set(KINDS), "redshift": set(KINDS)}


@pytest.mark.parametrize("name", dialects.DIALECTS)
@pytest.mark.parametrize("kind", KINDS)
def test_each_dialect_has_a_statement_that_its_parser_reads_or_a_reason(kind: str, name: str) -> None:
    rule = correlation(kind, f"  group-by: [usr]\n  condition: {KINDS[kind]}")
    if kind in REFUSED.get(name, ()):
        with pytest.raises(Unsupported, match=f"{kind} cannot be said in {name}: "):
            correlations.refuse(rule, name)
        return
    correlations.refuse(rule, name)
    text = dialects.text(correlations.ordered(built(rule), name), name)
    tree = parse_one(text, read=name)
    assert isinstance(tree, exp.Select)
    assert not list(tree.find_all(exp.Command))
