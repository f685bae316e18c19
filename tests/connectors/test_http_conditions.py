"""Pointers, places and conditions of the generic connector: exact, three-valued, and never filled twice."""

from typing import Any

import pytest

from mcpsoar.connectors.in_http import pointer, template
from mcpsoar.connectors.in_http.condition import Answer, Every, Says, Some, kept, same
from mcpsoar.connectors.in_http.pointer import NOTHING

# RFC 6901 §5
DOCUMENT = {
    "foo": ["bar", "baz"],
    "": 0,
    "a/b": 1,
    "c%d": 2,
    "e^f": 3,
    "g|h": 4,
    "i\\j": 5,
    'k"l': 6,
    " ": 7,
    "m~n": 8,
}
FOUND = {
    "": DOCUMENT,
    "/foo": ["bar", "baz"],
    "/foo/0": "bar",
    "/": 0,
    "/a~1b": 1,
    "/c%d": 2,
    "/e^f": 3,
    "/g|h": 4,
    "/i\\j": 5,
    '/k"l': 6,
    "/ ": 7,
    "/m~0n": 8,
}


@pytest.mark.parametrize("text", FOUND)
def test_a_pointer_finds_what_the_rfc_says(text: str) -> None:
    parsed = pointer.parse(text)
    assert pointer.found(DOCUMENT, parsed) == FOUND[text]
    assert pointer.written(parsed) == text


@pytest.mark.parametrize("text", ["/foo/2", "/foo/-", "/foo/00", "/foo/+1", "/foo/٠", "/x", "/foo/0/0", "//"])
def test_a_pointer_to_nothing_finds_nothing(text: str) -> None:
    assert pointer.found(DOCUMENT, pointer.parse(text)) is NOTHING


@pytest.mark.parametrize("text", ["foo", " /foo", "/~", "/~2", "/a~"])
def test_what_is_no_pointer_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="pointer"):
        pointer.parse(text)


def test_null_is_something() -> None:
    assert pointer.found({"a": None}, ("a",)) is None
    assert pointer.parse("/~01") == ("~1",)


VALUES: list[Any] = [1, 1.0, True, "1", None, 0, False, "", [], [1], [1.0], {}, {"a": 1}, {"a": True}, "true"]


@pytest.mark.parametrize("one", range(len(VALUES)))
def test_values_are_the_same_only_as_themselves(one: int) -> None:
    assert [at for at, value in enumerate(VALUES) if same(VALUES[one], value)] == [one]


@pytest.mark.parametrize(
    ("says", "value", "met"),
    [
        (Says(("s",), values=("on",)), "on", True),
        (Says(("s",), values=("on",)), "off", False),
        (Says(("s",), values=("on",)), "On", False),
        (Says(("s",), values=("on",)), None, None),
        (Says(("s",), values=("on",)), ["on"], None),
        (Says(("s",), values=(True,)), 1, None),
        (Says(("s",), values=(1,)), 1.0, None),
        (Says(("s",), values=("on", 1)), 2, False),
        (Says(("s",), values=([],)), [], True),
        (Says(("s",), values=([],)), ["a"], False),
        (Says(("s",), values=("{server}",)), "github", True),
        (Says(("s",), values=({"a": ["{server}"]},)), {"a": ["github"]}, True),
        (Says(("s",), holds=("{server}", "*")), ["jira", "*"], True),
        (Says(("s",), holds=("{server}",)), ["jira"], False),
        (Says(("s",), holds=("{server}",)), "github", None),
        (Says(("s",), null=True), None, True),
        (Says(("s",), null=True), 0, False),
        (Says(("s",), null=False), 0, True),
        (Says(("s",), null=False), None, False),
    ],
)
def test_one_place_is_met_not_met_or_says_neither(says: Says, value: Any, met: bool | None) -> None:
    fill = {"server": "github"}
    assert says.met(Answer({"s": value}), fill) is met
    assert says.met(Answer({}), fill) is None, "what is not there says neither"
    assert says.met(Answer(None), fill) is None


YES, NO, NEITHER = Says((), values=("x",)), Says((), values=("y",)), Says((), values=(1,))


@pytest.mark.parametrize(
    ("parts", "every", "some"),
    [
        ((YES, YES), True, True),
        ((YES, NO), False, True),
        ((NO, NO), False, False),
        ((YES, NEITHER), None, True),
        ((NO, NEITHER), False, None),
        ((NEITHER, NEITHER), None, None),
    ],
)
def test_doubt_stays_doubt_unless_the_rest_decides(
    parts: tuple[Says, Says], every: bool | None, some: bool | None
) -> None:
    for ordered in (parts, parts[::-1]):
        assert Every(ordered).met(Answer("x"), {}) is every
        assert Some(ordered).met(Answer("x"), {}) is some


def test_an_answer_without_a_body_meets_by_its_status_alone() -> None:
    says = Says(("ok",), values=(True,), statuses=frozenset({200, 204}))
    bare = Answer(None, 204, is_bare=True)
    assert says.met(bare, {}) is True
    assert says.met(Answer(None, 201, is_bare=True), {}) is False
    assert says.met(Answer({"ok": False}, 200), {}) is False
    assert says.met(Answer({"ok": True}, 200), {}) is True
    assert Says(("ok",), values=(True,)).met(bare, {}) is None


@pytest.mark.parametrize(
    "name", ['a"b', "a/../b", "%2e%2e", "{item}", "{server}", "日本", "a\\b", "a\nb", "{{"]
)
def test_a_name_is_put_in_once_and_as_it_is(name: str) -> None:
    fill = {"server": name, "item": "never"}
    said = {"a": ["x {server}", {"b": "{server}{server}"}], "{server}": 1, "n": None}
    assert template.filled(said, fill) == {"a": [f"x {name}", {"b": name + name}], "{server}": 1, "n": None}


def test_what_is_kept_is_cut() -> None:
    body = {"a": "x" * 1000, "b": [1] * 1000, "c": None, "d": 10**400, "secret": "never asked for"}
    facts = kept(body, (("a",), ("b",), ("c",), ("d",), ("e",)))
    assert list(facts) == ["/a", "/b", "/c", "/d"]
    assert all(len(str(value)) <= 301 for value in facts.values())
