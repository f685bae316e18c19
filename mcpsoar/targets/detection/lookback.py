"""How far back a search has to look, so that it says of a new event what the statement says of the whole log.

Where a statement compares an event with times that it names alone, twice their sum: as far as one looks back
from the event before. Where it asks what was first, last or ever so, 30 days, as far as a pack looks back.
"""

from collections.abc import Collection, Sequence
from typing import Any

from sqlglot import exp

DAY_MS = 86_400_000
EVER_MS = 30 * DAY_MS
_ORDERED = (exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between)
_BESIDE = (exp.Lag, exp.Lead)


def lookback_ms(tree: exp.Query) -> int:
    """The same for every language, which may refuse what is read here."""
    windows = list(tree.find_all(exp.Window))
    named = sum(_reaches(windows) | _compared(tree))
    if named == 0 or _asks_of_ever(tree, windows):
        return max(EVER_MS, named + DAY_MS)
    return 2 * named


def _reaches(windows: Sequence[exp.Window]) -> set[int]:
    """The spans of time that windows see, each once."""
    return {int(_start(one).name) + 1 for one in windows if _is_sliding(one)}


def _compared(tree: exp.Query) -> set[int]:
    """The numbers that times are compared with, each once; how often there is a time is none."""
    return {
        int(literal.name)
        for one in tree.find_all(*_ORDERED)
        if any(_is_time(column) for column in one.find_all(exp.Column))
        for literal in one.find_all(exp.Literal)
        if literal.is_int and not isinstance(literal.parent, exp.Mod)
    }


def _is_time(column: exp.Column) -> bool:
    nearest = column.find_ancestor(exp.Count, *_ORDERED)
    return column.name.endswith("_ms") and not isinstance(nearest, exp.Count)


def _asks_of_ever(tree: exp.Query, windows: Sequence[exp.Window]) -> bool:
    """Whether an event of any age can change the answer: but for prefilters, which count what is there, or
    ask of all what a window over time asks again.
    """
    if any(isinstance(one.parent, exp.Not) for one in tree.find_all(exp.In)):
        return True
    if any(_is_of_all(one) for one in windows):
        return True
    again = {one.this.sql() for one in windows if _is_sliding(one)}
    return any(_is_of_all_groups(one, again) for one in tree.find_all(exp.Select))


def _is_of_all(window: exp.Window) -> bool:
    """Whether it sees a row however far away; of rows that are counted it sees as few as LAG does."""
    return not isinstance(window.this, _BESIDE) and not isinstance(_start(window), exp.Literal)


def _is_of_all_groups(select: exp.Select, again: Collection[str]) -> bool:
    if not select.args.get("group"):
        return False
    asked = [one for one in select.find_all(exp.AggFunc) if not one.find_ancestor(exp.Window)]
    return not asked or any(not isinstance(one, exp.Count) and one.sql() not in again for one in asked)


def _is_sliding(window: exp.Window) -> bool:
    spec = window.args.get("spec")
    is_range = spec is not None and str(spec.args["kind"]).upper() == "RANGE"
    return is_range and isinstance(_start(window), exp.Literal)


def _start(window: exp.Window) -> Any:
    """What its frame begins with: a number, words, or nothing where there is no frame."""
    spec = window.args.get("spec")
    return spec.args.get("start") if spec is not None else None
