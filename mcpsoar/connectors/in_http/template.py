"""Text with `{server}` in it. What is put in is data: nothing in it is looked at again."""

import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from mcpsoar.core.digest import Json

Fill: TypeAlias = Mapping[str, str]

SERVER, ITEM = "server", "item"
_PLACE = re.compile(r"\{(server|item)\}")
_NO_PATH = {"?": "a query is a table of its own", "#": "", "%": "it is encoded here", "\\": ""}


def checked(text: str, allowed: tuple[str, ...]) -> str:
    """The same text. Raises ValueError for a brace that stands for nothing here."""
    names = " or ".join(f"{{{name}}}" for name in allowed)
    if re.search(r"[{}]", _PLACE.sub("", text)) or not used(text) <= set(allowed):
        raise ValueError(f"{text!r}: a brace is part of {names}" if names else f"{text!r} holds no braces")
    return text


def path(text: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
    """`servers/{server}/disable` in its segments. Raises ValueError for what is no plain path."""
    for char, why in _NO_PATH.items():
        if char in text:
            raise ValueError(f"a path is written without {char}" + (f": {why}" if why else ""))
    segments = tuple(text.removeprefix("/").split("/"))
    if not text.isprintable() or any(one in ("", ".", "..") for one in segments):
        raise ValueError(f"{text!r} must be a path such as servers/{{server}}/disable")
    return tuple(checked(one, allowed) for one in segments)


def filled(value: Json, fill: Fill) -> Json:
    """A text, or every text within a value; keys and all else stay. Each place is filled once."""
    if isinstance(value, str):
        return _PLACE.sub(lambda place: fill[place[1]], value)
    if isinstance(value, Mapping):
        return {key: filled(inner, fill) for key, inner in value.items()}
    return [filled(inner, fill) for inner in value] if isinstance(value, list | tuple) else value


def used(value: Json) -> set[str]:
    """Which places a value has, whatever it is made of."""
    return {name for text in texts(value) for name in _PLACE.findall(text)}


def texts(value: Json) -> Iterator[str]:
    """Every text within a value, but for keys."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for inner in value.values():
            yield from texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts(inner)
