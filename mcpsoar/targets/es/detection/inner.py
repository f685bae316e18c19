"""Queries inside a SELECT: what is IN them, and the one number that they give."""

from typing import TYPE_CHECKING

from sqlglot import exp

from mcpsoar.core.errors import Unsupported
from mcpsoar.targets.detection import conjuncts
from mcpsoar.targets.es.detection.flow import Aggregate
from mcpsoar.targets.es.detection.packed import Type
from mcpsoar.targets.es.detection.relation import (
    AGGREGATES,
    Relation,
    Scope,
    all_of,
    case,
    equals,
    is_known,
    known,
    names_in,
)

if TYPE_CHECKING:
    from mcpsoar.targets.es.detection.statement import Statement


def among(of: "Statement", node: exp.In) -> exp.Expr:
    """x IN (SELECT x FROM …); null where SQL gives NULL."""
    inner = node.args["query"].this
    value = of.read(node.this)
    of.extra |= names_in(value)
    table, key, condition = _read(of, inner)
    if key != value:
        raise Unsupported(f"{node.this.sql()} IN values of another column")
    is_denied = isinstance(node.parent, exp.Not)
    if is_denied and not is_known(key, condition):
        raise Unsupported("NOT IN a query that may give NULL")
    if table.keys == (key,) and not is_denied:
        of.extra |= names_in(condition)
        held = exp.Coalesce(this=condition or exp.true(), expressions=[exp.false()])
        return case((known(key), held))
    name = of.flow.name("among")
    found = Aggregate(f"MAX({of.of_members(condition, '1', '0')})", Type.WHOLE)
    if is_denied:
        every = of.flow.name("any")
        of.flow.for_all(every, found)
        of.extra.add(every)
    of.gather(own := [of.column(key, "of")], {name: found}, known=own)
    pairs = [(known(key), equals(name, 1))]
    return case(*pairs, *([(equals(every, 0), exp.false())] if is_denied else []))


def alone(of: "Statement", node: exp.Subquery) -> exp.Expr:
    """(SELECT one number FROM …)."""
    relation, value, member = _read(of, node.this)
    if not all(one.find_ancestor(*AGGREGATES) for one in value.find_all(exp.Column)):
        raise Unsupported("(SELECT …) of more than one number for all rows")
    for one in list(value.find_all(*AGGREGATES)):
        if relation.keys is not None and not isinstance(one, exp.Min | exp.Max):
            raise Unsupported(f"{one.sql()} of groups")
        name = of.flow.name(f"all_{one.key}")
        of.flow.for_all(name, of.aggregate(one, member))
        of.extra.add(name)
        if one is value:
            value = exp.column(name)
        else:
            one.replace(exp.column(name))
    return value


def sought(of: "Statement", select: exp.Select) -> set[str]:
    """The one column by which groups are sought with IN, where that is all they are for."""
    tables = [one for tree in of.todo[1:] for one in tree.find_all(exp.Table) if one.name == of.name]
    selects = [one.find_ancestor(exp.Select) for one in tables]
    if not all(isinstance(one, exp.Select) and _is_sought(one) for one in selects):
        return set()
    names = {one.expressions[0].name for one in selects if one is not None}
    read = {one.alias_or_name: names_in(one.unalias()) for one in select.expressions}
    return read.get(names.pop(), set()) if len(names) == 1 else set()


def _read(of: "Statement", inner: exp.Query) -> tuple[Relation, exp.Expr, exp.Expr | None]:
    """The one table of a query inside, the one thing it selects, and its members."""
    if not isinstance(inner, exp.Select) or inner.args.get("group") or inner.args.get("joins"):
        raise Unsupported("a query inside that groups or joins")
    if len(list(inner.find_all(exp.Query))) > 1:
        raise Unsupported("a query inside a query inside")
    source = inner.args["from_"].this
    relation = of.table(source)
    outer, of.scope = of.scope, Scope({source.alias_or_name: relation})
    read = [of.read(one.unalias()) for one in inner.expressions]
    member = all_of([relation.member, *map(of.read, conjuncts(inner.args.get("where")))])
    of.scope = outer
    return relation, read[0], member


def _is_sought(select: exp.Select) -> bool:
    return isinstance(select.parent, exp.Subquery) and isinstance(select.parent.parent, exp.In)
