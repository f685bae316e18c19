"""MIN(x) and MAX(x) of one window, where they are only asked to differ: two counts, which SPL says exactly.

Where a row's own x is in its window, MIN <> MAX is that the window has more x than it has of the row's own.
`MIN(x) <> y OR MAX(x) <> y`, where x is y or nothing, is that it has more x than it has of y.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from mcpsoar.targets.detection import conjuncts


@dataclass(frozen=True, slots=True)
class _Pair:
    """A smallest and a largest of one window, and the column `of` which they are: itself, or where a CASE
    gives it.
    """

    least: exp.Alias
    most: exp.Alias
    of: str
    is_bare: bool


def rewritten(tree: exp.Query) -> exp.Query:
    """The same statement with counts for such pairs; what is no such pair stays as it is."""
    tree = tree.copy()
    selects = list(tree.find_all(exp.Select))
    for select in selects:
        for pair in _pairs(select):
            asked = [_asked(one, pair) for one in _uses(selects, pair)]
            if not all(asked) or (pair.is_bare and not _is_filled(pair.of, select)):
                continue
            _count(pair)
            for node in {id(one): one for one in asked if one}.values():
                node.replace(_differs(pair))
    return tree


def _pairs(select: exp.Select) -> list[_Pair]:
    ends: dict[str, dict[type, exp.Alias]] = {}
    for one in select.expressions:
        window = one.unalias()
        if isinstance(window, exp.Window) and isinstance(window.this, exp.Min | exp.Max):
            spec = window.args.get("spec")
            if spec is not None and str(spec.args.get("end")).upper() == "CURRENT ROW":
                alike = window.copy()
                alike.set("this", window.this.this.copy())
                ends.setdefault(alike.sql(), {})[type(window.this)] = one
    found = []
    for both in ends.values():
        if len(both) == 2 and (of := _of(both[exp.Min].this.this.this, select)):
            is_bare = isinstance(both[exp.Min].this.this.this, exp.Column)
            found.append(_Pair(both[exp.Min], both[exp.Max], of, is_bare))
    return found


def _of(value: exp.Expr, select: exp.Select) -> str | None:
    """The column that a value is, or is where it is anything; None where the SELECT does not give it too."""
    if isinstance(value, exp.Case) and len(value.args["ifs"]) == 1 and not value.args.get("default"):
        value = value.args["ifs"][0].args["true"]
        if value.name not in select.named_selects:
            return None
    return value.name if isinstance(value, exp.Column) else None


def _uses(selects: Sequence[exp.Select], pair: _Pair) -> list[exp.Column]:
    names = {pair.least.alias, pair.most.alias}
    return list(
        {
            id(one): one for select in selects for one in select.find_all(exp.Column) if one.name in names
        }.values()
    )


def _asked(use: exp.Column, pair: _Pair) -> exp.Expr | None:
    """The condition that uses it, where it only asks for a difference."""
    ends = {pair.least.alias, pair.most.alias}
    comparison = use.parent
    if not isinstance(comparison, exp.NEQ):
        return None
    if pair.is_bare:
        return comparison if {comparison.this.name, comparison.expression.name} == ends else None
    other = comparison.parent
    if not isinstance(other, exp.Or) or not all(
        isinstance(one, exp.NEQ) for one in (other.this, other.expression)
    ):
        return None
    sides = [{one.this.name, one.expression.name} for one in (other.this, other.expression)]
    return other if {*map(frozenset, sides)} == {frozenset({one, pair.of}) for one in ends} else None


def _is_filled(column: str, select: exp.Select) -> bool:
    """Whether the rows of a SELECT have the column: it is asked for where they come from."""
    source = select.args["from_"].this.name
    before = [one.this for one in select.root().find_all(exp.CTE) if one.alias == source]
    for one in (select, *before):
        where = one.args.get("where")
        for part in conjuncts(where.this if where else None):
            if part.sql() == f"NOT {column} IS NULL":
                return True
    return False


def _count(pair: _Pair) -> None:
    for one in (pair.least, pair.most):
        window = one.this
        window.set("this", exp.Count(this=window.this.this))
    within = pair.most.this.args.get("partition_by") or []
    pair.most.this.set("partition_by", [*within, exp.column(pair.of)])


def _differs(pair: _Pair) -> exp.Expr:
    more = exp.NEQ(this=exp.column(pair.least.alias), expression=exp.column(pair.most.alias))
    if pair.is_bare:
        return more
    return exp.paren(exp.and_(exp.column(pair.of).is_(exp.null()).not_(), more))
