"""What pySigma cannot know: whether a rule asks `mcp_audit` for something that can ever be there."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from fnmatch import fnmatchcase

from sigma.types import (
    SigmaBool,
    SigmaCasedString,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaString,
    SigmaType,
)

from mcpsoar.core.errors import BadContent
from mcpsoar.core.event import Column, Kind
from mcpsoar.kit.complaints import together
from mcpsoar.targets.rule.reading import Item, Parsed

_NUMERIC = (Kind.INTEGER, Kind.NUMBER)


def check(parsed: Parsed, columns: Sequence[Column]) -> None:
    """Raise BadContent, with every complaint, for a column or a value that no event can have."""
    complaints = [
        BadContent(f"rule {parsed.text.id}: {why}", where=item.where)
        for item, why in misfits(parsed.items, columns)
    ]
    if complaints:
        raise together(complaints)


def misfits(items: Iterable[Item], columns: Iterable[Column]) -> Iterator[tuple[Item, str]]:
    """Each item that asks for a column or a value that no event can have, and why."""
    known = {column.name: column for column in columns}
    return ((item, why) for item in items for why in _complaints(item, known))


def no_column(field: str, known: Iterable[str]) -> str:
    """Say that no column has this name, and which one comes nearest."""
    near = get_close_matches(field, known, n=1, cutoff=0.0)
    return f"mcp_audit has no column {field!r}; the nearest is {near[0]!r}" if near else "no columns"


def _complaints(item: Item, known: Mapping[str, Column]) -> Iterator[str]:
    if item.field is None:
        return
    column = known.get(item.field)
    if column is None:
        yield no_column(item.field, known)
        return
    for value in item.values:
        if isinstance(value, SigmaFieldReference) and value.field not in known:
            yield no_column(value.field, known)
        elif why := _misfit(column, value):
            yield f"{item.key}: {why}"


def _misfit(column: Column, value: SigmaType) -> str | None:
    if isinstance(value, SigmaNull | SigmaExists):
        return None
    if isinstance(value, SigmaExpansion):
        return next((why for one in value.values if (why := _misfit(column, one))), None)
    if isinstance(value, SigmaBool):
        return (
            None if column.kind is Kind.BOOL else f"{column.name} is {column.kind.value}, not true or false"
        )
    if column.kind is Kind.BOOL:
        return f"{column.name} is true or false, written without quotes"
    if isinstance(value, SigmaCompareExpression):
        return None if column.kind in _NUMERIC else f"{column.name} is {column.kind.value}, not a number"
    if column.kind in _NUMERIC:
        return (
            None if isinstance(value, SigmaNumber) else f"{column.name} is a number, written without quotes"
        )
    if column.kind is Kind.ENUM:
        return _never(column, value)
    return None


def _never(column: Column, value: SigmaType) -> str | None:
    """Say so when an enumeration has no such value: the rule would be dead and nobody would know."""
    if not isinstance(value, SigmaString):
        return f"{column.name} is one of {', '.join(column.values)}"
    wanted = str(value) if isinstance(value, SigmaCasedString) else str(value).lower()
    pattern = wanted.replace("[", "[[]")
    if not wanted.strip() or any(fnmatchcase(one, pattern) for one in column.values):
        return None
    return f"{column.name} is never {str(value)!r}; it is one of {', '.join(column.values)}, in lower case"
