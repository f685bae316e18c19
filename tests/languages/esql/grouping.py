"""STATS and INLINE STATS (their pages; stats and inlinestats csv-spec); the latter a preview from 9.2 on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from tests.languages.esql.aggregates import Aggregate, aggregate
from tests.languages.esql.compiled import Compiled, Session, values_of
from tests.languages.esql.errors import Refused, Undocumented
from tests.languages.esql.expressions import AGGREGATES, column_of, compiled, condition
from tests.languages.esql.tables import Column, Row, Table, Value, unordered
from tests.languages.esql.tree import Apply, Assigned, Call, Expression, Name, Stats

_Key = tuple[Value, ...]


@dataclass(frozen=True, slots=True)
class _Output:
    """One column: its aggregates by hidden name, the rows its own WHERE keeps, and what is made of them."""

    name: str
    parts: Mapping[str, Aggregate]
    keeps: Compiled | None
    made: Compiled

    def over(self, rows: Sequence[Row], key: Row) -> Value:
        kept = [row for row in rows if self.keeps is None or self.keeps.evaluate(row) is True]
        return self.made.evaluate({**key, **{name: part.over(kept) for name, part in self.parts.items()}})


def grouped(command: Stats, table: Table, session: Session) -> Table:
    """One row a group, or one for all rows without BY, even of none; INLINE STATS adds to every row."""
    keys = {one.name: compiled(one.expression, table.columns, session) for one in command.by}
    outputs = {one.name: _output(one, table, keys, session) for one in command.aggregates}
    outputs = {name: one for name, one in outputs.items() if name not in keys}  # the page: BY wins
    columns = {
        **{name: column_of(one.made) for name, one in outputs.items()},
        **{name: column_of(one) for name, one in keys.items()},
    }
    groups = _groups(table.rows, keys)
    found: dict[_Key, Row] = {}
    for values, rows in groups.items():
        key = dict(zip(keys, values, strict=True))
        found[values] = {**{name: one.over(rows, key) for name, one in outputs.items()}, **key}
    if not command.inline:
        return unordered(columns, list(found.values()))
    return _added(table, keys, columns, found)


def _added(
    table: Table, keys: Mapping[str, Compiled], columns: Mapping[str, Column], found: Mapping[_Key, Row]
) -> Table:
    """The columns of the command come last, in its order; a row finds its group by its keys."""
    if table.unbounded_sort:
        raise Refused("INLINE STATS after SORT without LIMIT")
    if any(one.kind == "null" for one in keys.values()):
        raise Undocumented("INLINE STATS by null (elastic/elasticsearch#139887)")
    rows = []
    for row in table.rows:
        values = tuple(one.evaluate(row) for one in keys.values())
        if any(isinstance(one, tuple) for one in values):
            raise Undocumented("INLINE STATS by several values in one row (elastic/elasticsearch#150737)")
        rows.append({**{name: value for name, value in row.items() if name not in columns}, **found[values]})
    kept = {name: column for name, column in table.columns.items() if name not in columns}
    return unordered({**kept, **columns}, rows)


def _groups(rows: Sequence[Row], keys: Mapping[str, Compiled]) -> dict[_Key, list[Row]]:
    """A row with several values is in the group of each, whole (page STATS); null is a group of its own."""
    groups: dict[_Key, list[Row]] = {} if keys else {(): []}
    for row in rows:
        sides = [dict.fromkeys(values_of(one.evaluate(row)) or (None,)) for one in keys.values()]
        for values in product(*sides):
            groups.setdefault(values, []).append(row)
    return groups


def _output(of: Assigned, table: Table, keys: Mapping[str, Compiled], session: Session) -> _Output:
    parts: dict[str, Aggregate] = {}
    rest = _taken_out(of.expression, table, parts, session)
    if not parts:
        raise Refused(f"[{of.expression.text}] holds no aggregate")
    outer = {name: column_of(one) for name, one in keys.items()}
    used = _names(rest) & set(keys)
    if any(len(values_of(keys[name].evaluate(row))) > 1 for name in used for row in table.rows):
        raise Undocumented(f"[{of.expression.text}] beside several values (elastic/elasticsearch#134706)")
    hidden = {name: Column(part.kind, ordered=part.ordered) for name, part in parts.items()}
    keeps = condition(of.condition, table.columns, session) if of.condition else None
    return _Output(of.name, parts, keeps, compiled(rest, {**outer, **hidden}, session))


def _taken_out(of: Expression, table: Table, parts: dict[str, Aggregate], session: Session) -> Expression:
    """The expression with each aggregate replaced by a hidden column."""
    match of:
        case Call() if of.name in AGGREGATES:
            hidden = f"\0{len(parts)}"
            parts[hidden] = aggregate(of, table.columns, session)
            return Name(hidden, of.text)
        case Call():
            arguments = tuple(_taken_out(one, table, parts, session) for one in of.arguments)
            return Call(of.name, arguments, of.star, of.text)
        case Apply():
            operands = tuple(_taken_out(one, table, parts, session) for one in of.operands)
            return Apply(of.operator, operands, of.text)
    return of


def _names(of: Expression) -> set[str]:
    match of:
        case Name():
            return {of.name}
        case Call():
            return {name for one in of.arguments for name in _names(one)}
        case Apply():
            return {name for one in of.operands for name in _names(one)}
    return set()
