"""Regular expressions of Sigma in the words of each engine, or refused by the name of what it lacks.

A pattern means what Python's `re.search` says with ASCII classes, except that `$` is the very end. What the
engines read differently is written out: `.` as `[^\\n]`, the end as `\\z`, PostgreSQL's `\\b` as `\\y`.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from sigma.types import Placeholder, SigmaRegularExpression

from mcpsoar.core.errors import Unsupported

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
    "RE2": {"lookaround", "backreference", "atomic group", "possessive repeat", "conditional group"},
    "PostgreSQL": {"atomic group", "possessive repeat", "conditional group", "flags of a group"},
    "Snowflake": {
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
_LONGEST = {"RE2": 1000, "PostgreSQL": 255}  # the highest count in {m,n}
_NO_PLAIN_GROUP = ("Snowflake",)
_END = {"PostgreSQL": r"\Z", "Python": r"\Z", "Snowflake": "$", "Splunk": r"$(?!\n)"}
_LETTERS = {"IGNORECASE": "i", "MULTILINE": "m", "DOTALL": "s"}
_LEADING = re.compile(r"\(\?([a-zA-Z]+)\)")
_PIECE = re.compile(
    r"""(?P<escape>\\x[0-9A-Fa-f]{2}|\\u[0-9A-Fa-f]{4}|\\.)
    |(?P<set>\[\^?\]?(?:\\.|[^\]\\])*\])
    |(?P<group>\((?:\?(?:P<\w+>|P=\w+\)|<=|<!|[:=!>]|\(\w+\)|[a-zA-Z-]+:|.))?)
    |(?P<repeat>(?:\{(?:\d+(?:,\d*)?|,\d+)\}|[*+?])[?+]?)
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
    parts, lacks = [], _LACKS[family]
    for kind, piece in _pieces(pattern.text):
        feature = _feature(kind, piece)
        if feature in lacks:
            raise Unsupported(f"|re: {dialect} has no {feature} in regular expressions ({family})")
        if kind == "repeat" and max(map(int, re.findall(r"\d+", piece)), default=0) > _LONGEST.get(
            family, 10**9
        ):
            raise Unsupported(f"|re: {dialect} repeats at most {_LONGEST[family]} times ({piece})")
        parts.append(_fit(kind, piece, pattern.flags, family))
    return "".join(parts)


def prefixed(pattern: Pattern, dialect: str) -> str:
    """The text for one dialect with its flags before it, where they are part of the text."""
    family, flags = _FAMILY[dialect], set(pattern.flags)
    if family == "PostgreSQL":  # there `w` is lines for anchors, and a dot is anything already
        flags = {"w" if flag == "m" else flag for flag in flags if flag != "s"}
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


def _pieces(text: str) -> Iterator[tuple[str, str]]:
    for match in _PIECE.finditer(text):
        yield match.lastgroup or "other", match[0]


def _feature(kind: str, piece: str) -> str | None:
    if kind == "escape" and piece[1] in "123456789":
        return "backreference"
    if kind == "repeat" and piece.endswith("+") and len(piece) > 1:
        return "possessive repeat"
    if kind != "group" or piece in ("(", "(?:") or piece.startswith("(?P<"):
        return None
    if piece in ("(?=", "(?!", "(?<=", "(?<!"):
        return "lookaround"
    if piece.startswith("(?P="):
        return "backreference"
    if piece == "(?>":
        return "atomic group"
    if piece.startswith("(?("):
        return "conditional group"
    if piece.endswith(":"):
        return "flags of a group"
    raise Unsupported(f"|re: {piece} is not bridged")


def _fit(kind: str, piece: str, flags: frozenset[str], family: str) -> str:
    if kind == "escape":
        return _escape(piece, family)
    if kind == "set":
        return _set(piece, family)
    if kind == "group":
        if piece.startswith("(?P<"):
            return "(" if family != "Python" else piece
        if piece.startswith("(?P=") and family in ("Java", "ICU"):
            raise Unsupported(f"|re: {piece} is not bridged; use a number")
        return "(" if piece == "(?:" and family in _NO_PLAIN_GROUP else piece
    if kind == "repeat":
        piece = piece.replace("{,", "{0,")
        return piece.rstrip("?") if family == "Snowflake" and len(piece) > 1 else piece
    if piece == "." and "s" not in flags:
        return r"[^\n]"
    if piece == "$" and "m" not in flags:
        return _END.get(family, r"\z")
    return piece


def _escape(piece: str, family: str) -> str:
    if piece == r"\Z":
        return _END.get(family, r"\z")
    if family == "PostgreSQL":
        if piece.startswith(r"\x"):
            return rf"\u00{piece[2:]}"
        return {r"\b": r"\y", r"\B": r"\Y"}.get(piece, piece)
    if family == "RE2":  # its \s has no vertical tab
        if piece.startswith(r"\u"):
            return rf"\x{{{piece[2:]}}}"
        return {r"\s": r"[\s\v]", r"\S": r"[^\s\v]"}.get(piece, piece)
    return piece


def _set(piece: str, family: str) -> str:
    if family == "Python":
        return piece
    head = re.match(r"\[\^?\]?", piece)
    start = head.end() if head else 1
    inner = re.sub(r"\\.|\[|&&", _in_set, piece[start:-1], flags=re.DOTALL)
    if family == "RE2":
        inner = inner.replace(r"\s", r"\s\v")
    return piece[:start].replace("]", r"\]") + inner + "]"


def _in_set(match: re.Match[str]) -> str:
    return {"[": r"\[", "&&": r"&\&"}.get(match[0], match[0])
