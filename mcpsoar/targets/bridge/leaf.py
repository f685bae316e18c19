"""One comparison of a rule as SQL: one function per kind of value, each two-valued.

A value that is absent makes every comparison false, never NULL, so that NOT means what Sigma says; `|neq` is
such a NOT, and true of what is absent. When a predicate asks `mcp_audit`, blanks are NULL, so an empty string
asks for absence, and enumerations are lower case: the prelude of a scan and the steps of `audit` see to both.
Other text compares without regard to case unless `|cased`. LOWER of SQLite folds ASCII alone.
"""

from collections.abc import Callable, Sequence
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
from mcpsoar.core.event import Kind
from mcpsoar.targets.bridge import across, network, pattern, regex
from mcpsoar.targets.bridge.subject import NUMERIC, Subject, folded, subject, two_valued
from mcpsoar.targets.bridge.table import Table

_DECIMAL = r"^[+-]?[0-9]{1,15}(?:\.[0-9]{1,15})?$"
_FARTHEST = 10**15  # as far as the digits of a text may reach; NaN is in no range
_ELEMENT = "element"  # the name of one element of a list


def compare(field: str, value: SigmaType, table: Table) -> exp.Expression:
    """The comparison of one field with one value. Raises Unsupported, with the reason alone."""
    here = subject(field, table)
    if isinstance(value, SigmaFieldReference):
        return across.fields(here, subject(value.field, table), value)
    return _compare(here, value)


def keyword(value: SigmaType, table: Table) -> exp.Expression:
    """A value without a field: anywhere in the raw text. Raises Unsupported, with the reason alone."""
    if table.raw is None:
        raise Unsupported("keywords search raw text; name the column")
    here = subject(table.raw, table)
    if isinstance(value, SigmaExpansion):
        return _either([keyword(one, table) for one in value.values])
    if isinstance(value, SigmaNumber):
        value = SigmaString(str(value.number))
    if isinstance(value, SigmaString):
        return _compare(here, pattern.anywhere(value))
    if isinstance(value, SigmaRegularExpression):
        return _compare(here, value)
    raise Unsupported(f"{type(value).__name__} is nothing to search raw text for")


def one_of(field: str, values: list[SigmaType], table: Table) -> exp.Expression | None:
    """`field IN (…)` for several plain texts of one scalar column; None where that would not be the same."""
    here = subject(field, table)
    plain = [pattern.plain(value) for value in values if type(value) is SigmaString]
    texts = [text for text in plain if text is not None and text.isascii() and text.strip()]
    if len(texts) != len(values) or here.kind not in (Kind.TEXT, Kind.ENUM):
        return None
    literals = [exp.Literal.string(text.lower()) for text in texts]
    found = exp.In(this=folded(here), expressions=literals)
    found.meta[pattern.CASED] = False
    return two_valued(found)


def _compare(here: Subject, value: SigmaType) -> exp.Expression:
    make = _KINDS.get(type(value))
    if make is None:
        raise Unsupported(f"{type(value).__name__} is not bridged to SQL")
    if here.kind is Kind.TEXTS and type(value) not in (SigmaNull, SigmaExists, SigmaExpansion):
        return _any_element(here, value)
    return make(here, value)


def _any_element(here: Subject, value: SigmaType) -> exp.Expression:
    """Whether any element of a list compares so; the list itself is absent, present or this."""
    if isinstance(value, SigmaString) and (pattern.is_anything(value) or pattern.plain(value) == ""):
        return _present(here) if pattern.is_anything(value) else _null(here, value)
    if here.is_json:
        raise Unsupported(f"{here.name} is a list in one text; a derived column can say what of it is asked")
    name = exp.to_identifier(_ELEMENT)
    each = _compare(Subject(here.name, Kind.TEXT, name, keeps_blanks=True), value)
    asked = exp.Transform(this=here.sql, expression=exp.Lambda(this=each, expressions=[name.copy()]))
    return two_valued(exp.Anonymous(this=pattern.ANY, expressions=[asked]))


def _text(here: Subject, value: Any) -> exp.Expression:
    return _string(here, value, cased=False)


def _cased(here: Subject, value: Any) -> exp.Expression:
    return _string(here, value, cased=True)


