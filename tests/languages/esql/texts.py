"""Functions of text (pages of "String functions"; string.csv-spec)."""

import re
from collections.abc import Callable, Sequence

from tests.languages.esql.compiled import Compiled, Session, each, expect, in_normal_form, scalar, several
from tests.languages.esql.errors import Undocumented
from tests.languages.esql.tables import Row, Value

# Character.isWhitespace, which the product's own class `Trim` asks: no no-break spaces, no U+0085
_BLANKS = (
    "\t\n\v\f\r\x1c\x1d\x1e\x1f \u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006"
    "\u2008\u2009\u200a\u2028\u2029\u205f\u3000"
)
_LONGEST = 1 << 20  # the product's class Concat
_PLAIN = re.compile(r"(?:[\w \-:;,/@%=_#!'\"<>~\t\n\r]|\\[.\\+*?()\[\]{}|^$])+", re.ASCII)


def to_lower(_session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    """Value by value (the page: single- or multi-valued); TO_UPPER alike."""
    expect(of[0], ("keyword",), text)
    return each(text, "keyword", of[0], str.lower, casing="lower")


def to_upper(_session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    expect(of[0], ("keyword",), text)
    return each(text, "keyword", of[0], str.upper, casing="upper")


def trim(session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    expect(of[0], ("keyword",), text)
    return scalar(session, text, "keyword", of, lambda value: value.strip(_BLANKS))


def length(session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    """Code points (string.csv-spec, lengthWithNonAsciiChars)."""
    expect(of[0], ("keyword",), text)
    return scalar(session, text, "integer", of, len)


def starts_with(session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    return _affix(session, text, of, str.startswith)


def ends_with(session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    return _affix(session, text, of, str.endswith)


def concat(session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    """Null where any part is (string.csv-spec, concatComplex); a text of more than 1 MiB is an error."""
    for one in of:
        expect(one, ("keyword",), text)

    def compute(*parts: str) -> str:
        made = "".join(parts)
        if len(made.encode()) > _LONGEST:
            raise Undocumented(f"[{text[:80]}…]: a text of more than {_LONGEST} bytes")
        return made

    return scalar(session, text, "keyword", of, compute)


def substring(session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    """Positions count from 1, negative ones from the end (string.csv-spec)."""
    expect(of[0], ("keyword",), text)
    for one in of[1:]:
        expect(one, ("integer",), text)

    def compute(value: str, start: int, size: int | None = None) -> str:
        if start == 0 or -start > len(value) or (size is not None and size < 0):
            raise Undocumented(f"[{text}] from {start} for {size}")
        first = start - 1 if start > 0 else len(value) + start
        return value[first:] if size is None else value[first : first + size]

    return scalar(session, text, "keyword", of, compute)


def replace(session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    """The pattern is java.util.regex: read only where it is plain characters and escaped signs."""
    for one in of:
        expect(one, ("keyword",), text)

    def compute(value: str, pattern: str, new: str) -> str:
        if _PLAIN.fullmatch(pattern) is None or "$" in new or "\\" in new:
            raise Undocumented(f"[{text}]: replacing {pattern!r} by {new!r}")
        return value.replace(re.sub(r"\\(.)", r"\1", pattern), new)

    return scalar(session, text, "keyword", of, compute)


def split(session: Session, text: str, of: Sequence[Compiled]) -> Compiled:
    """One byte parts the values; no word on parts that are empty."""
    for one in of:
        expect(one, ("keyword",), text)

    def compute(value: str, delimiter: str) -> Value:
        parts = value.split(delimiter) if len(delimiter.encode()) == 1 else [""]
        if "" in parts:
            raise Undocumented(f"[{text}] of {value!r} at {delimiter!r}")
        return several(parts)

    return scalar(session, text, "keyword", of, compute)


def _affix(session: Session, text: str, of: Sequence[Compiled], test: Callable[[str, str], bool]) -> Compiled:
    for one in of:
        expect(one, ("keyword",), text)

    def evaluate(row: Row) -> Value:
        in_normal_form(of[0], of[1], of[1].evaluate(row))
        return asked.evaluate(row)

    asked = scalar(session, text, "boolean", of, test)
    return Compiled("boolean", evaluate, text, constant=asked.constant)
