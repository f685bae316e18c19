r"""Rows as texts, so that STATS can gather them and MV_EXPAND give them back.

A row is its columns with tabs between. No text of an event holds a tab, a line feed or a carriage return:
each is written as `~` and a letter, and `~` itself too, so nothing that an attacker writes forges a place.
Texts so written compare as they did, but for those signs themselves.
"""

from collections.abc import Mapping, Sequence
from enum import Enum

from mcpsoar.targets.es import paths
from mcpsoar.targets.es.text import quoted

TAB, LINE, END = "\t", "\n", "\r"
_SIGNS = (("~", "~d"), (TAB, "~a"), (LINE, "~b"), (END, "~c"))
_WIDTH = 16  # digits of a number that has its place in an order
_ZEROS = quoted("0" * _WIDTH)
OWN = ("event_ms", "event_key")


class Type(Enum):
    """What a column of the stream holds."""

    TEXT = "text"
    WHOLE = "whole"
    TRUTH = "truth"


def escaped(text: str) -> str:
    """A constant as the texts of the stream have it."""
    for sign, written in _SIGNS:
        text = text.replace(sign, written)
    return text


def escape(value: str) -> str:
    """ES|QL for a text of an event as the stream has it."""
    for sign, written in _SIGNS:
        value = f"REPLACE({value}, {quoted(sign)}, {quoted(written)})"
    return value


def unescape(value: str) -> str:
    """ES|QL for the text that the event has."""
    for sign, written in _SIGNS[::-1]:
        value = f"REPLACE({value}, {quoted(written)}, {quoted(sign)})"
    return value


def at(value: str = "event_ms") -> str:
    """A number in front of others of its kind: as many digits as all."""
    return f"SUBSTRING(CONCAT({_ZEROS}, TO_STRING({value})), -{_WIDTH})"


def packed(value: str, kind: Type) -> str:
    """Never null and never empty."""
    return (
        f'COALESCE(CONCAT("+", {value}), "-")' if kind is Type.TEXT else f'COALESCE(TO_STRING({value}), "-")'
    )


def unpacked(part: str, kind: Type) -> str:
    """What was packed."""
    match kind:
        case Type.TEXT:
            return f'CASE(STARTS_WITH({part}, "+"), SUBSTRING({part}, 2))'
        case Type.WHOLE:
            return f'TO_LONG(CASE({part} != "-", {part}))'
        case Type.TRUTH:
            return f'CASE({part} == "true", true, {part} == "false", false)'


def ordered(value: str, kind: Type) -> str:
    """As `packed`, and in the order of SQL: what is absent comes last."""
    own = f'CONCAT("+", {value})' if kind is Type.TEXT else at(value)
    return f'COALESCE({own}, "~")'


def joined(parts: Sequence[str]) -> str:
    """Texts with tabs between."""
    between = f", {quoted(TAB)}, "
    return f"CONCAT({between.join(parts)})" if len(parts) > 1 else parts[0]


def place(alias: str = "") -> str:
    """Time and key of an event: no two of a stream are alike, and texts sort as SQL orders them."""
    return joined([at(f"{alias}event_ms"), f"{alias}event_key"])


def row(columns: Sequence[str], types: Mapping[str, Type]) -> str:
    """An event: its place, and these columns."""
    return joined([at(), "event_key", *(packed(paths.quoted(one), types[one]) for one in columns)])


def assigned(columns: Sequence[str], types: Mapping[str, Type], parts: str, first: int) -> list[str]:
    """The columns from the parts of a row, counted from 0."""
    return [
        f"{paths.quoted(name)} = {unpacked(f'MV_SLICE({parts}, {at})', types[name])}"
        for at, name in enumerate(columns, first)
    ]
