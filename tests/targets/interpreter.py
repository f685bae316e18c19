"""A third opinion on Sigma: pySigma's tree interpreted in plain Python, without sqlglot or SQL.

It shares the parser with the bridge and nothing else. A row maps fields to text, numbers, booleans or lists;
None or no such field is absence. Text folds ASCII alone.
"""

import re
from collections.abc import Mapping
from functools import cache
from ipaddress import ip_address
from typing import Any

from sigma.conditions import (
    ConditionAND,
    ConditionFieldEqualsValueExpression,
    ConditionNOT,
    ConditionOR,
    ConditionValueExpression,
)
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
    SpecialChars,
)

Row = Mapping[str, Any]
_DECIMAL = re.compile(r"[+-]?[0-9]{1,15}(\.[0-9]{1,15})?")
_FLAGS = {"IGNORECASE": re.IGNORECASE, "MULTILINE": re.MULTILINE, "DOTALL": re.DOTALL}
_WRITTEN = re.compile(  # an escape, a set, flags of all or of a group, a group, its end, an end
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?(?P<whole>[a-z]+)\)|\(\?(?P<on>[a-z]*)(?:-(?P<off>[a-z]+))?:|[()$]",
    re.DOTALL,
)
_LOWER = {code: code + 32 for code in range(65, 91)}


def holds(node: Any, row: Row, raw: str | None = None) -> bool:
    """Whether a condition matches a row; `raw` is the field that keywords are searched in."""
    if isinstance(node, ConditionAND):
        return all(holds(child, row, raw) for child in node.args)
    if isinstance(node, ConditionOR):
        return any(holds(child, row, raw) for child in node.args)
    if isinstance(node, ConditionNOT):
        return not holds(node.args[0], row, raw)
    if isinstance(node, ConditionFieldEqualsValueExpression):
        return _value(row.get(node.field), node.value, row)
    assert isinstance(node, ConditionValueExpression)
    return _keyword(row.get(raw or ""), node.value)


def _keyword(text: Any, value: Any) -> bool:
    if isinstance(value, SigmaExpansion):
        return any(_keyword(text, one) for one in value.values)
    if text is None:
        return False
    if isinstance(value, SigmaString):
        return _wild(value).search(_folded(text, value)) is not None
    if isinstance(value, SigmaNumber):
        return str(value.number) in text
    return _value(text, value, {})


def _value(got: Any, value: Any, row: Row) -> bool:
    if isinstance(value, SigmaExpansion):
        return any(_value(got, one, row) for one in value.values)
    if isinstance(value, SigmaNull):
        return got is None
    if isinstance(value, SigmaExists):
        return (got is not None) is value.exists
    if isinstance(value, SigmaCompareExpression) and value.op is CompareOperators.NEQ:
        return not _order(got, value.number.number, CompareOperators.NEQ)
    if got is None:
        return False
    if isinstance(got, list):
        return any(_value(one, value, row) for one in got)
    if isinstance(value, SigmaFieldReference):
        return _reference(got, row.get(value.field), value)
    if isinstance(value, SigmaCompareExpression):
        return _order(got, value.number.number, value.op)
    if isinstance(value, SigmaNumber):
        return str(got).translate(_LOWER) == str(value.number).translate(_LOWER)
    if isinstance(value, SigmaBool):
        return bool(str(got).translate(_LOWER) == str(value.boolean).lower())
    if isinstance(value, SigmaCIDRExpression):
        return _in_network(got, value)
    if isinstance(value, SigmaRegularExpression):
        flags = re.ASCII
        for flag in value.flags:
            flags |= _FLAGS[flag.name]
        return _compiled(value.regexp.original, flags).search(got) is not None
    assert isinstance(value, SigmaString), value
    return _wild(value).fullmatch(_folded(got, value)) is not None


def _wild(value: SigmaString) -> re.Pattern[str]:
    return _parts(tuple(value.s), is_cased=isinstance(value, SigmaCasedString))


@cache
def _parts(parts: tuple[Any, ...], *, is_cased: bool) -> re.Pattern[str]:
    pattern = ""
    for part in parts:
        if isinstance(part, SpecialChars):
            pattern += ".*" if part is SpecialChars.WILDCARD_MULTI else "."
        else:
            assert isinstance(part, str), f"an unresolved placeholder: {part}"
            pattern += re.escape(part if is_cased else part.translate(_LOWER))
    return re.compile(pattern, re.DOTALL)


@cache
def _compiled(pattern: str, flags: int) -> re.Pattern[str]:
    """As the bridge reads it: `$` that is not of lines is the very end; an empty text has a `\\B`."""
    of_lines = [bool(flags & re.MULTILINE)]  # of each open group

    def written(match: re.Match[str]) -> str:
        piece = match[0]
        if match["whole"]:
            of_lines[-1] |= "m" in match["whole"]
        elif match["on"] is not None:
            of_lines.append((of_lines[-1] or "m" in match["on"]) and "m" not in (match["off"] or ""))
        elif piece == "(":
            of_lines.append(of_lines[-1])
        elif piece == ")":
            of_lines.pop()
        elif piece == "$" and not of_lines[-1]:
            return r"\Z"
        return r"(?!\b)" if piece == r"\B" else piece

    return re.compile(_WRITTEN.sub(written, pattern), flags)


def _folded(text: str, value: SigmaString) -> str:
    return text if isinstance(value, SigmaCasedString) else text.translate(_LOWER)


def _reference(got: Any, other: Any, value: SigmaFieldReference) -> bool:
    if other is None:
        return False
    one, two = str(got).translate(_LOWER), str(other).translate(_LOWER)
    if value.starts_with and value.ends_with:
        return two in one
    if value.starts_with:
        return one.startswith(two)
    return one.endswith(two) if value.ends_with else one == two


def _order(got: Any, wanted: float, operator: CompareOperators) -> bool:
    if isinstance(got, str):
        if not _DECIMAL.fullmatch(got):
            return False
        got = float(got)
    if got is None:
        return False
    answers: dict[CompareOperators, bool] = {
        CompareOperators.LT: got < wanted,
        CompareOperators.LTE: got <= wanted,
        CompareOperators.GT: got > wanted,
        CompareOperators.GTE: got >= wanted,
        CompareOperators.NEQ: got == wanted,
    }
    return answers[operator]


def _in_network(text: str, value: SigmaCIDRExpression) -> bool:
    try:
        return "%" not in text and ip_address(text) in value.network
    except ValueError:
        return False
