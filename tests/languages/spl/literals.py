"""The comparisons of the search language: a field with a literal and its asterisks.

Sources: Search Reference 10.0, "search"; Search Manual, "Difference between != and NOT", "Backslashes".
"""

import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from tests.languages.spl.errors import NotInGrammar, Undocumented
from tests.languages.spl.values import NO, YES, Truth, disjunction, loose, negation, number, text, truth

Row: TypeAlias = Mapping[str, Any]
Test: TypeAlias = Callable[[Row], Truth]
MAYBE = YES | NO


def literal(written: str, kind: str) -> list[str | None]:
    """Texts, and None for each `*`, which a "backslash … can't be used to escape" (Backslashes)."""
    body, parts = written[1:-1] if kind == "string" else written, [""]
    found: list[str | None] = [*parts]
    at = 0
    while at < len(body):
        one = body[at : at + 2] if body[at] == "\\" else body[at]
        at += len(one)
        if one == "\\*":
            raise Undocumented(f"an escaped asterisk in {written}")
        if one == "*":
            found += [None, ""]
        else:
            found[-1] = (found[-1] or "") + (one[1] if one in ('\\"', "\\\\", "\\|") else one)
    return found


def compared(field: str, operator: str, parts: list[str | None], cased: bool) -> Test:
    """One comparison; a field that is absent matches none, not even != ("Difference between != and NOT")."""
    if operator not in ("=", "!=") and (None in parts or cased):
        raise NotInGrammar(f"{operator} with a wildcard or CASE()")

    def test(row: Row) -> Truth:
        value = row.get(field)
        if isinstance(value, Exception):
            raise value
        if value is None:
            return NO
        values = [text(one) for one in (value if isinstance(value, list) else [value])]
        if operator in ("=", "!="):
            answers = [_equal(one, parts, cased=cased) for one in values]
            if operator == "=":  # of several values any may match (assumed; Search Manual, multivalue fields)
                return folded(disjunction, answers)
            answers = [negation(one) for one in answers]
        else:
            answers = [_ordered(operator, one, parts[0] or "") for one in values]
        return answers[0] if len(set(answers)) == 1 else MAYBE

    return test


def _equal(value: str, parts: list[str | None], *, cased: bool) -> Truth:
    """ "compare string values"; "searches are case-insensitive"; a value like 10.0.0.0/8 is a CIDR match."""
    if parts == ["", None, ""]:
        return YES if value else MAYBE  # whether an empty text is a value is not written
    pattern = "".join(".*" if one is None else re.escape(one) for one in parts)
    exact = re.fullmatch(pattern, value, re.DOTALL) is not None
    if cased:
        return truth(holds=exact)
    plain = re.fullmatch(pattern, value, re.DOTALL | re.IGNORECASE | re.ASCII) is not None
    letters = re.fullmatch(pattern.casefold(), value.casefold(), re.DOTALL | re.IGNORECASE) is not None
    wide = re.fullmatch(pattern, value, re.DOTALL | re.IGNORECASE) is not None
    if len(parts) == 1 and (network := _network(parts[0] or "")):
        return MAYBE if plain else truth(holds=_inside(value, network))
    return truth(holds=plain) if plain == letters == wide else MAYBE


def _ordered(operator: str, value: str, wanted: str) -> Truth:
    """ "numerically compare two numbers"; other values lexicographically, but in what case is not written."""
    if loose(value) is None or loose(wanted) is None:
        return MAYBE
    left, right = number(value), number(wanted)
    assert left is not None
    assert right is not None
    return truth(
        holds={"<": left < right, "<=": left <= right, ">": left > right, ">=": left >= right}[operator]
    )


def _network(written: str) -> ipaddress.IPv4Network | ipaddress.IPv6Network | None:
    if "/" not in written:
        return None
    try:
        return ipaddress.ip_network(written, strict=False)
    except ValueError:
        return None


def _inside(value: str, network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> bool:
    try:
        return ipaddress.ip_address(value) in network
    except ValueError:
        return False


def folded(how: Callable[[Truth, Truth], Truth], answers: list[Truth]) -> Truth:
    found = answers[0]
    for one in answers[1:]:
        found = how(found, one)
    return found