def _string(here: Subject, value: SigmaString, *, cased: bool) -> exp.Expression:
    _no_time(here)
    plain = pattern.plain(value)
    if plain is not None and not plain.strip() and not here.keeps_blanks:
        return _null(here, value)
    if pattern.is_anything(value):
        return _present(here)
    if here.kind is Kind.BOOL:
        known = {"true": True, "false": False}.get((plain or "").lower())
        return exp.false() if known is None else _bool(here, SigmaBool(known))
    if here.kind in NUMERIC:
        return _numeric_text(here, plain)
    left = here.sql if cased else folded(here)
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
    _no_time(here)
    if here.kind in NUMERIC:
        return two_valued(exp.EQ(this=here.sql, expression=exp.convert(value.number)))
    return _text(here, SigmaString(str(value.number)))


def _order(here: Subject, value: Any) -> exp.Expression:
    if here.kind in (Kind.TEXT, Kind.ENUM) and here.keeps_blanks:
        left = as_number(here)
    elif here.kind in NUMERIC:
        left = here.sql
    else:
        raise Unsupported(f"{here.name} is {here.kind.value}, and only numbers have an order here")
    operator = across.OPERATORS[value.op]
    answer = two_valued(operator(this=left, expression=exp.convert(value.number.number)))
    return exp.Not(this=answer) if value.op is CompareOperators.NEQ else answer


def number(field: str, table: Table) -> exp.Expression:
    """A field as a number; NULL where it is none, or so far off that a sum of doubles would lose the others.

    Raises Unsupported for a column that is neither numbers nor text.
    """
    here = subject(field, table)
    if here.kind in NUMERIC:
        low, high = (exp.convert(bound) for bound in (-_FARTHEST, _FARTHEST))
        is_near = exp.and_(exp.GTE(this=here.sql, expression=low), exp.LTE(this=here.sql, expression=high))
        return exp.Case(ifs=[exp.If(this=is_near, true=here.sql.copy())])
    if here.kind is not Kind.TEXT:
        raise Unsupported(f"{here.name} is {here.kind.value}, no number to compute with")
    return as_number(here)


def as_number(here: Subject) -> exp.Expression:
    """A text that is a decimal number, as one; NULL for any other, whatever the engine takes for numbers."""
    number = exp.TryCast(this=here.sql.copy(), to=exp.DataType.build("double"))
    is_one = _matches(here.sql, regex.Pattern(_DECIMAL, frozenset()))
    return exp.Case(ifs=[exp.If(this=is_one, true=number)])


def _regex(here: Subject, value: Any) -> exp.Expression:
    _text_only(here)
    return two_valued(_matches(here.sql, regex.read(value)))


def _network(here: Subject, value: Any) -> exp.Expression:
    _text_only(here)
    wanted = regex.Pattern(network.pattern(value.network), frozenset())
    return two_valued(_matches(exp.Lower(this=here.sql), wanted))


def _matches(left: exp.Expression, wanted: regex.Pattern) -> exp.Expression:
    """As DuckDB says it; the mark says it to the others."""
    found = exp.RegexpLike(this=left, expression=exp.Literal.string(regex.neutral(wanted)))
    found.meta[pattern.REGEX] = wanted
    return found


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
    return _either([_compare(here, one) for one in value.values])


def _either(parts: Sequence[exp.Expression]) -> exp.Expression:
    return exp.Paren(this=reduce(lambda left, right: exp.Or(this=left, expression=right), parts))


def _literal(here: Subject, text: str, *, cased: bool) -> exp.Expression:
    if cased:
        return exp.Literal.string(text)
    if text.isascii() or here.kind is Kind.ENUM:
        return exp.Literal.string(text.lower())
    return exp.Lower(this=exp.Literal.string(text))  # one engine's folding on both sides


def _no_time(here: Subject) -> None:
    if here.kind is Kind.TIME:
        raise Unsupported(f"{here.name} is a time; gates have windows, rules have none")


def _text_only(here: Subject) -> None:
    _no_time(here)
    if here.kind not in (Kind.TEXT, Kind.ENUM):
        raise Unsupported(f"{here.name} is {here.kind.value} and has no text to search")


_KINDS: dict[type[SigmaType], Callable[[Subject, Any], exp.Expression]] = {
    SigmaString: _text,
    SigmaCasedString: _cased,
    SigmaNumber: _number,
    SigmaBool: _bool,
    SigmaNull: _null,
    SigmaExists: _exists,
    SigmaCompareExpression: _order,
    SigmaExpansion: _any_of,
    SigmaRegularExpression: _regex,
    SigmaCIDRExpression: _network,
    SigmaTimestampPart: across.time_part,
}
