"""GROUP BY: each row gets the answer of its group, and the first row of a group stands for it."""

from collections.abc import Mapping, Sequence

from sqlglot import exp

from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import Kind
from mcpsoar.targets.spl.detection import values
from mcpsoar.targets.spl.detection.commands import Commands
from mcpsoar.targets.spl.detection.relation import Field, Keys, Scope
from mcpsoar.targets.spl.held import Held

AGGREGATES = (exp.Count, exp.Sum, exp.Min, exp.Max)


def aggregated(nodes: Sequence[exp.Expr], scope: Scope, commands: Commands, by: Sequence[str]) -> list[Field]:
    """A field for each aggregate over the scope's rows, of one group or of all. Raises Unsupported."""
    kinds = [_kind(one, scope) for one in nodes]
    asked = [("told", _statistic(one, scope, commands)) for one in nodes]
    names = commands.eventstats(asked, by) if asked else []
    found = []
    for node, kind, name in zip(nodes, kinds, names, strict=True):
        if kind in (Kind.INTEGER, Kind.NUMBER):
            told = f"coalesce({name}, 0)" if isinstance(node, exp.Count) else None
            found.append(Field(Held(kind, commands.put("counted", told) if told else name)))
        else:
            found.append(Field(Held(kind, commands.put("told", f"substr({name}, 2)"))))
    return found


def _kind(node: exp.Expr, scope: Scope) -> Kind:
    if isinstance(node, exp.Count):
        return Kind.INTEGER
    kind = values.value(node.this, scope).kind
    if isinstance(node, exp.Sum) and kind is not Kind.INTEGER:
        raise Unsupported(f"{node.sql('duckdb')} is no sum of whole numbers")
    return kind or Kind.TEXT


def _statistic(node: exp.Expr, scope: Scope, commands: Commands) -> str:
    """A function of stats that reads the rows of the scope alone."""
    member = scope.member
    if isinstance(node, exp.Count):
        if isinstance(node.this, exp.Distinct):
            raise Unsupported("COUNT(DISTINCT …) is not said in SPL")
        counted = "1" if isinstance(node.this, exp.Star) else _filled(node.this, scope)
        return f"sum({commands.put('step', f'if({member}=1, {counted}, 0)')})"
    found = values.value(node.this, scope)
    name = commands.put("value", f"if({member}=1 AND {found.there.text}, {values.kept(found)}, null())")
    if isinstance(node, exp.Sum) and not values.has_flag(node.this, scope):
        commands.summed(commands.put("summed", f"coalesce({name}, 0)"))
    return f"{node.key}({name})"


def _filled(node: exp.Expr, scope: Scope) -> str:
    return f"if({values.value(node, scope).null.text}, 0, 1)"


def grouped(keys: Sequence[exp.Expr], scope: Scope, commands: Commands) -> tuple[list[str], str]:
    """Fields to group by, and a field that is 1 for the first row of each group."""
    by = values.partitioned(keys, scope, commands)
    (first,) = commands.eventstats([("first_row", f"min({commands.row})")], by)
    return by, commands.put("is_first", f"if({scope.member}=1 AND {commands.row}={first}, 1, 0)")


def keys_of(select: exp.Select) -> Keys:
    """Sets of what a SELECT with GROUP BY gives that tell its rows apart."""
    named = {one.unalias().sql(): one.alias_or_name for one in select.expressions}
    parts = select.args["group"].expressions
    found = [_one_of(part, named) for part in parts]
    return frozenset() if None in found else frozenset({frozenset(one for one in found if one)})


def _one_of(part: exp.Expr, named: Mapping[str, str]) -> str | None:
    """The column that holds a key; of a time without its rest, the earliest or latest time tells it too."""
    if part.sql() in named:
        return named[part.sql()]
    if isinstance(part, exp.Sub) and isinstance(part.expression, exp.Mod):
        for one in (exp.Min(this=part.this), exp.Max(this=part.this)):
            if one.sql() in named:
                return named[one.sql()]
    return None
