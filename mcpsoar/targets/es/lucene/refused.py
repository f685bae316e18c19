"""What a rule may say that a query string cannot, each with its reason."""

from collections.abc import Mapping, Sequence

from sigma.types import (
    SigmaCasedString,
    SigmaCompareExpression,
    SigmaFieldReference,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SigmaTimestampPart,
    SigmaType,
    SpecialChars,
)

from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import Column, Kind
from mcpsoar.targets.es import refused as elastic
from mcpsoar.targets.es.lucene import regexp, text
from mcpsoar.targets.rule import refuse
from mcpsoar.targets.rule.reading import Item
from mcpsoar.targets.rule.refuse import Refusals

_MOST_SINGLE = 8  # each `?` behind a `*` may double the states of the automaton, of which 10000 are allowed


def refused(columns: Sequence[Column]) -> Refusals:
    """What this target cannot say, with reasons."""
    kinds = {column.name: column.kind for column in columns}
    return Refusals(
        "lucene",
        {
            SigmaFieldReference: "|fieldref: a query string compares no fields; ask a derived column instead",
            SigmaTimestampPart: "parts of a time",
        },
        (
            refuse.placeholder,
            refuse.keyword,
            elastic.time(kinds),
            elastic.network,
            elastic.number,
            _whole(kinds),
            _list(kinds),
            _pattern,
            _expression,
        ),
    )


def _whole(kinds: Mapping[str, Kind]) -> refuse.Why:
    """What Elastic does with a fraction beside a `long` is not documented."""

    def why(item: Item, value: SigmaType) -> str | None:
        number = value.number if isinstance(value, SigmaCompareExpression) else value
        if kinds.get(item.field or "") is not Kind.INTEGER or not isinstance(number, SigmaNumber):
            return None
        return None if isinstance(number.number, int) else "a fraction where only whole numbers are"

    return why


def _list(kinds: Mapping[str, Kind]) -> refuse.Why:
    def why(item: Item, value: SigmaType) -> str | None:
        is_number = kinds.get(item.field or "") is Kind.TEXTS and isinstance(value, SigmaNumber)
        return "a list holds texts; write it in quotes" if is_number else None

    return why


def _pattern(_item: Item, value: SigmaType) -> str | None:
    if not isinstance(value, SigmaString):
        return None
    said = text.of(value, folds=not isinstance(value, SigmaCasedString))
    if said.startswith("/") and text.is_too_long(said[1:-1]):
        return f"a text whose pattern is longer than {text.LONGEST} characters"
    if SpecialChars.WILDCARD_MULTI not in value.s:
        return None
    behind = value.s[value.s.index(SpecialChars.WILDCARD_MULTI) :]
    many = sum(part is SpecialChars.WILDCARD_SINGLE for part in behind) > _MOST_SINGLE
    return f"more than {_MOST_SINGLE} ? behind a *: too many states for Lucene" if many else None


def _expression(_item: Item, value: SigmaType) -> str | None:
    if not isinstance(value, SigmaRegularExpression):
        return None
    try:
        regexp.of(value)
    except Unsupported as error:
        return error.message
    return None
