"""Expressions with their types: verified before any row is read, as the product does."""

from collections.abc import Mapping

from tests.languages.esql import arithmetic, comparisons, functions, logic, patterns
from tests.languages.esql.compiled import Compiled, Session, expect
from tests.languages.esql.errors import NotInGrammar, Refused, Undocumented
from tests.languages.esql.tables import Column
from tests.languages.esql.tree import Apply, Call, Expression, Literal, Name

AGGREGATES = frozenset(
    ("COUNT", "COUNT_DISTINCT", "SUM", "AVG", "MIN", "MAX", "VALUES", "TOP", "MEDIAN", "PERCENTILE")
)


def compiled(of: Expression, columns: Mapping[str, Column], session: Session) -> Compiled:
    """The expression over rows with these columns; raises Refused as a verification error would."""
    match of:
        case Literal():
            return _literal(of)
        case Name():
            return _reference(of, columns)
        case Call():
            return _call(of, columns, session)
        case Apply():
            return _apply(of, columns, session)


def condition(of: Expression, columns: Mapping[str, Column], session: Session) -> Compiled:
    """A condition of WHERE: boolean, and only true counts (page "Working with NULL values")."""
    read = compiled(of, columns, session)
    expect(read, ("boolean",), "WHERE")
    return read


def column_of(read: Compiled) -> Column:
    """What a column that holds this expression is known for."""
    return Column(read.kind, ordered=read.ordered, normal=read.normal, constant=read.constant)


def _literal(of: Literal) -> Compiled:
    if of.kind == "huge":
        raise Undocumented(f"the type of {of.text}")
    return Compiled(of.kind, lambda _row: of.value, of.text, constant=True, literal=True)


def _reference(of: Name, columns: Mapping[str, Column]) -> Compiled:
    column = columns.get(of.name)
    if column is None:  # page "Query unmapped fields": by default the query fails
        raise Refused(f"unknown column [{of.name}]")
    if column.kind == "unsupported":  # page "Limitations": used explicitly, such a column is an error
        raise Refused(f"column [{of.name}] has an unsupported type")
    name = of.name
    return Compiled(
        column.kind,
        lambda row: row[name],
        of.text,
        constant=column.constant,
        ordered=column.ordered,
        normal=column.normal,
    )


def _call(of: Call, columns: Mapping[str, Column], session: Session) -> Compiled:
    if of.name in AGGREGATES:
        raise Refused(f"aggregate [{of.text}] outside STATS")
    if of.name not in functions.FUNCTIONS:
        raise NotInGrammar(f"function {of.name}")
    if of.star:
        raise NotInGrammar(of.text)
    arguments = [compiled(one, columns, session) for one in of.arguments]
    least, most, build = functions.FUNCTIONS[of.name]
    if not least <= len(arguments) <= most:
        raise Refused(f"[{of.text}]: {len(arguments)} arguments")
    return build(session, of.text, arguments)


def _apply(of: Apply, columns: Mapping[str, Column], session: Session) -> Compiled:
    operands = [compiled(one, columns, session) for one in of.operands]
    match of.operator:
        case "AND" | "OR":
            return logic.joined(session, of.text, of.operator, operands)
        case "NOT":
            return logic.negated(session, of.text, operands[0])
        case "IS NULL":
            return logic.is_null(of.text, operands[0])
        case "IN":
            return comparisons.contained(session, of.text, operands[0], operands[1:])
        case "LIKE" | "RLIKE":
            return patterns.matched(session, of.text, of.operator, operands[0], operands[1:])
        case "NEG":
            return arithmetic.negated(session, of.text, operands[0])
        case "+" | "-" | "*" | "/" | "%":
            return arithmetic.calculated(session, of.text, of.operator, operands[0], operands[1])
        case operator:
            return comparisons.compared(session, of.text, operator, operands[0], operands[1])
