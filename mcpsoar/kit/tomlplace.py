"""Where something stands in a TOML text, by the parser's own word."""

from collections.abc import Sequence
from typing import Any


def line(text: str, keys: Sequence[str | int]) -> int:
    """The line that first says what `keys` lead to, or as many of them as it says; 1 for none.

    Reads the text again for each of its lines: for complaints alone. Raises nothing for a text that is TOML.
    """
    import tomllib

    lines = text.replace("\r\n", "\n").split("\n")
    deepest, at, whole = 0, 1, 0  # `whole` lines are read: the next statement begins after them
    for number in range(1, len(lines) + 1):
        try:
            said = tomllib.loads("\n".join(lines[:number]))
        except tomllib.TOMLDecodeError:
            continue  # in the middle of a value that has several lines
        depth = _depth(said, keys)
        if depth > deepest:
            deepest, at = depth, whole + 1
        whole = number
    return at


def _depth(value: Any, keys: Sequence[str | int]) -> int:
    """How many of the keys lead somewhere."""
    for depth, key in enumerate(keys):
        is_element = isinstance(value, list) and isinstance(key, int) and key < len(value)
        if not is_element and not (isinstance(value, dict) and key in value):
            return depth
        value = value[key]
    return len(keys)
