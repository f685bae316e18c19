"""Regular expressions of Sigma in the words of each engine, or refused by the name of what it lacks.

A pattern means what Python's `re.search` says with ASCII classes and boundaries, except that `$` is the very
end and that an empty text has a `\\B` too (Python's has one from 3.14 on). Where case is ignored, letters
beyond ASCII fold as the engine folds them. What the engines read differently is written out: `.` as `[^\\n]`,
the end as `\\z`, and `\\b` as what lies on its two sides for those whose words are not ASCII's.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sigma.types import Placeholder, SigmaRegularExpression

from mcpsoar.core.errors import Unsupported
from mcpsoar.targets.bridge import charset, repeats

_FAMILY = {
    "bigquery": "RE2",
    "clickhouse": "RE2",
    "databricks": "Java",
    "duckdb": "RE2",
    "mysql": "ICU",
    "postgres": "PostgreSQL",
    "redshift": "PCRE",
    "snowflake": "Snowflake",
    "spark": "Java",
    "splunk": "Splunk",
    "sqlite": "Python",
    "trino": "Java",
}
_LACKS = {
    "RE2": {  # its \B is found between the bytes of one character
        r"\B of whole characters",
        "lookaround",
        "backreference",
        "atomic group",
        "possessive repeat",
        "conditional group",
    },
    "PostgreSQL": {"atomic group", "possessive repeat", "conditional group", "flags of a group"},
    "Snowflake": {
        r"\B of whole characters",
        "boundary of ASCII words",
        "lookaround",
        "backreference",
        "atomic group",
        "possessive repeat",
        "conditional group",
        "flags of a group",
    },
    "Java": {"conditional group"},
    "ICU": {"conditional group"},
    "PCRE": set[str](),
    "Splunk": set[str](),
    "Python": set[str](),
}
_NO_PLAIN_GROUP = ("Snowflake",)
_END = {"PostgreSQL": r"\Z", "Python": r"\Z", "Snowflake": "$", "Splunk": r"$(?!\n)"}
# RE2's \b is "at ASCII word boundary" (its doc/syntax.txt); PostgreSQL's knows the é of its locale, ICU's
# any, Java's did until JDK 19 (JDK-8282129). Snowflake's documentation does not say.
_WORD = "[A-Za-z0-9_]"
_BOUNDARY = rf"(?:(?<!{_WORD})(?={_WORD})|(?<={_WORD})(?!{_WORD}))"
_NO_BOUNDARY = rf"(?:(?<!{_WORD})(?!{_WORD})|(?<={_WORD})(?={_WORD}))"
_OWN_LINES = ("PostgreSQL", "Python", "RE2", "Snowflake")  # others end lines at \r or U+2028 too
_LINES = {"^": r"(?<![^\n])", "$": r"(?![^\n])"}
_LETTERS = {"IGNORECASE": "i", "MULTILINE": "m", "DOTALL": "s"}
_LEADING = re.compile(r"\(\?([a-zA-Z]+)\)")
_FLAGGED = re.compile(r"\(\?([a-zA-Z]*)(?:-([a-zA-Z]+))?:")
_NAME = re.compile(r"\(\?P<(\w+)>")
_BY_NAME = re.compile(r"\(\?(?:P=(?P<same>\w+)|\((?P<asked>[^\W\d]\w*))\)")
_LAST_REFERRED = 99  # `\100` is a character
_PIECE = re.compile(
    rf"""(?P<escape>{charset.ESCAPE})
    |(?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])
    |(?P<group>\((?:\?(?:P<\w+>|P=\w+\)|<=|<!|[:=!>]|\(\w+\)|[a-zA-Z-]+:|.))?)
    |(?P<repeat>(?:\{{(?:\d+(?:,\d*)?|,\d*)\}}|[*+?])[?+]?)
    |(?P<other>.)""",
    re.VERBOSE | re.DOTALL,
)


@dataclass(frozen=True, slots=True)
class Pattern:
    """A regular expression as the rule says it; `flags` are letters of `i`, `m` and `s`."""

    text: str
    flags: frozenset[str]


def read(value: SigmaRegularExpression) -> Pattern:
    """The pattern, its leading flags taken from its text. Raises Unsupported."""
    if any(isinstance(part, Placeholder) for part in value.regexp.s):
        raise Unsupported("|expand has no list to expand from")
    text, flags = value.regexp.original, {_LETTERS[flag.name] for flag in value.flags}
    while leading := _LEADING.match(text):
        flags |= set(leading[1])
        text = text[leading.end() :]
    if flags - set("aims"):
        raise Unsupported(f"|re: the flag {min(flags - set('aims'))!r} is not bridged")
    return Pattern(text, frozenset(flags - {"a"}))


def fitted(pattern: Pattern, dialect: str) -> str:
    """The text for one dialect, without flags. Raises Unsupported, naming what the dialect lacks."""
    family = _FAMILY[dialect]
    pieces = list(_numbered(taken_apart(pattern.text)))
    _refuse(pieces, dialect, family)
    parts, scopes = [], [pattern.flags]
    for kind, piece in pieces:
        if kind == "group":
            scopes.append(_inside(piece, scopes[-1]))
        parts.append(_fit(kind, piece, scopes[-1], family))
        if (kind, piece) == ("other", ")"):
            scopes.pop()
    return "".join(parts)


def prefixed(pattern: Pattern, dialect: str) -> str:
    """The text for one dialect with its flags before it, where they are part of the text."""
    family, flags = _FAMILY[dialect], set(pattern.flags)
    if family == "PostgreSQL":  # there `w` is lines for anchors, and a dot is anything already
        flags = {"w" if flag == "m" else flag for flag in flags if flag != "s"}
    if family not in _OWN_LINES:
        flags -= {"m"}
    if family == "Python":
        flags |= {"a"}
    text = fitted(pattern, dialect)
    return f"(?{''.join(sorted(flags))}){text}" if flags else text


def neutral(pattern: Pattern) -> str:
    """DuckDB's text, or the rule's own where DuckDB cannot say it: then it is refused when printed."""
    try:
        return prefixed(pattern, "duckdb")
    except Unsupported:
        return pattern.text


def taken_apart(text: str) -> Iterator[tuple[str, str]]:
    """The pieces of a pattern: a kind (`escape`, `set`, `group`, `repeat`, `other`) and its text."""
    for match in _PIECE.finditer(text):
        yield match.lastgroup or "other", match[0]


def _numbered(pieces: Iterator[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """References by name, as those by number: most families are given groups that have no names."""
    names = dict[str, int]()
    number = 0
    for kind, piece in pieces:
        number += kind == "group" and repeats.is_numbered(piece)
        if kind == "group" and (name := _NAME.fullmatch(piece)):
            names[name[1]] = number
        if kind != "group" or not (by_name := _BY_NAME.fullmatch(piece)):
            yield kind, piece
        elif by_name["asked"]:
            yield kind, f"(?({names[by_name['asked']]})"
        elif names[by_name["same"]] > _LAST_REFERRED:
            raise Unsupported(f"|re: {piece} is not bridged: its group has a number over {_LAST_REFERRED}")
        else:
            yield "escape", f"\\{names[by_name['same']]}"


def _refuse(pieces: list[tuple[str, str]], dialect: str, family: str) -> None:
    """Raises Unsupported for the first thing that the family lacks."""
    seen = set()
    for kind, piece in pieces:
        feature = feature_of(kind, piece)
        seen.add(feature)
        if feature in _LACKS[family]:
            raise Unsupported(f"|re: {dialect} has no {feature} in regular expressions ({family})")
    if family == "PostgreSQL" and {"lookaround", "backreference"} <= seen:  # its groups there have no numbers
        raise Unsupported(f"|re: {dialect} has no backreference beside a lookaround")
    repeats.refuse(pieces, dialect, family)


def feature_of(kind: str, piece: str) -> str | None:
    """What a family may lack, by name; None for what all have. Raises Unsupported for what none is asked."""
    if repeats.referred(kind, piece):
        return "backreference"
    if piece == r"\b":
        return "boundary of ASCII words"
    if piece == r"\B":
        return r"\B of whole characters"
    if kind == "repeat" and piece.endswith("+") and len(piece) > 1:
        return "possessive repeat"
    if kind != "group" or piece == "(?:" or repeats.is_numbered(piece):
        return None
    if piece in repeats.LOOKAROUNDS:
        return "lookaround"
    if piece == "(?>":
        return "atomic group"
    if piece.startswith("(?("):
        return "conditional group"
    flagged = _FLAGGED.fullmatch(piece)
    if flagged and not set(flagged[1] + (flagged[2] or "")) - set("aims"):
        return "flags of a group"
    raise Unsupported(f"|re: {piece} is not bridged")


def _inside(group: str, flags: frozenset[str]) -> frozenset[str]:
    """The flags in a group, by those around it."""
    flagged = _FLAGGED.fullmatch(group)
    return (flags | set(flagged[1])) - set(flagged[2] or "") - {"a"} if flagged else flags


def _fit(kind: str, piece: str, flags: frozenset[str], family: str) -> str:
    if kind == "escape":
        return _escape(piece, flags, family)
    if kind == "set":
        return charset.fitted(piece, family, ignores_case="i" in flags)
    if kind == "group":
        return _group(piece, family)
    if kind == "repeat":
        piece = "*" + piece[3:] if piece.startswith("{,}") else piece.replace("{,", "{0,")
        return piece[:-1] if family == "Snowflake" and len(piece) > 1 and piece.endswith("?") else piece
    if piece in "{}]":
        return f"\\{piece}"
    if piece == "." and "s" not in flags:
        return r"[^\n]"
    if piece == "$" and "m" not in flags:
        return _END.get(family, r"\z")
    if piece in _LINES and "m" in flags and family not in _OWN_LINES:
        return _LINES[piece]
    return piece


def _group(piece: str, family: str) -> str:
    if piece.startswith("(?P<"):
        return "(" if family != "Python" else piece
    flagged = _FLAGGED.fullmatch(piece)
    if flagged is None:
        return piece
    carried = "ims" if family in _OWN_LINES else "is"
    on, off = ("".join(flag for flag in letters or "" if flag in carried) for letters in flagged.groups())
    if family in _NO_PLAIN_GROUP:
        return "("
    return f"(?{on}-{off}:" if off else f"(?{on}:"


def _escape(piece: str, flags: frozenset[str], family: str) -> str:
    point = charset.code(piece)
    if point is not None:
        return charset.char(point, family)
    if piece[1] in "dDsSwW":
        return charset.one_class(piece[1], family)
    if piece == r"\b":
        return piece if family in ("Python", "RE2") else _BOUNDARY
    if piece == r"\B":
        return _NO_BOUNDARY
    if piece in (r"\Z", r"\z"):
        return _end("$", flags, family, _END.get(family, r"\z"))
    if piece == r"\A":
        return _end("^", flags, family, piece)
    return f"(?:{piece})"  # a reference, which a digit after it would change


def _end(of_lines: str, flags: frozenset[str], family: str, otherwise: str) -> str:
    """An end of the text. Snowflake has none but `^` and `$`, which by flag are those of lines."""
    if family != "Snowflake":
        return otherwise
    if "m" in flags:
        raise Unsupported("|re: snowflake has no end of the text beside ends of lines")
    return of_lines
