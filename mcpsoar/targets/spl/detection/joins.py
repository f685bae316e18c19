"""Joins by equality: a row gets the columns of the other side's row of its key by eventstats.

Where both sides read the key from the same fields, the rows stay as they are. Elsewhere a row that is on both
sides comes twice, once with the key of each side, and goes back to one. Where the other side may have several
rows a key, a row is copied for each of them.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from mcpsoar.core.errors import Unsupported
from mcpsoar.targets.detection import conjuncts
from mcpsoar.targets.spl.detection import values
from mcpsoar.targets.spl.detection.commands import Commands
from mcpsoar.targets.spl.detection.relation import Field, Relation, Scope
from mcpsoar.targets.spl.held import Held
from mcpsoar.targets.spl.value import Value

_OWN = {"event_ms", "event_key"}


@dataclass(frozen=True, slots=True)
class _Side:
    """One side of the keys."""

    member: str
    values: tuple[Value, ...]

    def key(self, at: int, none: str) -> str:
        found = self.values[at]
        return f'if({found.there.text}, "=".{found.text}, "{none}")'


@dataclass(frozen=True, slots=True)
class _Keys:
    """Fields of the key, a condition for the rows of the other side, and one that leaves each row once."""

    by: Sequence[str]
    brings: str
    once: str


@dataclass(frozen=True, slots=True)
class Asked:
    """The other side's columns that are read, and the members of all relations so far."""

    columns: Sequence[str]
    members: Sequence[str]


def joined(
    scope: Scope, other: Relation, join: exp.Join, asked: Asked, commands: Commands
) -> tuple[Scope, list[exp.Expr]]:
    """The scope with one relation more, and what ON asks beside equalities. Raises Unsupported."""
    alias, is_left = join.this.alias_or_name, join.side.upper() == "LEFT"
    there = Scope(other.member, {alias: other.fields})
    conditions = [(one, _pair(one, scope, there)) for one in conjuncts(join.args.get("on"))]
    pairs = [pair for _, pair in conditions if pair]
    rest = [one for one, pair in conditions if not pair]
    if rest and is_left:
        raise Unsupported(f"a LEFT JOIN ON {rest[0].sql('duckdb')} is not said in SPL")
    left = _Side(scope.member, tuple(values.value(one, scope) for one, _ in pairs))
    right = _Side(other.member, tuple(values.value(one, there) for _, one in pairs))
    named = frozenset(name for _, one in pairs for name in _names(one, other))
    is_same = [one.text for one in left.values] == [one.text for one in right.values]
    parts = {**scope.parts, alias: other.fields}
    if is_same and named >= _OWN and not is_left:
        member = commands.put("joined", f"if({scope.member}=1 AND {other.member}=1, 1, 0)")
        return Scope(member, parts, scope.keys), rest
    keys = _keys(left, right, commands, is_same=is_same)
    if any(key <= named for key in other.keys):
        parts[alias], member = _looked_up(scope, other, keys, asked, commands, is_left=is_left)
        return Scope(member, parts, scope.keys), rest
    parts[alias], member = _multiplied(scope, other, keys, asked, commands, is_left=is_left)
    both = {own | {f"{alias}.{one}" for one in key} for own in scope.keys for key in other.keys}
    return Scope(member, parts, frozenset(both)), rest


def _keys(left: _Side, right: _Side, commands: Commands, *, is_same: bool) -> _Keys:
    """A row of both sides, with other fields as the key of each, comes twice from here."""
    if is_same:
        by = [commands.put("key", left.key(at, "-")) for at in range(len(left.values))]
        return _Keys(by, f"{right.member}=1 AND {_filled(by)}", "")
    both = f'{left.member}=1 AND {right.member}=1, mvappend("l", "r")'
    side = commands.put("side", f'case({both}, {left.member}=1, "l", {right.member}=1, "r", true(), "-")')
    commands.expand(side)
    by = []
    for at in range(len(left.values)):
        ours, theirs = left.key(at, "-"), right.key(at, "+")
        told = f'case({side}="l", {ours}, {side}="r", {theirs}, true(), "!")'
        by.append(commands.put("key", told))
    return _Keys(by, f'{side}="r"', f'{side}!="r" OR {left.member}=0')


