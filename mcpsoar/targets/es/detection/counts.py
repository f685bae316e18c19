"""What is asked of a count: if it is only compared with numbers, which of them it reaches is enough."""

from collections.abc import Iterator, Sequence

from sqlglot import exp

from mcpsoar.targets.es.detection.relation import is_number

COMPARED = (exp.GT, exp.GTE, exp.LT, exp.LTE)


def bounds(todo: Sequence[exp.Expr], window: exp.Window) -> list[int]:
    """The numbers that COUNT(*) is compared with, where nothing else is asked of it; else none."""
    if not isinstance(window.this, exp.Count) or not isinstance(window.this.this, exp.Star):
        return []
    if not isinstance(window.parent, exp.Alias):
        return []
    names = _followed(todo, {window.parent.alias})
    found: set[int] = set()
    asked = 0
    for one in comparisons(todo, names, COMPARED):
        numbers = _numbers(one.expression, todo)
        if not numbers:
            return []
        found |= {number + isinstance(one, exp.GT | exp.LTE) for number in numbers}
        asked += 1
    read = [one for tree in todo for one in tree.find_all(exp.Column) if one.name in names]
    passed = sum(isinstance(one.parent, exp.Select | exp.Alias | exp.Lag) for one in read)
    return sorted(found) if asked + passed == len(read) and min(found, default=0) > 1 else []


def comparisons(
    trees: Sequence[exp.Expr], names: set[str], kinds: tuple[type[exp.Expr], ...]
) -> Iterator[exp.Expr]:
    """Comparisons of these columns with something, the column to the left."""
    for tree in trees:
        for one in tree.find_all(*kinds):
            bare = one.this
            if isinstance(bare, exp.Coalesce) and all(map(is_number, bare.expressions)):
                bare = bare.this
            if isinstance(bare, exp.Column) and bare.name in names:
                yield one


def _followed(trees: Sequence[exp.Expr], names: set[str]) -> set[str]:
    """The names, and those under which a LAG or a SELECT passes them on."""
    found = set(names)
    for one in [one for tree in trees for one in tree.find_all(exp.Alias)]:
        of = one.this
        if isinstance(of, exp.Window) and isinstance(of.this, exp.Lag):
            of = of.this.this
        if isinstance(of, exp.Column) and of.name in found:
            found.add(one.alias)
    return found


def _numbers(value: exp.Expr, trees: Sequence[exp.Expr]) -> list[int]:
    """The whole numbers that it may be; none where that is not to be seen."""
    if isinstance(value, exp.Literal):
        return [int(value.name)] if value.is_int else []
    named = [one.this for tree in trees for one in tree.find_all(exp.Alias) if one.alias == value.name]
    if not isinstance(value, exp.Column) or not all(
        isinstance(one, exp.Case) and is_number(one) for one in named
    ):
        return []
    branches = [
        each for one in named for each in (*(of.args["true"] for of in one.args["ifs"]), one.args["default"])
    ]
    return [int(each.name) for each in branches]
