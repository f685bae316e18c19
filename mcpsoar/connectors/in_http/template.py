"""Text with `{server}` in it, or with what was there before. What is put in is never looked at again."""

import re
from collections.abc import Iterator, Mapping
from typing import TypeAlias

from mcpsoar.connectors.in_http import pointer
from mcpsoar.connectors.in_http.pointer import Pointer
from mcpsoar.core.digest import Facts, Json
from mcpsoar.kit import targets as kinds

Fill: TypeAlias = Mapping[str, str]

SERVER, TOOL, PRINCIPAL, ITEM, WAS = "server", "tool", "principal", "item", "was:/pointer"
NOW = "now+1"  # the next whole second since 1970, as a number: what was issued until then is before it
_PLACE = re.compile(r"\{(server|tool|principal|item)\}")
_BEFORE = re.compile(r"\{was:(/[^{}]*)\}")
_NO_PATH = {"?": "a query is a table of its own", "#": "", "%": "it is encoded here", "\\": ""}


def targets(action: str) -> tuple[str, ...]:
    """The places of what an action acts on."""
    of = {kinds.TOOL: (SERVER, TOOL), kinds.PRINCIPAL: (PRINCIPAL,)}
    return of.get(kinds.OF.get(action, ""), (SERVER,))


def checked(text: str, allowed: tuple[str, ...]) -> str:
    """The same text. Raises ValueError for a brace that stands for nothing here."""
    if NOW in allowed and text == f"{{{NOW}}}":
        return text
    if WAS in allowed and (before := _BEFORE.fullmatch(text)):
        pointer.parse(before[1])
        return text
    names = " or ".join(f"{{{name}}}" for name in allowed)
    if re.search(r"[{}]", _PLACE.sub("", text)) or not used(text) <= {*allowed}:
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


def filled(value: Json, fill: Fill, before: Facts | None = None) -> Json:
    """A text, or every text within a value; keys and all else stay. Each place is filled once.

    A text that is `{was:/pointer}` becomes the value that `before` has there, of whatever kind, and `{now+1}`
    a number.
    """
    if isinstance(value, str):
        if value == f"{{{NOW}}}" and NOW in fill:
            return int(fill[NOW])
        was = _BEFORE.fullmatch(value) if before is not None else None
        return before[was[1]] if was and before else _PLACE.sub(lambda place: fill[place[1]], value)
    if isinstance(value, Mapping):
        return {key: filled(inner, fill, before) for key, inner in value.items()}
    return [filled(inner, fill, before) for inner in value] if isinstance(value, list | tuple) else value


def put_back(value: Json) -> tuple[Pointer, ...]:
    """Which places of the answer before a value has."""
    found = (_BEFORE.fullmatch(text) for text in texts(value))
    return tuple(pointer.parse(one[1]) for one in found if one)


def used(value: Json) -> set[str]:
    """Which places a value has, whatever it is made of."""
    return {name for text in texts(value) for name in _PLACE.findall(text)}


def is_text(name: str) -> bool:
    """Whether it can be written at all: half a character has no bytes."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True


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
