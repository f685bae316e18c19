"""The bridge: pySigma's condition tree as one boolean expression of sqlglot over the columns of one table.

A visitor: AND, OR and NOT here, every kind of comparison in `leaf`. What cannot be said is refused by
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
    ConditionValueExpression,
)
from sigma.types import SigmaRegularExpression, SigmaTimestampPart
from sqlglot import exp

from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import Column
from mcpsoar.targets.bridge import dialect as dialects
from mcpsoar.targets.bridge import leaf
from mcpsoar.targets.bridge.table import Table, audit
from mcpsoar.targets.rule import refuse
from mcpsoar.targets.rule.reading import Condition, Parsed

_TARGET = "sql"
_LONG = 32
_DIFFER = (SigmaRegularExpression, SigmaTimestampPart)  # what some dialects cannot say


def build(parsed: Parsed, columns: Sequence[Column], dialect: str = "duckdb") -> exp.Expression:
    """One rule as one expression over `mcp_audit`, never NULL, which that dialect can say.

    A rule with several conditions matches when any of them does. Raises Unsupported with the rule, the item
    and its file:line.
    """
    table = audit(columns)
    _refuse(parsed, table, dialect)
    return joined([condition(one, table) for one in parsed.conditions])


def condition(node: Condition | None, table: Table) -> exp.Expression:
    """One condition of pySigma over any table, never NULL. Raises Unsupported, with the reason alone."""
    if isinstance(node, ConditionFieldEqualsValueExpression):
        return leaf.compare(node.field, node.value, table)
    if isinstance(node, ConditionValueExpression):
        return leaf.keyword(node.value, table)
    if isinstance(node, ConditionNOT):
        return exp.Not(this=exp.Paren(this=condition(node.args[0], table)))
    if isinstance(node, ConditionOR):
        return _as_list(node, table) or _join(exp.Or, [condition(child, table) for child in node.args])
    if isinstance(node, ConditionAND):
        return _join(exp.And, [condition(child, table) for child in node.args])
    raise Unsupported("a part of the condition matches no selection")


def joined(conditions: Sequence[exp.Expression]) -> exp.Expression:
    """Several conditions, any of which will do."""
    return _join(exp.Or, conditions)


def _refuse(parsed: Parsed, table: Table, dialect: str) -> None:
    """Try every item alone first: here its line is known, in the tree it is not."""
    for item in parsed.items:
        for value in item.values:
            try:
                if item.field is None:
                    made = leaf.keyword(value, table)
                else:
                    made = leaf.compare(item.field, value, table)
                if isinstance(value, _DIFFER):
                    dialects.text(made, dialect)
            except Unsupported as error:
                raise refuse.unsupported(parsed, item, error.message, _TARGET) from None


def _as_list(node: ConditionItem, table: Table) -> exp.Expression | None:
    leaves = [child for child in node.args if isinstance(child, ConditionFieldEqualsValueExpression)]
    if len(leaves) != len(node.args) or len({child.field for child in leaves}) != 1:
        return None
    return leaf.one_of(leaves[0].field, [child.value for child in leaves], table)


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
