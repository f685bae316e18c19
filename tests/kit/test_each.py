"""One call for each: what is told afterwards is what was done."""

from collections.abc import Mapping

import pytest

from mcpsoar.core.errors import Conflict, Denied, Indeterminate, Malformed, Trouble, Unreachable
from mcpsoar.kit.each import each
from mcpsoar.kit.status import Failed, Unknown

NAMES = ("a", "b", "c", "d", "e")


def tried(troubles: Mapping[str, Trouble], late: set[str] | None = None) -> tuple[list[str], Trouble | None]:
    """What was sent, and what was raised."""
    sent: list[str] = []

    def send(name: str) -> None:
        sent.append(name)
        if name in troubles:
            raise troubles[name]

    try:
        each(NAMES, send, where="plane.example.com", late=set() if late is None else late)
    except Trouble as trouble:
        return sent, trouble
    return sent, None


def test_all_are_sent() -> None:
    assert tried({}) == (list(NAMES), None)


@pytest.mark.parametrize("kind", [Denied, Conflict, Malformed])
def test_one_that_is_refused_saves_no_other(kind: type[Trouble]) -> None:
    sent, trouble = tried({"a": kind("no")})
    assert sent == list(NAMES)
    assert isinstance(trouble, Indeterminate), "four were done: who says less lies"
    assert trouble.message == "4 of 5 were acknowledged, then: no"


@pytest.mark.parametrize(
    "troubles",
    [{"b": Unreachable("busy")}, {"a": Indeterminate("gone"), "b": Indeterminate("gone")}],
    ids=["busy", "gone"],
)
def test_who_is_gone_is_called_no_more_and_half_is_not_nothing(troubles: dict[str, Trouble]) -> None:
    sent, trouble = tried(troubles)
    assert sent == ["a", "b"]
    assert isinstance(trouble, Indeterminate)


def test_one_that_has_no_good_answer_saves_no_other() -> None:
    sent, trouble = tried({"a": Indeterminate("gone"), "c": Indeterminate("gone")})
    assert sent == list(NAMES)
    assert isinstance(trouble, Indeterminate)


def test_answers_of_failure_save_no_other() -> None:
    sent, trouble = tried(dict.fromkeys(NAMES[:4], Failed("500")))
    assert sent == list(NAMES)
    assert isinstance(trouble, Indeterminate)


def test_who_was_in_trouble_is_not_before_the_others_again() -> None:
    late: set[str] = set()
    gone = {"a": Indeterminate("gone"), "b": Indeterminate("gone")}
    assert tried(gone, late)[0] == ["a", "b"]
    assert tried(gone, late)[0] == ["c", "d", "e", "a", "b"]
    assert tried({}, late)[0] == ["c", "d", "e", "a", "b"]
    assert tried({}, late)[0] == list(NAMES)


def test_nothing_is_told_as_nothing() -> None:
    gone = Unreachable("gone", retry_after_s=7)
    assert tried({"a": gone}) == (["a"], gone)


def test_who_is_not_known_stops_asking() -> None:
    no = [Unknown(str(n)) for n in range(5)]
    assert tried(dict(zip(NAMES, no, strict=True))) == (["a", "b", "c"], no[2])


def test_refusals_of_some_save_no_other() -> None:
    no: list[Trouble] = [Denied(str(n)) for n in range(4)]
    assert tried(dict(zip(NAMES, no, strict=False)))[0] == list(NAMES)


def test_an_answer_that_says_nothing_may_be_a_change() -> None:
    _, trouble = tried({"a": Malformed("<html>"), "b": Unreachable("gone")})
    assert isinstance(trouble, Indeterminate)
