"""What `-O` and `-f` of `sigma convert` say together, and what contradicts itself."""

from typing import Any

import pytest
from sigma.collection import SigmaCollection
from sigma.exceptions import SigmaConversionError

from sigma.backends.mcpsoar import McpsoarSql
from tests.targets.test_backend import AUDIT, RULE
from tests.targets.test_stored_correlation import correlated


def converted(item: str, source: str = AUDIT, output: str | None = None, **options: Any) -> str:
    text = RULE.replace("{SOURCE}", source).replace("{ITEM}", item)
    (query,) = McpsoarSql(**options).convert(SigmaCollection.from_yaml(text), output)
    return str(query)


def test_our_log_is_typed_under_any_name() -> None:
    text = converted("{decision: deny}", table="lake.mcp_audit_v2")
    assert 'FROM "lake"."mcp_audit_v2")' in text
    assert "LOWER(decision) IN" in text


def test_our_log_is_of_text_where_options_say_so() -> None:
    text = converted("{decision: deny}", table="other", columns="decision")
    assert text == """SELECT * FROM "other" WHERE COALESCE(LOWER("decision") = 'deny', FALSE)"""
    assert """LOWER("line") LIKE '%word%'""" in converted("[word]", table="other", raw="line")


@pytest.mark.parametrize("options", [{"raw": "x"}, {"columns": "x"}, {"raw": "x", "table": "lake.mcp_audit"}])
def test_the_typed_table_has_no_raw_text_and_no_other_columns(options: dict[str, str]) -> None:
    with pytest.raises(SigmaConversionError, match="-O raw and -O columns are of tables of text"):
        converted("{decision: deny}", **options)


def test_rules_that_read_one_table_in_two_ways_are_not_correlated() -> None:
    text = RULE.replace("{SOURCE}", AUDIT).replace("{ITEM}", "{decision: deny}")
    text = text.replace("title", "name: a\ntitle")
    other = text.replace(AUDIT, "{product: linux}").replace("name: a", "name: b").replace("7f1a", "7f1b")
    both = "title: c\ncorrelation: {type: temporal, rules: [a, b], timespan: 1m}\n"
    with pytest.raises(SigmaConversionError, match="typed and as text"):
        McpsoarSql(table="one").convert(SigmaCollection.from_yaml(f"{text}---{other}---\n{both}"))


def test_two_dialects_at_once_are_refused() -> None:
    with pytest.raises(SigmaConversionError, match="-f postgres and -O dialect=duckdb are two dialects"):
        converted("{decision: deny}", output="postgres", dialect="duckdb")
    assert " ~ 'a'" in converted("{a|re: a}", "{product: linux}", output="postgres", dialect="postgres")


@pytest.mark.parametrize("time", ["event_time", "Ingest_Time"])
def test_a_column_of_times_is_not_slid_over_as_milliseconds(time: str) -> None:
    """SQLite found nothing by it, without a word."""
    with pytest.raises(SigmaConversionError, match=f"-O time={time}: that column holds times"):
        correlated("event_count", "[denied]", "{gte: 3}", time=time)
    with pytest.raises(SigmaConversionError, match="not milliseconds"):
        converted("{decision: deny}", time=time)
