"""An expression of SQL as one of Painless: what derived columns are made of.

Calls of the functions in `scripts/three_values.painless`, which know null as SQL knows NULL. What these do
not say is refused by name.
"""

from collections.abc import Callable, Mapping, Sequence

from sqlglot import exp

from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import Column, Kind

_LONGEST = 2**63
_NUMBERS = (Kind.INTEGER, Kind.NUMBER)


def quoted(text: str) -> str:
    r"""A string literal that is this text: Painless escapes `\\` and the quote alone (Literals, 9.x)."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


class Printer:
    """Prints over these columns, whose values are in the map `own`.

    Raises Unsupported, with the reason alone.
    """

    def __init__(self, columns: Sequence[Column]) -> None:
        self._columns: Mapping[str, Column] = {column.name: column for column in columns}
        self._element = ""
        self._kinds: Mapping[type[exp.Expr], Callable[..., str]] = {
            exp.And: lambda node: self._call("both", node.this, node.expression),
            exp.Or: lambda node: self._call("either", node.this, node.expression),
            exp.Not: lambda node: self._call("no", node.this),
            exp.Paren: lambda node: self.value(node.this),
            exp.Is: self._is,
            exp.In: self._in,
            exp.Case: self._case,
            exp.Coalesce: self._coalesce,
            exp.Null: lambda _node: "null",
            exp.EQ: lambda node: self._call("equal", node.this, node.expression),
            exp.NEQ: lambda node: f"no({self._call('equal', node.this, node.expression)})",
            exp.LT: lambda node: self._less(node.this, node.expression),
            exp.GT: lambda node: self._less(node.expression, node.this),
            exp.GTE: lambda node: f"no({self._less(node.this, node.expression)})",
            exp.LTE: lambda node: f"no({self._less(node.expression, node.this)})",
            exp.Column: self._column,
            exp.Identifier: self._column,
            exp.Literal: self._literal,
            exp.Boolean: lambda node: "true" if node.this else "false",
            exp.StartsWith: lambda node: self._part("starts", node),
            exp.EndsWith: lambda node: self._part("ends", node),
            exp.ArrayContains: lambda node: f"holds({self._list(node.this)}, {self.value(node.expression)})",
            exp.ArrayDistinct: lambda node: f"distinct({self._list(node.this)})",
            exp.ArrayFilter: self._filter,
            exp.Length: lambda node: f"size({self._list(node.this)})",
            exp.Anonymous: self._called,
        }

    def value(self, tree: exp.Expr) -> str:
        """The value; null where SQL gives NULL."""
        make = self._kinds.get(type(tree))
        if make is None:
            raise Unsupported(f"{type(tree).__name__} is not printed as Painless")
        return make(tree)

    def _call(self, function: str, *operands: exp.Expr) -> str:
        return f"{function}({', '.join(map(self.value, operands))})"

    def _is(self, node: exp.Expr) -> str:
        asked, is_null = node.expression, True
        if isinstance(asked, exp.Not):
            asked, is_null = asked.this, False
        if not isinstance(asked, exp.Null):
            raise Unsupported("IS is for NULL alone")
        return f"({self.value(node.this)} {'==' if is_null else '!='} null)"

    def _in(self, node: exp.Expr) -> str:
        if node.args.get("query") or node.args.get("unnest") or not node.expressions:
            raise Unsupported("IN takes a list of values")
        told, *more = (self._call("equal", node.this, one) for one in node.expressions)
        for one in more:
            told = f"either({told}, {one})"
        return told

    def _case(self, node: exp.Expr) -> str:
        default = node.args.get("default")
        told = self.value(default) if default is not None else "null"
        for one in reversed(node.args["ifs"]):
            asked = exp.EQ(this=node.this.copy(), expression=one.this.copy()) if node.this else one.this
            told = f"when({self.value(asked)}, {self.value(one.args['true'])}, {told})"
        return told

    def _coalesce(self, node: exp.Expr) -> str:
        *parts, told = map(self.value, (node.this, *node.expressions))
        for one in reversed(parts):
            told = f"known({one}, {told})"
        return told

    def _less(self, left: exp.Expr, right: exp.Expr) -> str:
        """Of numbers: texts have other orders elsewhere."""
        for side in (left, right):
            is_number = isinstance(side, exp.Length) or (isinstance(side, exp.Literal) and not side.is_string)
            column = self._columns.get(side.name) if isinstance(side, exp.Column) else None
            if not is_number and (column is None or column.kind not in _NUMBERS):
                raise Unsupported(f"{side.sql()} is no number: only numbers are compared by size")
        return self._call("less", left, right)

    def _column(self, node: exp.Expr) -> str:
        if node.name == self._element:
            return node.name
        column = self._columns.get(node.name)
        if column is None:
            raise Unsupported(f"there is no column {node.name}")
        if column.kind is Kind.TIME:
            raise Unsupported(f"{node.name} is a time, and derived columns compute with none")
        return f"own.get({quoted(node.name)})"

    def _literal(self, node: exp.Expr) -> str:
        if node.is_string:
            return quoted(node.name)
        if not node.name.isdigit():
            return node.name
        if int(node.name) >= _LONGEST:
            raise Unsupported(f"{node.name} is no whole number of 64 bits")
        return f"{node.name}L"

    def _part(self, function: str, node: exp.Expr) -> str:
        part = node.args["expression"]
        if not isinstance(part, exp.Literal) or not part.is_string:
            raise Unsupported(f"{type(node).__name__} of something that is no text in quotes")
        return self._call(function, node.this, part)

    def _list(self, node: exp.Expr) -> str:
        if not isinstance(node, exp.ArrayDistinct | exp.ArrayFilter):
            column = self._columns.get(node.name) if isinstance(node, exp.Column) else None
            if column is None or column.kind is not Kind.TEXTS:
                raise Unsupported(f"{node.sql()} is no column with a list")
        return self.value(node)

    def _filter(self, node: exp.Expr) -> str:
        of, asked = self._list(node.this), node.expression
        if not isinstance(asked, exp.Lambda) or len(asked.expressions) != 1 or self._element:
            raise Unsupported("list_filter takes a lambda of one element, with no other inside")
        self._element = asked.expressions[0].name
        if self._element in self._columns:
            raise Unsupported(f"{self._element} is a column and cannot be an element too")
        try:
            return f"such({of}, {self._element} -> {self.value(asked.this)} == true)"
        finally:
            self._element = ""

    def _called(self, node: exp.Expr) -> str:
        if node.name.lower() != "list_has_all" or len(node.expressions) != 2:
            raise Unsupported(f"the function {node.name} is not printed as Painless")
        return f"holdsAll({', '.join(map(self._list, node.expressions))})"
