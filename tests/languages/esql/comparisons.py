"""== != < <= > >= and IN (page "ES|QL operators"; null and several values give null)."""

import operator as python
from collections.abc import Callable, Sequence

from tests.languages.esql import tables
from tests.languages.esql.compiled import (
    NUMBERS,
    SINGLE,
    Compiled,
    Session,
    exact,
    in_normal_form,
    scalar,
    values_of,
)
from tests.languages.esql.errors import Refused, Undocumented
from tests.languages.esql.moments import from_text
from tests.languages.esql.tables import Row, Value

_OPERATORS: dict[str, Callable[[Value, Value], bool]] = {
    "==": python.eq,
    "!=": python.ne,
    "<": python.lt,
    "<=": python.le,
    ">": python.gt,
    ">=": python.ge,
}


def compared(session: Session, text: str, operator: str, left: Compiled, right: Compiled) -> Compiled:
    """Types mix only within numbers; a text as written becomes a date, an address or a boolean beside one."""
    left, right = aligned(text, left, right)
    if left.kind == "boolean" and operator not in ("==", "!="):  # the page's tables of types
        raise Refused(f"[{text}] orders booleans")
    compare = _OPERATORS[operator]
    checked = _checked(left, right)

    def compute(one: Value, other: Value) -> bool:
        checked(one, other)
        return compare(one, other)

    return scalar(session, text, "boolean", (left, right), compute)


def contained(session: Session, text: str, of: Compiled, items: Sequence[Compiled]) -> Compiled:
    """The decisions that the comment on the product's class `In` lists (elastic/elasticsearch#119514)."""
    pairs = [aligned(text, of, item) for item in items]
    checks = [_checked(left, right) for left, right in pairs]

    def evaluate(row: Row) -> Value:
        value = of.evaluate(row)
        if isinstance(value, tuple):
            session.warn(text, SINGLE)
            return None
        found = [(left.evaluate(row), right.evaluate(row)) for left, right in pairs]
        single = [right for _, right in found if not isinstance(right, tuple)]
        if len(single) < len(found):
            session.warn(text, SINGLE)
        if value is None or not single or all(right is None for right in single):
            return None
        matches = False
        for check, (left, right) in zip(checks, found, strict=True):
            if right is not None and not isinstance(right, tuple):
                check(left, right)
                matches = matches or left == right
        return True if matches else None if None in single else False

    return Compiled("boolean", evaluate, text, constant=of.constant and all(one.constant for one in items))


def aligned(text: str, left: Compiled, right: Compiled) -> tuple[Compiled, Compiled]:
    """Both sides in one type, or Refused (page "Implicit casting": literals only, never numbers)."""
    if left.literal and not right.literal:
        left = cast(left, right.kind)
    if right.literal and not left.literal:
        right = cast(right, left.kind)
    kinds = {left.kind, right.kind} - {"null"}
    if len(kinds) > 1 and not kinds <= set(NUMBERS):
        raise Refused(f"[{text}] compares {left.kind} with {right.kind}")
    if kinds & {"time_duration", "date_period"}:
        raise Refused(f"[{text}] compares spans of time")
    return left, right


def cast(of: Compiled, kind: str) -> Compiled:
    """A text as written in the type beside it; other constants stay as they are."""
    if of.kind != "keyword" or kind not in ("date", "ip", "boolean"):
        return of
    read = {"date": from_text, "ip": tables.packed, "boolean": _boolean}[kind]
    values = tuple(read(one) for one in values_of(of.evaluate({})))
    value = values if len(values) > 1 else values[0]
    return Compiled(kind, lambda _row: value, of.text, constant=True, literal=True)


def _boolean(text: str) -> bool:
    if text in ("true", "false"):
        return text == "true"
    raise Undocumented(f"{text!r} as a boolean")


def _checked(left: Compiled, right: Compiled) -> Callable[[Value, Value], None]:
    """What must hold of two values before their comparison is documented."""

    def check(one: Value, other: Value) -> None:
        if "double" in (left.kind, right.kind):
            exact(one)
            exact(other)
        in_normal_form(left, right, other)
        in_normal_form(right, left, one)
        for cased, constant, value, against in ((left, right, one, other), (right, left, other, one)):
            if cased.casing and constant.constant:
                folded(cased, value, against)

    return check


def folded(of: Compiled, value: str, constant: str) -> None:
    """TO_LOWER(f) == "x" runs as a comparison without case (elastic/elasticsearch#118870).

    A constant in the other case is then false even where null is due, and letters beyond ASCII may fold
    otherwise than TO_LOWER writes them.
    """
    if constant != (constant.lower() if of.casing == "lower" else constant.upper()):
        raise Undocumented(f"{of.text} compared with {constant!r}, which it can never be")
    if (value == constant) != (value.casefold() == constant.casefold()):
        raise Undocumented(f"{of.text} of {value!r} beside {constant!r}")
