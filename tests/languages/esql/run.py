"""A query over indices: every command in turn, and the limit at the end."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from fnmatch import fnmatchcase
from typing import Any

from tests.languages.esql import grouping, ordering, shaping
from tests.languages.esql.builder import parse
from tests.languages.esql.compiled import Session, values_of
from tests.languages.esql.errors import NotInGrammar, Refused, Undocumented
from tests.languages.esql.expressions import column_of, compiled, condition
from tests.languages.esql.moments import shown
from tests.languages.esql.tables import (
    Column,
    Index,
    Row,
    Table,
    Value,
    columns_of,
    rows_of,
    shown_address,
    unordered,
)
from tests.languages.esql.tree import (
    Assigned,
    Command,
    Drop,
    Eval,
    Expand,
    From,
    Keep,
    Limit,
    Lookup,
    Rename,
    Sort,
    Stats,
    Where,
)

# page "Metadata fields"; the others are not read here
_METADATA = {"_id": "keyword", "_index": "keyword", "_version": "long"}


class Rows(list[dict[str, Any]]):
    """The answer: rows in order, null as None, several values as a list, dates and addresses as text.

    `columns` gives each column's type in order, `warnings` what the response would warn of.
    """

    def __init__(
        self, rows: Iterable[dict[str, Any]], columns: Mapping[str, str], warnings: list[str]
    ) -> None:
        super().__init__(rows)
        self.columns = dict(columns)
        self.warnings = warnings


def run(query: str, indices: Mapping[str, Index], *, now_ms: int) -> Rows:
    """The rows that the documents promise.

    Raises NotInGrammar for text outside the small grammar, Refused where the product documents an error, and
    Undocumented where it leaves the meaning open.
    """
    read, session = parse(query), Session(now_ms)
    if isinstance(read.source, From):
        table = _from(read.source, indices)
    else:
        table = _evaluated(read.source.columns, unordered({}, [{}]), session)
    for command in read.commands:
        table = _after(command, table, indices, session)
    written = any(isinstance(command, Limit) for command in read.commands)
    table = ordering.limited(
        ordering.MOST if written else ordering.IMPLICIT,
        table,
        "the limit on results" if written else "no LIMIT",
    )
    kinds = {name: column.kind for name, column in table.columns.items()}
    return Rows((_shown(row, table.columns) for row in table.rows), kinds, session.warnings)


def _after(command: Command, table: Table, indices: Mapping[str, Index], session: Session) -> Table:
    match command:
        case Where():
            return _filtered(command, table, session)
        case Eval():
            return _evaluated(command.columns, table, session)
        case Stats():
            return grouping.grouped(command, table, session)
        case Keep():
            return shaping.kept(command, table)
        case Drop():
            return shaping.dropped(command, table)
        case Rename():
            return shaping.renamed(command, table)
        case Sort():
            return ordering.ordered(command, table, session)
        case Limit():
            return ordering.limited(command.count, table, f"LIMIT {command.count}")
        case Expand():
            return shaping.expanded(command, table)
        case Lookup():
            return shaping.joined(command, table, indices, session)


def _from(source: From, indices: Mapping[str, Index]) -> Table:
    """All documents of the indices, with the metadata asked for."""
    if any(one.startswith(("-", "<")) for one in source.patterns):
        raise NotInGrammar("exclusions and date math in names of indices")
    names = [name for name in indices if any(fnmatchcase(name, one) for one in source.patterns)]
    for pattern in source.patterns:
        if not any(fnmatchcase(name, pattern) for name in names):
            raise Refused(f"unknown index [{pattern}]")
    for one in source.metadata:
        if one not in _METADATA:
            raise NotInGrammar(f"METADATA {one}")
    columns = _merged([indices[name] for name in names])
    rows = []
    for name in names:
        for document, row in zip(indices[name].documents, rows_of(indices[name]), strict=True):
            known = {"_id": None, "_index": name, "_version": 1, **document}
            read = {one: None if columns[one].kind == "unsupported" else value for one, value in row.items()}
            rows.append(read | {one: known[one] for one in source.metadata})
    return unordered(columns | {one: Column(_METADATA[one]) for one in source.metadata}, rows)


def _merged(indices: Sequence[Index]) -> dict[str, Column]:
    """A field of two types is unsupported (page "Query multiple indices"); one mapped in some is not read."""
    columns = columns_of(indices[0])
    for index in indices[1:]:
        if index.fields.keys() != columns.keys():
            raise Undocumented(
                f"fields that only some indices map: {sorted(index.fields.keys() ^ columns.keys())}"
            )
        for name, column in columns_of(index).items():
            if column.kind != columns[name].kind:
                columns[name] = Column("unsupported")
            elif column != columns[name]:
                raise Undocumented(f"{name} has a normalizer in some indices")
    return columns


def _filtered(command: Where, table: Table, session: Session) -> Table:
    keeps = condition(command.condition, table.columns, session)
    kept = [at for at, row in enumerate(table.rows) if keeps.evaluate(row) is True]
    rows, ranks = [table.rows[at] for at in kept], [table.ranks[at] for at in kept]
    return Table(table.columns, rows, ranks, table.unbounded_sort)


def _evaluated(columns: tuple[Assigned, ...], table: Table, session: Session) -> Table:
    """Each may use those to its left; one of the same name goes and the new comes last (page EVAL)."""
    for one in columns:
        read = compiled(one.expression, table.columns, session)
        rows = [_with(row, one.name, read.evaluate(row)) for row in table.rows]
        known = {name: column for name, column in table.columns.items() if name != one.name}
        table = Table(known | {one.name: column_of(read)}, rows, table.ranks, table.unbounded_sort)
    return table


def _with(row: Row, name: str, value: Value) -> Row:
    return {one: other for one, other in row.items() if one != name} | {name: value}


def _shown(row: Row, columns: Mapping[str, Column]) -> dict[str, Any]:
    shown_row: dict[str, Any] = {}
    for name, column in columns.items():
        values = values_of(row[name])
        if not column.ordered:
            values = tuple(sorted(values))
        writers: dict[str, Callable[[Any], str]] = {"date": shown, "ip": shown_address}
        write = writers.get(column.kind)
        texts = [write(value) if write else value for value in values]
        shown_row[name] = texts if len(texts) > 1 else texts[0] if texts else None
    return shown_row
