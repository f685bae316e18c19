"""An expression of SQL as one of ES|QL: the allow-list of gates, and what derived columns use of lists.

ES|QL knows three values as SQL does, so null stays null up to the end; there a condition becomes two-valued.
What several values in one field would change (a comparison becomes null) is settled before, when an event is
normalised. Anything that the two languages do not mean alike is refused by name.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from sqlglot import exp

from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import Column, Kind
from mcpsoar.targets.es import LONGEST, paths
from mcpsoar.targets.es.lists import Lists
from mcpsoar.targets.es.text import quoted

_OR, _AND, _NOT, _COMPARED, _SUM, _PRODUCT, _SIGNED, _WHOLE = range(8)  # what binds tighter comes later
_COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "==",
    exp.NEQ: "!=",
    exp.GT: ">",
    exp.GTE: ">=",
    exp.LT: "<",
    exp.LTE: "<=",
}
_SUMS: dict[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-"}


class Said(NamedTuple):
    """A text, and how tightly its outermost operator binds."""

    text: str
    binds: int = _WHOLE


class Printer:
    """Prints over these columns; `approved` is the field of a lookup that tells who is on the list.

    Raises Unsupported, with the reason alone.
    """

    def __init__(self, columns: Sequence[Column], *, approved: str = "") -> None:
        self.columns: Mapping[str, Column] = {column.name: column for column in columns}
        self.approved = approved
        self._lists = Lists(self.columns, self.value)
        self._kinds: Mapping[type[exp.Expr], Callable[..., Said]] = {
            exp.And: self._chain,
            exp.Or: self._chain,
            exp.Not: self._not,
            exp.Is: self._is,
            exp.In: self._in,
            exp.Between: self._between,
            exp.Case: self._case,
            exp.Coalesce: self._coalesce,
            exp.Lower: self._lower,
            exp.Neg: self._negative,
            exp.Mul: self._product,
            exp.Column: self._column,
            exp.Literal: self._literal,
            exp.Boolean: lambda node: Said("true" if node.this else "false"),
            exp.Null: lambda _node: Said("null"),
            exp.ArrayContains: lambda node: Said(self._lists.contains(node)),
            exp.Anonymous: self._called,
            exp.Length: lambda node: Said(self._lists.length(node)),
            **dict.fromkeys(_COMPARISONS, self._compared),
            **dict.fromkeys(_SUMS, self._sum),
        }

    def value(self, tree: exp.Expr) -> str:
        """The value; null where SQL gives NULL."""
        return self._said(tree).text

    def condition(self, tree: exp.Expr) -> str:
        """Whether it holds; false where SQL gives NULL, so that it may be negated."""
        while isinstance(tree, exp.Paren):
            tree = tree.this
        said = self._said(tree).text
        return said if isinstance(tree, exp.Boolean) else f"COALESCE({said}, false)"

    def _said(self, node: exp.Expr) -> Said:
        if isinstance(node, exp.Paren):
            return self._said(node.this)
        make = self._kinds.get(type(node))
        if make is None:
            raise Unsupported(f"{type(node).__name__} is not printed as ES|QL")
        return make(node)

    def _at(self, node: exp.Expr, binds: int) -> str:
        """As an operand of something that binds so tightly."""
        said = self._said(node)
        return said.text if said.binds >= binds else f"({said.text})"

    def _chain(self, node: exp.Expr) -> Said:
        word, binds = ("AND", _AND) if isinstance(node, exp.And) else ("OR", _OR)
        parts, waiting = list[str](), [node]
        while waiting:
            part = waiting.pop()
            if type(part) is type(node):
                waiting += [part.args["expression"], part.this]
            else:
                parts.append(self._at(part, binds + 1))
        return Said(f" {word} ".join(parts), binds)

    def _not(self, node: exp.Expr) -> Said:
        inner = node.this
        if isinstance(inner, exp.Is) and isinstance(inner.expression, exp.Null):
            return self._null(inner.this, is_null=False)
        return Said(f"NOT {self._at(inner, _COMPARED)}", _NOT)

    def _compared(self, node: exp.Expr) -> Said:
        if isinstance(node, exp.GT) and (told := self._lists.any_element(node)):
            return Said(told)
        sides = [self._at(side, _SUM) for side in (node.this, node.expression)]
        return Said(f"{sides[0]} {_COMPARISONS[type(node)]} {sides[1]}", _COMPARED)

    def _is(self, node: exp.Expr) -> Said:
        if isinstance(node.expression, exp.Null):
            return self._null(node.this, is_null=True)
        if isinstance(node.expression, exp.Not) and isinstance(node.expression.this, exp.Null):
            return self._null(node.this, is_null=False)
        raise Unsupported("IS is for NULL alone")

    def _null(self, node: exp.Expr, *, is_null: bool) -> Said:
        if isinstance(node, exp.Column) and self._kind(node) is Kind.TEXTS:
            known = self._lists.known(node)
            return Said(f"NOT ({known})", _NOT) if is_null else Said(known, _OR)
        return Said(f"{self._at(node, _SUM)} IS {'' if is_null else 'NOT '}NULL", _COMPARED)

    def _in(self, node: exp.Expr) -> Said:
        if node.args.get("query") or node.args.get("unnest") or not node.expressions:
            raise Unsupported("IN takes a list of values")
        own = self._at(node.this, _SUM)
        if any(isinstance(one, exp.Placeholder) for one in node.expressions):
            return self._listed(node, own)
        return Said(f"{own} IN ({', '.join(self.value(one) for one in node.expressions)})", _COMPARED)

    def _listed(self, node: exp.Expr, own: str) -> Said:
        if len(node.expressions) != 1 or node.expressions[0].name != "approved":
            raise Unsupported("the one parameter is written: column IN (:approved)")
        if not self.approved:
            return Said(f"CASE({own} IS NOT NULL, true)")  # without a list every name counts as approved
        return Said(f"CASE({own} IS NOT NULL, COALESCE({self.approved}, false))")

    def _between(self, node: exp.Expr) -> Said:
        own, low, high = (self._at(one, _SUM) for one in (node.this, node.args["low"], node.args["high"]))
        return Said(f"{own} >= {low} AND {own} <= {high}", _AND)

    def _case(self, node: exp.Expr) -> Said:
        parts = list[str]()
        for one in node.args["ifs"]:
            asked = exp.EQ(this=node.this.copy(), expression=one.this.copy()) if node.this else one.this
            parts += [self.value(asked), self.value(one.args["true"])]
        default = node.args.get("default")
        parts += [self.value(default)] if default is not None else []
        return Said(f"CASE({', '.join(parts)})")

    def _coalesce(self, node: exp.Expr) -> Said:
        return Said(f"COALESCE({', '.join(self.value(one) for one in (node.this, *node.expressions))})")

    def _lower(self, node: exp.Expr) -> Said:
        return Said(f"TO_LOWER({self.value(node.this)})")

    def _negative(self, node: exp.Expr) -> Said:
        return Said(f"-{self._at(node.this, _WHOLE)}", _SIGNED)

    def _sum(self, node: exp.Expr) -> Said:
        left, right = self._at(node.this, _SUM), self._at(node.expression, _PRODUCT)
        return Said(f"{left} {_SUMS[type(node)]} {right}", _SUM)

    def _product(self, node: exp.Expr) -> Said:
        return Said(f"{self._at(node.this, _PRODUCT)} * {self._at(node.expression, _SIGNED)}", _PRODUCT)

    def _column(self, node: exp.Expr) -> Said:
        if node.name == "event_ms":
            return Said(f"TO_LONG({paths.TIME})")
        kind = self._kind(node)
        if kind is Kind.TEXTS:
            raise Unsupported(f"{node.name} is a list: compared whole it is null in ES|QL")
        if kind is Kind.TIME:
            raise Unsupported(f"{node.name} is a time, and texts of times differ: ask event_ms")
        return Said(self._path(node))

    def _literal(self, node: exp.Expr) -> Said:
        if node.is_string:
            return Said(quoted(node.name))
        if node.name.isdigit() and int(node.name) >= LONGEST:
            raise Unsupported(f"{node.name} is no whole number of 64 bits")
        return Said(node.name)

    def _called(self, node: exp.Expr) -> Said:
        if node.name.lower() != "list_has_all" or len(node.expressions) != 2:
            raise Unsupported(f"the function {node.name} is not printed as ES|QL")
        return Said(self._lists.has_all(*node.expressions))

    def _path(self, node: exp.Expr) -> str:
        return paths.quoted(paths.of("event_id" if node.name == "event_key" else node.name))

    def _kind(self, node: exp.Expr) -> Kind:
        if node.name == "event_key":
            return Kind.TEXT
        if node.name not in self.columns:
            raise Unsupported(f"there is no column {node.name}")
        return self.columns[node.name].kind
