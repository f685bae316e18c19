"""A correlation of correlations: every event at which an inner one holds is an event of the outer one.

Such an event has the time of the inner's row, what it carries, and the fields that the inner one groups by,
as text; nothing else. Two rows of one instant are two events, as anywhere. A correlation may be of rules or
of correlations, not of both: an event and a row about it would be counted as two.
"""

from collections.abc import Mapping, Sequence

from sigma.correlations import SigmaCorrelationRule
from sqlglot import exp

from mcpsoar.core.errors import Unsupported
from mcpsoar.targets.correlation.statement import Source, statement

_OWN = "mcpsoar_"


def nested(
    rule: SigmaCorrelationRule,
    inner: Mapping[str, tuple[SigmaCorrelationRule, exp.Select]],
    carried: Sequence[str] = (),
) -> exp.Select:
    """The statement of `rule` over the statements of the correlations it refers to, by reference.

    Raises BadContent, Unsupported as `statement` does; Unsupported for a field that no inner one groups by.
    """
    names = sorted({name for one, _ in inner.values() for name in one.group_by or []})
    steps, branches = [], []
    for place, (reference, (one, tree)) in enumerate(inner.items()):
        own = f"{_OWN}inner_{place}"
        groups = one.group_by or []
        columns = [*(f"c{n}" for n in range(len(carried))), "at_ms", *_keys(groups)]
        steps += _renamed(tree, own, place, columns)
        keys = dict(zip(groups, _keys(groups), strict=True))
        fields = [exp.column(keys[name]) if name in keys else exp.Null() for name in names]
        marks = [exp.Literal.number(int(other == reference)) for other in inner]
        branches.append(
            exp.select(
                *(exp.alias_(exp.column(f"c{n}"), name) for n, name in enumerate(carried)),
                exp.column("at_ms"),
                *(exp.alias_(mark, f"r{n}") for n, mark in enumerate(marks)),
                *(exp.alias_(exp.cast(field, "text"), f"f{n}") for n, field in enumerate(fields)),
            ).from_(own)
        )
    events: exp.Query = branches[0]
    for branch in branches[1:]:
        events = exp.union(events, branch, distinct=False)

    def column(reference: str, field: str) -> exp.Expression:
        if field not in (inner[reference][0].group_by or []):
            raise Unsupported(f"correlation {reference!r} groups by no {field!r}: its matches lack it")
        return exp.column(f"f{names.index(field)}")

    def number(reference: str, field: str) -> exp.Expression:
        raise Unsupported(f"{field!r} of correlation {reference!r} is a group, no number to compute with")

    source = Source(exp.to_table(f"{_OWN}events"), exp.column("at_ms"), column, number, tuple(carried))
    predicates: dict[str, exp.Expression] = {
        reference: exp.EQ(this=exp.column(f"r{n}"), expression=exp.Literal.number(1))
        for n, reference in enumerate(inner)
    }
    outer = statement(rule, predicates, source)
    steps.append(_step(f"{_OWN}events", events))
    outer.args["with_"].set("expressions", [*steps, *outer.args["with_"].expressions])
    for name in outer.find_all(exp.Identifier):
        name.args["quoted"] = True
    return outer


def _keys(groups: Sequence[str]) -> list[str]:
    return [f"k{n}" for n in range(len(groups))]


def _renamed(tree: exp.Select, own: str, place: int, columns: Sequence[str]) -> list[exp.Expr]:
    """The steps of one inner statement and itself as the last, under names that no other inner one has.

    Its columns get names by place: those of fields may be the same, or differ in case alone.
    """
    tree = tree.copy()
    tree.set("order", None)
    given = zip(tree.expressions, columns, strict=True)
    tree.set("expressions", [exp.alias_(column.unalias(), name) for column, name in given])
    steps = list(tree.args["with_"].expressions)
    names = {step.alias for step in steps}
    for name in tree.find_all(exp.Identifier):
        if name.name in names and isinstance(name.parent, exp.Table | exp.TableAlias):
            name.set("this", f"{name.name}_{place}")
    tree.set("with_", None)
    return [*steps, _step(own, tree)]


def _step(name: str, query: exp.Expr) -> exp.CTE:
    return exp.CTE(this=query, alias=exp.TableAlias(this=exp.to_identifier(name, quoted=True)))
