"""What an eval expression is worth for one result.

Functions that choose among their arguments (if, case, …) are here, since they look at them one by one; the
others are in functions.py, multivalue.py and times.py. Sources: Search Reference 10.0, "Comparison and
Conditional functions", and the eval page.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tests.languages.spl.arithmetic import computed
from tests.languages.spl.errors import NotInGrammar, Undocumented
from tests.languages.spl.functions import FUNCTIONS
from tests.languages.spl.multivalue import packed
from tests.languages.spl.nodes import Call, Literal, Node, Operation, Ref
from tests.languages.spl.values import (
    Field,
    Truth,
    compare,
    conjunction,
    decided,
    disjunction,
    exclusive,
    negation,
    text,
)

_LOGIC: Mapping[str, Callable[[Truth, Truth], Truth]] = {
    "AND": conjunction,
    "OR": disjunction,
    "XOR": exclusive,
}


@dataclass(frozen=True, slots=True)
class Scope:
    """One result, the time the search started, and whether exact() is around."""

    row: Mapping[str, Any]
    now_ms: int
    exact: bool = False


def evaluate(node: Node, scope: Scope) -> Any:
    """None, a number, a text, a tuple of texts or a Truth."""
    if isinstance(node, Literal):
        return node.value
    if isinstance(node, Ref):
        return _field(scope.row, node.name)
    if isinstance(node, Operation):
        return _operation(node, scope)
    if node.name in _CHOOSING:
        return _CHOOSING[node.name](node.arguments, scope)
    if node.name not in FUNCTIONS:
        raise NotInGrammar(f"function {node.name}")
    least, most, function = FUNCTIONS[node.name]
    if not least <= len(node.arguments) <= most:
        raise NotInGrammar(f"{node.name} with {len(node.arguments)} arguments")
    return function(scope.now_ms, *(evaluate(one, scope) for one in node.arguments))


def boolean(node: Node, scope: Scope) -> Truth:
    """The truth of an expression; a value, or a null that no comparison made, is none."""
    value = evaluate(node, scope)
    if not isinstance(value, frozenset):
        raise Undocumented(f"{value!r} where a boolean is needed")
    return value


def _field(row: Mapping[str, Any], name: str) -> Any:
    value = row.get(name)
    if isinstance(value, Exception):
        raise value
    if isinstance(value, list):
        return tuple(value)
    return Field(value) if isinstance(value, str) else value


def _operation(node: Operation, scope: Scope) -> Any:
    if node.operator in _LOGIC:
        return _LOGIC[node.operator](boolean(node.left, scope), boolean(node.right, scope))
    left, right = evaluate(node.left, scope), evaluate(node.right, scope)
    if node.operator in ("=", "!=", "<", "<=", ">", ">="):
        return compare(node.operator, left, right)
    if left is None or right is None:
        return None  # "cannot be evaluated successfully … erases the resulting field" (eval page)
    return computed(node.operator, left, right, exact=scope.exact)


def _if(arguments: tuple[Node, ...], scope: Scope) -> Any:
    condition, then, otherwise = _exactly(3, arguments, "if")
    return evaluate(then if decided(boolean(condition, scope), "if") else otherwise, scope)


def _case(arguments: tuple[Node, ...], scope: Scope) -> Any:
    """ "the first value for which the condition evaluates to TRUE … defaults to NULL"."""
    for condition, value in _pairs(arguments, "case"):
        if decided(boolean(condition, scope), "case"):
            return evaluate(value, scope)
    return None


def _validate(arguments: tuple[Node, ...], scope: Scope) -> Any:
    """ "the value that corresponds to the condition that evaluates to FALSE … NULL if all … TRUE"."""
    for condition, value in _pairs(arguments, "validate"):
        held = boolean(condition, scope)
        if "N" in held:
            raise Undocumented("a null condition in validate")
        if not decided(held, "validate"):
            return evaluate(value, scope)
    return None


def _coalesce(arguments: tuple[Node, ...], scope: Scope) -> Any:
    """ "the first value that is not NULL"."""
    return next((value for one in arguments if (value := evaluate(one, scope)) is not None), None)


def _nullif(arguments: tuple[Node, ...], scope: Scope) -> Any:
    """ "NULL if the value in <field1> is equal to the value in <field2>. Otherwise … <field1>"."""
    left, right = (evaluate(one, scope) for one in _exactly(2, arguments, "nullif"))
    if left is None:
        return None
    return None if decided(compare("=", left, right), "nullif") else left


def _in(arguments: tuple[Node, ...], scope: Scope) -> Truth:
    """ "TRUE if one of the values in the list matches"; no wildcards."""
    if len(arguments) < 2:
        raise NotInGrammar("in() without a list")
    wanted, *listed = (evaluate(one, scope) for one in arguments)
    found = compare("=", wanted, listed[0])
    for one in listed[1:]:
        found = disjunction(found, compare("=", wanted, one))
    return found


def _mvfilter(arguments: tuple[Node, ...], scope: Scope) -> Any:
    """ "The Boolean expression can reference ONLY ONE field" (Multivalue eval functions)."""
    (predicate,) = _exactly(1, arguments, "mvfilter")
    names = _names(predicate)
    if len(names) != 1:
        raise NotInGrammar(f"mvfilter over {sorted(names)}")
    (name,) = names
    values = _field(scope.row, name)
    if values is None:
        return None
    kept = tuple(
        one
        for one in (values if isinstance(values, tuple) else (text(values),))
        if decided(boolean(predicate, replace(scope, row={name: one})), "mvfilter")
    )
    return packed(kept)


def _mvmap(arguments: tuple[Node, ...], scope: Scope) -> Any:
    """ "iterates over the values of a multivalue field, performs an operation using the <expression> on each
    value, and returns a multivalue field"; of null results nothing is written."""
    some, each = _exactly(2, arguments, "mvmap")
    if not isinstance(some, Ref):
        raise NotInGrammar("mvmap of something that is no field")
    values = _field(scope.row, some.name)
    if values is None:
        return None
    found = [
        evaluate(each, replace(scope, row={**scope.row, some.name: one}))
        for one in (values if isinstance(values, tuple) else (text(values),))
    ]
    return packed(tuple(map(text, found)))


def _exactly(count: int, arguments: tuple[Node, ...], name: str) -> tuple[Node, ...]:
    if len(arguments) != count:
        raise NotInGrammar(f"{name} with {len(arguments)} arguments")
    return arguments


def _pairs(arguments: tuple[Node, ...], name: str) -> list[tuple[Node, Node]]:
    if not arguments or len(arguments) % 2:
        raise NotInGrammar(f"{name} with {len(arguments)} arguments")
    return list(zip(arguments[::2], arguments[1::2], strict=True))


def _names(node: Node) -> set[str]:
    if isinstance(node, Ref):
        return {node.name}
    if isinstance(node, Operation):
        return _names(node.left) | _names(node.right)
    return set().union(*map(_names, node.arguments)) if isinstance(node, Call) else set()


_CHOOSING: Mapping[str, Callable[[tuple[Node, ...], Scope], Any]] = {
    "NOT": lambda arguments, scope: negation(boolean(arguments[0], scope)),
    "()": lambda arguments, scope: evaluate(arguments[0], scope),
    "case": _case,
    "coalesce": _coalesce,
    "exact": lambda arguments, scope: evaluate(
        _exactly(1, arguments, "exact")[0], replace(scope, exact=True)
    ),
    "if": _if,
    "in": _in,
    "mvfilter": _mvfilter,
    "mvmap": _mvmap,
    "nullif": _nullif,
    "validate": _validate,
}
