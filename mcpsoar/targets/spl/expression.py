"""SQL's conditions as SPL's, by what each says of NULL.

What SPL makes of null is half written down: `NOT a="x"` is true of an event without a by some accounts. So a
condition can be said three ways, as when it is TRUE, FALSE or NULL, and nothing that may be null is ever
negated: what `condition` gives is true exactly where SQL's is TRUE, and asks Splunk what its pages answer.
"""

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from sqlglot import exp

from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import Kind
from mcpsoar.targets.bridge import pattern
from mcpsoar.targets.spl import matching
from mcpsoar.targets.spl.held import Held
from mcpsoar.targets.spl.lists import Lists
from mcpsoar.targets.spl.text import NO, YES, Said, both, either
from mcpsoar.targets.spl.value import Value, Values, comparable

_Part: TypeAlias = Callable[[Any], Said]
_FLIPPED: dict[type, tuple[str, str]] = {
    exp.EQ: ("=", "!="),
    exp.NEQ: ("!=", "="),
    exp.GT: (">", "<="),
    exp.GTE: (">=", "<"),
    exp.LT: ("<", ">="),
    exp.LTE: ("<=", ">"),
}


def condition(tree: exp.Expr, columns: Mapping[str, Held]) -> Said:
    """When SQL's condition is TRUE. Raises Unsupported, naming what SPL has no word for."""
    return Conditions(columns).true(tree)


def false(tree: exp.Expr, columns: Mapping[str, Held]) -> Said:
    """When it is FALSE."""
    return Conditions(columns).false(tree)


def value(tree: exp.Expr, columns: Mapping[str, Held]) -> str:
    """SQL's value as an expression; null where it is NULL. A condition becomes "true" or "false"."""
    return Conditions(columns).value(tree).text


