"""A plan of a deployment as text."""

import pytest

from mcpsoar.cli.pack_deploy_text import plan
from mcpsoar.core.digest import Json
from mcpsoar.siems.deploy.plan import Plan
from mcpsoar.siems.deploy.steps import Action, KeyStep, Step, What
from mcpsoar.siems.objects import Item


def shown(what: What, live: Json, wanted: Json) -> list[str]:
    key = KeyStep("search", what, None, live, wanted)
    step = Step(Item("saved/searches", "a", {}), Action.CHANGE, (key,))
    return list(plan(Plan("somewhere", (step,))))[4:-1]


@pytest.mark.parametrize(
    ("what", "lines"),
    [
        (What.CHANGE, ["      - two", "      + 2"]),
        (What.CONFLICT, ["      - two", "      + 2"]),
        (What.DRIFT, ["      - 2", "      + two"]),
        (What.KEPT, []),
    ],
)
def test_only_lines_that_differ_are_shown(what: What, lines: list[str]) -> None:
    assert shown(what, "one\ntwo\nthree", "one\n2\nthree") == lines


def test_a_line_that_looks_like_a_mark_of_a_diff_is_shown() -> None:
    assert shown(What.CHANGE, "--- a", "+++ b") == ["      - --- a", "      + +++ b"]


def test_values_are_shown_key_by_key_and_harmless() -> None:
    assert shown(What.CHANGE, {"a": 1, "b": "\x1b[2J\u202e"}, {"a": 2, "b": "\x1b[2J\u202e"}) == [
        '      -  "a": 1,',
        '      +  "a": 2,',
    ]
    (line,) = shown(What.CHANGE, None, "\x1b[2J\u202e")
    assert line == "      + \\x1b[2J\\u202e"


def test_a_wall_of_lines_is_counted_and_not_compared() -> None:
    (line,) = shown(What.CHANGE, "a\n" * 5000, "b\n" * 5000)
    assert line == "      5001 lines, and 5001: --format json has both"
