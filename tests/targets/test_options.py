"""What `-O` and `-f` of `sigma convert` say together, and what contradicts itself."""

import re
from typing import Any

import pytest
from sigma.collection import SigmaCollection
from sigma.exceptions import SigmaConversionError
from sigma.processing.pipeline import ProcessingItem, ProcessingPipeline
from sigma.processing.transformations import FieldMappingTransformation

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


@pytest.mark.parametrize(
    ("item", "said"),
    [
        ("{decision: alow}", "decision is never 'alow'; it is one of allow, "),
        ("{decision|cased: ALLOW}", "decision is never 'ALLOW'"),
        ("{decision|re: ALLOW}", "decision is one of allow, "),
        ("[{decision: allow}, {decision|startswith: al0}]", "decision is never 'al0*'"),
        ("{Decision: allow}", "mcp_audit has no column 'Decision'; the nearest is 'decision'"),
        ("{tool_name|fieldref: tool}", "mcp_audit has no column 'tool'"),
    ],
)
def test_what_no_event_of_our_log_has_is_refused(item: str, said: str) -> None:
    """The statement would never match, and nobody would know."""
    with pytest.raises(SigmaConversionError, match=re.escape(said)):
        converted(item)
    assert converted(item.replace("allow", "al*"), table="other", columns="decision")


def test_a_pipeline_names_columns_before_they_are_looked_at() -> None:
    mapped = FieldMappingTransformation({"Decision": "decision"})
    pipeline = ProcessingPipeline([ProcessingItem(mapped)])
    assert """"decision" = 'allow'""" in converted("{Decision: allow}", processing_pipeline=pipeline)


@pytest.mark.parametrize("field", ["tool", "Latency_MS"])
@pytest.mark.parametrize("kind", ["value_count", "value_sum"])
def test_a_correlation_of_what_our_log_has_not_is_refused(kind: str, field: str) -> None:
    with pytest.raises(SigmaConversionError, match=f"mcp_audit has no column '{field}'"):
        correlated(kind, "[denied]", f"{{gte: 3, field: {field}}}")


def test_a_correlation_of_a_rule_that_never_matches_is_refused() -> None:
    text = RULE.replace("{SOURCE}", AUDIT).replace("{ITEM}", "{decision: alow}")
    text = text.replace("title", "name: a\ntitle")
    one = "title: c\ncorrelation: {type: event_count, rules: [a], timespan: 1m, condition: {gte: 2}}\n"
    collection = SigmaCollection.from_yaml(f"{text}---\n{one}")
    backend = McpsoarSql(collect_errors=True)
    assert backend.convert(collection) == []
    assert len([said for _, said in backend.errors if "decision is never 'alow'" in str(said)]) == 2
