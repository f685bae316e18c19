"""What correlations mean, by hand-made events."""

import pytest
from sqlglot import exp

from mcpsoar.core.errors import BadContent, Unsupported
from mcpsoar.targets.correlation import Source, statement
from tests.targets.correlation.asking import Engine, built, correlation, event


@pytest.mark.parametrize(
    ("unit", "seconds"),
    [("s", 1), ("m", 60), ("h", 3600), ("d", 86_400), ("w", 604_800), ("M", 2_629_746), ("y", 31_556_952)],
)
def test_an_event_a_whole_timespan_ago_is_outside(engine: Engine, unit: str, seconds: int) -> None:
    rule = correlation("event_count", "  group-by: [usr]\n  condition: {gte: 2}", "[a]", f"2{unit}")
    whole = 2 * seconds * 1000
    assert engine.found(rule, [event(0, 0, "a"), event(1, whole, "a")]) == []
    assert engine.found(rule, [event(0, 0, "a"), event(1, whole - 1, "a")]) == [1]


def test_events_of_one_instant_are_in_each_other_s_windows(engine: Engine) -> None:
    rule = correlation("event_count", "  group-by: [usr]\n  condition: {gte: 2}", "[a]")
    assert engine.found(rule, [event(0, 5, "a"), event(1, 5, "a")]) == [0, 1]


def test_an_event_without_a_group_or_a_time_is_in_no_group(engine: Engine) -> None:
    rule = correlation("event_count", "  group-by: [usr, other]\n  condition: {gte: 1}", "[a]")
    whole, half = event(0, 0, "a", other="o"), event(1, 0, "a")
    assert engine.found(rule, [whole, half, event(2, 0, "a", None, other="o")]) == [0]
    assert engine.found(rule, [event(3, None, "a", other="o")]) == []


def test_groups_compare_with_regard_to_case(engine: Engine) -> None:
    rule = correlation("event_count", "  group-by: [usr]\n  condition: {gte: 2}", "[a]")
    assert engine.found(rule, [event(0, 0, "a", "ann"), event(1, 1, "a", "Ann")]) == []


def test_without_a_group_all_events_are_one(engine: Engine) -> None:
    rule = correlation("event_count", "  condition: {gte: 2}", "[a]")
    assert engine.found(rule, [event(0, 0, "a", "x"), event(1, 1, "a", None)]) == [1]


def test_a_median_of_an_even_number_is_the_lower_middle(engine: Engine) -> None:
    rule = correlation("value_median", "  condition: {eq: 2, field: val}", "[a]")
    values = [event(n, 0, "a", value=value) for n, value in enumerate((1, 2, 4, 9))]
    assert engine.found(rule, values) == [0, 1, 2, 3]


def test_an_extended_condition_may_deny_a_rule(engine: Engine) -> None:
    rule = correlation("temporal", "  group-by: [usr]\n  condition: a and b and not c")
    assert engine.found(rule, [event(0, 0, "a"), event(1, 1000, "b"), event(2, 2000, "c")]) == [1]


def test_aliases_join_fields_and_count_an_event_once(engine: Engine) -> None:
    body = "  group-by: [who]\n  aliases: {who: {a: usr, b: other}}\n  condition: {gte: 2}"
    rule = correlation("event_count", body, "[a, b]")
    both, later = event(0, 0, "ab", "x", other="x"), event(1, 1000, "b", "y", other="x")
    assert engine.found(rule, [both]) == []
    assert engine.found(rule, [both, later]) == [1]


def test_an_alias_without_a_field_for_a_rule_is_refused() -> None:
    body = "  group-by: [who]\n  aliases: {who: {a: usr}}\n  condition: {gte: 2}"
    with pytest.raises(BadContent, match="alias 'who' names no field for rule 'b'"):
        built(correlation("event_count", body, "[a, b]"))


def test_a_rule_named_twice_is_refused() -> None:
    with pytest.raises(BadContent, match="names each of its rules once"):
        built(correlation("temporal", "  group-by: [usr]", "[a, a]"))


def test_a_rule_without_a_predicate_is_refused() -> None:
    nowhere = Source(
        exp.to_table("events"), exp.column("at_time"), lambda _, f: exp.column(f), lambda _, f: exp.column(f)
    )
    with pytest.raises(BadContent, match="no rule 'a' to correlate"):
        statement(correlation("event_count", "  condition: {gte: 2}", "[a]"), {}, nowhere)


@pytest.mark.parametrize("condition", ["{gte: 2}", "{lt: 3}", "{eq: 2}", "a and b and c"])
def test_an_order_said_of_anything_but_all_rules_is_refused(condition: str) -> None:
    with pytest.raises(Unsupported, match="said of all its rules"):
        built(correlation("temporal_ordered", f"  condition: {condition}"))


@pytest.mark.parametrize("share", ["", ", percentile: 101", ", percentile: -1"])
def test_a_percentile_that_is_none_is_refused(share: str) -> None:
    with pytest.raises(Unsupported, match="from 0 to 100"):
        built(correlation("value_percentile", f"  condition: {{gte: 2, field: val{share}}}"))


def test_a_sum_of_two_fields_is_refused() -> None:
    with pytest.raises(Unsupported, match="value_sum is of one field"):
        built(correlation("value_sum", "  condition: {gte: 2, field: [val, more]}"))
