"""The law of correlations: SQL finds, on each engine, the events that plain Python finds.

MCPSOAR_EXAMPLES sets the number of random logs for each type and engine.
"""

import os
from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.targets.correlation import reference
from tests.targets.correlation.asking import NAMES, Engine, Event, correlation, event

EXAMPLES = int(os.environ.get("MCPSOAR_EXAMPLES", "10"))
PLAIN = dict.fromkeys(NAMES, "key")
MANY = settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
# times that lie a whole window apart, one millisecond less, one more, and at the same instant
TIMES = st.integers(0, 30).map(lambda second: second * 1000) | st.sampled_from([9_999, 10_001, 19_999])
EVENTS = st.lists(
    st.tuples(
        TIMES,
        st.sets(st.sampled_from(NAMES)),
        st.sampled_from(["x", "y", None]),
        st.sampled_from(["x", "X", None]),
        st.none() | st.integers(-2, 4),
        st.none() | st.integers(0, 1),
    ),
    max_size=14,
).map(
    lambda drawn: [
        event(n, at, "".join(rules), key, other=other, value=value, second=second)
        for n, (at, rules, key, other, value, second) in enumerate(drawn)
    ]
)
OPERATOR = st.sampled_from(sorted(reference.OPERATORS))


def seen(
    events: list[Event], keys: Mapping[str, str] = PLAIN, values: Mapping[str, str] | None = None
) -> list[Event]:
    """What each event is for each group: the rules that read that key, and that value, from it."""
    found = []
    for one in events:
        sights: dict[tuple[Any, Any], set[str]] = {}
        for rule in one["rules"]:
            value = one.get((values or {}).get(rule, "value"))
            sights.setdefault((one.get(keys[rule]), value), set()).add(rule)
        for (key, value), rules in sights.items():
            found.append({"n": one["n"], "at_ms": one["at_ms"], "rules": rules, "key": key, "value": value})
    return found


@pytest.mark.parametrize("kind", reference.KINDS)
@MANY
@given(events=EVENTS, condition=st.tuples(OPERATOR, st.integers(0, 4), st.integers(0, 100)))
def test_windows_that_slide_find_what_plain_python_finds(
    engine: Engine, kind: str, events: list[Event], condition: tuple[str, int, int]
) -> None:
    op, count, share = condition
    field = ", field: val" if kind.startswith("value") else ""
    share = share if kind == "value_percentile" else 50
    percentile = f", percentile: {share}" if kind == "value_percentile" else ""
    rule = correlation(kind, f"  group-by: [usr]\n  condition: {{{op}: {count}{field}{percentile}}}")
    wanted = reference.matches(seen(events), kind, op, count, window_ms=10_000, rules=NAMES, percentile=share)
    assert engine.found(rule, events) == wanted


@pytest.mark.parametrize("kind", ["event_count", "temporal", "value_sum", "value_count"])
@MANY
@given(events=EVENTS, op=OPERATOR, count=st.integers(0, 4))
def test_aliases_of_groups_and_values_read_each_rule_s_own_fields(
    engine: Engine, kind: str, events: list[Event], op: str, count: int
) -> None:
    is_valued = kind.startswith("value")
    field = ", field: what" if is_valued else ""
    what = ", what: {a: val, b: more, c: val}" if is_valued else ""
    body = f"  group-by: [who]\n  aliases: {{who: {{a: usr, b: other, c: usr}}{what}}}\n"
    rule = correlation(kind, f"{body}  condition: {{{op}: {count}{field}}}")
    keys = {"a": "key", "b": "other", "c": "key"}
    values = {"a": "value", "b": "second", "c": "value"} if is_valued else dict.fromkeys(NAMES, "nothing")
    sights = seen(events, keys, values)
    assert engine.found(rule, events) == reference.matches(
        sights, kind, op, count, window_ms=10_000, rules=NAMES
    )


@MANY
@given(events=EVENTS, op=OPERATOR, count=st.integers(0, 4))
def test_several_fields_are_counted_as_one_value(
    engine: Engine, events: list[Event], op: str, count: int
) -> None:
    rule = correlation(
        "value_count", f"  group-by: [usr]\n  condition: {{{op}: {count}, field: [val, more]}}"
    )
    for one in events:
        both = (one["value"], one["second"])
        one["both"] = None if None in both else both
    sights = seen(events, values=dict.fromkeys(NAMES, "both"))
    assert engine.found(rule, events) == reference.matches(
        sights, "value_count", op, count, window_ms=10_000, rules=NAMES
    )


@MANY
@given(events=EVENTS)
def test_rules_in_order_are_found_within_one_window(engine: Engine, events: list[Event]) -> None:
    rule = correlation("temporal_ordered", "  group-by: [usr]")
    wanted = reference.matches(seen(events), "temporal_ordered", "gte", 3, window_ms=10_000, rules=NAMES)
    assert engine.found(rule, events) == wanted