class Conditions(Values):
    """Visits one tree. `columns` are the names that it may use."""

    def __init__(self, columns: Mapping[str, Held]) -> None:
        super().__init__(columns)
        self._lists = Lists(self)
        yes, no, null = self.true, self.false, self.null
        flag = (self._flag_true, self._flag_false, self._flag_null)
        matches = (self._matches, self._differs, self._matches_null)
        compared = (self._compared, self._uncompared, self._incomparable)
        self._known: dict[type | str, tuple[_Part, _Part, _Part]] = {
            exp.Paren: (_on_inner(yes), _on_inner(no), _on_inner(null)),
            exp.Not: (_on_inner(no), _on_inner(yes), _on_inner(null)),
            exp.And: (self._and_true, self._and_false, self._and_null),
            exp.Or: (self._or_true, self._or_false, self._or_null),
            exp.Between: (_on_and(yes), _on_and(no), _on_and(null)),
            exp.Boolean: (_is, _is_not, _never),
            exp.Null: (_never, _never, _always),
            exp.Is: (self._is_null, _on_inner(self._there), _never),
            exp.In: (self._in, self._not_in, _on_inner(self._missing)),
            exp.Coalesce: (self._coalesced_true, self._coalesced_false, self._coalesced_null),
            exp.ArrayContains: (self._lists.holds, self._lists.lacks, self._lists.holds_null),
            "LIST_HAS_ALL": (self._lists.holds_all, self._lists.lacks_some, self._lists.all_null),
            pattern.ANY: (self._lists.any, self._lists.none, self._lists.any_null),
            exp.Case: (
                lambda node: self._in_case(node, yes, self._flag_true),
                lambda node: self._in_case(node, no, self._flag_false),
                self._flag_null,
            ),
            **dict.fromkeys((exp.Column, exp.Identifier), flag),
            **dict.fromkeys((exp.Escape, exp.RegexpLike, exp.StartsWith, exp.EndsWith), matches),
            **dict.fromkeys(_FLIPPED, compared),
        }

    def true(self, node: exp.Expr) -> Said:
        """When it is TRUE."""
        return self._parts(node)[0](node)

    def false(self, node: exp.Expr) -> Said:
        """When it is FALSE."""
        return self._parts(node)[1](node)

    def null(self, node: exp.Expr) -> Said:
        """When it is NULL."""
        return self._parts(node)[2](node)

    def untrue(self, node: exp.Expr) -> Said:
        """When it is FALSE or NULL."""
        if isinstance(node, exp.Paren):
            return self.untrue(node.this)
        if isinstance(node, exp.Anonymous) and node.name == pattern.ANY:
            return self._lists.not_any(node)
        if isinstance(node, exp.And):
            return either(self.untrue(node.this), self.untrue(node.expression))
        if isinstance(node, exp.Or):
            return both(self.untrue(node.this), self.untrue(node.expression))
        return either(self.null(node), self._denied(node))

    def _denied(self, node: exp.Expr) -> Said:
        """When it is FALSE, where it is not NULL: `false` without what guards it from null."""
        if isinstance(node, exp.EQ) and not self._is_of_booleans(node):
            return self._bare(node, "!=")
        if isinstance(node, exp.In | exp.Escape | exp.RegexpLike | exp.StartsWith | exp.EndsWith):
            return Said(f"NOT {self.true(node).text}")
        return self.false(node)

    def boolean(self, node: exp.Expr) -> Value:
        """A condition as a value."""
        told = [(self.true(node), '"true"'), (self.false(node), '"false"')]
        pairs = ", ".join(f"{said.text}, {word}" for said, word in told if said != NO)
        return Value(Kind.BOOL, f"case({pairs})" if pairs else "null()", self.null(node))

    def _parts(self, node: exp.Expr) -> tuple[_Part, _Part, _Part]:
        """How it is TRUE, FALSE and NULL."""
        kind = node.name.upper() if isinstance(node, exp.Anonymous) else type(node)
        if kind not in self._known:
            raise Unsupported(f"{kind if isinstance(kind, str) else kind.__name__} has no word in SPL")
        return self._known[kind]

    def _and_true(self, node: exp.And) -> Said:
        return both(self.true(node.this), self.true(node.expression))

    def _and_false(self, node: exp.And) -> Said:
        return either(self.false(node.this), self.false(node.expression))

    def _and_null(self, node: exp.And) -> Said:
        """One is NULL and the other is not FALSE."""
        left, right = node.this, node.expression
        return either(
            both(self.null(left), either(self.null(right), self.true(right))),
            both(self.true(left), self.null(right)),
        )

    def _or_true(self, node: exp.Or) -> Said:
        return either(self.true(node.this), self.true(node.expression))

    def _or_false(self, node: exp.Or) -> Said:
        return both(self.false(node.this), self.false(node.expression))

    def _or_null(self, node: exp.Or) -> Said:
        """One is NULL and the other is not TRUE."""
        left, right = node.this, node.expression
        return either(
            both(self.null(left), either(self.null(right), self.false(right))),
            both(self.false(left), self.null(right)),
        )

    def _flag(self, node: exp.Expr) -> Value:
        found = self.value(node)
        if found.kind is not Kind.BOOL:
            raise Unsupported(f"{node.sql('duckdb')} is no condition")
        return found

    def _flag_true(self, node: exp.Expr) -> Said:
        return Said(f'{self._flag(node).text}="true"')

    def _flag_false(self, node: exp.Expr) -> Said:
        return Said(f'{self._flag(node).text}="false"')

    def _flag_null(self, node: exp.Expr) -> Said:
        return self._flag(node).null

    def _in_case(self, node: exp.Case, part: _Part, flag: _Part) -> Said:
        """A CASE of one WHEN without ELSE is said in half the words."""
        (first, *more), default = node.args["ifs"], node.args.get("default")
        if node.this is not None or more or default is not None:
            return flag(node)
        return both(self.true(first.this), part(first.args["true"]))

    def _is_null(self, node: exp.Is) -> Said:
        if not isinstance(node.expression, exp.Null):
            raise Unsupported("IS asks for NULL alone")
        return self._missing(node.this)

    def _there(self, node: exp.Expr) -> Said:
        return self.value(node).there

    def _missing(self, node: exp.Expr) -> Said:
        return self.value(node).null

    def _in(self, node: exp.In) -> Said:
        if node.args.get("query") or node.args.get("unnest"):
            raise Unsupported("IN takes a list of values")
        here, there = self.value(node.this), [self.value(one) for one in node.expressions]
        doubtful = next((one for one in there if one.is_doubtful), there[0])
        listed = ", ".join(comparable(here, one)[1] for one in there)
        return Said(f"in({comparable(here, doubtful)[0]}, {listed})")

    def _not_in(self, node: exp.In) -> Said:
        return both(self._there(node.this), Said(f"NOT {self._in(node).text}"))

    def _coalesced_true(self, node: exp.Coalesce) -> Said:
        first, *rest = _arguments(node)
        if not rest:
            return self.true(first)
        return either(self.true(first), both(self.null(first), self.true(_coalesce(rest))))

    def _coalesced_false(self, node: exp.Coalesce) -> Said:
        first, *rest = _arguments(node)
        if not rest:
            return self.false(first)
        later = self.false(_coalesce(rest))
        if later == YES:
            return self.untrue(first)
        return either(self.false(first), both(self.null(first), later))

    def _coalesced_null(self, node: exp.Coalesce) -> Said:
        return both(*(self.null(one) for one in _arguments(node)))

    def _compared(self, node: exp.Binary) -> Said:
        return self._comparison(node, _FLIPPED[type(node)][0])

    def _uncompared(self, node: exp.Binary) -> Said:
        return self._comparison(node, _FLIPPED[type(node)][1])

    def _comparison(self, node: exp.Binary, operator: str) -> Said:
        left, right = self.value(node.this), self.value(node.expression)
        if operator in ("=", "!=") and self._is_of_booleans(node):
            return self._alike(node.this, node.expression, same=operator == "=")
        said = self._bare(node, operator)
        # a comparison with null is not true; of != alone the pages leave it open
        return both(left.there, right.there, said) if operator == "!=" else said

    def _is_of_booleans(self, node: exp.Binary) -> bool:
        return Kind.BOOL in (self.value(node.this).kind, self.value(node.expression).kind)

    def _bare(self, node: exp.Binary, operator: str) -> Said:
        left, right = self.value(node.this), self.value(node.expression)
        first, second = comparable(left, right, ordered=operator not in ("=", "!="))
        return Said(f"{first}{operator}{second}")

    def _alike(self, left: exp.Expr, right: exp.Expr, *, same: bool) -> Said:
        yes, no = self.true(right), self.false(right)
        if not same:
            yes, no = no, yes
        return either(both(self.true(left), yes), both(self.false(left), no))

    def _incomparable(self, node: exp.Binary) -> Said:
        return either(self._missing(node.this), self._missing(node.expression))

    def _matches(self, node: exp.Expr) -> Said:
        return Said(matching.call(node, self.of_text))

    def _differs(self, node: exp.Expr) -> Said:
        return both(self._there(matching.subject(node)), Said(f"NOT {self._matches(node).text}"))

    def _matches_null(self, node: exp.Expr) -> Said:
        return self._missing(matching.subject(node))


def _is(node: exp.Expr) -> Said:
    return YES if node.this else NO


def _is_not(node: exp.Expr) -> Said:
    return NO if node.this else YES


def _always(_node: exp.Expr) -> Said:
    return YES


def _never(_node: exp.Expr) -> Said:
    return NO


def _on_inner(part: _Part) -> _Part:
    return lambda node: part(node.this)


def _on_and(part: _Part) -> _Part:
    return lambda node: part(_between(node))


def _between(node: exp.Between) -> exp.Expr:
    return exp.And(
        this=exp.GTE(this=node.this, expression=node.args["low"]),
        expression=exp.LTE(this=node.this.copy(), expression=node.args["high"]),
    )


def _arguments(node: exp.Coalesce) -> list[exp.Expr]:
    return [node.this, *node.expressions]


def _coalesce(parts: list[exp.Expr]) -> exp.Expr:
    return parts[0] if len(parts) == 1 else exp.Coalesce(this=parts[0], expressions=parts[1:])
