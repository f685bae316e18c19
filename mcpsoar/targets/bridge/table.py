"""What a rule is asked of: one table, what its columns are, what blank means there and where raw text is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import Column, Kind
from mcpsoar.kit import stored

AUDIT = stored.TABLE
_MOST_PARTS = 3  # catalog, schema, table


@dataclass(frozen=True, slots=True)
class Table:
    """One table, its columns by the field that rules say; a column's own name may be another.

    `columns` None: they are not known, any field is taken for a column of text. Where they are known, a field
    without one is NULL. `raw` is the field of the text that keywords are searched in. `keeps_blanks`: an
    empty text is a value of its own, not absence. `is_audit`: columns are typed, and what predicates ask is
    made of the stored table first.
    """

    name: str
    columns: Mapping[str, Column] | None
    raw: str | None = None
    keeps_blanks: bool = False
    is_audit: bool = False

    def column(self, field: str) -> Column | None:
        """The column of a field; None where the table has none."""
        return Column(field, Kind.TEXT, "") if self.columns is None else self.columns.get(field)


def audit(columns: Sequence[Column], name: str = AUDIT) -> Table:
    """`mcp_audit`, wherever it is: typed columns, blanks absent, no raw text."""
    return Table(name, {column.name: column for column in columns}, is_audit=True)


def normal(columns: Sequence[Column]) -> Table:
    """The same columns where lists are lists: events as a SIEM holds them."""
    return Table(AUDIT, {column.name: column for column in columns})


def texts(name: str, columns: Iterable[str] | None = None, raw: str | None = None) -> Table:
    """The table of any log source: every column is text, written as the log writes it."""
    known = None if columns is None else {one: Column(one, Kind.TEXT, "") for one in columns}
    return Table(name, known, raw, keeps_blanks=True)


def is_of_audit(name: str) -> bool:
    """Whether a table, in any schema, is `mcp_audit` by its name."""
    return name.rpartition(".")[2].lower() == AUDIT


def named(name: str) -> exp.Table:
    """A table by its name, of up to three parts, quoted. Raises Unsupported."""
    parts = [exp.to_identifier(part, quoted=True) for part in name.split(".")]
    if not all(part.name.strip() for part in parts) or len(parts) > _MOST_PARTS:
        raise Unsupported(f"{name!r} is no name of a table")
    names = dict(zip(("this", "db", "catalog"), reversed(parts), strict=False))
    return exp.Table(**names)
