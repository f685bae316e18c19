"""KEEP, DROP, RENAME, MV_EXPAND and LOOKUP JOIN (their pages; mv_expand and lookup-join csv-spec)."""

import re
from collections.abc import Mapping

from tests.languages.esql.compiled import NUMBERS, Session, values_of
from tests.languages.esql.errors import Refused, Undocumented
from tests.languages.esql.tables import Column, Index, Row, Table, columns_of, lowered, rows_of, unordered
from tests.languages.esql.tree import Drop, Expand, Keep, Lookup, Rename

_JOINABLE = ("boolean", "date", "double", "integer", "ip", "keyword", "long")


def kept(command: Keep, table: Table) -> Table:
    """A name beats a pattern, a pattern beats `*`; among equals the rightmost places the column."""
    place: dict[str, tuple[int, int]] = {}
    for at, pattern in enumerate(command.patterns):
        strength = 0 if pattern == "*" else 1 if "*" in pattern else 2
        for name in _named(pattern, table):
            if strength >= place.get(name, (-1, 0))[0]:
                place[name] = (strength, at)
    order = list(table.columns)
    names = sorted(place, key=lambda name: (place[name][1], order.index(name)))
    return _columns(table, {name: name for name in names})


def dropped(command: Drop, table: Table) -> Table:
    gone = {name for pattern in command.patterns for name in _named(pattern, table)}
    return _columns(table, {name: name for name in table.columns if name not in gone})


def renamed(command: Rename, table: Table) -> Table:
    """One after the other; an existing column of the new name is dropped."""
    for old, new in command.pairs:
        if old not in table.columns:
            raise Refused(f"unknown column [{old}]")
        if old != new:
            table = _columns(table, {new if one == old else one: one for one in table.columns if one != new})
    return table


def expanded(command: Expand, table: Table) -> Table:
    """One row a value; a null stays one row (mv_expand.csv-spec, expandAfterSort1)."""
    column = table.columns.get(command.column)
    if column is None or column.kind == "unsupported":
        raise Refused(f"unknown column [{command.column}]")
    rows = [
        {**row, command.column: value}
        for row in table.rows
        for value in values_of(row[command.column]) or (None,)
    ]
    return unordered({**table.columns, command.column: Column(column.kind, normal=column.normal)}, rows)


def joined(command: Lookup, table: Table, indices: Mapping[str, Index], session: Session) -> Table:
    """A left join on equal values; a null or several values match nothing; the order of rows is lost."""
    index = indices.get(command.index)
    if index is None or not index.lookup:
        raise Refused(f"[{command.index}] is no index in lookup mode")
    right = columns_of(index)
    for name in command.columns:
        _compatible(name, table.columns.get(name), right.get(name))
    added = {name: column for name, column in right.items() if name not in command.columns}
    stored = list(rows_of(index))
    rows: list[Row] = []
    for row in table.rows:
        matches = [one for one in stored if _matches(command, row, one, right, session)]
        rows.extend(
            {**row, **{name: one[name] for name in added}} for one in matches or [dict.fromkeys(added)]
        )
    columns = {**{name: one for name, one in table.columns.items() if name not in added}, **added}
    return unordered(columns, [{name: row[name] for name in columns} for row in rows])


def _matches(command: Lookup, row: Row, stored: Row, right: Mapping[str, Column], session: Session) -> bool:
    alike = True
    for name in command.columns:
        mine, other = row[name], stored[name]
        if isinstance(mine, tuple) or isinstance(other, tuple):
            session.warn(f"LOOKUP JOIN {command.index}", "LOOKUP JOIN encountered multi-value")
        if right[name].normal and isinstance(mine, str) and mine != lowered(mine):
            raise Undocumented(f"{mine!r} looked up in {name}, which has a normalizer")
        alike = alike and mine is not None and not isinstance(mine, tuple) and mine == other
    return alike


def _compatible(name: str, left: Column | None, right: Column | None) -> None:
    """Page "Join data with LOOKUP JOIN": numbers join numbers, every other type itself."""
    if left is None or right is None:
        raise Refused(f"unknown column [{name}] in LOOKUP JOIN")
    if left.kind not in _JOINABLE or right.kind not in _JOINABLE:
        raise Refused(f"LOOKUP JOIN on {name}, which is {left.kind} and {right.kind}")
    if left.kind != right.kind and not {left.kind, right.kind} <= set(NUMBERS):
        raise Refused(f"LOOKUP JOIN on {name}, which is {left.kind} and {right.kind}")


def _named(pattern: str, table: Table) -> list[str]:
    if "*" not in pattern:
        if pattern not in table.columns:
            raise Refused(f"unknown column [{pattern}]")
        return [pattern]
    shape = re.compile(".*".join(map(re.escape, pattern.split("*"))), re.DOTALL)
    found = [name for name in table.columns if shape.fullmatch(name)]
    if not found:
        raise Undocumented(f"{pattern} matches no column")
    return found


def _columns(table: Table, names: Mapping[str, str]) -> Table:
    """The named columns under their new names; rows keep their order."""
    columns = {new: table.columns[old] for new, old in names.items()}
    rows = [{new: row[old] for new, old in names.items()} for row in table.rows]
    return Table(columns, rows, table.ranks, table.unbounded_sort)
