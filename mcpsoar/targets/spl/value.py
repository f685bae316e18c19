"""SQL's values as SPL's: columns, literals, texts, numbers and lists."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from sqlglot import exp

from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import Kind
from mcpsoar.targets.spl import element
from mcpsoar.targets.spl.held import Held
from mcpsoar.targets.spl.text import NO, YES, Said, is_field, is_like_number, literal

_TEXTUAL = (Kind.TEXT, Kind.ENUM)
_NUMERIC = (Kind.INTEGER, Kind.NUMBER)
_SUMS = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Mod: "%"}


@dataclass(frozen=True, slots=True)
class Value:
    """An expression, its kind, and when it is NULL; None for the kind of NULL itself.

    `is_free`: a text that a log wrote, which may look like a number. `fixed` is the text of a literal.
    `listed`: of a list, when it is there.
    """

    kind: Kind | None
    text: str
    null: Said
    is_free: bool = False
    fixed: str | None = None
    listed: Said = YES

    @property
    def there(self) -> Said:
        """When it is not NULL."""
        if self.kind is Kind.TEXTS:
            return self.listed
        return {NO: YES, YES: NO}.get(self.null, Said(f"isnotnull({self.text})"))

    @property
    def unlisted(self) -> Said:
        """When a list is not there."""
        return Said(f"NOT ({self.listed.text})")

    @property
    def is_doubtful(self) -> bool:
        """Whether beside it a field could be compared as a number where texts are meant."""
        return self.fixed is None or is_like_number(self.fixed)


class Values(ABC):
    """What a tree is worth. `columns` are the names that it may use."""

    def __init__(self, columns: Mapping[str, Held]) -> None:
        self.columns = columns
        self._kinds: dict[type, Callable[[Any], Value]] = {
            exp.Paren: lambda node: self.value(node.this),
            exp.Column: self._column,
            exp.Identifier: self._column,
            exp.Null: lambda _: Value(None, "null()", YES),
            exp.Literal: _literal,
            exp.Neg: lambda node: self._sum(f"0-{self._number(node.this)}", node.this),
            **dict.fromkeys(_SUMS, self._sum_of_two),
            exp.Abs: lambda node: self._sum(f"abs({self._number(node.this)})", node.this),
            exp.Lower: self._lower,
            exp.Trim: self._trim,
            exp.Substring: self._substring,
            exp.Length: lambda node: self._length(node.this),
            exp.Coalesce: self._coalesce,
            exp.Case: self._case,
            exp.ArrayDistinct: self._distinct,
            exp.ArrayFilter: lambda node: self.filtered(node.this, node.expression),
        }

    def value(self, node: exp.Expr) -> Value:
        """Raises Unsupported, naming what SPL has no word for."""
        return self._kinds.get(type(node), self.boolean)(node)

    @abstractmethod
    def boolean(self, node: exp.Expr) -> Value:
        """A condition as a value."""

    @abstractmethod
    def true(self, node: exp.Expr) -> Said:
        """When a condition is TRUE."""

    def of_text(self, node: exp.Expr) -> Value:
        """A text. Raises Unsupported for anything else."""
        found = self.value(node)
        if found.kind not in _TEXTUAL:
            raise Unsupported(f"{node.sql('duckdb')} is no text")
        return found

    def of_list(self, node: exp.Expr) -> Value:
        """A list. Raises Unsupported for anything else."""
        found = self.value(node)
        if found.kind is not Kind.TEXTS:
            raise Unsupported(f"{node.sql('duckdb')} is no list")
        return found

    def filtered(self, node: exp.Expr, each: exp.Expr) -> Value:
        """Those elements of a list that a condition holds for: it may read nothing but the element."""
        some = self.of_list(node)
        name = each.expressions[0].name
        if not is_field(some.text):
            return self._list(element.whether(some.text, name, each), some)
        one = type(self)({name: Held(Kind.TEXT, some.text)})
        return self._list(f"mvfilter({one.true(each.this).text})", some)

    def _column(self, node: exp.Column | exp.Identifier) -> Value:
        held = self.columns.get(node.name)
        if held is None:
            raise Unsupported(f"{node.name} is no field there")
        if held.listed is not None:
            listed = held.listed
            return Value(held.kind, held.text, Said(f"NOT ({listed.text})"), listed=listed)
        text = f"tonumber({held.text})" if held.kind in _NUMERIC else held.text
        return Value(held.kind, text, Said(f"isnull({held.text})"), is_free=held.kind is Kind.TEXT)

    def _lower(self, node: exp.Lower) -> Value:
        inner = self.of_text(node.this)
        if inner.fixed is not None:
            if not inner.fixed.isascii():
                raise Unsupported("the case of letters outside ASCII is not written down; use |cased")
            return Value(Kind.TEXT, literal(inner.fixed.lower()), NO, fixed=inner.fixed.lower())
        return replace(inner, text=f"lower({inner.text})", is_free=False)

    def _trim(self, node: exp.Trim) -> Value:
        if node.args.get("expression") or node.args.get("position"):
            raise Unsupported("TRIM takes blanks from both ends, and nothing else")
        return self._text(f'trim({self.of_text(node.this).text}, " ")')

    def _substring(self, node: exp.Substring) -> Value:
        places = (self._number(node.args["start"]), self._number(node.args["length"]))
        return self._text(f"substr({', '.join((self.of_text(node.this).text, *places))})")

    def _distinct(self, node: exp.ArrayDistinct) -> Value:
        some = self.of_list(node.this)
        return self._list(f"mvdedup({some.text})", some)

    def _text(self, text: str) -> Value:
        return Value(Kind.TEXT, text, Said(f"isnull({text})"))

    def _list(self, text: str, source: Value) -> Value:
        return Value(Kind.TEXTS, text, source.null, listed=source.listed)

    def _number(self, node: exp.Expr) -> str:
        found = self.value(node)
        if found.kind not in _NUMERIC:
            raise Unsupported(f"{node.sql('duckdb')} is no number")
        return found.text

    def _sum_of_two(self, node: exp.Binary) -> Value:
        two = f"{self._number(node.this)}{_SUMS[type(node)]}{self._number(node.expression)}"
        return self._sum(two, node.this, node.expression)

    def _sum(self, text: str, *parts: exp.Expr) -> Value:
        """Inside exact(), or fractions would be rounded."""
        kinds = {self.value(part).kind for part in parts}
        kind = Kind.NUMBER if Kind.NUMBER in kinds else Kind.INTEGER
        return Value(kind, f"exact({text})", Said(f"isnull(exact({text}))"))

    def _length(self, node: exp.Expr) -> Value:
        inner = self.value(node)
        if inner.kind is not Kind.TEXTS:
            text = f"len({self.of_text(node).text})"
            return Value(Kind.INTEGER, text, Said(f"isnull({text})"))
        text = f"if({inner.listed.text}, coalesce(mvcount({inner.text}), 0), null())"
        return Value(Kind.INTEGER, text, inner.null)

    def _coalesce(self, node: exp.Coalesce) -> Value:
        found = [self.value(part) for part in (node.this, *node.expressions)]
        kind = _common(found)
        if kind is Kind.TEXTS:
            raise Unsupported("COALESCE of lists has no word in SPL")
        text = f"coalesce({', '.join(one.text for one in found)})"
        null = NO if any(one.null == NO for one in found) else Said(f"isnull({text})")
        return Value(kind, text, null, is_free=any(one.is_free for one in found))

    def _case(self, node: exp.Case) -> Value:
        if node.this is not None:
            raise Unsupported("CASE of a value has no word in SPL; write its conditions")
        pairs = [(self.true(one.this).text, self.value(one.args["true"])) for one in node.args["ifs"]]
        if node.args.get("default") is not None:
            pairs.append((YES.text, self.value(node.args["default"])))
        kind = _common([one for _, one in pairs])
        if kind is Kind.TEXTS:
            raise Unsupported("CASE of lists has no word in SPL")
        text = f"case({', '.join(f'{said}, {one.text}' for said, one in pairs)})"
        return Value(kind, text, Said(f"isnull({text})"), is_free=any(one.is_free for _, one in pairs))


def _literal(node: exp.Literal) -> Value:
    if node.is_string:
        return Value(Kind.TEXT, literal(node.this), NO, fixed=node.this)
    return Value(Kind.INTEGER if node.is_int else Kind.NUMBER, node.this, NO)


def comparable(left: Value, right: Value, *, ordered: bool = False) -> tuple[str, str]:
    """Two values as texts that are compared as SQL would: fields that look like numbers stay texts.

    Where they are `ordered`, a field needs no number beside it to be taken for one.
    """
    kinds = {left.kind, right.kind} - {None}
    numeric = kinds & set(_NUMERIC)
    if len(numeric) not in (0, len(kinds)) or kinds & {Kind.TEXTS, Kind.TIME}:
        raise Unsupported(f"no common meaning: {' beside '.join(sorted(one.value for one in kinds if one))}")
    return (
        _as_text(left, is_doubtful=ordered or right.is_doubtful),
        _as_text(right, is_doubtful=ordered or left.is_doubtful),
    )


def _as_text(value: Value, *, is_doubtful: bool) -> str:
    return f'({value.text}."")' if value.is_free and is_doubtful else value.text


def _common(found: list[Value]) -> Kind | None:
    kinds = {Kind.TEXT if one.kind is Kind.ENUM else one.kind for one in found} - {None}
    if kinds == {Kind.INTEGER, Kind.NUMBER}:
        return Kind.NUMBER
    if len(kinds) > 1:
        raise Unsupported(f"no common meaning: {' beside '.join(sorted(one.value for one in kinds if one))}")
    return next(iter(kinds), None)
