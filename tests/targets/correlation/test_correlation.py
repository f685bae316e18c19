"""Correlations in SQL find the events that plain Python finds, on two engines."""

import sqlite3
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sigma.collection import SigmaCollection
from sigma.correlations import SigmaCorrelationRule
from sqlglot import ErrorLevel, exp, parse_one

from mcpsoar.core.errors import BadContent, Unsupported
from mcpsoar.targets.correlation import Source, statement
from tests.targets.correlation import reference

BASE = """
title: {0}
name: {0}
logsource: {{category: test}}
detection:
  one: {{{0}: 1}}
  condition: one
---
"""
NAMES = ("a", "b", "c")
COLUMNS = "n BIGINT, at_time BIGINT, usr TEXT, other TEXT, val BIGINT, a BIGINT, b BIGINT, c BIGINT"


def correlation(kind: str, body: str, rules: str = "[a, b, c]") -> SigmaCorrelationRule:
    text = "".join(BASE.format(name) for name in NAMES)
    text += f"title: both\ncorrelation:\n  type: {kind}\n  rules: {rules}\n  timespan: 10s\n{body}\n"
    collection = SigmaCollection.from_yaml(text)
    collection.resolve_rule_references()
    (found,) = (one for one in collection.rules if isinstance(one, SigmaCorrelationRule))
    return found


def built(rule: SigmaCorrelationRule) -> exp.Select:
    source = Source(
        table=exp.to_table("events"),
        at=exp.column("at_time", quoted=True),
        column=lambda _, field: exp.column(field, quoted=True),
        number=lambda _, field: exp.column(field, quoted=True),
        carried=("n",),
    )
    predicates: dict[str, Any] = {name: parse_one(f"COALESCE({name} = 1, FALSE)") for name in NAMES}
    return statement(rule, predicates, source)


def rows(events: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [
        (e["n"], e["at_ms"], e["key"], e.get("other"), e["value"], *(int(n in e["rules"]) for n in NAMES))
        for e in events
    ]


def found(rule: SigmaCorrelationRule, events: list[dict[str, Any]]) -> list[int]:
    """What both engines find; they must agree."""
    tree, answers = built(rule), []
    for connection, dialect in ((duckdb.connect(), "duckdb"), (sqlite3.connect(":memory:"), "sqlite")):
        connection.execute(f"CREATE TABLE events ({COLUMNS})")
        if events:
            connection.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows(events))
        text = tree.sql(dialect=dialect, unsupported_level=ErrorLevel.RAISE)
        answers.append(sorted(row[0] for row in connection.execute(text).fetchall()))
        connection.close()
    assert answers[0] == answers[1]
    return answers[0]


def event(n: int, at_ms: int, rules: str, key: str | None = "x", value: int | None = None) -> dict[str, Any]:
    return {"n": n, "at_ms": at_ms, "rules": set(rules), "key": key, "value": value}


DRAWN = st.lists(
    st.tuples(
        st.integers(0, 30).map(lambda second: second * 1000) | st.sampled_from([9_999, 10_001, 19_999]),
        st.sets(st.sampled_from(NAMES)),
        st.sampled_from(["x", "y", None]),
        st.none() | st.integers(-2, 4),
    ),
    max_size=14,
).map(
    lambda drawn: [
        event(n, at, "".join(rules), key, value) for n, (at, rules, key, value) in enumerate(drawn)
    ]
)
KINDS = (
    "event_count",
    "value_count",
    "temporal",
    "value_sum",
    "value_avg",
    "value_percentile",
    "value_median",
)


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15, deadline=None)
@given(
    events=DRAWN,
    op=st.sampled_from(sorted(reference.OPERATORS)),
    count=st.integers(0, 4),
    share=st.integers(0, 100),
)
def test_windows_that_slide_find_what_plain_python_finds(
    kind: str, events: list[dict[str, Any]], op: str, count: int, share: int
) -> None:
    field = ", field: val" if kind.startswith("value") else ""
    share = share if kind == "value_percentile" else 50
    percentile = f", percentile: {share}" if kind == "value_percentile" else ""
    rule = correlation(kind, f"  group-by: [usr]\n  condition: {{{op}: {count}{field}{percentile}}}")
    wanted = reference.matches(events, kind, op, count, window_ms=10_000, rules=NAMES, percentile=share)
    assert found(rule, events) == wanted


@settings(max_examples=15, deadline=None)
@given(events=DRAWN)
def test_rules_in_order_are_found_within_one_window(events: list[dict[str, Any]]) -> None:
    rule = correlation("temporal_ordered", "  group-by: [usr]")
    wanted = reference.matches(events, "temporal_ordered", "gte", 3, window_ms=10_000, rules=NAMES)
    assert found(rule, events) == wanted


def test_an_event_a_whole_timespan_ago_is_outside() -> None:
    rule = correlation("event_count", "  group-by: [usr]\n  condition: {gte: 2}", "[a]")
    assert found(rule, [event(0, 0, "a"), event(1, 10_000, "a"), event(2, 19_999, "a")]) == [2]


def test_an_extended_condition_may_deny_a_rule() -> None:
    rule = correlation("temporal", "  group-by: [usr]\n  condition: a and b and not c")
    assert found(rule, [event(0, 0, "a"), event(1, 1000, "b"), event(2, 2000, "c")]) == [1]


def test_aliases_join_fields_and_count_an_event_once() -> None:
    body = "  group-by: [who]\n  aliases: {who: {a: usr, b: other}}\n  condition: {gte: 2}"
    rule = correlation("event_count", body, "[a, b]")
    both = {**event(0, 0, "ab", "x"), "other": "x"}
    later = {**event(1, 1000, "b", "y"), "other": "x"}
    assert found(rule, [both]) == []
    assert found(rule, [both, later]) == [1]


def test_an_alias_without_a_field_for_a_rule_is_refused() -> None:
    body = "  group-by: [who]\n  aliases: {who: {a: usr}}\n  condition: {gte: 2}"
    with pytest.raises(BadContent, match="alias 'who' names no field for rule 'b'"):
        built(correlation("event_count", body, "[a, b]"))


def test_a_rule_without_a_predicate_is_refused() -> None:
    source = Source(
        exp.to_table("events"), exp.column("at_time"), lambda _, f: exp.column(f), lambda _, f: exp.column(f)
    )
    with pytest.raises(BadContent, match="no rule 'a' to correlate"):
        statement(correlation("event_count", "  condition: {gte: 2}", "[a]"), {}, source)


def test_an_order_of_some_rules_only_is_refused() -> None:
    with pytest.raises(Unsupported, match="said of all its rules"):
        built(correlation("temporal_ordered", "  condition: {gte: 2}"))
