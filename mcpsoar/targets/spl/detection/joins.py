"""Joins by equality, where the other side has at most one row a key: a row gets its columns by eventstats.

Where both sides read the key from the same fields, the rows stay as they are. Elsewhere a row that is on both
sides comes twice, once with the key of each side, and goes back to one.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp

from mcpsoar.core.errors import Unsupported
from mcpsoar.targets.spl.detection import values
from mcpsoar.targets.spl.detection.commands import Commands
from mcpsoar.targets.spl.detection.relation import Field, Relation, Scope, conjuncts
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


def joined(
    scope: Scope, other: Relation, join: exp.Join, read: Sequence[str], commands: Commands
) -> tuple[Scope, list[exp.Expr]]:
    """The scope with one relation more, and what ON asks beside equalities; `read` are the columns of it that
    are read. Raises Unsupported.
    """
    alias = join.this.alias_or_name
    there = Scope(other.member, {alias: other.fields})
    asked = [(one, _pair(one, scope, there)) for one in conjuncts(join.args.get("on"))]
    pairs = [pair for _, pair in asked if pair]
    rest = [one for one, pair in asked if not pair]
    left = _Side(scope.member, tuple(values.value(one, scope) for one, _ in pairs))
    right = _Side(other.member, tuple(values.value(one, there) for _, one in pairs))
    named = frozenset(name for _, one in pairs for name in _names(one, other))
    if not any(key <= named for key in other.keys):
        raise Unsupported(f"a join with several rows of {alias} for one is not said in SPL")
    is_same = [one.text for one in left.values] == [one.text for one in right.values]
    is_left = join.side.upper() == "LEFT"
    if is_same and named >= _OWN:
        member = _and(commands, scope.member, f"{other.member}=1", is_left=is_left)
        fields = other.fields
        if is_left:
            raise Unsupported("a LEFT JOIN of an event with itself is not said in SPL")
    else:
        by, own, theirs = _keys(left, right, commands, is_same=is_same)
        fields, count = _brought(other, read, theirs, by, commands)
        if not is_same:
            commands.say(f'where {own}="{_LEFT}" OR {own}="{_RIGHT}" AND {scope.member}=0 OR {own}="-"')
        filled = " AND ".join(f'{one}!="-" AND {one}!="+"' for one in by)
        member = _and(commands, scope.member, f"{count}>0 AND {filled}", is_left=is_left)
    if rest and is_left:
        raise Unsupported(f"a LEFT JOIN ON {rest[0].sql('duckdb')} is not said in SPL")
    return Scope(member, {**scope.parts, alias: fields}, scope.keys), rest


_LEFT, _RIGHT = "l", "r"


def _keys(left: _Side, right: _Side, commands: Commands, *, is_same: bool) -> tuple[list[str], str, str]:
    """Fields of the key, the field that tells the sides of the results that come twice, and who brings."""
    if is_same:
        by = [commands.put("key", left.key(at, "-")) for at in range(len(left.values))]
        return by, "", f"{right.member}=1"
    both = f'{left.member}=1 AND {right.member}=1, mvappend("{_LEFT}", "{_RIGHT}")'
    side = commands.put(
        "side", f'case({both}, {left.member}=1, "{_LEFT}", {right.member}=1, "{_RIGHT}", true(), "-")'
    )
    commands.expand(side)
    by = []
    for at in range(len(left.values)):
        ours, theirs = left.key(at, "-"), right.key(at, "+")
        told = f'case({side}="{_LEFT}", {ours}, {side}="{_RIGHT}", {theirs}, true(), "!")'
        by.append(commands.put("key", told))
    return by, side, f'{side}="{_RIGHT}"'


def _brought(
    other: Relation, read: Sequence[str], brings: str, by: Sequence[str], commands: Commands
) -> tuple[dict[str, Field], str]:
    """The other side's columns in every row of their key, and the field that counts its rows there."""
    scope = Scope(other.member, {"": other.fields})
    names = [name for name in other.fields if name in read]
    found = [values.value(exp.column(name), scope) for name in names]
    given = [
        commands.put("given", f"if({brings} AND {one.there.text}, {values.kept(one)}, null())")
        for one in found
    ]
    step = commands.put("step", f"if({brings}, 1, 0)")
    asked = [("matches", f"sum({step})"), *(("brought", f"max({one})") for one in given)]
    count, *brought = commands.eventstats(asked, by)
    fields = {}
    for name, one, held in zip(names, found, brought, strict=True):
        kind = other.fields[name].held.kind
        told = values.unmarked(held, one.kind)
        fields[name] = Field(Held(kind, held if told == held else commands.put("brought", told)))
    return fields, count


def _and(commands: Commands, member: str, condition: str, *, is_left: bool) -> str:
    return member if is_left else commands.put("joined", f"if({member}=1 AND {condition}, 1, 0)")


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
