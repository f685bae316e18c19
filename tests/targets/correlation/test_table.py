"""Each type of correlation by small logs with the answer beside them: every edge that a window has.

An event is (time in ms, rules it matches, value, group); the timespan is 10 s. Found are places in the log.
"""

from dataclasses import dataclass
from typing import Any

import pytest

from tests.targets.correlation.asking import Engine, correlation, event

Row = tuple[Any, ...]  # from the left as many as matter
REST: Row = (None, "x")


@dataclass(frozen=True)
class Case:
    """One correlation over one log; `found` are the places of the events at which it holds."""

    says: str
    kind: str
    condition: str
    log: tuple[Row, ...]
    found: tuple[int, ...]
    rules: str = "[a]"


def _ones(*times: int) -> tuple[Row, ...]:
    return tuple((at, "a") for at in times)


def _values(*values: int | None, at: int = 0) -> tuple[Row, ...]:
    return tuple((at, "a", value) for value in values)


COUNTS = (
    Case("more than two", "event_count", "{gt: 2}", _ones(0, 1, 2, 3), (2, 3)),
    Case("two or more", "event_count", "{gte: 2}", _ones(0, 1, 2), (1, 2)),
    Case("fewer than two", "event_count", "{lt: 2}", _ones(0, 1, 2), (0,)),
    Case("two at most", "event_count", "{lte: 2}", _ones(0, 1, 2), (0, 1)),
    Case("two exactly", "event_count", "{eq: 2}", _ones(0, 1, 2), (1,)),
    Case("any number but two", "event_count", "{neq: 2}", _ones(0, 1, 2), (0, 2)),
    Case("an event counts itself", "event_count", "{eq: 1}", _ones(0), (0,)),
    Case("none is never seen", "event_count", "{eq: 0}", _ones(0, 50_000), ()),
    Case("a negative number is one", "event_count", "{gt: -1}", _ones(0), (0,)),
    Case("the last millisecond", "event_count", "{gte: 2}", _ones(0, 9_999), (1,)),
    Case("a whole timespan", "event_count", "{gte: 2}", _ones(0, 10_000), ()),
    Case("a later event", "event_count", "{gte: 2}", _ones(10, 9_999, 10_009), (1, 2)),
    Case("ties see each other", "event_count", "{eq: 3}", _ones(5, 5, 5, 10_005), (0, 1, 2)),
    Case("rules at once are one", "event_count", "{gte: 2}", ((0, "ab"), (9, "b")), (1,), "[a, b]"),
    Case("other rules are none", "event_count", "{gte: 2}", ((0, "a"), (1, "c"), (2, "b")), (2,), "[a, b]"),
    Case(
        "groups apart",
        "event_count",
        "{gte: 2}",
        ((0, "a", 1, "x"), (1, "a", 1, "y"), (2, "a", 1, "x")),
        (2,),
    ),
    Case("no group", "event_count", "{gte: 1}", ((0, "a", 1, None), (1, "a", 1, "x")), (1,)),
)
DISTINCT = (
    Case("a value twice is one", "value_count", "{gte: 2}", ((0, "a", 1), (1, "a", 1), (2, "a", 2)), (2,)),
    Case("ties of one value are one", "value_count", "{eq: 1}", _values(7, 7, 7), (0, 1, 2)),
    Case("ties of three values", "value_count", "{eq: 3}", _values(7, 8, 9), (0, 1, 2)),
    Case("an absent value is none", "value_count", "{gte: 2}", _values(7, None), ()),
    Case("absent alone is nought", "value_count", "{eq: 0}", _values(None), (0,)),
    Case("judged where a value lacks", "value_count", "{eq: 1}", ((0, "a", 7), (1, "a", None)), (0, 1)),
    Case(
        "a value leaves", "value_count", "{eq: 2}", ((0, "a", 1), (9_999, "a", 2), (10_000, "a", None)), (1,)
    ),
    Case(
        "a value is kept by a later sight",
        "value_count",
        "{eq: 2}",
        ((0, "a", 1), (5_000, "a", 1), (10_000, "a", 2), (14_999, "a", None), (15_000, "a", None)),
        (2, 3),
    ),
    Case(
        "a value returns after a window",
        "value_count",
        "{eq: 1}",
        ((0, "a", 1), (10_000, "a", 1), (19_999, "a", None), (20_000, "a", None)),
        (0, 1, 2),
    ),
    Case(
        "a value in another group",
        "value_count",
        "{eq: 2}",
        ((0, "a", 1, "x"), (1, "a", 2, "y"), (2, "a", 3, "x"), (3, "a", 1, "y")),
        (2, 3),
    ),
    Case("a value of an outsider", "value_count", "{gte: 2}", ((0, "a", 1), (1, "c", 2)), ()),
)
SUMS = (
    Case("sums", "value_sum", "{eq: 6}", ((0, "a", 1), (1, "a", 2), (2, "a", 3)), (2,)),
    Case("sums leave", "value_sum", "{eq: 5}", ((0, "a", 1), (1, "a", 2), (10_000, "a", 3)), (2,)),
    Case("sums of ties", "value_sum", "{eq: 3}", _values(1, 2), (0, 1)),
    Case("sums pass over what is absent", "value_sum", "{eq: 1}", _values(1, None), (0, 1)),
    Case("no sum of nothing", "value_sum", "{lte: 0}", _values(None), ()),
    Case("no sum unlike another of nothing", "value_sum", "{neq: 4}", _values(None), ()),
    Case("a negative sum", "value_sum", "{lt: -1}", _values(1, -3), (0, 1)),
    Case("huge numbers do not overflow", "value_sum", "{gte: 1}", _values(2**62, 2**62), (0, 1)),
    Case("means", "value_avg", "{eq: 2}", _values(1, 3), (0, 1)),
    Case("means are no sums", "value_avg", "{gte: 3}", _values(1, 3), ()),
    Case("means are not rounded up", "value_avg", "{gte: 2}", _values(1, 2, 2), ()),
    Case("means are not rounded down", "value_avg", "{gt: 1}", _values(1, 1, 2), (0, 1, 2)),
    Case("means pass over what is absent", "value_avg", "{eq: 2}", _values(1, 3, None), (0, 1, 2)),
    Case("no mean of nothing", "value_avg", "{lte: 0}", _values(None), ()),
    Case("a negative mean", "value_avg", "{lte: -2}", _values(-1, -3), (0, 1)),
)
FOUR = _values(10, 20, 30, 40)
RANKS = (
    Case("the 0th is the least", "value_percentile", "{eq: 10, percentile: 0}", FOUR, (0, 1, 2, 3)),
    Case("the 1st is the least", "value_percentile", "{eq: 10, percentile: 1}", FOUR, (0, 1, 2, 3)),
    Case("the 25th of four", "value_percentile", "{eq: 10, percentile: 25}", FOUR, (0, 1, 2, 3)),
    Case("the 26th of four", "value_percentile", "{eq: 20, percentile: 26}", FOUR, (0, 1, 2, 3)),
    Case("the 50th of four", "value_percentile", "{eq: 20, percentile: 50}", FOUR, (0, 1, 2, 3)),
    Case("the 75th of four", "value_percentile", "{eq: 30, percentile: 75}", FOUR, (0, 1, 2, 3)),
    Case("the 76th of four", "value_percentile", "{eq: 40, percentile: 76}", FOUR, (0, 1, 2, 3)),
    Case("the 100th is the most", "value_percentile", "{eq: 40, percentile: 100}", FOUR, (0, 1, 2, 3)),
    Case("nothing is interpolated", "value_percentile", "{eq: 25, percentile: 50}", FOUR, ()),
    Case("the 0th is not below itself", "value_percentile", "{lt: 10, percentile: 0}", FOUR, ()),
    Case("the 0th is not above itself", "value_percentile", "{gt: 10, percentile: 0}", FOUR, ()),
    Case("below", "value_percentile", "{lt: 21, percentile: 50}", FOUR, (0, 1, 2, 3)),
    Case("at most", "value_percentile", "{lte: 20, percentile: 50}", FOUR, (0, 1, 2, 3)),
    Case("above", "value_percentile", "{gt: 19, percentile: 50}", FOUR, (0, 1, 2, 3)),
    Case("not above", "value_percentile", "{gt: 20, percentile: 50}", FOUR, ()),
    Case("at least", "value_percentile", "{gte: 20, percentile: 50}", FOUR, (0, 1, 2, 3)),
    Case("not at least", "value_percentile", "{gte: 21, percentile: 50}", FOUR, ()),
    Case("another", "value_percentile", "{neq: 21, percentile: 50}", FOUR, (0, 1, 2, 3)),
    Case("no other", "value_percentile", "{neq: 20, percentile: 50}", FOUR, ()),
    Case("no rank among none", "value_percentile", "{neq: 1, percentile: 50}", _values(None), ()),
    Case(
        "an absent value has no rank",
        "value_percentile",
        "{eq: 40, percentile: 100}",
        (*FOUR, (0, "a", None)),
        (0, 1, 2, 3, 4),
    ),
    Case(
        "a rank moves on",
        "value_percentile",
        "{eq: 9, percentile: 100}",
        ((0, "a", 9), (9_999, "a", 1), (10_000, "a", 1)),
        (0, 1),
    ),
    Case("the middle of three", "value_median", "{eq: 2}", _values(9, 1, 2), (0, 1, 2)),
    Case("the middle of one", "value_median", "{eq: 5}", _values(5), (0,)),
    Case("the middle of 51", "value_median", "{eq: 25}", _values(*range(51)), tuple(range(51))),
    Case("no middle of none", "value_median", "{neq: 5}", _values(None), ()),
)
ALL, TWO = "[a, b, c]", "[a, b]"
TOGETHER = (
    Case("both, in any order", "temporal", "{gte: 2}", ((0, "b"), (9_999, "a"), (10_000, "b")), (1, 2), TWO),
    Case("not the first any more", "temporal", "{gte: 2}", ((0, "b"), (10_000, "a")), (), TWO),
    Case("one rule twice is one", "temporal", "{gte: 2}", ((0, "a"), (1, "a")), (), TWO),
    Case("one event may be all", "temporal", "{gte: 2}", ((0, "ab"),), (0,), TWO),
    Case("ties are together", "temporal", "{gte: 2}", ((0, "a"), (0, "b")), (0, 1), TWO),
    Case("groups are not", "temporal", "{gte: 2}", ((0, "a", 1, "x"), (1, "b", 1, "y")), (), TWO),
    Case("two of three", "temporal", "{eq: 2}", ((0, "a"), (1, "b"), (2, "c")), (1,), ALL),
    Case("fewer than two of three", "temporal", "{lt: 2}", ((0, "a"), (1, "b"), (2, "c")), (0,), ALL),
    Case("or", "temporal", "a and (b or c)", ((0, "b"), (1, "a"), (2, "c")), (1, 2), ALL),
    Case("not", "temporal", "a and not (b or c)", ((0, "a"), (1, "b"), (10_001, "a")), (0, 2), ALL),
)
IN_ORDER = (
    Case("in order", "temporal_ordered", "", ((0, "a"), (1, "b"), (2, "c")), (2,), ALL),
    Case("out of order", "temporal_ordered", "", ((0, "b"), (1, "a"), (2, "c")), (), ALL),
    Case("ties may be in order", "temporal_ordered", "", ((0, "b"), (0, "a")), (0, 1), TWO),
    Case("one event may be in order", "temporal_ordered", "", ((0, "abc"),), (0,), ALL),
    Case("a tie at the end", "temporal_ordered", "", ((0, "a"), (1, "c"), (1, "b")), (1, 2), ALL),
    Case(
        "later events still see it", "temporal_ordered", "", ((0, "a"), (1, "b"), (9_999, "a")), (1, 2), TWO
    ),
    Case(
        "its start leaves",
        "temporal_ordered",
        "",
        ((0, "a"), (1, "b"), (10_000, "b"), (10_001, "b")),
        (1,),
        TWO,
    ),
    Case(
        "from the last start",
        "temporal_ordered",
        "",
        ((0, "a"), (5_000, "a"), (10_000, "b"), (14_999, "c"), (15_000, "c")),
        (3,),
        ALL,
    ),
    Case(
        "no start between", "temporal_ordered", "", ((0, "a"), (1, "b"), (9_998, "a"), (10_000, "c")), (), ALL
    ),
    Case("all said aloud", "temporal_ordered", "{gte: 2}", ((0, "a"), (1, "b")), (1,), TWO),
    Case("all said exactly", "temporal_ordered", "{eq: 2}", ((0, "a"), (1, "b")), (1,), TWO),
    Case("groups are no order", "temporal_ordered", "", ((0, "a", 1, "x"), (1, "b", 1, "y")), (), TWO),
)
CASES = (*COUNTS, *DISTINCT, *SUMS, *RANKS, *TOGETHER, *IN_ORDER)


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.kind}: {case.says}")
def test_a_window_holds_what_it_says(engine: Engine, case: Case) -> None:
    condition = case.condition
    if case.kind.startswith("value"):
        condition = condition.replace("}", ", field: val}")
    said = f"  condition: {condition}\n" if condition else ""
    rule = correlation(case.kind, f"  group-by: [usr]\n{said}", case.rules)
    log = []
    for n, one in enumerate(case.log):
        at, matched, value, group = (*one, *REST[len(one) - 2 :])
        log.append(event(n, at, matched, group, value=value))
    assert tuple(engine.found(rule, log)) == case.found
