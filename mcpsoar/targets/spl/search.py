"""What the `search` command says exactly of normalised events; the rest is for `where`.

`search` ignores the case of ASCII letters, takes an asterisk for anything wherever it stands, whatever is
before it, and a text that looks like a network for one. An absent field equals nothing, so NOT keeps it.
"""

import ipaddress
import re
from collections.abc import Mapping
from typing import Any

from sigma.conditions import ConditionAND, ConditionFieldEqualsValueExpression, ConditionItem
from sigma.types import (
    CompareOperators,
    SigmaBool,
    SigmaCompareExpression,
    SigmaExists,
    SigmaExpansion,
    SigmaNull,
    SigmaNumber,
    SigmaString,
    SigmaType,
    SpecialChars,
)

from mcpsoar.core.event import Column, Kind
from mcpsoar.targets.rule.reading import Condition

_TEXTS = (Kind.TEXT, Kind.ENUM, Kind.TEXTS)
_OPERATORS = (CompareOperators.LT, CompareOperators.LTE, CompareOperators.GT, CompareOperators.GTE)
_SAFE = re.compile(r"[ -~]*")
_UNSAFE = re.compile(r'[*?"\\`]')


def is_exact(column: Column | None, value: SigmaType) -> bool:
    """Whether `search` means by a comparison what the rule means."""
    if column is None or column.kind is Kind.TIME:
        return False
    if isinstance(value, SigmaExpansion):
        return all(is_exact(column, one) for one in value.values)
    if isinstance(value, SigmaNull | SigmaExists):
        return column.kind is not Kind.TEXTS  # a list without elements is there, its field is not
    if isinstance(value, SigmaBool):
        return column.kind is Kind.BOOL
    if isinstance(value, SigmaCompareExpression):
        return column.kind in (Kind.INTEGER, Kind.NUMBER) and value.op in _OPERATORS
    if isinstance(value, SigmaNumber):
        # numbers that are equal may be written in several ways; texts and whole numbers here are not
        return column.kind in (*_TEXTS, Kind.INTEGER) and isinstance(value.number, int)
    return type(value) is SigmaString and column.kind in _TEXTS and _is_plain(column, value)


def split(condition: Condition, columns: Mapping[str, Column]) -> tuple[list[Condition], list[Condition]]:
    """What has to hold, all of it: for `search`, and for `where`."""
    parts = _conjuncts(condition)
    told = [_is_exact(part, columns) for part in parts]
    return (
        [part for part, exact in zip(parts, told, strict=True) if exact],
        [part for part, exact in zip(parts, told, strict=True) if not exact],
    )


def _conjuncts(condition: Any) -> list[Condition]:
    if not isinstance(condition, ConditionAND):
        return [condition]
    return [part for one in condition.args for part in _conjuncts(one)]


def _is_exact(condition: Any, columns: Mapping[str, Column]) -> bool:
    if isinstance(condition, ConditionItem):
        return all(_is_exact(one, columns) for one in condition.args)
    if isinstance(condition, ConditionFieldEqualsValueExpression):
        return is_exact(columns.get(condition.field), condition.value)
    return False


def _is_plain(column: Column, value: SigmaString) -> bool:
    """A text with asterisks at its ends alone: one within is not found reliably, says the page."""
    texts = [part for part in value.s if isinstance(part, str)]
    text = "".join(texts)
    wild = [part for part in value.s if not isinstance(part, str)]
    is_wide = all(part is SpecialChars.WILDCARD_MULTI for part in wild)
    if not text.strip():  # asks for absence or presence, which of a list is more than its field
        return column.kind is not Kind.TEXTS and is_wide and not (text and wild)
    is_simple = len(texts) == 1 and is_wide
    is_safe = _SAFE.fullmatch(text) is not None and _UNSAFE.search(text) is None
    return is_simple and is_safe and not _is_network(text)


def _is_network(text: str) -> bool:
    if "/" not in text:
        return False
    try:
        ipaddress.ip_network(text.strip(), strict=False)
    except ValueError:
        return False
    return True
