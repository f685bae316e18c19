"""Mutants of a SELECT, of a detection or a gate: its tree with one node changed."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice
from typing import TypeVar

from sqlglot import exp, parse_one
from sqlglot.optimizer.simplify import simplify

from mcpsoar.core.content import DetectionText, GateText
from mutants.mutant import Mutant, Names

T = TypeVar("T", bound=DetectionText | GateText)
_FLIPS: dict[type[exp.Expr], tuple[type[exp.Expr], ...]] = {
    exp.GT: (exp.GTE, exp.LT),
    exp.GTE: (exp.GT, exp.LTE),
    exp.LT: (exp.LTE, exp.GT),
    exp.LTE: (exp.LT, exp.GTE),
    exp.EQ: (exp.NEQ,),
    exp.NEQ: (exp.EQ,),
    exp.And: (exp.Or,),
    exp.Or: (exp.And,),
    exp.Add: (exp.Sub,),
    exp.Sub: (exp.Add,),
    exp.Min: (exp.Max,),
    exp.Max: (exp.Min,),
    exp.Lag: (exp.Lead,),
    exp.Lead: (exp.Lag,),
}


def mutants(text: T) -> Iterator[Mutant[T]]:
    """Those whose SQL differs, simplified, from the text's own and from one another's; no two by one name."""
    tree = parse_one(text.sql, dialect="duckdb")
    seen = {_plain(tree)}
    named = Names()
    for at, node in enumerate(tree.walk()):
        for name, changed in _changed(tree, node, at):
            plain = _plain(changed)
            if plain not in seen:
                seen.add(plain)
                sql = changed.sql("duckdb", pretty=True)
                yield Mutant(text.id, named(name), replace(text, id=f"{text.id}.{len(seen)}", sql=sql))


def _changed(tree: exp.Expr, node: exp.Expr, at: int) -> Iterator[tuple[str, exp.Expr]]:
    """Every change of a node, which is the one at that place of the walk; each in a tree of its own."""
    around = node.parent if isinstance(node, exp.Literal) and node.parent else node
    said = " ".join(around.sql("duckdb").split())
    for choice, (name, _) in enumerate(list(_choices(node))):
        copy = tree.copy()
        there = next(islice(copy.walk(), at, None))
        _, new = next(islice(_choices(there), choice, None))
        if new is None:
            there.pop()
        else:
            there.replace(new)
        yield f"{name}: {said}", copy


def _choices(node: exp.Expr) -> Iterator[tuple[str, exp.Expr | None]]:
    """What stands instead of a node: None where it is dropped."""
    for other in _FLIPS.get(type(node), ()):
        yield f"{node.key} to {other.key}", other(**_arguments(node))
    if isinstance(node, exp.Literal) and not node.is_string:
        number = int(node.this)
        for new in (number - 1, number + 1) if not _is_flag(node) else (1 - number,):
            yield f"{number} to {new}", exp.Literal.number(new)
    if isinstance(node, exp.Is | exp.In | exp.Exists):
        yield "negate", exp.Not(this=exp.paren(node.copy()))
    yield from _drops(node)


def _drops(node: exp.Expr) -> Iterator[tuple[str, exp.Expr | None]]:
    """The node without one of its parts."""
    match node:
        case exp.And() | exp.Or():
            yield "drop the right side", node.this.copy()
            yield "drop the left side", node.expression.copy()
        case exp.Not():
            yield "drop NOT", node.this.copy()
        case exp.In() if len(node.expressions) > 1:
            for one in node.expressions:
                kept = [other.copy() for other in node.expressions if other is not one]
                yield f"drop {one.sql()}", exp.In(this=node.this.copy(), expressions=kept)
        case exp.Coalesce() if len(node.expressions) == 1:
            yield "drop the default", node.this.copy()
        case exp.If() if isinstance(node.parent, exp.Case):
            yield "drop the condition", exp.If(this=exp.true(), true=node.args["true"].copy())
        case exp.Where() | exp.Having():
            yield f"drop {node.key}", None
        case exp.Count() if isinstance(node.this, exp.Distinct):
            yield "drop DISTINCT", exp.Count(this=node.this.expressions[0].copy())
        case exp.Window():
            yield from _unpartitioned(node)
        case exp.Join() if node.side == "LEFT":
            yield "drop LEFT", exp.Join(**{**_arguments(node), "side": None})


def _unpartitioned(window: exp.Window) -> Iterator[tuple[str, exp.Expr | None]]:
    keys: Sequence[exp.Expr] = window.args.get("partition_by") or []
    for key in keys:
        kept = [other.copy() for other in keys if other is not key]
        changed = exp.Window(**{**_arguments(window), "partition_by": kept})
        yield f"drop {key.sql()} from PARTITION BY", changed


def _is_flag(literal: exp.Literal) -> bool:
    """1 or 0 as what a CASE gives: it has no third value."""
    return isinstance(literal.parent, exp.Case | exp.If) and literal.this in ("0", "1")


def _arguments(node: exp.Expr) -> dict[str, object]:
    return {key: _copied(value) for key, value in node.args.items()}


def _copied(value: object) -> object:
    if isinstance(value, exp.Expr):
        return value.copy()
    return [_copied(one) for one in value] if isinstance(value, list) else value


def _plain(tree: exp.Expr) -> str:
    return str(simplify(tree.copy()).sql())
