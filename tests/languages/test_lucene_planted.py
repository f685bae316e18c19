"""Wrong readings of query strings, planted one by one: the tables of answers must show every one of them."""

import re
from collections.abc import Callable
from typing import Any

import pytest

from tests.languages.lucene import Refused, Undocumented, found, indexed, patterns, values
from tests.languages.lucene.ground import INDEX
from tests.languages.lucene.query import _Reader
from tests.languages.test_lucene_answers import PATTERNS, PRESENCE, RANGES, STRUCTURE, WORDS

Plant = Callable[[pytest.MonkeyPatch], None]
TABLES = {**WORDS, **PATTERNS, **RANGES, **PRESENCE, **STRUCTURE}


def case_does_not_count(patch: pytest.MonkeyPatch) -> None:
    exactly = values._exactly
    patch.setattr(
        values, "_exactly", lambda text, field: lambda value: exactly(text.lower(), field)(value.lower())
    )


def a_normalizer_leaves_what_is_searched(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(values, "_exactly", lambda text, _field: lambda value: value == text)


def a_pattern_matches_anywhere(patch: pytest.MonkeyPatch) -> None:
    def searched(pattern: str) -> Any:
        made = re.compile(patterns._Reader(pattern).read(), re.DOTALL)
        return lambda value: made.search(value) is not None

    patch.setattr(patterns, "compiled", searched)


def a_dot_is_no_new_line(patch: pytest.MonkeyPatch) -> None:
    def no_new_line(pattern: str) -> Any:
        made = re.compile(patterns._Reader(pattern).read())
        return lambda value: made.fullmatch(value) is not None

    patch.setattr(patterns, "compiled", no_new_line)


def the_longest_is_indexed(patch: pytest.MonkeyPatch) -> None:
    one = indexed._one
    patch.setattr(
        indexed, "_one", lambda given, name, field: given if name == "tool" else one(given, name, field)
    )


def only_the_first_of_several_counts(patch: pytest.MonkeyPatch) -> None:
    every = indexed.values
    patch.setattr(indexed, "values", lambda *of: every(*of)[:1])


def an_empty_list_is_there(patch: pytest.MonkeyPatch) -> None:
    every = indexed.values
    patch.setattr(
        indexed, "values", lambda document, name, field: every(document, name, field) or document.get(name)
    )


def a_mapped_address_is_another(patch: pytest.MonkeyPatch) -> None:
    import ipaddress

    def kept(text: str) -> Any:
        read = ipaddress.ip_address(text)
        return (read.version, read)

    patch.setattr(indexed, "address", kept)


def brackets_leave_bounds_out(patch: pytest.MonkeyPatch) -> None:
    within = values._within
    patch.setattr(values, "_within", lambda low, high, **_: within(low, high, low=False, high=False))


def braces_take_bounds_in(patch: pytest.MonkeyPatch) -> None:
    within = values._within
    patch.setattr(values, "_within", lambda low, high, **_: within(low, high, low=True, high=True))


def an_or_is_an_and(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(_Reader, "_either", _Reader._both)


def a_not_needs_the_field(patch: pytest.MonkeyPatch) -> None:
    field = _Reader._field
    patch.setattr(
        _Reader,
        "_field",
        lambda self, node: lambda document: field(self, node)(document) or node.name not in document,
    )


PLANTS: list[Plant] = [
    case_does_not_count,
    a_normalizer_leaves_what_is_searched,
    a_pattern_matches_anywhere,
    a_dot_is_no_new_line,
    the_longest_is_indexed,
    only_the_first_of_several_counts,
    an_empty_list_is_there,
    a_mapped_address_is_another,
    brackets_leave_bounds_out,
    braces_take_bounds_in,
    an_or_is_an_and,
    a_not_needs_the_field,
]


def wrong() -> int:
    count = 0
    for query, ids in TABLES.items():
        try:
            count += "".join(one["_id"] for one in found(query, INDEX)) != ids
        except (Undocumented, Refused, TypeError):
            count += 1
    return count


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_a_wrong_reading_shows_in_the_tables(plant: Plant, monkeypatch: pytest.MonkeyPatch) -> None:
    assert wrong() == 0
    plant(monkeypatch)
    assert wrong() > 0
