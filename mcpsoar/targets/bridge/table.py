"""What a rule is asked of: one table, what its columns are, what blank means there and where raw text is."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from mcpsoar.core.event import Column, Kind

AUDIT = "mcp_audit"


@dataclass(frozen=True, slots=True)
class Table:
    """One table, its columns by the field that rules say; a column's own name may be another.

    `columns` None: they are not known, any field is taken for a column of text. Where they are known, a field
    without one is NULL. `raw` is the field of the text that keywords are searched in. `keeps_blanks`: an
    empty text is a value of its own, not absence.
    """

    name: str
    columns: Mapping[str, Column] | None
    raw: str | None = None
    keeps_blanks: bool = False

    def column(self, field: str) -> Column | None:
        """The column of a field; None where the table has none."""
        return Column(field, Kind.TEXT, "") if self.columns is None else self.columns.get(field)


def audit(columns: Sequence[Column]) -> Table:
    """`mcp_audit`: typed columns, blanks absent, no raw text."""
    return Table(AUDIT, {column.name: column for column in columns})


def texts(name: str, columns: Iterable[str] | None = None, raw: str | None = None) -> Table:
    """The table of any log source: every column is text, written as the log writes it."""
    known = None if columns is None else {one: Column(one, Kind.TEXT, "") for one in columns}
    return Table(name, known, raw, keeps_blanks=True)
