"""The eval functions that take values: text, numbers, comparison, hashes.

Sources: Search Reference 10.0, "Text functions", "Conversion functions", "Informational functions",
"Comparison and Conditional functions", "Cryptographic functions". A null argument gives null: where "the
expression cannot be evaluated successfully … the eval command erases the resulting field" (eval page). Every
function here takes the search's start in ms first.
"""

import hashlib
import ipaddress
import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import unquote

from tests.languages.spl.errors import Undocumented
from tests.languages.spl.json_functions import JSON_FUNCTIONS
from tests.languages.spl.mathematics import MATHEMATICS, Function, strict
from tests.languages.spl.multivalue import MULTIVALUE
from tests.languages.spl.patterns import like, regex
from tests.languages.spl.times import TIMES
from tests.languages.spl.values import (
    NO,
    NULL,
    YES,
    Field,
    Truth,
    negation,
    number,
    numeric,
    text,
    truth,
    whole,
)


def folded(value: str, *, upper: bool = False) -> str:
    """Lower or upper case; which letters outside ASCII have one is not written."""
    full = value.upper() if upper else value.lower()
    plain = "".join((one.upper() if upper else one.lower()) if one.isascii() else one for one in value)
    if plain != full:
        raise Undocumented(f"the case of letters outside ASCII in {value!r}")
    return plain


def _cased(value: Any, *, upper: bool) -> Any:
    if isinstance(value, tuple):  # these two "support multivalue fields"
        return tuple(folded(one, upper=upper) for one in value)
    return folded(text(value), upper=upper)


def _scalar(value: Any) -> str:
    if isinstance(value, tuple):
        raise Undocumented("a multivalue in a function of one text")
    return text(value)


def _predicate(function: Callable[..., bool]) -> Function:
    """A null argument makes a null or false answer; neither is written down."""
    return lambda _now, *arguments: (
        NO | NULL if None in arguments else truth(holds=function(*map(_scalar, arguments)))
    )


def _substr(value: Any, start: Any, length: Any = None) -> str:
    """ "follow SQLite semantics; they start at 1. Negative indexes … from the end"."""
    source, at = _scalar(value), numeric(start)
    size = len(source) if length is None else numeric(length)
    if not isinstance(at, int) or not isinstance(size, int) or at == 0 or size < 0 or -at > len(source):
        raise Undocumented(f"substr from {at} for {size}")
    begin = at - 1 if at > 0 else len(source) + at
    return source[begin : begin + size]


def _trim(value: Any, characters: Any = " \t") -> str:
    """ "If not specified, spaces and tabs are removed from both sides"."""
    return _scalar(value).strip(_scalar(characters))


def _replace(value: Any, pattern: Any, replacement: Any) -> str:
    """ "substitutes … for every occurrence of <regex>"; \\1 refers to groups."""
    written = _scalar(replacement)
    if re.search(r"\\(?![1-9])", written):
        raise Undocumented(f"the replacement {written!r}")
    return regex(_scalar(pattern)).sub(
        lambda found: re.sub(r"\\([1-9])", lambda one: found[int(one[1])] or "", written), _scalar(value)
    )


def _cidrmatch(block: str, address: str) -> bool:
    try:
        network = ipaddress.ip_network(block, strict=False)
    except ValueError as error:
        raise Undocumented(f"cidrmatch of {block!r}") from error
    try:
        return ipaddress.ip_address(address) in network
    except ValueError:
        return False


def _tonumber(value: Any, base: Any = 10) -> int | float:
    if base != 10:
        raise Undocumented("tonumber in another base")
    if isinstance(value, int | float):
        return whole(value)
    found = number(_scalar(value))
    if found is None:
        raise Undocumented(f"tonumber({value!r}): null by one page, an error by another")
    return found


def _tostring(_now: int, value: Any) -> str:
    """Booleans become "True" and "False"; of a null others saw "Null"."""
    if isinstance(value, frozenset) and value in (YES, NO):
        return "True" if value == YES else "False"
    if value is None or isinstance(value, frozenset):
        raise Undocumented("tostring of null")
    return _scalar(value)


def _isnum(_now: int, value: Any) -> Truth:
    if isinstance(value, tuple | frozenset):
        raise Undocumented("isnum of a multivalue or a boolean")
    if isinstance(value, Field):
        return truth(holds=number(value) is not None)
    return truth(holds=isinstance(value, int | float))


def _isnull(value: Any) -> Truth:
    """ "TRUE if the field value is NULL"."""
    if isinstance(value, frozenset):
        raise Undocumented("isnull of a boolean")
    return truth(holds=value is None)


def _urldecode(value: Any) -> str:
    """ "returns the unescaped or decoded URL string"; what a plus becomes is not written."""
    written = _scalar(value)
    if "+" in written or re.search("%(?![0-9A-Fa-f]{2})", written):
        raise Undocumented(f"urldecode of {written!r}")
    return unquote(written, errors="strict")


def _digest(name: str) -> Function:
    return strict(lambda value: hashlib.new(name, _scalar(value).encode(), usedforsecurity=False).hexdigest())


FUNCTIONS: Mapping[str, tuple[int, int, Function]] = {
    "cidrmatch": (2, 2, _predicate(_cidrmatch)),
    "false": (0, 0, lambda _now: NO),
    "isnotnull": (1, 1, lambda _now, value: negation(_isnull(value))),
    "isnull": (1, 1, lambda _now, value: _isnull(value)),
    "isnum": (1, 1, _isnum),
    "len": (1, 1, strict(lambda value: len(_scalar(value)))),
    "like": (2, 2, _predicate(like)),
    "lower": (1, 1, strict(lambda value: _cased(value, upper=False))),
    "match": (2, 2, _predicate(lambda value, pattern: regex(pattern).search(value) is not None)),
    "md5": (1, 1, _digest("md5")),
    "null": (0, 0, lambda _now: None),
    "replace": (3, 3, strict(_replace)),
    "sha256": (1, 1, _digest("sha256")),
    "substr": (2, 3, strict(_substr)),
    "tonumber": (1, 2, strict(_tonumber)),
    "tostring": (1, 1, _tostring),
    "trim": (1, 2, strict(_trim)),
    "true": (0, 0, lambda _now: YES),
    "urldecode": (1, 1, strict(_urldecode)),
    "upper": (1, 1, strict(lambda value: _cased(value, upper=True))),
    **JSON_FUNCTIONS,
    **MATHEMATICS,
    **MULTIVALUE,
    **TIMES,
}
