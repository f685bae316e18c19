"""AND, OR, NOT, IS NULL: three-valued (page "Working with NULL values", its two tables; boolean.csv-spec)."""

from collections.abc import Sequence

from tests.languages.esql.compiled import SINGLE, Compiled, Session, expect
from tests.languages.esql.tables import Row, Value


def joined(session: Session, text: str, operator: str, of: Sequence[Compiled]) -> Compiled:
    """AND or OR: null unless the other side decides."""
    for one in of:
        expect(one, ("boolean",), text)
    deciding = operator == "OR"

    def evaluate(row: Row) -> Value:
        sides = [_single(session, text, one.evaluate(row)) for one in of]
        if deciding in sides:
            return deciding
        return None if None in sides else not deciding

    return Compiled("boolean", evaluate, text, constant=all(one.constant for one in of))


def negated(session: Session, text: str, of: Compiled) -> Compiled:
    """NOT NULL is NULL."""
    expect(of, ("boolean",), text)

    def evaluate(row: Row) -> Value:
        value = _single(session, text, of.evaluate(row))
        return None if value is None else not value

    return Compiled("boolean", evaluate, text, constant=of.constant)


def is_null(text: str, of: Compiled) -> Compiled:
    """Never null itself; several values are not null (page, section "Multivalued fields and NULL")."""
    return Compiled("boolean", lambda row: of.evaluate(row) is None, text, constant=of.constant)


def _single(session: Session, text: str, value: Value) -> Value:
    if isinstance(value, tuple):
        session.warn(text, SINGLE)
        return None
    return value
