"""Values as eval sees them, and how two of them compare.

A value is None (null: "field values that are missing", Search Reference, null()), a number, a text, a `Field`
(the text of a field: typed "when the row arrives", so a number too where it reads as one: where page,
`distance/time > 100`), a tuple of texts (a multivalue) or a Truth.
Sources are pages of Splunk's Search Reference 10.0 unless said otherwise.
"""

import re
from collections.abc import Callable
from typing import Any, TypeAlias

from tests.languages.spl.errors import Undocumented

Truth: TypeAlias = frozenset[str]
"""The answers that are possible: "T", "F", and "N" for null. More than one is a doubt."""
YES, NO, NULL = frozenset("T"), frozenset("F"), frozenset("N")
DOUBT = frozenset("TFN")
LARGEST = 2**53 - 1  # "Long numbers", eval page
_PLAIN = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?")
_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    "=": lambda a, b: a == b,
    "!=": lambda a, b: a != b,
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
}


class Field(str):
    """A text as it lies in a field."""

    __slots__ = ()


def truth(*, holds: bool) -> Truth:
    return YES if holds else NO


def decided(value: Any, what: str) -> bool:
    """Whether it is TRUE; anything else is not (where: "only the results … returns true"; if: "otherwise").

    Raises Undocumented where TRUE is one of several possible answers, or where it is no boolean at all.
    """
    if not isinstance(value, frozenset):
        raise Undocumented(f"{value!r} where {what} needs a boolean")
    if "T" not in value:
        return False
    if value != YES:
        raise Undocumented(f"{what} hangs on a null, an empty text or a letter's case")
    return True


def number(text: str) -> int | float | None:
    """The number a text is, None where it is none; raises where readers differ ("1e5", " 7", "007")."""
    if _PLAIN.fullmatch(text):
        return whole(float(text) if "." in text else int(text))
    if loose(text) is not None:
        raise Undocumented(f"whether {text!r} is a number")
    return None


def loose(text: str) -> float | None:
    """The number that the most generous reader would see."""
    try:
        return float(text.strip().replace("_", " _"))
    except ValueError:
        found = re.fullmatch(r"\s*[+-]?0[xX]([0-9a-fA-F]+)\s*", text)
        return float(int(found[1], 16)) if found else None


def whole(value: float) -> int | float:
    """Numbers are doubles (eval page, "Numeric calculations"); a whole one is kept as an integer."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and abs(value) > LARGEST:
        raise Undocumented("digits beyond the precision of a double")
    return value


def numeric(value: Any) -> int | float:
    """An operand that has to be a number ("accept two numbers", eval page)."""
    if isinstance(value, int | float):
        return whole(value)
    found = number(value) if isinstance(value, Field) else None
    if found is None:
        raise Undocumented(f"{value!r} as a number")
    return found


def text(value: Any) -> str:
    """An operand that has to be text; numbers "in their string represented form" (eval page, the period)."""
    if isinstance(value, str):
        return str(value)
    if isinstance(value, int | float):
        if isinstance(whole(value), float):
            raise Undocumented("how many digits a fraction is written with")
        return str(whole(value))
    raise Undocumented(f"{value!r} as text")


def order(value: str) -> bytes:
    """ "Lexicographical order sorts items based on the values used to encode" them: UTF-8 (sort page)."""
    return value.encode("utf-8", "surrogatepass")


def compare(operator: str, left: Any, right: Any) -> Truth:
    """ "accept two numbers or two strings" (eval page), case-sensitive (where page).

    Against null nothing is written down: others saw null (siglens#1910) and false; for != even true could be.
    """
    holds = _COMPARISONS[operator]
    if left is None or right is None:
        return DOUBT if operator == "!=" else NO | NULL
    for one in (left, right):
        if isinstance(one, frozenset | tuple):
            raise Undocumented(f"comparing {'a boolean' if isinstance(one, frozenset) else 'a multivalue'}")
    if isinstance(left, int | float) or isinstance(right, int | float):
        return truth(holds=holds(numeric(left), numeric(right)))
    textual = holds(order(left), order(right))
    if isinstance(left, Field) or isinstance(right, Field):
        numbers = loose(left), loose(right)
        if None not in numbers and holds(*numbers) != textual:
            raise Undocumented(f"whether {left!r} and {right!r} are compared as numbers or as text")
        if operator not in ("=", "!=") and (numbers[0] is None) != (numbers[1] is None):
            raise Undocumented(f"the order of {left!r} and {right!r}")
    return truth(holds=textual)


def negation(value: Truth) -> Truth:
    """NOT; of a null it is null by some accounts and true by others (Search Manual, "!= and NOT")."""
    flips = {"T": NO, "F": YES, "N": YES | NULL}
    return frozenset().union(*(flips[one] for one in value))


def conjunction(left: Truth, right: Truth) -> Truth:
    """AND "accepts two Boolean values" (eval page). FALSE AND null is not TRUE, whatever else it is."""
    return frozenset().union(*(_both(a, b) for a in left for b in right))


def disjunction(left: Truth, right: Truth) -> Truth:
    """OR. TRUE OR null is TRUE: Splunk's own content rests on it, `where isnull(x) OR x > …`
    (splunk/security_content, previously seen lookups)."""
    return frozenset().union(*(_either(a, b) for a in left for b in right))


def exclusive(left: Truth, right: Truth) -> Truth:
    """XOR."""
    return frozenset().union(*(DOUBT if "N" in (a, b) else truth(holds=a != b) for a in left for b in right))


def _both(a: str, b: str) -> Truth:
    if "N" in (a, b):
        return NULL if {a, b} == {"N"} else NO | NULL
    return truth(holds=a == b == "T")


def _either(a: str, b: str) -> Truth:
    if "T" in (a, b):
        return YES
    return NO if a == b == "F" else NO | NULL
