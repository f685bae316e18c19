r"""What stands behind `field:`: a word, a text in quotes, or a regular expression of the whole value.

Page "Query string": a word may be an operator (AND, OR, NOT, TO), `<` and `>` cannot be escaped, a pattern
stands between slashes. Page "Regular expression syntax": the pattern is the whole value, a backslash takes
the next character as itself, there is no flag for case. So letters that must ignore it are written as sets.

Lucene ends a pattern at the first `/` that no backslash precedes, whatever precedes that backslash: so a
backslash is written as `[\\]`, and none ever stands before the last slash.
"""

import re
from collections import defaultdict
from collections.abc import Mapping
from functools import cache

from sigma.types import SigmaString, SpecialChars

ANY, ONE = ".*", "."
LONGEST = 1000  # index.max_regex_length, page "Index modules": a longer pattern is an error
_WORD = re.compile(r"[A-Za-z0-9_]+")
_OPERATORS = ("AND", "OR", "NOT", "TO")
_UNQUOTED = re.compile(r'[\\"<>*?\x00-\x1f\x7f-\x9f\u2028\u2029]|^ *$')
_SPECIAL = frozenset('.?+*|{}[]()"#@&<>~/^$-\\')
_ASCII = {"i": "iI\u0130", "k": "kK\u212a"}  # dotted I and the Kelvin sign
_LAST = 0x10FFFF


def of(value: SigmaString, *, folds: bool) -> str:
    """The text of a rule, with its wildcards; `folds`: without regard to case, where the field keeps it."""
    plain = "".join(part for part in value.s if isinstance(part, str))
    if value.contains_special() or (folds and any(len(cases(one)) > 1 for one in plain)):
        return f"/{pattern(value, folds=folds)}/"
    return literal(plain)


def literal(text: str) -> str:
    """Exactly this text."""
    if _WORD.fullmatch(text) and text not in _OPERATORS:
        return text
    return f"/{_exactly(text, folds=False)}/" if _UNQUOTED.search(text) else f'"{text}"'


def pattern(value: SigmaString, *, folds: bool) -> str:
    """The regular expression, without its slashes."""
    signs = {SpecialChars.WILDCARD_MULTI: ANY, SpecialChars.WILDCARD_SINGLE: ONE}
    parts = (
        signs[one] if isinstance(one, SpecialChars) else _exactly(str(one), folds=folds) for one in value.s
    )
    return "".join(parts)


def is_too_long(made: str) -> bool:
    """Whether Elastic refuses a pattern; Java counts in UTF-16."""
    return len(made.encode("utf-16-le", "surrogatepass")) // 2 > LONGEST


def character(one: str) -> str:
    """One character as itself."""
    return r"[\\]" if one == "\\" else member(one)


def member(one: str) -> str:
    """The same in a set, where a backslash may stand: no slash comes after it but an escaped one."""
    return f"\\{one}" if one in _SPECIAL else one


def cases(one: str) -> str:
    """The characters whose small letter is this one's, as DuckDB's LOWER has it; the small letter first."""
    small = _small(one)
    if small.isascii():
        return _ASCII.get(small, small if small == small.upper() else small + small.upper())
    return _families().get(small, small)


@cache
def _families() -> Mapping[str, str]:
    """Every small letter beyond ASCII with its capitals, of which some have several."""
    found = defaultdict[str, list[str]](list)
    for code in range(0x80, _LAST + 1):
        one = chr(code)
        if (small := _small(one)) != one:
            found[small].append(one)
    return {small: small + "".join(capitals) for small, capitals in found.items()}


def _small(one: str) -> str:
    return "i" if one == "\u0130" else one.lower()  # Python adds a dot, which a letter alone cannot have


def _exactly(text: str, *, folds: bool) -> str:
    return "".join(_either(cases(one)) if folds else character(one) for one in text)


def _either(ones: str) -> str:
    return character(ones) if len(ones) == 1 else f"[{ones}]"
