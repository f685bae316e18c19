"""What the index holds of a document: the terms and numbers that a query string can find."""

import ipaddress
import math
from collections.abc import Mapping
from typing import Any

from tests.languages.esql import Field, Refused, Undocumented

Value = Any  # a text, a boolean, a number, milliseconds, an address


def values(document: Mapping[str, Any], name: str, field: Field) -> list[Value]:
    """Every value by itself: a field has none, one or several (page "Arrays").

    null and an empty list are nothing (the same page, and "Exists").
    """
    given = document.get(name)
    each = given if isinstance(given, list) else [given]
    made = [_one(one, name, field) for one in each if one is not None]
    return [one for one in made if one is not None]


def lowered(text: str) -> str:
    """The normalizer `lowercase` folds one letter at a time; no page says what becomes of a dotted I."""
    if "İ" in text:
        raise Undocumented(f"{text!r} in lower case")
    return "".join(map(str.lower, text))


def address(text: str) -> ipaddress.IPv6Address:
    """IPv4 addresses are kept as ::ffff:0:0/96 (page "IP")."""
    try:
        read = ipaddress.ip_address(text)
    except ValueError:
        raise Refused(f"{text!r} is no IP address") from None
    return ipaddress.IPv6Address(f"::ffff:{read}") if read.version == 4 else read


def _one(given: Any, name: str, field: Field) -> Value:
    match field.kind:
        case "keyword" if isinstance(given, str):
            if field.ignore_above is not None and len(given) > field.ignore_above:
                return None  # pages "ignore_above" and "Exists": not indexed, and not there either
            return lowered(given) if field.normalizer else given
        case "boolean" if isinstance(given, bool):
            return given
        case "long" | "date" if isinstance(given, int) and not isinstance(given, bool):
            return given
        case "date" if isinstance(given, str):
            return given  # only ever asked whether it is there
        case "double" if isinstance(given, int | float) and not isinstance(given, bool):
            if not math.isfinite(given):
                raise Refused(f"{given} in {name}")
            return float(given)
        case "ip" if isinstance(given, str):
            return address(given)
    raise Undocumented(f"{given!r} in {name}, a field of type {field.kind}")
