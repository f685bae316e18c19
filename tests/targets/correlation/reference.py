"""Correlations in plain Python, quadratic and by the words of the specification: no SQL, no shared code."""

import math
import operator
from collections.abc import Mapping, Sequence
from typing import Any

OPERATORS = {
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
    "eq": operator.eq,
    "neq": operator.ne,
}
KINDS = (
    "event_count",
    "value_count",
    "temporal",
    "value_sum",
    "value_avg",
    "value_percentile",
    "value_median",
)
Event = Mapping[str, Any]


def matches(events: Sequence[Event], kind: str, op: str, count: int, **how: Any) -> list[int]:
    """The `n` of each event at which the correlation holds.

    An event has `n`, `at_ms`, `rules` (names it matches), `key` and `value`.
    """
    window_ms, rules = how["window_ms"], how["rules"]
    found = []
    for event in events:
        if event["key"] is None or not event["rules"]:
            continue
        inside = [
            other
            for other in events
            if other["key"] == event["key"]
            and other["rules"]
            and event["at_ms"] - window_ms < other["at_ms"] <= event["at_ms"]
        ]
        if _holds(inside, kind, op, count, rules=rules, percentile=how.get("percentile", 50)):
            found.append(event["n"])
    return sorted(found)


def _holds(
    inside: list[Event], kind: str, op: str, count: int, *, rules: Sequence[str], percentile: int
) -> bool:
    compare = OPERATORS[op]
    values = sorted(event["value"] for event in inside if event["value"] is not None)
    if kind == "event_count":
        return bool(compare(len(inside), count))
    if kind == "value_count":
        return bool(compare(len(set(values)), count))
    if kind == "temporal":
        return bool(compare(len({rule for event in inside for rule in event["rules"]}), count))
    if kind == "temporal_ordered":
        return _chained(inside, rules, -math.inf)
    if not values:
        return False
    if kind == "value_sum":
        return bool(compare(sum(values), count))
    if kind == "value_avg":
        return bool(compare(sum(values) / len(values), count))
    rank = max(1, math.ceil(percentile * len(values) / 100))
    return bool(compare(values[rank - 1], count))


def _chained(inside: list[Event], rules: Sequence[str], since: float) -> bool:
    if not rules:
        return True
    return any(
        _chained(inside, rules[1:], event["at_ms"])
        for event in inside
        if rules[0] in event["rules"] and event["at_ms"] >= since
    )


def nested(found: Mapping[str, Sequence[int]], events: Sequence[Event]) -> list[Event]:
    """The matches of inner correlations, by reference, as the events of an outer one."""
    by_place = {event["n"]: event for event in events}
    return [{**by_place[n], "rules": {name}} for name, places in found.items() for n in places]
