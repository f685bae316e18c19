"""Characters, classes and sets of a regular expression in the words of each family of engines.

Escapes are read as Python reads them, in a set and outside by the same functions. Classes are those of ASCII:
`\\d` and `\\w` are left to RE2 (its doc/syntax.txt: `[0-9]`, `[0-9A-Za-z_]`) and to Python's `(?a)`, and are
written out for the others, whose own follow Unicode, a locale or an option. `\\s` is written out wherever it
is not known to hold the vertical tab. What a family cannot say is refused by name.
"""

import re
import unicodedata
from collections.abc import Iterator

from mcpsoar.core.errors import Unsupported

ESCAPE = (
    r"\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|N\{[^}]*\}"
    r"|0[0-7]{0,2}|[1-3][0-7]{2}|[1-9][0-9]?|(?s:.))"
)
_IN_SET = re.compile(r"\\[0-7]{1,3}|" + ESCAPE + "|(?s:.)")
_LAST = 0x10FFFF
_CLASSES = {
    "d": ((0x30, 0x39),),
    "s": ((0x09, 0x0D), (0x20, 0x20)),
    "w": ((0x30, 0x39), (0x41, 0x5A), (0x5F, 0x5F), (0x61, 0x7A)),
}
_OWN = {"Python": "dDsSwW", "RE2": "dDwW"}  # the classes that a family has as they are meant
_LETTERS = {"a": 7, "b": 8, "f": 12, "n": 10, "r": 13, "t": 9, "v": 11}
_SPELLED = {9: r"\t", 10: r"\n", 13: r"\r"}
_SPECIAL = "\\.[]{}()*+?^$|-&~"
_FOLD_INTO_ASCII = (0x130, 0x131, 0x17F, 0x212A)  # dotted I, dotless i, long s, Kelvin
_ANYTHING = {"PostgreSQL": ".", "Snowflake": "."}  # there a dot is anything already
Ranges = tuple[tuple[int, int], ...]


def code(escape: str) -> int | None:
    """The code point that an escape stands for; None for a class, a boundary, an end or a reference."""
    kind, rest = escape[1], escape[2:]
    if kind in "xuU" and rest:
        return int(rest, 16)
    if kind == "N" and rest:
        return ord(unicodedata.lookup(rest[1:-1]))
    if kind == "0" or (kind in "123" and len(rest) == 2):
        return int(escape[1:], 8)
    if kind in _LETTERS:
        return None if kind == "b" else _LETTERS[kind]
    return None if kind.isascii() and kind.isalnum() else ord(kind)


def char(point: int, family: str) -> str:
    """One character, in a set or outside. Raises Unsupported for what no text of the family can hold."""
    if 0xD800 <= point <= 0xDFFF:
        raise Unsupported(f"|re: U+{point:04X} is half a character, which no text holds")
    if point == 0 and family == "PostgreSQL":
        raise Unsupported("|re: postgres has no NUL in its texts")
    one = chr(point)
    if one.isprintable():
        return f"\\{one}" if one in _SPECIAL else one
    if point in _SPELLED:
        return _SPELLED[point]
    if family == "Snowflake":  # its documentation names no escape for a character
        return one
    if family == "Python":
        return rf"\x{point:02x}" if point < 0x100 else rf"\U{point:08x}"
    if family == "PostgreSQL":
        return rf"\u{point:04X}" if point <= 0xFFFF else rf"\U{point:08X}"
    return rf"\x{{{point:X}}}"


def one_class(letter: str, family: str) -> str:
    """`\\d`, `\\S` and their like outside a set."""
    if letter in _OWN.get(family, ""):
        return f"\\{letter}"
    inner = _spelled(_CLASSES[letter.lower()], family)
    return f"[^{inner}]" if letter.isupper() else f"[{inner}]"


def fitted(piece: str, family: str, *, ignores_case: bool) -> str:
    """A whole set, from `[` to `]`. Raises Unsupported."""
    negated = piece.startswith("[^")
    items = list(members(piece[2:-1] if negated else piece[1:-1]))
    if is_everything([one for item in items for one in spans(item, ignores_case=False)]):
        if not negated:
            return _ANYTHING.get(family, "(?s:.)")
        ignores_case = False  # nothing is left that could fold into it
    own = _OWN.get(family, "")
    parts = [
        f"\\{item}" if isinstance(item, str) and item in own else spans(item, ignores_case=ignores_case)
        for item in items
    ]
    inner = "".join(part if isinstance(part, str) else _spelled(part, family) for part in parts)
    return f"[{'^' if negated else ''}{inner}]"


def members(inner: str) -> Iterator[str | tuple[int, int]]:
    """The classes of a set by their letters, its characters and ranges by their code points."""
    pieces = _IN_SET.findall(inner)
    at = 0
    while at < len(pieces):
        low = _point(pieces[at])
        if low is None:
            yield pieces[at][1]
            at += 1
        elif pieces[at + 1 : at + 2] == ["-"] and at + 2 < len(pieces):
            high = _point(pieces[at + 2])
            yield (low, low if high is None else high)
            at += 3
        else:
            yield (low, low)
            at += 1


def _point(piece: str) -> int | None:
    """The code point of one piece of a set; None for a class."""
    if not piece.startswith("\\"):
        return ord(piece)
    if piece == r"\b":
        return _LETTERS["b"]
    return int(piece[1:], 8) if piece[1] in "01234567" else code(piece)


def spans(item: str | tuple[int, int], *, ignores_case: bool) -> Ranges:
    """What a class or a range of a set holds."""
    if not isinstance(item, str):
        return (item,)
    letter, ranges = item, _CLASSES[item.lower()]
    if letter.islower():
        return ranges
    if letter == "W" and ignores_case:  # else `(?i)[\W]` would find a k, for the sake of the Kelvin sign
        ranges = (*ranges, *((one, one) for one in _FOLD_INTO_ASCII))
    starts = (0, *(high + 1 for _, high in ranges))
    ends = (*(low - 1 for low, _ in ranges), _LAST)
    return tuple(pair for pair in zip(starts, ends, strict=True) if pair[0] <= pair[1])


def is_everything(ranges: list[tuple[int, int]]) -> bool:
    """Whether no character is left out."""
    reached = -1
    for low, high in sorted(ranges):
        if low > reached + 1:
            return False
        reached = max(reached, high)
    return reached == _LAST


def _spelled(ranges: Ranges, family: str) -> str:
    return "".join(_range(low, high, family) for low, high in ranges)


def _range(low: int, high: int, family: str) -> str:
    if low == high:
        return char(low, family)
    if low == 0 and family == "PostgreSQL":
        low = 1
    if high == _LAST and family == "Snowflake":
        raise Unsupported(r"|re: snowflake has no \D, \S or \W in a set")
    if high == _LAST and low <= 0x7F and family == "PCRE":  # its texts may be bytes
        return rf"{char(low, family)}-\x{{7F}}[:^ascii:]"
    return f"{char(low, family)}-{char(high, family)}"
