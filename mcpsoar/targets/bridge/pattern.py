"""Sigma's strings with wildcards as LIKE and GLOB patterns.

The escape character is `!`, not a backslash: half of the dialects read a backslash twice.
"""

from collections.abc import Iterator

from sigma.types import Placeholder, SigmaString, SpecialChars

from mcpsoar.core.errors import Unsupported

ESCAPE = "!"
CASED = "cased"  # key of the mark on what compares texts: whether it must not ignore case
REGEX = "regex"  # key of the mark on a regular expression: what the rule says, before any dialect
ANY = "LIST_BOOL_OR"  # how DuckDB says that any element of a list will do


def plain(value: SigmaString) -> str | None:
    """The text of a string without wildcards; None where it has some. Raises Unsupported for |expand."""
    if any(isinstance(part, Placeholder) for part in value.s):
        raise Unsupported("|expand has no list to expand from")
    texts = [part for part in value.s if isinstance(part, str)]
    return "".join(texts) if len(texts) == len(value.s) else None


def is_anything(value: SigmaString) -> bool:
    """`*`: whatever is there."""
    return bool(value.s) and all(part is SpecialChars.WILDCARD_MULTI for part in value.s)


def anywhere(value: SigmaString) -> SigmaString:
    """The same text with anything before and after it."""
    if not value.startswith(SpecialChars.WILDCARD_MULTI):
        value = SpecialChars.WILDCARD_MULTI + value
    return value if value.endswith(SpecialChars.WILDCARD_MULTI) else value + SpecialChars.WILDCARD_MULTI


def like(value: SigmaString) -> str:
    """A LIKE pattern in which `%`, `_` and the escape character itself are escaped where they are meant."""
    return "".join(_like(part) for part in value.s)


def glob(like_pattern: str) -> str:
    """The same pattern for GLOB of SQLite, whose LIKE ignores case whatever one does."""
    return "".join(
        {"%": "*", "_": "?"}[char] if is_wild else f"[{char}]" if char in "*?[" else char
        for char, is_wild in chars(like_pattern)
    )


def backslashed(like_pattern: str) -> str:
    """The same pattern for dialects without an ESCAPE clause, where a backslash escapes."""
    return "".join(
        char if is_wild or char not in "%_\\" else f"\\{char}" for char, is_wild in chars(like_pattern)
    )


def _like(part: object) -> str:
    if part is SpecialChars.WILDCARD_MULTI:
        return "%"
    if part is SpecialChars.WILDCARD_SINGLE:
        return "_"
    return "".join(ESCAPE + char if char in "%_" + ESCAPE else char for char in str(part))


def chars(like_pattern: str) -> Iterator[tuple[str, bool]]:
    """Each character of a LIKE pattern and whether it is a wildcard."""
    rest = iter(like_pattern)
    for char in rest:
        if char == ESCAPE:
            yield next(rest), False
        else:
            yield char, char in "%_"
