"""Where something stands in a TOML text, by the parser's own word."""

from bisect import bisect_left
from collections.abc import Sequence
from typing import Any


def line(text: str, keys: Sequence[str | int]) -> int:
    """The line that first says what `keys` lead to, or as many of them as it says; 1 for none.

    The text is TOML. It is read again up to some of its lines: for complaints alone.
    """
    lines = text.replace("\r\n", "\n").split("\n")
    depth = _depth(_read(lines), keys)

    def is_said(number: int) -> bool:
        """Whether so many lines say it, with the rest of a value that has several."""
        while (said := _read(lines[:number])) is None:
            number += 1
        return _depth(said, keys) >= depth

    return max(1, bisect_left(range(len(lines)), True, key=is_said))  # noqa: FBT003 (what is looked for)


def _read(lines: list[str]) -> Any:
    """None in the middle of a value."""
    import tomllib

    try:
        return tomllib.loads("\n".join(lines))
    except tomllib.TOMLDecodeError:
        return None


def _depth(value: Any, keys: Sequence[str | int]) -> int:
    """How many of the keys lead somewhere."""
    for depth, key in enumerate(keys):
        is_element = isinstance(value, list) and isinstance(key, int) and key < len(value)
        if not is_element and not (isinstance(value, dict) and key in value):
            return depth
        value = value[key]
    return len(keys)
