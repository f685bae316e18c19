"""What a comparison is about: a column, an element of a list, or NULL where the table has no such column."""

from dataclasses import dataclass

from sqlglot import exp

from mcpsoar.core.event import Kind
from mcpsoar.targets.bridge.table import Table

NUMERIC = (Kind.INTEGER, Kind.NUMBER)


@dataclass(frozen=True, slots=True)
class Subject:
    """What is compared. `keeps_blanks`: an empty text is a value there, not absence."""

    name: str
    kind: Kind
    sql: exp.Expression
    keeps_blanks: bool = False


def subject(field: str, table: Table) -> Subject:
    """The column a rule names; an unknown one is a field that every event lacks."""
    column = table.column(field)
    if column is None:
        return Subject(field, Kind.TEXT, exp.Null(), table.keeps_blanks)
    return Subject(field, column.kind, exp.column(column.name, quoted=True), table.keeps_blanks)


def two_valued(condition: exp.Expression) -> exp.Expression:
    """NULL becomes FALSE, before anybody negates it."""
    return exp.Coalesce(this=condition, expressions=[exp.false()])


def folded(here: Subject) -> exp.Expression:
    """The subject without regard to case; enumerations have none in the table."""
    return here.sql if here.kind is Kind.ENUM else exp.Lower(this=here.sql)
