"""What a table of the SQL is in the stream: which rows belong to it, and what its columns are made of."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from mcpsoar.core.errors import Unsupported
from mcpsoar.targets.detection import conjuncts

AGGREGATES = (exp.Count, exp.Min, exp.Max, exp.Sum)
STREAM = "\0"  # the name of the stream itself, where a column of it stands in the SQL


@dataclass(frozen=True, slots=True)
class Relation:
    """Expressions over the stream. `member` tells which rows belong, None: all.

    With `keys` it has one row a group, and every row of the stream stands for its own group.
    """

    columns: Mapping[str, exp.Expr]
    member: exp.Expr | None = None
    keys: tuple[exp.Expr, ...] | None = None


@dataclass(frozen=True, slots=True)
class Scope:
    """The tables of one SELECT, by the names they have there."""

    tables: dict[str, Relation]

    def column(self, node: exp.Column) -> exp.Expr:
        """What a column is. Raises Unsupported for one of no table."""
        if node.table == STREAM:
            return exp.column(node.name)
        named = [one for name, one in self.tables.items() if node.table in ("", name)]
        for one in named:
            if node.name in one.columns:
                return one.columns[node.name].copy()
        raise Unsupported(f"{node.sql()} is a column of another SELECT")


def all_of(parts: Sequence[exp.Expr | None]) -> exp.Expr | None:
    """One condition for all."""
    found = [one for part in parts for one in conjuncts(part)]
    return exp.and_(*found, copy=True) if found else None


def names_in(tree: exp.Expr | None) -> set[str]:
    """The columns of the stream that it reads."""
    return {one.name for one in tree.find_all(exp.Column)} if tree is not None else set()


def is_known(value: exp.Expr, conditions: exp.Expr | None) -> bool:
    """Whether the conditions say that it is not NULL."""
    said = exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null()))
    return any(one == said for one in conjuncts(conditions))


def known(value: exp.Expr) -> exp.Expr:
    """It is not NULL."""
    return exp.Not(this=exp.Is(this=value.copy(), expression=exp.Null()))


def case(*pairs: tuple[exp.Expr, exp.Expr]) -> exp.Case:
    """The value of the first condition that holds, else NULL."""
    return exp.Case(ifs=[exp.If(this=one.copy(), true=value.copy()) for one, value in pairs])


def number(value: int) -> exp.Expr:
    return exp.Literal.number(value)


def equals(name: str, value: int) -> exp.Expr:
    return exp.EQ(this=exp.column(name), expression=number(value))


def is_number(value: exp.Expr) -> bool:
    """Whether it is a number and never NULL, to be seen without knowing its columns."""
    if isinstance(value, exp.Literal):
        return value.is_int
    branches = [one.args["true"] for one in value.args.get("ifs") or []] + [value.args.get("default")]
    return isinstance(value, exp.Case) and all(
        isinstance(one, exp.Literal) and one.is_int for one in branches
    )
