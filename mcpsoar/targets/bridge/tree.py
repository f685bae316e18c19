"""The bridge: pySigma's condition tree as one boolean expression of sqlglot over the columns of `mcp_audit`.

A visitor: AND, OR and NOT here, every kind of comparison in `leaf`. What is not bridged yet is refused by
name. AND and OR are built balanced, because long lists break recursive printers; long ones are printed
balanced too, because SQLite allows a depth of 1000.
"""

from collections.abc import Sequence

from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionItem,
    ConditionNOT,
    ConditionOR,
)
from sqlglot import exp

from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import Column
from mcpsoar.targets.bridge import leaf
from mcpsoar.targets.rule import refuse
from mcpsoar.targets.rule.reading import Condition, Parsed

_TARGET = "sql"
_LONG = 32


def build(parsed: Parsed, columns: Sequence[Column]) -> exp.Expression:
    """One rule as one expression, never NULL. Raises Unsupported with the rule, the item and its file:line.

    A rule with several conditions matches when any of them does.
    """
    known = {column.name: column for column in columns}
    _refuse(parsed, known)
    return _join(exp.Or, [_visit(condition, known) for condition in parsed.conditions])


def _refuse(parsed: Parsed, known: leaf.Columns) -> None:
    """Try every item alone first: here its line is known, in the tree it is not."""
    for item in parsed.items:
        if item.field is None:
            raise refuse.unsupported(parsed, item, "keywords search raw text; name the column", _TARGET)
        for value in item.values:
            try:
                leaf.compare(item.field, value, known)
            except Unsupported as error:
                raise refuse.unsupported(parsed, item, error.message, _TARGET) from None


def _visit(node: Condition | None, known: leaf.Columns) -> exp.Expression:
    if isinstance(node, ConditionFieldEqualsValueExpression):
        return leaf.compare(node.field, node.value, known)
    if isinstance(node, ConditionNOT):
        return exp.Not(this=exp.Paren(this=_visit(node.args[0], known)))
    if isinstance(node, ConditionOR):
        return _as_list(node, known) or _join(exp.Or, [_visit(child, known) for child in node.args])
    if isinstance(node, ConditionAND):
        return _join(exp.And, [_visit(child, known) for child in node.args])
    raise Unsupported(f"{type(node).__name__} is not bridged to SQL")


def _as_list(node: ConditionItem, known: leaf.Columns) -> exp.Expression | None:
    leaves = [child for child in node.args if isinstance(child, ConditionFieldEqualsValueExpression)]
    if len(leaves) != len(node.args) or len({child.field for child in leaves}) != 1:
        return None
    return leaf.one_of(leaves[0].field, [child.value for child in leaves], known)


def _join(connector: type[exp.And] | type[exp.Or], parts: Sequence[exp.Expression]) -> exp.Expression:
    if len(parts) == 1:
        return parts[0]
    half = len(parts) // 2
    left, right = _join(connector, parts[:half]), _join(connector, parts[half:])
    keep = len(parts) > _LONG
    return connector(
        this=_grouped(connector, left, keep=keep), expression=_grouped(connector, right, keep=keep)
    )


def _grouped(connector: type[exp.Expression], part: exp.Expression, *, keep: bool) -> exp.Expression:
    other = isinstance(part, exp.And | exp.Or) and not isinstance(part, connector)
    return exp.Paren(this=part) if other or keep else part
