"""When two values mean the same, and which part of a live one is ours."""

from typing import Any

import pytest

from mcpsoar.siems.deploy.values import merged, owned, same


@pytest.mark.parametrize(
    ("one", "other", "is_same"),
    [
        (True, "true", True),
        (False, "false", True),
        (False, None, False),
        (0, None, False),
        (1, "1", True),
        (1.0, "1", True),
        (True, 1, False),
        (None, "", True),
        ([], None, True),
        ({}, "", True),
        ({"a": None}, {}, True),
        ({"a": 1, "b": 2}, {"b": 2, "a": 1}, True),
        ([1, 2], [2, 1], False),
        ([1, 2], [1], False),
        ((1, 2), [1, 2], True),
        ("a ", "a", False),
        ({"a": {"b": [1]}}, {"a": {"b": ["1"]}}, True),
        ({"a": 1}, [1], False),
    ],
)
def test_what_a_siem_writes_back_means_the_same(one: Any, other: Any, is_same: bool) -> None:
    assert same(one, other) is is_same
    assert same(other, one) is is_same


@pytest.mark.parametrize(
    ("live", "ours", "left"),
    [
        ({"a": 1, "theirs": 2}, ({"a": 5},), {"a": 1}),
        ({"a": 1, "b": 2, "c": 3}, ({"a": 5}, {"b": 5}), {"a": 1, "b": 2}),
        ([{"a": 1, "theirs": 2}], ([{"a": 5}],), [{"a": 1}]),
        ([{"a": 1, "theirs": 2}], ([{"a": 5}, {"a": 6}],), [{"a": 1, "theirs": 2}]),
        ({"a": 1}, (None,), {"a": 1}),
        ("text", ({"a": 1},), "text"),
    ],
)
def test_keys_beside_ours_do_not_count(live: Any, ours: tuple[Any, ...], left: Any) -> None:
    assert owned(live, *ours) == left


def test_what_is_sent_keeps_what_others_put_beside_ours_and_drops_what_was_ours() -> None:
    live = {"mine": 1, "old": 2, "theirs": 3, "deep": {"mine": 1, "theirs": 2}}
    wanted = {"mine": 5, "deep": {"mine": 6}}
    last = {"mine": 1, "old": 2, "deep": {"mine": 1}}
    assert merged(live, wanted, last) == {"mine": 5, "theirs": 3, "deep": {"mine": 6, "theirs": 2}}
