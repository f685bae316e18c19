"""What a rule may say that ES|QL cannot, each with its reason."""

from collections.abc import Mapping, Sequence

from sigma.types import (
    SigmaBool,
    SigmaCasedString,
    SigmaCIDRExpression,
    SigmaCompareExpression,
    SigmaExists,
    SigmaFieldReference,
    SigmaNull,
    SigmaNumber,
    SigmaRegularExpression,
    SigmaString,
    SigmaTimestampPart,
    SigmaType,
)

from mcpsoar.core.event import Column, Kind
from mcpsoar.targets.es import LONGEST
from mcpsoar.targets.rule import refuse
from mcpsoar.targets.rule.reading import Item
from mcpsoar.targets.rule.refuse import Refusals


def refused(columns: Sequence[Column]) -> Refusals:
    """What this target cannot say, with reasons."""
    kinds = {column.name: column.kind for column in columns}
    return Refusals(
        "esql",
        {
            SigmaRegularExpression: "|re: RLIKE is anchored and speaks another dialect",
            SigmaFieldReference: "|fieldref: absence and case differ; ask a derived column instead",
            SigmaTimestampPart: "parts of a time",
        },
        (refuse.placeholder, refuse.keyword, _list(kinds), time(kinds), network, _letters, number),
    )


def _list(kinds: Mapping[str, Kind]) -> refuse.Why:
    def why(item: Item, value: SigmaType) -> str | None:
        if kinds.get(item.field or "") is not Kind.TEXTS or _asks_presence(value):
            return None
        if isinstance(value, SigmaNumber | SigmaBool):
            return "a list holds texts; write it in quotes"
        if isinstance(value, SigmaString) and not value.contains_special() and str(value):
            return None
        return "a part of an element: ES|QL compares whole elements of a list; ask a derived column"

    return why


def time(kinds: Mapping[str, Kind]) -> refuse.Why:
    """A time that is asked for more than whether it is there."""

    def why(item: Item, value: SigmaType) -> str | None:
        is_time = kinds.get(item.field or "") is Kind.TIME
        return (
            "a time; gates have windows, rules have none" if is_time and not _asks_presence(value) else None
        )

    return why


def _asks_presence(value: SigmaType) -> bool:
    return isinstance(value, SigmaNull | SigmaExists)


def network(item: Item, value: SigmaType) -> str | None:
    """Networks are asked of a field of type ip, and one column has an address beside it."""
    is_network = isinstance(value, SigmaCIDRExpression)
    return "|cidr: no field of addresses belongs to it" if is_network and item.field != "src_ip" else None


def _letters(_item: Item, value: SigmaType) -> str | None:
    """TO_LOWER(f) == "x" runs as a comparison without case, which folds some letters in another way."""
    if not isinstance(value, SigmaString) or isinstance(value, SigmaCasedString):
        return None
    text = "".join(part for part in value.s if isinstance(part, str))
    if text.isascii() or (text.lower() == text.casefold() and len(text.lower()) == len(text)):
        return None
    return "a letter that has several lower cases; use |cased"


def number(_item: Item, value: SigmaType) -> str | None:
    """One that is no `long`."""
    asked = value.number if isinstance(value, SigmaCompareExpression) else value
    if not isinstance(asked, SigmaNumber) or abs(asked.number) < LONGEST:
        return None
    return "a number of more than 64 bits"
