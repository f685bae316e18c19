"""How far back a search has to look, so that it says of a new event what the statement says of the whole log.

Where a statement compares an event with times that it names alone, twice their sum: as far as one looks back
from the event before. Where it asks what was first, last or ever so, 30 days, as far as a pack looks back.
"""

from sqlglot import exp

from mcpsoar.targets.spl.detection.frames import read

DAY_MS = 86_400_000
EVER_MS = 30 * DAY_MS
_ORDERED = (exp.GT, exp.GTE, exp.LT, exp.LTE, exp.Between)


def lookback_ms(tree: exp.Query) -> int:
    """Raises Unsupported for a window that no search has."""
    named = sum(_named(tree))
    if named == 0 or _asks_of_ever(tree):
        return max(EVER_MS, named + DAY_MS)
    return 2 * named


def _named(tree: exp.Query) -> set[int]:
    """The spans of time, each once."""
    windows = map(read, tree.find_all(exp.Window))
    reaches = {one.frame.reach + 1 for one in windows if one.frame.kind == "sliding"}
    return reaches | {
        int(literal.this)
        for one in tree.find_all(*_ORDERED)
        if any(column.name.endswith("_ms") for column in one.find_all(exp.Column))
        for literal in one.find_all(exp.Literal)
        if not literal.is_string and not isinstance(literal.parent, exp.Mod)
    }


def _asks_of_ever(tree: exp.Query) -> bool:
    """Whether an event of any age can change the answer: but for prefilters, which count what is there."""
    if any(isinstance(one.parent, exp.Not) for one in tree.find_all(exp.In)):
        return True
    if any(_is_of_all(one) for one in tree.find_all(exp.Window)):
        return True
    return any(_is_of_all_groups(one) for one in tree.find_all(exp.Select))


def _is_of_all(node: exp.Window) -> bool:
    over = read(node)
    is_place = over.frame.kind == "place" and not isinstance(over.function, exp.RowNumber)
    return not is_place and over.frame.kind not in ("sliding", "rows")


def _is_of_all_groups(select: exp.Select) -> bool:
    counts = {type(one) for one in select.find_all(exp.AggFunc) if not one.find_ancestor(exp.Window)}
    return bool(select.args.get("group")) and counts != {exp.Count}
