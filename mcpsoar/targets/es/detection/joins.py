"""Joins: the columns of another table beside those of a row, where it has one row for each at most."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlglot import exp

from mcpsoar.core.errors import Unsupported
from mcpsoar.targets.detection import conjuncts
from mcpsoar.targets.es import paths
from mcpsoar.targets.es.commands import assigned
from mcpsoar.targets.es.detection import packed
from mcpsoar.targets.es.detection.flow import TAB, Aggregate
from mcpsoar.targets.es.detection.packed import OWN, Type
from mcpsoar.targets.es.detection.relation import (
    Relation,
    Scope,
    all_of,
    known,
    names_in,
    number,
)

if TYPE_CHECKING:
    from mcpsoar.targets.es.detection.statement import Statement

_Pairs = Sequence[tuple[exp.Expr, exp.Expr]]


def joined(of: "Statement", join: exp.Join, where: list[exp.Expr]) -> list[exp.Expr | None]:
    """Give the rows the columns of a table that has one row for each at most; what makes them members."""
    table, alias = of.table(join.this), join.this.alias_or_name
    is_left = join.side.upper() == "LEFT"
    own = [one for one in where if {c.table for c in one.find_all(exp.Column)} == {alias}]
    pushed = [] if is_left else own
    for one in pushed:
        where.remove(one)
    inner = Scope({alias: table})
    outer, of.scope = of.scope, inner
    condition = all_of([table.member, *map(of.read, pushed)])
    of.scope = outer
    pairs, rest = _tied(of, join, inner)
    if is_left and rest:
        raise Unsupported("a LEFT JOIN on more than columns that are equal")
    alike = _same(table.keys, pairs) if table.keys is not None and not is_left else None
    if alike is not None:
        of.scope.tables[alias] = Relation(table.columns, None, table.keys)
        of.extra |= names_in(condition)
        return [condition, *alike, *map(of.read, rest)]
    if not is_left and all(left == right for left, right in pairs) and set(OWN) <= {r.name for _, r in pairs}:
        of.scope.tables[alias] = Relation(table.columns)  # the same event is the same row
        of.extra |= names_in(condition)
        return [condition, *map(of.read, rest)]
    if not _is_one(of, table, pairs, condition):
        raise Unsupported(f"a join with {join.this.name}, which may have several rows for one")
    there = _beside(of, alias, table, pairs, condition)
    of.extra |= names_in(there)
    return [*([] if is_left else [there]), *map(of.read, rest)]


def _tied(
    of: "Statement", join: exp.Join, inner: Scope
) -> tuple[list[tuple[exp.Expr, exp.Expr]], list[exp.Expr]]:
    """The pairs that have to be equal, the joined table's at the right; and what else has to hold."""
    alias = join.this.alias_or_name
    pairs, rest = [], []
    for one in conjuncts(join.args.get("on")):
        sides = [one.this, one.expression] if isinstance(one, exp.EQ) else []
        mine = [{c.table for c in side.find_all(exp.Column)} == {alias} for side in sides]
        if sorted(mine) != [False, True]:
            rest.append(one)
            continue
        left, right = sides[::-1] if mine[0] else sides
        outer, of.scope = of.scope, inner
        told = of.read(right)
        of.scope = outer
        pairs.append((of.read(left), told))
    return pairs, rest


def _is_one(of: "Statement", table: Relation, pairs: _Pairs, member: exp.Expr | None) -> bool:
    """Whether the table has at most one row for each."""
    held = {right.name for _, right in pairs if isinstance(right, exp.Column)}
    firsts = [
        one.this.name for one in conjuncts(member) if isinstance(one, exp.EQ) and one.expression == number(1)
    ]
    unique = [set(of.places[name]) for name in firsts if name in of.places]
    unique += (
        [names_in(exp.Tuple(expressions=list(table.keys)))] if table.keys else [{"event_ms", "event_key"}]
    )
    unique += [set(tied) for flag, tied in of.ties if flag in list(conjuncts(member))]
    return any(one <= held for one in unique)


def _beside(
    of: "Statement",
    alias: str,
    table: Relation,
    pairs: _Pairs,
    member: exp.Expr | None,
) -> exp.Expr:
    """Every row twice, once as either side: the right one leaves what it holds, the left one takes it."""
    later = {one.name for tree in of.todo for one in tree.find_all(exp.Column)}
    wanted = {name: value for name, value in table.columns.items() if name in later}
    kinds = {name: of.words.kind(value) for name, value in wanted.items()}
    told = [packed.packed(of.words.value(value), kinds[name]) for name, value in wanted.items()]
    told = told or ['"+"']
    keys = {of.flow.name(f"{alias}_key{at}"): pair for at, pair in enumerate(pairs)}
    of.flow.commands += ['EVAL side = ["left", "right"]', "MV_EXPAND side"]
    made = {}
    for name, (left, right) in keys.items():
        text = f'CASE(side == "left", {of.words.value(left)}, {of.words.value(right)})'
        made[name] = (text, of.words.kind(left))
    of.flow.eval(made)
    asked = f'side == "right"{f" AND {of.words.condition(member)}" if member is not None else ""}'
    got = of.flow.name(f"{alias}_held")
    found = Aggregate(f"MAX(CASE({asked}, {packed.joined(told)}))", Type.TEXT)
    of.flow.gather(list(keys), {got: found}, of.needed(), only='side == "left"', known=list(keys))
    both = " AND ".join(f"{paths.quoted(name)} IS NOT NULL" for name in keys)
    there = of.flow.name(f"{alias}_there")
    of.flow.commands.append(f"EVAL part = SPLIT(CASE({both}, {got}), {TAB})")
    names = {name: of.flow.name(f"{alias}_{name}") for name in wanted}
    lines = [
        f"{paths.quoted(names[name])} = {packed.unpacked(f'MV_SLICE(part, {at})', kinds[name])}"
        for at, name in enumerate(wanted)
    ]
    of.flow.commands.append(f"EVAL {assigned([*lines, f'{there} = part IS NOT NULL'])}")
    of.flow.types.update({names[name]: kind for name, kind in kinds.items()} | {there: Type.TRUTH})
    of.scope.tables[alias] = Relation({name: exp.column(own) for name, own in names.items()})
    return exp.column(there)


def _same(keys: Sequence[exp.Expr], pairs: _Pairs) -> list[exp.Expr | None] | None:
    """Where both sides name the keys of the group alike: what has to hold beside; None where they do not."""
    held: list[exp.Expr | None] = []
    left_over = list(keys)
    for left, right in pairs:
        bare = [_or_empty(one) for one in (left, right)]
        if bare[0] is not None and bare[0] == bare[1] and bare[0] in left_over:
            left_over.remove(bare[0])  # no text is empty, so that NULL alone equals NULL here
        elif left == right and left in left_over:
            left_over.remove(left)
            held.append(known(left))
        else:
            return None
    return held if not left_over else None


def _or_empty(node: exp.Expr) -> exp.Expr | None:
    """The column of COALESCE(column, '')."""
    alike = isinstance(node, exp.Coalesce) and [one.sql() for one in node.expressions] == ["''"]
    return node.this if alike else None
