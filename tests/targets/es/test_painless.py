"""Expressions of derived columns as Painless: what is printed, and what is refused by name.

Nothing here runs it: that is the live suite's part.
"""

import pytest
import sqlglot

from mcpsoar.core.errors import Unsupported
from mcpsoar.targets.es.painless import Printer, quoted
from tests.targets.es import ground


def said(expression: str) -> str:
    return Printer(ground.columns()).value(sqlglot.parse_one(expression, dialect="duckdb"))


@pytest.mark.parametrize(
    ("expression", "painless"),
    [
        ("approval_id IS NOT NULL", "no((own.get('approval_id') == null))"),
        ("approval_id IS NULL", "(own.get('approval_id') == null)"),
        ("approver_id = actor_id", "equal(own.get('approver_id'), own.get('actor_id'))"),
        ("approver_id <> 'a'", "no(equal(own.get('approver_id'), 'a'))"),
        ("list_contains(token_aud, 'it''s')", r"holds(own.get('token_aud'), 'it\'s')"),
        (
            "list_has_all(token_scopes, required_scopes)",
            "holdsAll(own.get('token_scopes'), own.get('required_scopes'))",
        ),
        ("len(list_distinct(token_aud)) > 1", "less(1L, size(distinct(own.get('token_aud'))))"),
        ("chain_depth <= 3", "no(less(3L, own.get('chain_depth')))"),
        ("chain_depth >= 3 OR fan_out < 2.5", None),
        ("NOT (scope_match AND TRUE)", "no(both(own.get('scope_match'), true))"),
        (
            "len(list_filter(token_aud, lambda a: starts_with(a, 'x') OR ends_with(a, 'y'))) > 0",
            "less(0L, size(such(own.get('token_aud'), a -> either(starts(a, 'x'), ends(a, 'y')) == true)))",
        ),
        (
            "CASE WHEN server_audience IS NOT NULL THEN FALSE END",
            "when(no((own.get('server_audience') == null)), false, null)",
        ),
        ("CASE status WHEN 'ok' THEN 1 ELSE 2 END", "when(equal(own.get('status'), 'ok'), 1L, 2L)"),
        ("status IN ('ok', 'error')", None),
        ("COALESCE(approver_id, actor_id)", "known(own.get('approver_id'), own.get('actor_id'))"),
    ],
)
def test_an_expression_is_calls_that_know_null(expression: str, painless: str | None) -> None:
    spoken = {
        "chain_depth >= 3 OR fan_out < 2.5": (
            "either(no(less(own.get('chain_depth'), 3L)), less(own.get('fan_out'), 2.5))"
        ),
        "status IN ('ok', 'error')": (
            "either(equal(own.get('status'), 'ok'), equal(own.get('status'), 'error'))"
        ),
    }
    assert said(expression) == (painless or spoken[expression])


@pytest.mark.parametrize(
    ("expression", "why"),
    [
        ("lower(tool_name) = 'x'", "Lower is not printed as Painless"),
        ("nothing = 'x'", "there is no column nothing"),
        ("event_time IS NOT NULL", "event_time is a time, and derived columns compute with none"),
        ("tool_name > 'x'", "'x' is no number: only numbers are compared by size"),
        ("list_contains(tool_name, 'x')", "tool_name is no column with a list"),
        ("starts_with(tool_name, actor_id)", "StartsWith of something that is no text in quotes"),
        ("scope_match IS TRUE", "IS is for NULL alone"),
        ("chain_depth = 9223372036854775808", "9223372036854775808 is no whole number of 64 bits"),
        ("list_sort(token_aud) = token_aud", "ArraySort is not printed as Painless"),
        ("mystery(token_aud)", "the function mystery is not printed as Painless"),
        ("tool_name IN (SELECT 1)", "IN takes a list of values"),
        (
            "len(list_filter(token_aud, lambda tool_name: tool_name = 'x')) > 0",
            "tool_name is a column and cannot be an element too",
        ),
    ],
)
def test_what_painless_does_not_say_is_refused_by_name(expression: str, why: str) -> None:
    with pytest.raises(Unsupported) as refused:
        said(expression)
    assert str(refused.value) == why


def test_a_text_ends_where_its_literal_ends() -> None:
    assert quoted("a\\' + b") == r"'a\\\' + b'"
