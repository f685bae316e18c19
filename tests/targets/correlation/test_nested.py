"""Correlations of correlations, asked of plain Python in two steps."""

import pytest
from sqlglot import exp

from mcpsoar.core.errors import BadContent, Unsupported
from tests.targets.correlation import reference
from tests.targets.correlation.asking import Engine, built, chained, correlation, event, read, said
from tests.targets.correlation.test_crowded import CROWD, SEEN

MANY = said("many", "event_count", "  group-by: [usr]\n  condition: {gte: 3}", "[a]", "10s")
BOTH = said("both", "temporal", "  group-by: [usr]\n  condition: {gte: 2}", "[b, c]", "5s")
OUTER = (
    ("event_count", "{gte: 6}", 6),
    ("event_count", "{lt: 3}", 3),
    ("temporal", "{gte: 2}", 2),
    ("temporal", "{eq: 1}", 1),
    ("temporal_ordered", "{gte: 2}", 2),
)


def _places(kind: str, op: str, count: int, rules: str, window_ms: int) -> list[int]:
    events = [{**one, "rules": one["rules"] & set(rules)} for one in SEEN]
    return reference.matches(events, kind, op, count, window_ms=window_ms, rules=list(rules))


@pytest.mark.parametrize(("kind", "condition", "count"), OUTER)
@pytest.mark.parametrize("names", [("many", "both"), ("both", "many")])
def test_the_matches_of_the_inner_ones_are_the_events_of_the_outer(
    engine: Engine, kind: str, condition: str, count: int, names: tuple[str, str]
) -> None:
    body = f"  group-by: [usr]\n  condition: {condition}"
    outer = read(MANY, BOTH, said("outer", kind, body, f"[{', '.join(names)}]", "20s"))["outer"]
    found = {
        "many": _places("event_count", "gte", 3, "a", 10_000),
        "both": _places("temporal", "gte", 2, "bc", 5_000),
    }
    events = reference.nested(found, SEEN)
    op = condition.strip("{}").partition(":")[0]
    wanted = reference.matches(events, kind, op, count, window_ms=20_000, rules=names)
    assert wanted
    assert len(wanted) < len(events)
    assert engine.asked(chained(outer), CROWD) == wanted


def test_distinct_groups_of_an_inner_one_are_counted(engine: Engine) -> None:
    each = said("each", "event_count", "  group-by: [usr, other]\n  condition: {gte: 2}", "[a]")
    body = "  group-by: [usr]\n  condition: {gte: 2, field: other}"
    outer = read(each, said("outer", "value_count", body, "[each]", "20s"))["outer"]
    pairs = [("x", "1"), ("x", "1"), ("x", "2"), ("y", "2"), ("y", "2"), ("x", "2")]
    log = [event(n, n, "a", usr, other=other) for n, (usr, other) in enumerate(pairs)]
    assert engine.asked(chained(outer), log) == [5]


def test_an_alias_joins_what_the_inner_ones_group_by(engine: Engine) -> None:
    first = said("first", "event_count", "  group-by: [usr]\n  condition: {gte: 1}", "[a]")
    second = said("second", "event_count", "  group-by: [val]\n  condition: {gte: 1}", "[b]")
    body = "  group-by: [who]\n  aliases: {who: {first: usr, second: val}}"
    outer = read(first, second, said("outer", "temporal", body, "[first, second]"))["outer"]
    log = [event(0, 0, "a", "7", value=1), event(1, 1, "b", "u", value=7), event(2, 2, "b", "7", value=8)]
    assert engine.asked(chained(outer), log) == [1]


def test_a_group_is_text_whatever_the_inner_ones_hold(engine: Engine) -> None:
    """One groups by a number, the other by a text under the same name."""
    aliased = "  group-by: [val]\n  aliases: {val: {a: usr}}\n  condition: {gte: 1}"
    first = said("first", "event_count", aliased, "[a]")
    second = said("second", "event_count", "  group-by: [val]\n  condition: {gte: 1}", "[b]")
    outer = read(first, second, said("outer", "temporal", "  group-by: [val]", "[first, second]"))["outer"]
    log = [event(0, 0, "a", "7", value=1), event(1, 1, "b", "u", value=7), event(2, 2, "a", "word")]
    assert engine.asked(chained(outer), log) == [1]


