"""One comparison of a rule as SQL: one function per kind of value, each two-valued.

A value that is absent makes every comparison false, never NULL, so that NOT means what Sigma says. Blanks
are absent in `mcp_audit`, so an empty string asks for absence. Text compares without regard to case unless
`|cased`; enumerations are lower case in the table already. LOWER of SQLite folds ASCII alone.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import reduce
from typing import Any

from sigma.types import (
    CompareOperators,
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SigmaTimestampPart,
    SigmaType,
)
from sqlglot import exp

from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import Column, Kind
from mcpsoar.targets.bridge import pattern

Columns = Mapping[str, Column]
_NUMERIC = (Kind.INTEGER, Kind.NUMBER)


@dataclass(frozen=True, slots=True)
class Subject:
    """What is compared: a column, or NULL where the table has no such column."""

    name: str
    kind: Kind
    sql: exp.Expression


def subject(field: str, columns: Columns) -> Subject:
    """The column a rule names; an unknown one is a field that every event lacks."""
    column = columns.get(field)
    if column is None:
        return Subject(field, Kind.TEXT, exp.Null())
    return Subject(field, column.kind, exp.column(field, quoted=True))


def compare(field: str, value: SigmaType, columns: Columns) -> exp.Expression:
    """The comparison of one field with one value. Raises Unsupported, with the reason alone."""
    make = _KINDS.get(type(value))
    if make is None:
        raise Unsupported(_REFUSED.get(type(value), f"{type(value).__name__} is not known"))
    return make(subject(field, columns), value)


def one_of(field: str, values: list[SigmaType], columns: Columns) -> exp.Expression | None:
    """`field IN (…)` for several plain texts of one scalar column; None where that would not be the same."""
    here = subject(field, columns)
    plain = [pattern.plain(value) for value in values if type(value) is SigmaString]
    texts = [text for text in plain if text is not None and text.isascii() and text.strip()]
    if len(texts) != len(values) or here.kind not in (Kind.TEXT, Kind.ENUM):
        return None
    literals = [exp.Literal.string(text.lower()) for text in texts]
    return two_valued(exp.In(this=_folded(here), expressions=literals))


def two_valued(condition: exp.Expression) -> exp.Expression:
    """NULL becomes FALSE, before anybody negates it."""
    return exp.Coalesce(this=condition, expressions=[exp.false()])


def _text(here: Subject, value: Any) -> exp.Expression:
    return _string(here, value, cased=False)


def _cased(here: Subject, value: Any) -> exp.Expression:
    return _string(here, value, cased=True)


def _string(here: Subject, value: SigmaString, *, cased: bool) -> exp.Expression:
    _no_list(here)
    plain = pattern.plain(value)
    if plain is not None and not plain.strip():
        return _null(here, value)
    if pattern.is_anything(value):
        return _present(here)
    if here.kind is Kind.BOOL:
        known = {"true": True, "false": False}.get((plain or "").lower())
        return exp.false() if known is None else _bool(here, SigmaBool(known))
    if here.kind in _NUMERIC:
        return _numeric_text(here, plain)
    left = here.sql if cased else _folded(here)
    if plain is not None:
        condition: exp.Expression = exp.EQ(this=left, expression=_literal(here, plain, cased=cased))
    else:
        like = exp.Like(this=left, expression=_literal(here, pattern.like(value), cased=cased))
        condition = exp.Escape(this=like, expression=exp.Literal.string(pattern.ESCAPE))
    condition.meta[pattern.CASED] = cased
    return two_valued(condition)


def _numeric_text(here: Subject, plain: str | None) -> exp.Expression:
    if plain is None:
        raise Unsupported(f"{here.name} is a number and has no text to search")
    try:
        return _number(here, SigmaNumber(plain))
    except ValueError:
        return exp.false()


def _number(here: Subject, value: Any) -> exp.Expression:
    _no_list(here)
    if here.kind in _NUMERIC:
        return two_valued(exp.EQ(this=here.sql, expression=exp.convert(value.number)))
    return _text(here, SigmaString(str(value.number)))


def _order(here: Subject, value: Any) -> exp.Expression:
    if here.kind not in _NUMERIC:
        raise Unsupported(f"{here.name} is {here.kind.value}, and only numbers have an order here")
    operator = _OPERATORS[value.op]
    return two_valued(operator(this=here.sql, expression=exp.convert(value.number.number)))


def _bool(here: Subject, value: Any) -> exp.Expression:
    if here.kind is not Kind.BOOL:
        return _text(here, SigmaString(str(value.boolean).lower()))
    return two_valued(exp.EQ(this=here.sql, expression=exp.Boolean(this=value.boolean)))


def _null(here: Subject, _value: Any) -> exp.Expression:
    return exp.Is(this=here.sql, expression=exp.Null())


def _present(here: Subject) -> exp.Expression:
    return exp.not_(exp.Is(this=here.sql, expression=exp.Null()))


def _exists(here: Subject, value: Any) -> exp.Expression:
    return _present(here) if value.exists else _null(here, value)


def _any_of(here: Subject, value: Any) -> exp.Expression:
    """What `|base64offset` and its like make of one value: several, any of which will do."""
    parts = [_KINDS[type(one)](here, one) for one in value.values]
    return exp.Paren(this=reduce(lambda left, right: exp.Or(this=left, expression=right), parts))


def _folded(here: Subject) -> exp.Expression:
    return here.sql if here.kind is Kind.ENUM else exp.Lower(this=here.sql)


def _literal(here: Subject, text: str, *, cased: bool) -> exp.Expression:
    if cased:
        return exp.Literal.string(text)
    if text.isascii() or here.kind is Kind.ENUM:
        return exp.Literal.string(text.lower())
    return exp.Lower(this=exp.Literal.string(text))  # one engine's folding on both sides


def _no_list(here: Subject) -> None:
    if here.kind is Kind.TEXTS:
        raise Unsupported(f"{here.name} is a list; ask a derived column such as has_secret_label")
    if here.kind is Kind.TIME:
        raise Unsupported(f"{here.name} is a time; gates have windows, rules have none")


_OPERATORS: dict[CompareOperators, type[exp.LT | exp.LTE | exp.GT | exp.GTE]] = {
    CompareOperators.LT: exp.LT,
    CompareOperators.LTE: exp.LTE,
    CompareOperators.GT: exp.GT,
    CompareOperators.GTE: exp.GTE,
}
_KINDS: dict[type[SigmaType], Callable[[Subject, Any], exp.Expression]] = {
    SigmaString: _text,
    SigmaCasedString: _cased,
    SigmaNumber: _number,
    SigmaBool: _bool,
    SigmaNull: _null,
    SigmaExists: _exists,
    SigmaCompareExpression: _order,
    SigmaExpansion: _any_of,
}
_REFUSED: dict[type[SigmaType], str] = {
    SigmaRegularExpression: "|re is not bridged to SQL; use contains, startswith, endswith or wildcards",
    SigmaCIDRExpression: "|cidr is not bridged to SQL",
    SigmaFieldReference: "|fieldref is not bridged to SQL; ask a derived column such as manifest_match",
    SigmaTimestampPart: "parts of a time are not bridged to SQL",
}
