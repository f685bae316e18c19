"""From the parser's tree to expressions; every expression keeps its text, which may name a column."""

from typing import Any

from lark import Token, Transformer, v_args
from lark.tree import Meta

from tests.languages.esql import tree
from tests.languages.esql.errors import NotInGrammar
from tests.languages.esql.literals import number, span, unquoted
from tests.languages.esql.tree import Apply, Call, Literal

# words of the lexer's expression mode (elastic/esql-js, Expression.g4): never a bare name
_RESERVED = (
    *(
        "and",
        "asc",
        "by",
        "desc",
        "false",
        "first",
        "in",
        "is",
        "last",
        "like",
        "not",
        "null",
        "nulls",
        "on",
        "or",
    ),
    *("rlike", "true", "where", "with"),
)


@v_args(meta=True)
class Expressions(Transformer[Token, Any]):
    """One method a rule; `children` are already built."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self._source = source

    def _text(self, meta: Meta) -> str:
        return self._source[meta.start_pos : meta.end_pos]

    def comparison(self, meta: Meta, children: list[Any]) -> Apply:
        return Apply(str(children[1]), (children[0], children[2]), self._text(meta))

    def add(self, meta: Meta, children: list[Any]) -> Apply:
        return self.comparison(meta, children)

    def multiply(self, meta: Meta, children: list[Any]) -> Apply:
        return self.comparison(meta, children)

    def sign(self, meta: Meta, children: list[Any]) -> Any:
        sign, of = children
        if isinstance(of, Literal):
            if of.kind not in ("integer", "long", "double", "huge") or isinstance(of.value, tuple):
                raise NotInGrammar(f"a sign before {of.text}")
            if of.text[0] not in "+-":  # else it has its sign already
                return number(f"{sign}{of.text}", self._text(meta))
        if sign == "+":
            return of
        return Apply("NEG", (of,), self._text(meta))

    def or_(self, meta: Meta, children: list[Any]) -> Apply:
        return Apply("OR", tuple(children), self._text(meta))

    def and_(self, meta: Meta, children: list[Any]) -> Apply:
        return Apply("AND", tuple(children), self._text(meta))

    def not_(self, meta: Meta, children: list[Any]) -> Apply:
        return Apply("NOT", tuple(children), self._text(meta))

    def in_(self, meta: Meta, children: list[Any]) -> Apply:
        return Apply("IN", tuple(children), self._text(meta))

    def not_in(self, meta: Meta, children: list[Any]) -> Apply:
        return self.not_(meta, [self.in_(meta, children)])

    def like(self, meta: Meta, children: list[Any]) -> Apply:
        return Apply(children[1].upper(), (children[0], *children[2:]), self._text(meta))

    def not_like(self, meta: Meta, children: list[Any]) -> Apply:
        return self.not_(meta, [self.like(meta, children)])

    def is_null(self, meta: Meta, children: list[Any]) -> Apply:
        return Apply("IS NULL", tuple(children), self._text(meta))

    def is_not_null(self, meta: Meta, children: list[Any]) -> Apply:
        return self.not_(meta, [self.is_null(meta, children)])

    def group(self, _meta: Meta, children: list[Any]) -> Any:
        return children[0]

    def reference(self, meta: Meta, children: list[str]) -> tree.Name:
        return tree.Name(children[0], self._text(meta))

    def call(self, meta: Meta, children: list[Any]) -> Call:
        arguments = tuple(one for one in children[1:] if not isinstance(one, Token) and one is not None)
        star = any(isinstance(one, Token) for one in children[1:])
        return Call(children[0].upper(), arguments, star, self._text(meta))

    def null(self, meta: Meta, _children: list[Any]) -> Literal:
        return Literal(None, "null", self._text(meta))

    def true(self, meta: Meta, _children: list[Any]) -> Literal:
        return Literal(value=True, kind="boolean", text=self._text(meta))

    def false(self, meta: Meta, _children: list[Any]) -> Literal:
        return Literal(value=False, kind="boolean", text=self._text(meta))

    def span(self, meta: Meta, children: list[Token]) -> Literal:
        return span(int(children[0]), str(children[1]).lower(), self._text(meta))

    def decimal(self, meta: Meta, children: list[Token]) -> Literal:
        return number(str(children[0]), self._text(meta))

    def integer(self, meta: Meta, children: list[Token]) -> Literal:
        return number(str(children[0]), self._text(meta))

    def negative(self, meta: Meta, children: list[Any]) -> Literal:
        return number(f"-{children[1].text}", self._text(meta))

    def text(self, meta: Meta, children: list[Token]) -> Literal:
        return Literal(unquoted(children[0]), "keyword", self._text(meta))

    def array(self, meta: Meta, children: list[Literal]) -> Literal:
        kinds = {one.kind for one in children}
        wide = next((kind for kind in ("double", "long", "integer") if kind in kinds), children[0].kind)
        if len(kinds) > 1 and not kinds <= {"integer", "long", "double"}:
            raise NotInGrammar(f"values of several types in {self._text(meta)}")
        values = tuple(float(one.value) if wide == "double" else one.value for one in children)
        return Literal(values if len(values) > 1 else values[0], wide, self._text(meta))

    def name(self, _meta: Meta, children: list[Token]) -> str:
        return ".".join(_identifier(one) for one in children)

    def pattern(self, _meta: Meta, children: list[Token]) -> str:
        if any(one.type == "TICKED" and "*" in one for one in children):
            raise NotInGrammar("a quoted name with * beside wildcards")
        return ".".join(_identifier(one) for one in children)


def _identifier(token: Token) -> str:
    if token.type == "TICKED":
        return token[1:-1].replace("``", "`")
    if token.lower() in _RESERVED:
        raise NotInGrammar(f"{token} is a reserved word: quote it with backticks")
    return str(token)