def test_correlations_nest_as_deep_as_they_are_said(engine: Engine) -> None:
    """At 2 and 4 `many` holds, at 4 `again`; at 3 and 5 `more`, which follows `again` at 5 alone."""
    bottom = said("many", "event_count", "  group-by: [usr]\n  condition: {gte: 2}", "[a]")
    middle = said("again", "event_count", "  group-by: [usr]\n  condition: {gte: 2}", "[many]")
    top = said("ever", "temporal_ordered", "  group-by: [usr]", "[again, more]")
    other = said("more", "event_count", "  group-by: [usr]\n  condition: {gte: 2}", "[twice]")
    twice = said("twice", "event_count", "  group-by: [usr]\n  condition: {gte: 1}", "[b]")
    log = [event(n, n, rules) for n, rules in enumerate(("a", "b", "a", "b", "a", "b"))]
    assert engine.asked(chained(read(bottom, middle, twice, other, top)["ever"]), log) == [5]


@pytest.mark.parametrize("groups", ["[usr, at_ms]", "[at_ms, usr]", "[n, usr, usr]", "[usr, n, at_ms]"])
def test_group_by_fields_named_as_columns_of_ours_stay_apart(engine: Engine, groups: str) -> None:
    inner = said("each", "event_count", f"  group-by: {groups}\n  condition: {{gte: 1}}", "[a]")
    outer = read(inner, said("outer", "event_count", "  group-by: [usr]\n  condition: {gte: 2}", "[each]"))
    log = [event(0, 0, "a", "x"), event(1, 1, "a", "y"), event(2, 2, "a", "x")]
    assert engine.asked(chained(outer["outer"]), log) == [2]


def test_a_group_named_as_the_time_of_ours_is_the_field(engine: Engine) -> None:
    """It holds the same text in every event, where times differ."""
    inner = said("each", "event_count", "  group-by: [at_ms]\n  condition: {gte: 1}", "[a]")
    outer = read(inner, said("outer", "event_count", "  group-by: [at_ms]\n  condition: {gte: 2}", "[each]"))
    assert engine.asked(chained(outer["outer"]), [event(0, 0, "a"), event(1, 1, "a")]) == [1]


def test_every_name_is_quoted_at_every_depth() -> None:
    """A word of ours, as `next`, may be a key word of some engine; some fold what is not quoted."""
    outer = read(MANY, BOTH, said("outer", "temporal", "  group-by: [usr]", "[many, both]"))["outer"]
    for tree in (built(correlation("value_count", "  condition: {gte: 2, field: val}")), chained(outer)):
        assert all(name.args.get("quoted") for name in tree.find_all(exp.Identifier))


def test_a_group_that_no_inner_one_has_is_refused() -> None:
    outer = read(MANY, said("outer", "event_count", "  group-by: [other]\n  condition: {gte: 2}", "[many]"))
    with pytest.raises(Unsupported, match="'many' groups by no 'other': its matches lack it"):
        chained(outer["outer"])


def test_a_sum_of_groups_is_refused() -> None:
    body = "  group-by: [usr]\n  condition: {gte: 2, field: usr}"
    outer = read(MANY, said("outer", "value_sum", body, "[many]"))
    with pytest.raises(Unsupported, match="'usr' of correlation 'many' is a group, no number"):
        chained(outer["outer"])


def test_an_inner_one_named_twice_is_refused() -> None:
    outer = read(
        MANY, said("outer", "event_count", "  group-by: [usr]\n  condition: {gte: 2}", "[many, many]")
    )
    with pytest.raises(BadContent, match="names each of its rules once"):
        chained(outer["outer"])
