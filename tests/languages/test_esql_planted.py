"""Wrong readings of ES|QL, planted one by one: the tables of answers must show every one of them."""

import operator
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.languages.esql import (
    Refused,
    Undocumented,
    aggregates,
    arithmetic,
    comparisons,
    compiled,
    grouping,
    logic,
    multivalues,
    ordering,
    patterns,
    run,
    shaping,
    tables,
    texts,
)
from tests.languages.esql.ground import INDICES, NOW_MS
from tests.languages.test_esql_commands import ANSWERS, CUTS
from tests.languages.test_esql_expressions import KEEPS
from tests.languages.test_esql_expressions import VALUES as OPERATORS
from tests.languages.test_esql_functions import VALUES as FUNCTIONS

Plant = Callable[[pytest.MonkeyPatch], None]


def not_null_is_true(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(logic, "negated", changed(logic.negated, lambda value: True if value is None else value))


def null_among_items_is_no_match(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(comparisons, "contained", changed(comparisons.contained, bool))


def any_of_several_values_matches(patch: pytest.MonkeyPatch) -> None:
    def scalar(_session: Any, text: str, kind: str, of: Any, compute: Any) -> Any:
        def evaluate(row: Any) -> Any:
            left, right = (compiled.values_of(one.evaluate(row)) for one in of)
            return any(compute(a, b) for a in left for b in right) if left and right else None

        return compiled.Compiled(kind, evaluate, text)

    patch.setattr(comparisons, "scalar", scalar)


def case_does_not_count(patch: pytest.MonkeyPatch) -> None:
    whole = patterns._whole
    patch.setattr(patterns, "_whole", lambda pattern: whole(f"(?i:{pattern})"))


def a_pattern_may_match_inside(patch: pytest.MonkeyPatch) -> None:
    whole = patterns._whole
    patch.setattr(patterns, "_whole", lambda pattern: whole(f".*(?:{pattern}).*"))


def a_quotient_rounds_down(patch: pytest.MonkeyPatch) -> None:
    patch.setitem(arithmetic._WHOLE, "/", operator.floordiv)


def numbers_do_not_overflow(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(arithmetic, "fitting", lambda _session, _text, _kind, value: value)


def null_sorts_as_smallest(patch: pytest.MonkeyPatch) -> None:
    ordered = ordering.ordered

    def wrong(command: Any, *rest: Any) -> Any:
        keys = tuple(replace(key, nulls_first=not key.nulls_first) for key in command.keys)
        return ordered(replace(command, keys=keys), *rest)

    patch.setattr(ordering, "ordered", wrong)


def nothing_is_cut_unasked(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ordering, "IMPLICIT", 10_000)


def nothing_is_cut_at_the_maximum(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(ordering, "MOST", 100_000)


def counting_a_field_counts_rows(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(aggregates, "_count", lambda *_: aggregates.Aggregate("long", len))


def a_sum_of_nothing_is_0(patch: pytest.MonkeyPatch) -> None:
    total = aggregates._sum

    def wrong(*given: Any) -> Any:
        read = total(*given)
        return replace(read, over=lambda rows: read.over(rows) or 0)

    patch.setattr(aggregates, "_sum", wrong)


def several_values_are_one_group(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(grouping, "values_of", lambda value: (value,))


def null_is_no_group(patch: pytest.MonkeyPatch) -> None:
    groups = grouping._groups
    patch.setattr(
        grouping,
        "_groups",
        lambda *given: {key: rows for key, rows in groups(*given).items() if None not in key},
    )


def several_values_are_looked_up_one_by_one(patch: pytest.MonkeyPatch) -> None:
    def wrong(command: Any, row: Any, stored: Any, *_: Any) -> bool:
        values = ((compiled.values_of(row[one]), compiled.values_of(stored[one])) for one in command.columns)
        return all(set(left) & set(right) for left, right in values)

    patch.setattr(shaping, "_matches", wrong)


def a_keyword_is_stored_as_sent(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(tables, "lowered", str)


def trim_takes_what_python_strips(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(texts, "_BLANKS", None)


def null_contains_null(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(multivalues, "values_of", lambda value: compiled.values_of(value) or (None,))


PLANTS: tuple[Plant, ...] = (
    not_null_is_true,
    null_among_items_is_no_match,
    any_of_several_values_matches,
    case_does_not_count,
    a_pattern_may_match_inside,
    a_quotient_rounds_down,
    numbers_do_not_overflow,
    null_sorts_as_smallest,
    nothing_is_cut_unasked,
    nothing_is_cut_at_the_maximum,
    counting_a_field_counts_rows,
    a_sum_of_nothing_is_0,
    several_values_are_one_group,
    null_is_no_group,
    several_values_are_looked_up_one_by_one,
    a_keyword_is_stored_as_sent,
    trim_takes_what_python_strips,
    null_contains_null,
)


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_a_wrong_reading_is_seen(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    plant(monkeypatch)
    assert any(differs(query, rows) for query, rows in tables_of_answers())


def changed(build: Callable[..., Any], change: Callable[[Any], Any]) -> Callable[..., Any]:
    """The same operator with another value at the end."""

    def wrong(*given: Any) -> Any:
        read = build(*given)
        return replace(read, evaluate=lambda row: change(read.evaluate(row)))

    return wrong


def tables_of_answers() -> Iterator[tuple[str, Callable[[list[dict[str, Any]]], bool]]]:
    """Each query with what is true of its rows."""
    for query, rows in ANSWERS:
        yield query, lambda read, rows=rows: read == rows  # type: ignore[misc]
    for expression, value in (*OPERATORS, *FUNCTIONS):
        yield f"ROW x = {expression}", lambda read, value=value: read == [{"x": value}]  # type: ignore[misc]
    for condition, tools in KEEPS:
        yield (
            f"FROM events | WHERE {condition} | KEEP tool",
            lambda read, tools=tools: {row["tool"] for row in read} == tools,  # type: ignore[misc]
        )
    for query, count, _ in CUTS:
        yield query, lambda read, count=count: len(read) == count  # type: ignore[misc]


def differs(query: str, holds: Callable[[list[dict[str, Any]]], bool]) -> bool:
    """Another answer: a reader that the plant breaks on this query shows nothing."""
    try:
        return not holds(list(run(query, INDICES, now_ms=NOW_MS)))
    except (Refused, Undocumented, TypeError, AttributeError):
        return False