def _looked_up(
    scope: Scope, other: Relation, keys: _Keys, asked: Asked, commands: Commands, *, is_left: bool
) -> tuple[dict[str, Field], str]:
    """The columns of the one row that a key has, and the member."""
    step = commands.put("step", f"if({keys.brings}, 1, 0)")
    fields, (count,) = _brought(other, asked, keys, [("matches", f"sum({step})")], commands)
    if keys.once:
        commands.say(f"where {keys.once}")
    if is_left:
        return fields, scope.member
    return fields, commands.put("joined", f"if({scope.member}=1 AND {count}>0 AND {_filled(keys.by)}, 1, 0)")


def _multiplied(
    scope: Scope, other: Relation, keys: _Keys, asked: Asked, commands: Commands, *, is_left: bool
) -> tuple[dict[str, Field], str]:
    """A row for each that a key has: copies, which are rows of this join and of nothing before it."""
    own = commands.put("own", f"if({keys.brings}, {commands.row}, null())")
    (those,) = commands.eventstats([("those", f"values({own})")], keys.by)
    if keys.once:
        commands.say(f"where {keys.once}")
    is_matched = f"{scope.member}=1 AND {_filled(keys.by)}"
    pair = commands.put("pair", f'if({is_matched}, mvappend("-", {those}), "-")')
    is_alone = f"{scope.member}=1 AND (isnull({those}) OR NOT ({_filled(keys.by)}))"
    alone = commands.put("alone", f"if({is_alone}, 1, 0)") if is_left else ""
    commands.expand(pair)
    kept = f" OR {alone}=1" if is_left else ""
    member = commands.put("joined", f'if({pair}!="-"{kept}, 1, 0)')
    for one in dict.fromkeys((*asked.members, scope.member, other.member)):
        commands.put_again(one, f'if({pair}="-", {one}, 0)')
    commands.put_again(pair, f'if({pair}="-" AND {other.member}=1, {commands.row}, {pair})')
    fields, _ = _brought(other, asked, _Keys([pair], f"{other.member}=1", ""), [], commands)
    if is_left:
        for name, found in fields.items():
            told = commands.put("brought", f"if({alone}=1, null(), {found.held.text})")
            fields[name] = Field(Held(found.held.kind, told))
    commands.number()
    return fields, member


def _brought(
    other: Relation, asked: Asked, keys: _Keys, counted: Sequence[tuple[str, str]], commands: Commands
) -> tuple[dict[str, Field], list[str]]:
    """The other side's columns in every row of their key, and what is counted there."""
    scope = Scope(other.member, {"": other.fields})
    names = [name for name in other.fields if name in asked.columns]
    found = [values.value(exp.column(name), scope) for name in names]
    given = [
        commands.put("given", f"if({keys.brings} AND {one.there.text}, {values.kept(one)}, null())")
        for one in found
    ]
    told = commands.eventstats([*counted, *(("brought", f"max({one})") for one in given)], keys.by)
    fields = {}
    for name, one, held in zip(names, found, told[len(counted) :], strict=True):
        made = values.unmarked(held, one.kind)
        text = held if made == held else commands.put("brought", made)
        fields[name] = Field(Held(other.fields[name].held.kind, text))
    return fields, told[: len(counted)]


def _filled(by: Sequence[str]) -> str:
    """A condition: none of a key is NULL."""
    return " AND ".join(f'{one}!="-" AND {one}!="+"' for one in by)


def _pair(condition: exp.Expr, scope: Scope, there: Scope) -> tuple[exp.Expr, exp.Expr] | None:
    """An equality of both sides, the new relation's last."""
    if isinstance(condition, exp.EQ):
        for one, two in (
            (condition.this, condition.expression),
            (condition.expression, condition.this),
        ):
            if _reads(one, scope) and _reads(two, there):
                return one, two
    return None


def _reads(node: exp.Expr, scope: Scope) -> bool:
    return all(
        one.table in scope.parts and one.name in scope.parts[one.table] for one in node.find_all(exp.Column)
    )


def _names(node: exp.Expr, other: Relation) -> list[str]:
    """The columns that a side of a key tells: COALESCE(x, '') tells an x that is never empty."""
    if isinstance(node, exp.Coalesce) and [one.name for one in node.expressions] == [""]:
        node = node.this
        if not (isinstance(node, exp.Column) and other.fields[node.name].is_column):
            return []
    return [node.name] if isinstance(node, exp.Column) else []
