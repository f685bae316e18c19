"""Expressions of a SELECT over the fields of its scope, and texts that stand for values in groups."""

from collections.abc import Sequence

from sqlglot import exp

from mcpsoar.core.event import Kind
from mcpsoar.targets.spl.detection.commands import Commands
from mcpsoar.targets.spl.detection.relation import Field, Scope
from mcpsoar.targets.spl.expression import Conditions
from mcpsoar.targets.spl.held import Held
from mcpsoar.targets.spl.text import NO, Said
from mcpsoar.targets.spl.value import Value

_OUTSIDE = "!"  # as a partition: the rows of no relation
_NUMERIC = (Kind.INTEGER, Kind.NUMBER)


def condition(node: exp.Expr, scope: Scope) -> Said:
    """When it is TRUE. Raises Unsupported."""
    tree, held = scope.resolved(node)
    return Conditions(held).true(tree)


def value(node: exp.Expr, scope: Scope) -> Value:
    """What it is worth. Raises Unsupported."""
    tree, held = scope.resolved(node)
    return Conditions(held).value(tree)


def made(node: exp.Expr, found: Value, name: str) -> Field:
    """A field that holds a value."""
    return Field(Held(found.kind or Kind.TEXT, name), is_flag=is_flag(node))


def is_flag(node: exp.Expr) -> bool:
    """Whether it is 0 or 1 whatever the row."""
    if not isinstance(node, exp.Case) or node.args.get("default") is None:
        return False
    answers = [*(one.args["true"] for one in node.args["ifs"]), node.args["default"]]
    return all(
        isinstance(one, exp.Literal) and one.this in ("0", "1") and not one.is_string for one in answers
    )


def has_flag(node: exp.Expr, scope: Scope) -> bool:
    """The same of a column too."""
    return scope.find(node)[1].is_flag if isinstance(node, exp.Column) else is_flag(node)


def marked(found: Value) -> str:
    """A text that no other value has, NULL neither: BY drops nulls, min and max take texts for numbers."""
    told = f'"=".{found.text}'
    return told if found.null == NO else f'if({found.null.text}, "-", {told})'


def kept(found: Value) -> str:
    """The same, but null where it is NULL; for numbers the number itself."""
    return found.text if found.kind in _NUMERIC else f'"=".{found.text}'


def unmarked(name: str, kind: Kind | None) -> str:
    """The value of what `kept` made."""
    return name if kind in _NUMERIC else f"substr({name}, 2)"


def partitioned(partition: Sequence[exp.Expr], scope: Scope, commands: Commands) -> list[str]:
    """Fields to group by, which are never null and keep the scope's rows apart from all others."""
    marks = [marked(value(one, scope)) for one in partition] or ['"="']
    parts = [commands.put("part", f'if({scope.member}=1, {mark}, "{_OUTSIDE}")') for mark in marks]
    return [*commands.always, *parts]
