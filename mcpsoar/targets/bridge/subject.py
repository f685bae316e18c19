"""What a comparison is about: a column, an element of a list, or NULL where the table has no such column."""

from dataclasses import dataclass

from sqlglot import exp

from mcpsoar.core.event import Kind
from mcpsoar.targets.bridge.table import Table

NUMERIC = (Kind.INTEGER, Kind.NUMBER)


@dataclass(frozen=True, slots=True)
class Subject:
    """What is compared. `keeps_blanks`: an empty text is a value there, not absence.

    `is_json`: a list is the text of a JSON array there, not what an engine takes for a list.
    """

    name: str
    kind: Kind
    sql: exp.Expression
    keeps_blanks: bool = False
    is_json: bool = False


def subject(field: str, table: Table) -> Subject:
    """The column a rule names; an unknown one is a field that every event lacks."""
    column = table.column(field)
    if column is None:
        return Subject(field, Kind.TEXT, exp.Null(), table.keeps_blanks)
    sql = exp.column(column.name, quoted=True)
    return Subject(field, column.kind, sql, table.keeps_blanks, is_json=table.is_audit)


def two_valued(condition: exp.Expression) -> exp.Expression:
    """NULL becomes FALSE, before anybody negates it."""
    return exp.Coalesce(this=condition, expressions=[exp.false()])


def folded(here: Subject) -> exp.Expression:
    """The subject without regard to case; enumerations have none where predicates ask them."""
    return here.sql if here.kind is Kind.ENUM else exp.Lower(this=here.sql)
