"""`sigma convert -t mcpsoar-sql` says correlations too."""

import duckdb
import pytest
from sigma.collection import SigmaCollection
from sigma.exceptions import SigmaConversionError

from sigma.backends.mcpsoar import McpsoarSql

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


def test_a_correlation_of_correlations_is_refused_by_name() -> None:
    with pytest.raises(SigmaConversionError, match="'many' is a correlation itself"):
        McpsoarSql().convert(SigmaCollection.from_yaml(RULES + NESTED))
