"""TO_… functions (pages of "Type conversion functions"; ints, floats, boolean, row and date csv-spec).

All take one value or several and convert each; one that cannot be converted is left out with a warning.
"""

import re
from collections.abc import Callable, Sequence

from tests.languages.esql.compiled import NUMBERS, Compiled, Session, each, exact, expect
from tests.languages.esql.errors import Undocumented
from tests.languages.esql.moments import EXACT, from_text, shown
from tests.languages.esql.tables import Value, shown_address

_NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?", re.ASCII)
# Java's parser also knows NaN, Infinity, hexadecimals, suffixes and blanks around: these are not read here
_NO_NUMBER = re.compile(r"(?!nan|inf)[a-z_:;,|/][^\s]*", re.IGNORECASE | re.ASCII)
_DATE_LIKE = re.compile(r"[+-]?\d{4,}(-\d\d.?(\d\d(T.*)?)?)?", re.ASCII)

_Convert = Callable[[Value], Value]


def to_double(session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    """Dates are their milliseconds, booleans 1.0 and 0.0."""
    convert = _by_kind(session, text, of[0], "double", _text_to_double)
    return each(text, "double", of[0], convert)


def to_long(session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    return each(text, "long", of[0], _by_kind(session, text, of[0], "long", _text_to_whole))


def to_integer(session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    return each(text, "integer", of[0], _by_kind(session, text, of[0], "integer", _text_to_whole))


def to_boolean(_session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    """`true` in any case is true, every other text false; 0 is false, every other number true."""
    expect(of[0], ("boolean", "keyword", *NUMBERS), text)
    if of[0].kind == "keyword":
        return each(text, "boolean", of[0], lambda value: value.lower() == "true")
    return each(text, "boolean", of[0], bool)


def to_string(_session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    expect(of[0], ("keyword", "boolean", "date", "ip", *NUMBERS), text)
    write: dict[str, _Convert] = {
        "boolean": lambda value: "true" if value else "false",
        "date": shown,
        "ip": shown_address,
        "double": _double_to_text,
    }
    return each(text, "keyword", of[0], write.get(of[0].kind, str))


def to_datetime(session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    """One written form alone; numbers are milliseconds since 1970."""
    expect(of[0], ("date", "keyword", *NUMBERS), text)

    def read(value: str) -> Value:
        if EXACT.fullmatch(value):
            return from_text(value)
        if _DATE_LIKE.fullmatch(value):
            raise Undocumented(f"[{text}] of {value!r}")
        session.warn(text, f"failed to parse date field [{value}]")
        return None

    if of[0].kind == "keyword":
        return each(text, "date", of[0], read)
    return each(text, "date", of[0], lambda value: _rounded(value, text))


def _by_kind(
    session: Session, text: str, of: Compiled, kind: str, read: Callable[[str, str], Value]
) -> _Convert:
    """From text by `read`, from everything else as a number; out of range is left out with a warning."""
    expect(of, ("boolean", "date", "keyword", *NUMBERS), text)

    def convert(value: Value) -> Value:
        if of.kind == "keyword":
            if _NUMBER.fullmatch(value) is None:
                if value and _NO_NUMBER.fullmatch(value) is None:
                    raise Undocumented(f"[{text}] of {value!r}")
                session.warn(text, f"For input string: {value}")
                return None
            value = read(value, text)
        number = exact(value) if kind == "double" else _rounded(value, text)
        bits = {"integer": 31, "long": 63}.get(kind, 1100)
        if -(2**bits) <= number < 2**bits:
            return number
        session.warn(text, f"[{value}] out of [{kind}] range")
        return None

    return convert


def _text_to_double(value: str, text: str) -> float:
    number = float(value)
    if number in (float("inf"), float("-inf")):
        raise Undocumented(f"[{text}] of {value!r}")
    return number


def _text_to_whole(value: str, text: str) -> Value:
    """ints.csv-spec: "2147483648.2" is 2147483648; without a point all digits count."""
    if value.lstrip("-").isdigit():
        return int(value)
    return _text_to_double(value, text)


def _rounded(value: Value, text: str) -> int:
    """No page says whether digits behind the point are cut or rounded: read where both agree."""
    if isinstance(value, int):
        return int(value)
    if int(value) != round(value) or abs(value - int(value)) == 0.5:
        raise Undocumented(f"[{text}] of {value}: cut or rounded")
    return int(value)


def _double_to_text(value: float) -> str:
    """Java and Python write the same digits between 0.001 and 10 million."""
    if value != 0 and not 1e-3 <= abs(value) < 1e7:
        raise Undocumented(f"{value} as text")
    return repr(value)
