"""Reads an eval expression into a tree.

Precedence: parentheses, NOT, AND, OR, XOR (eval page, "Boolean expressions"); operators are capitalised
(Search Manual, "Boolean expressions with logical operators"). How `.` binds beside arithmetic is not
written: refused.
"""

from collections.abc import Sequence
from functools import lru_cache

from tests.languages.spl.errors import NotInGrammar, Undocumented
from tests.languages.spl.nodes import Call, Literal, Node, Operation, Ref, tokens
from tests.languages.spl.values import whole

COMPARISONS = ("=", "==", "!=", "<", "<=", ">", ">=")
_RESERVED = ("AND", "OR", "NOT", "XOR", "LIKE", "IN")


@lru_cache(maxsize=1024)
def parse(source: str) -> Node:
    """The tree of one expression. NOT is a Call of "NOT"; `x IN (…)` and `in(x, …)` are the same Call."""
    reader = Reader(source)
    node = reader.expression()
    if reader.peek() is not None:
        raise NotInGrammar(f"{reader.peek()!r} after an expression: {source}")
    return node


@lru_cache(maxsize=1024)
def assignments(source: str) -> tuple[tuple[str, Node], ...]:
    """ "chain multiple eval expressions … using a comma … left-to-right" (eval page)."""
    reader, found = Reader(source), []
    while True:
        kind, target = reader.take()
        if kind not in ("word", "field", "string"):
            raise NotInGrammar(f"eval assigns to {target!r}")
        reader.expect("=")
        found.append((target, reader.expression()))
        if reader.peek() is None:
            return tuple(found)
        reader.expect(",")


class Reader:
    """Recursive descent over the tokens."""

    def __init__(self, source: str) -> None:
        self._tokens = list(tokens(source))
        self._at = 0

    def peek(self) -> str | None:
        """The next bare word or mark; something unequal to any of them for a string, a field or a number."""
        if self._at == len(self._tokens):
            return None
        kind, value = self._tokens[self._at]
        return value if kind in ("word", "mark") else f"{kind} {value}"

    def take(self) -> tuple[str, str]:
        if self._at == len(self._tokens):
            raise NotInGrammar("an expression ends too early")
        self._at += 1
        return self._tokens[self._at - 1]

    def expect(self, mark: str) -> None:
        if self.take()[1] != mark:
            raise NotInGrammar(f"{mark} expected before token {self._at}: {self._tokens}")

    def expression(self) -> Node:
        return self._chain(("XOR", "OR", "AND"))

    def _chain(self, operators: Sequence[str]) -> Node:
        if not operators:
            return self._negation()
        node = self._chain(operators[1:])
        while self.peek() == operators[0]:
            self.take()
            node = Operation(operators[0], node, self._chain(operators[1:]))
        return node

    def _negation(self) -> Node:
        if self.peek() == "NOT":
            self.take()
            return Call("NOT", (self._negation(),))
        return self._comparison()

    def _comparison(self) -> Node:
        left = self._value()
        mark = self.peek()
        if mark in COMPARISONS:
            self.take()
            return Operation("=" if mark == "==" else mark, left, self._value())
        if mark == "LIKE":
            self.take()
            return Call("like", (left, self._value()))
        if mark in ("IN", "in"):
            self.take()
            self.expect("(")
            return Call("in", (left, *self._arguments()))
        return left

    def _value(self) -> Node:
        node = self._product(self._primary())
        while self.peek() in ("+", "-"):
            operator = self.take()[1]
            node = Operation(operator, node, self._product(self._primary()))
        if self.peek() != ".":
            return node
        while self.peek() == ".":
            if isinstance(node, Operation) and node.operator != ".":
                break
            self.take()
            node = Operation(".", node, self._primary())
        if self.peek() in (".", "+", "-", "*", "/", "%"):
            raise Undocumented("how . binds beside arithmetic: write parentheses")
        return node

    def _product(self, node: Node) -> Node:
        while self.peek() in ("*", "/", "%"):
            node = Operation(self.take()[1], node, self._primary())
        return node

    def _primary(self) -> Node:
        kind, value = self.take()
        if kind == "string":
            return Literal(value)
        if kind == "field":
            return Ref(value)
        if kind == "number":
            return Literal(_number(value))
        if kind == "mark" and value == "-" and (self.peek() or "").startswith("number "):
            return Literal(-_number(self.take()[1]))
        if kind == "mark" and value == "(":
            node = self.expression()
            self.expect(")")
            return Call("()", (node,))
        if kind != "word" or value in _RESERVED or value.upper() in ("AND", "OR", "NOT", "XOR"):
            raise NotInGrammar(f"{value!r} where a value is expected")
        if self.peek() == "(":
            self.take()
            return Call(value, self._arguments())
        if value in ("true", "false", "null"):
            raise Undocumented(f"{value} without parentheses: a field of that name")
        return Ref(value)

    def _arguments(self) -> tuple[Node, ...]:
        found: list[Node] = []
        while self.peek() != ")":
            if found:
                self.expect(",")
            found.append(self.expression())
        self.take()
        return tuple(found)


def _number(text: str) -> int | float:
    return whole(float(text) if "." in text else int(text))
