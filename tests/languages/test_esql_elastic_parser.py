"""What this grammar reads, Elastic's own parser reads too; asked only where that parser is at hand."""

import os
from pathlib import Path

import pytest

from tests.languages.esql.elastic_parser import complaints
from tests.languages.test_esql_commands import ANSWERS
from tests.languages.test_esql_expressions import KEEPS
from tests.languages.test_esql_expressions import VALUES as OPERATORS
from tests.languages.test_esql_functions import VALUES as FUNCTIONS
from tests.languages.test_esql_silences import OUTSIDE

_MODULE = os.environ.get("MCPSOAR_ESQL_PARSER")
pytestmark = pytest.mark.skipif(
    _MODULE is None, reason="MCPSOAR_ESQL_PARSER names no parser of Elastic's (see esql/elastic_parser.py)"
)
ACCEPTED = [
    *(query for query, _ in ANSWERS),
    *(f"ROW x = {expression}" for expression, _ in (*OPERATORS, *FUNCTIONS)),
    *(f"FROM events | WHERE {condition}" for condition, _ in KEEPS),
]
# what Elastic reads and this small grammar leaves out on purpose
LEFT_OUT = (
    "INLINESTATS",
    "| STATS",
    "LIMIT -1",
    "LIMIT 1 BY",
    "DISSECT",
    "GROK",
    "ENRICH",
    "::",
    "DATE_FORMAT",
    "owners ON a ==",
    "_score",
)


def test_every_query_read_here_is_read_by_elastic() -> None:
    assert _MODULE is not None
    found = complaints(Path(_MODULE), ACCEPTED)
    assert [pair for pair in zip(ACCEPTED, found, strict=True) if pair[1]] == []


def test_what_is_no_esql_is_refused_by_both() -> None:
    assert _MODULE is not None
    queries = [query for query in OUTSIDE if not any(word in query for word in LEFT_OUT)]
    found = complaints(Path(_MODULE), queries)
    assert [query for query, errors in zip(queries, found, strict=True) if not errors] == []
