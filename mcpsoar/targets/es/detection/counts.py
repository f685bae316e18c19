"""What is asked of a count: if it is only compared with numbers, which of them it reaches is enough."""

from collections.abc import Iterator, Sequence

from sqlglot import exp

from mcpsoar.targets.detection import conjuncts
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


def is_label(todo: Sequence[exp.Expr], window: exp.Window) -> bool:
    """Whether a running COUNT of some rows is only asked for being equal, in joins within its partition."""
    of, order = window.this, window.args.get("order")
    case = of.this if isinstance(of, exp.Count) else None
    if not isinstance(case, exp.Case) or case.args.get("default") or window.args.get("spec") or order is None:
        return False
    names = [one.this.name for one in order.expressions]
    if len(case.args["ifs"]) != 1 or len(names) != 2 or names[1] != "event_key":
        return False
    alias = window.parent.alias if window.parent is not None else ""
    read = [one for tree in todo for one in tree.find_all(exp.Column) if one.name == alias]
    within = {one.name for one in window.args.get("partition_by") or []}
    return bool(alias and read) and all(_ties(one, within) for one in read)


def _ties(column: exp.Column, within: set[str]) -> bool:
    """Whether it stands in a join that has it, and these columns, equal on both sides."""
    join = column.find_ancestor(exp.Join)
    if join is None:
        return False
    equal = {
        one.this.name
        for one in conjuncts(join.args.get("on"))
        if isinstance(one, exp.EQ)
        and isinstance(one.this, exp.Column)
        and one.this.name == one.expression.name
    }
    return isinstance(column.parent, exp.EQ) and {column.name, *within} <= equal


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
