"""SPL as text: literals, fields, and conditions joined with no more parentheses than `where` needs."""

import re
from dataclasses import dataclass
from urllib.parse import quote

from mcpsoar.kit.plain import hidden_in

END = r"$(?!\n)"  # the very end: `$` alone stands before a last newline too
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LETTERS = re.compile(r"[A-Za-z0-9_.~-]*")
_QUOTED = re.compile(r"'[^']*'")
_SPECIAL = re.compile(r"[.^$*+?()\[\]{}|\\/-]")


@dataclass(frozen=True, slots=True)
class Said:
    """A condition of `where`, and its outermost operator: AND, OR, or none."""

    text: str
    operator: str = ""


YES, NO = Said("true()"), Said("false()")


def both(*parts: Said) -> Said:
    """AND; nothing at all is true."""
    return _joined("AND", parts, neutral=YES, final=NO)


def either(*parts: Said) -> Said:
    """OR; nothing at all is false."""
    return _joined("OR", parts, neutral=NO, final=YES)


def _joined(operator: str, parts: tuple[Said, ...], *, neutral: Said, final: Said) -> Said:
    asked = list(dict.fromkeys(part for part in parts if part != neutral))
    if final in asked:
        return final
    if len(asked) < 2:
        return asked[0] if asked else neutral
    wrapped = [
        part.text if part.operator in ("", operator) else f"({part.text})"  # nobody need know which binds
        for part in asked
    ]
    return Said(f" {operator} ".join(wrapped), operator)


def counted(here: str, pattern: str) -> str:
    """How often a pattern is found: how much longer a text is with two letters for each than with one."""
    longer, shorter = (f"len(replace({here}, {literal(pattern)}, {letters}))" for letters in ('"ab"', '"a"'))
    return f"({longer}-{shorter})"


def literal(text: str) -> str:
    """A text in quotes; with what has no place in a line of configuration or on a terminal, or a backtick,
    percent-encoded."""
    if "`" in text or hidden_in(text) is not None:
        return encoded(text)
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def encoded(text: str) -> str:
    """A text of which nothing but letters, digits and `_.-~` stands there as it is."""
    if _LETTERS.fullmatch(text):
        return f'"{text}"'
    return f'urldecode("{quote(text, safe="")}")'


def field(name: str) -> str:
    """A field of an event in an expression."""
    return name if _PLAIN.fullmatch(name) else f"'{name}'"


def is_field(text: str) -> bool:
    """Whether an expression is a field and nothing else."""
    return bool(_PLAIN.fullmatch(text) or _QUOTED.fullmatch(text))


def quoted(text: str) -> str:
    """A text as a regular expression that means it."""
    return _SPECIAL.sub(lambda found: f"\\{found[0]}", text)


def is_like_number(text: str) -> bool:
    """Whether anybody could take the text for a number: then it is compared as one, whatever its quotes."""
    try:
        float(text.strip())
    except ValueError:
        return bool(re.fullmatch(r"\s*[+-]?0[xX][0-9a-fA-F]+\s*", text))
    return True
