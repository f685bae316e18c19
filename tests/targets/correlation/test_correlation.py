"""What correlations mean, by hand-made events."""

import pytest
from sigma.exceptions import SigmaRuleNotFoundError
from sqlglot import exp

from mcpsoar.core.errors import BadContent, Unsupported
from mcpsoar.targets.correlation import Source, statement
from tests.targets.correlation.asking import DECOYS, IDS, Engine, built, correlation, event


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


@pytest.mark.parametrize(
    "body",
    [
        "event_count/{gte: 2}",
        "value_count/{gte: 2, field: val}",
        "value_sum/{gte: 2, field: val}",
        "temporal_ordered/{gte: 1}",
    ],
)
@pytest.mark.parametrize("forged", [2**63 - 1, 2**63 - 5_000, -(2**63), -(2**61) - 1])
def test_a_forged_time_fails_nothing_for_the_others(engine: Engine, body: str, forged: int) -> None:
    kind, _, condition = body.partition("/")
    rule = correlation(kind, f"  group-by: [usr]\n  condition: {condition}", "[a]")
    log = [event(0, forged, "a", value=1), event(1, 0, "a", value=1), event(2, 1, "a", value=2)]
    assert engine.found(rule, log) == ([1, 2] if kind == "temporal_ordered" else [2])


def test_times_as_far_as_can_be_counted_are_judged(engine: Engine) -> None:
    rule = correlation("value_count", "  condition: {eq: 1, field: val}", "[a]")
    assert engine.found(rule, [event(0, -(2**61), "a", value=1), event(1, 2**61, "a", value=1)]) == [0, 1]


def test_groups_compare_with_regard_to_case(engine: Engine) -> None:
    rule = correlation("event_count", "  group-by: [usr]\n  condition: {gte: 2}", "[a]")
    assert engine.found(rule, [event(0, 0, "a", "ann"), event(1, 1, "a", "Ann")]) == []


def test_without_a_group_all_events_are_one(engine: Engine) -> None:
    rule = correlation("event_count", "  condition: {gte: 2}", "[a]")
    assert engine.found(rule, [event(0, 0, "a", "x"), event(1, 1, "a", None)]) == [1]


@pytest.mark.parametrize("name", DECOYS)
def test_a_field_named_as_a_column_of_ours_is_the_table_s(engine: Engine, name: str) -> None:
    """It holds the same text in every event."""
    body = f"  group-by: [{name}]\n  condition: {{eq: 1, field: [{name}, {name}]}}"
    log = [event(0, 0, "a"), event(1, 1, "b"), event(2, 2, "ab")]
    assert engine.found(correlation("value_count", body, "[a, b]"), log) == [0, 1, 2]
    assert engine.found(correlation("temporal", f"  group-by: [{name}]", "[a, b]"), log) == [1, 2]


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


def test_rules_that_read_one_group_from_two_fields_meet_there(engine: Engine) -> None:
    body = "  group-by: [who]\n  aliases: {who: {a: usr, b: other}}\n"
    rule = correlation("temporal_ordered", body, "[a, b]")
    both, apart = event(0, 0, "ab", "x", other="x"), event(1, 0, "ab", "y", other="z")
    assert engine.found(rule, [both, apart]) == [0]
    assert engine.found(rule, [apart, event(2, 1, "b", "n", other="y")]) == [2]


def test_rules_that_read_one_of_two_groups_from_two_fields_do_not_meet(engine: Engine) -> None:
    body = "  group-by: [who, what]\n  aliases: {who: {a: usr, b: other}, what: {a: val, b: more}}\n"
    rule = correlation("temporal", body, "[a, b]")
    half = event(0, 0, "ab", "x", other="x", value=1, second=2)
    assert engine.found(rule, [half]) == []
    assert engine.found(rule, [half, event(1, 1, "b", "n", other="x", second=1)]) == [1]


def test_a_value_of_two_fields_is_there_where_both_are(engine: Engine) -> None:
    rule = correlation("value_count", "  condition: {eq: 2, field: [val, more]}", "[a]")
    pairs = ((1, 1), (1, None), (None, 1), (None, None), (1, 2), (1, 1))
    log = [event(n, n, "a", value=one, second=other) for n, (one, other) in enumerate(pairs)]
    assert engine.found(rule, log) == [4, 5]


def test_an_event_that_lacks_the_value_of_two_rules_is_seen_once(engine: Engine) -> None:
    body = "  group-by: [usr]\n  aliases: {what: {a: val, b: more}}\n  condition: {eq: 0, field: what}"
    assert engine.found(correlation("value_count", body, "[a, b]"), [event(0, 0, "ab")]) == [0]


