"""One field compared with another, and a time with a part of it."""

from sigma.types import CompareOperators, SigmaFieldReference, SigmaTimestampPart
from sqlglot import exp

from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import Kind
from mcpsoar.targets.bridge import pattern
from mcpsoar.targets.bridge.subject import NUMERIC, Subject, folded, two_valued

_TEXTUAL = (Kind.TEXT, Kind.ENUM)

OPERATORS: dict[CompareOperators, type[exp.EQ | exp.LT | exp.LTE | exp.GT | exp.GTE]] = {
    CompareOperators.LT: exp.LT,
    CompareOperators.LTE: exp.LTE,
    CompareOperators.GT: exp.GT,
    CompareOperators.GTE: exp.GTE,
    CompareOperators.NEQ: exp.EQ,
}


def fields(here: Subject, there: Subject, value: SigmaFieldReference) -> exp.Expression:
    """Equal, or the one begins, ends or holds the other, whatever the case; false where one is absent."""
    is_text = here.kind in _TEXTUAL and there.kind in _TEXTUAL
    alike = here.kind is there.kind is not Kind.TEXTS or (here.kind in NUMERIC and there.kind in NUMERIC)
    if not is_text and not alike:
        said = f"{here.name} is {here.kind.value} and {there.name} is {there.kind.value}"
        raise Unsupported(f"|fieldref: {said}: no common meaning")
    if not value.starts_with and not value.ends_with:
        if is_text:
            return two_valued(_alike(folded(here), folded(there)))
        return two_valued(exp.EQ(this=here.sql, expression=there.sql))
    if not is_text:
        raise Unsupported(f"{here.name} is {here.kind.value} and has no text to search")
    return two_valued(_part(folded(here), folded(there), value))


def _part(whole: exp.Expression, part: exp.Expression, value: SigmaFieldReference) -> exp.Expression:
    if value.starts_with and value.ends_with:
        whole.meta[pattern.CASED] = False
        at = exp.StrPosition(this=whole, substr=part)
        return exp.GT(this=at, expression=exp.Literal.number(0))
    size = exp.Length(this=part)
    if value.starts_with:
        start: exp.Expression = exp.Literal.number(1)
    else:
        rest = exp.Sub(this=exp.Length(this=whole.copy()), expression=size.copy())
        start = exp.Add(this=rest, expression=exp.Literal.number(1))
    fits = exp.GTE(this=exp.Length(this=whole.copy()), expression=size.copy())
    # a CASE, not an AND: engines refuse a length or a place below zero when they look at it first
    cut = exp.Substring(this=whole, start=start, length=size)
    same = _alike(cut, part.copy())
    return exp.Case(ifs=[exp.If(this=fits, true=same)], default=exp.false())


def _alike(one: exp.Expression, other: exp.Expression) -> exp.Expression:
    same = exp.EQ(this=one, expression=other)
    same.meta[pattern.CASED] = False
    return same


def time_part(here: Subject, value: SigmaTimestampPart) -> exp.Expression:
    """`|hour: 3` and its like, in UTC; `|week` is that of ISO 8601."""
    if here.kind is not Kind.TIME:
        raise Unsupported(f"{here.name} is {here.kind.value}, and only a time has its {_part_name(value)}")
    part = exp.Extract(this=exp.Var(this=_part_name(value).upper()), expression=here.sql)
    return two_valued(exp.EQ(this=part, expression=exp.convert(value.number)))


def _part_name(value: SigmaTimestampPart) -> str:
    return value.timestamp_part.name.lower()