def test_an_alias_joins_columns_of_different_types_as_text(engine: Engine) -> None:
    body = "  group-by: [who]\n  aliases: {who: {a: usr, b: val}, what: {a: other, b: more}}\n"
    rule = correlation("value_count", f"{body}  condition: {{gte: 2, field: what}}", "[a, b]")
    texts, numbers = event(0, 0, "a", "7", other="word"), event(1, 1, "b", "u", value=7, second=3)
    assert engine.found(rule, [texts, numbers]) == [1]
    assert engine.found(rule, [texts, event(2, 1, "b", "u", value=8, second=3)]) == []
    alike = event(3, 1, "b", "u", value=7, second=3)
    assert engine.found(rule, [event(4, 0, "a", "7", other="3"), alike]) == []


def test_an_alias_without_a_field_for_a_rule_is_refused() -> None:
    body = "  group-by: [who]\n  aliases: {who: {a: usr}}\n  condition: {gte: 2}"
    with pytest.raises(BadContent, match="alias 'who' names no field for rule 'b'"):
        built(correlation("event_count", body, "[a, b]"))


def test_a_rule_named_twice_is_refused() -> None:
    with pytest.raises(BadContent, match="names each of its rules once"):
        built(correlation("temporal", "  group-by: [usr]", "[a, a]"))


def test_a_rule_named_by_its_id_and_by_its_name_is_refused() -> None:
    named = f"[a, {IDS['a']}]"
    with pytest.raises(BadContent, match="names each of its rules once, by name or by id"):
        built(correlation("temporal", "  group-by: [usr]", named))


def test_rules_by_id_and_aliases_by_name_are_of_the_same_rules(engine: Engine) -> None:
    body = f"  group-by: [who]\n  aliases: {{who: {{a: usr, {IDS['b']}: other}}}}"
    rule = correlation("temporal", body, f"[{IDS['a']}, b]")
    assert engine.found(rule, [event(0, 0, "a", "x"), event(1, 1, "b", "u", other="x")]) == [1]


def test_a_title_is_no_reference() -> None:
    with pytest.raises(SigmaRuleNotFoundError, match="'Rule a' not found"):
        correlation("event_count", "  condition: {gte: 2}", "[Rule a]")


def test_a_rule_without_a_predicate_is_refused() -> None:
    nowhere = Source(
        exp.to_table("events"), exp.column("at_time"), lambda _, f: exp.column(f), lambda _, f: exp.column(f)
    )
    with pytest.raises(BadContent, match="no rule 'a' to correlate"):
        statement(correlation("event_count", "  condition: {gte: 2}", "[a]"), {}, nowhere)


@pytest.mark.parametrize(
    "condition", ["{gte: 2}", "{gte: 4}", "{lt: 3}", "{lte: 3}", "{neq: 3}", "{eq: 2}", "a and b and c"]
)
def test_an_order_said_of_anything_but_all_rules_is_refused(condition: str) -> None:
    with pytest.raises(Unsupported, match="said of all its rules"):
        built(correlation("temporal_ordered", f"  condition: {condition}"))


@pytest.mark.parametrize("share", ["", ", percentile: 101", ", percentile: -1"])
def test_a_percentile_that_is_none_is_refused(share: str) -> None:
    with pytest.raises(Unsupported, match="from 0 to 100"):
        built(correlation("value_percentile", f"  condition: {{gte: 2, field: val{share}}}"))


@pytest.mark.parametrize(
    ("kind", "fields", "why"),
    [
        ("value_sum", "[val, more]", "value_sum is of one field"),
        ("value_median", "[]", "value_median is of one field"),
        ("value_count", "[]", "value_count is of one field or more"),
        ("event_count", "val", "event_count counts no values of a field; value_count does"),
        ("temporal", "val", "temporal counts no values of a field; value_count does"),
    ],
)
def test_fields_that_a_type_does_not_have_are_refused(kind: str, fields: str, why: str) -> None:
    with pytest.raises(Unsupported, match=why):
        built(correlation(kind, f"  condition: {{gte: 2, field: {fields}}}"))


def test_a_field_whose_name_is_a_number_is_a_field() -> None:
    rule = correlation("value_count", "  condition: {gte: 2, field: 5}")
    assert '"5" AS "v0_0"' in built(rule).sql("duckdb")


def test_a_timespan_beyond_all_time_is_refused() -> None:
    built(correlation("event_count", "  condition: {gte: 2}", span="73000000y"))
    with pytest.raises(Unsupported, match="a timespan of 74000000y is longer than time can be counted"):
        built(correlation("event_count", "  condition: {gte: 2}", span="74000000y"))
