"""Content files read strictly; YAML with the line of every key, so that a complaint can name its place."""

from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

import yaml

from mcpsoar.core.errors import BadContent

LIMIT_BYTES = 1 << 20
_Lines = Mapping[tuple[Any, ...], int]


class Located:
    """A parsed document and where its keys stand; `line(("steps", 0, "action"))` counts from 1."""

    def __init__(self, value: Any, lines: _Lines, path: Path) -> None:
        self.value = value
        self.path = path
        self._lines = lines

    def line(self, at: tuple[Any, ...]) -> int:
        """The line of the deepest known part of `at`."""
        while at and at not in self._lines:
            at = at[:-1]
        return self._lines.get(at, 1)

    def bad(self, message: str, *at: str | int) -> BadContent:
        """An error that points at one key."""
        return BadContent(message, where=f"{self.path}:{self.line(tuple(at))}")


def text(path: Path, *, at_most: int = LIMIT_BYTES) -> str:
    """A content file, as every reader of content reads it; a byte order mark is left out.

    Raises BadContent when it is missing, larger than `at_most` bytes, or not UTF-8, with the line of that.
    """
    try:
        with path.open("rb") as file:
            data = file.read(at_most + 1)
    except OSError as error:
        raise BadContent(f"cannot be read: {error.strerror}", where=str(path)) from None
    if len(data) > at_most:
        raise BadContent(f"is larger than {at_most >> 20} MiB", where=str(path))
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise BadContent("is not UTF-8; save it as UTF-8", where=f"{path}:{line}") from None


def read(path: Path) -> Located:
    """Read one file. Raises BadContent when it is missing, too large, not UTF-8 or not YAML."""
    return parse(text(path), path)


def parse(document: str, path: Path, *, first_line: int = 1) -> Located:
    """Parse one document. `first_line` shifts line numbers for YAML inside another file.

    Raises BadContent for broken YAML, a key twice, aliases, or half a character (no UTF-8 can hold it).
    """
    try:
        node, lines = _composed(document, path, first_line)
        value = _NoAlias("").construct_document(node) if node is not None else None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = (mark.line if mark else 0) + first_line
        raise BadContent(f"is not YAML: {error.problem}", where=f"{path}:{line}") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise BadContent(f"is not YAML: {error}".splitlines()[0], where=f"{path}:{first_line}") from None
    return Located(value, lines, path)


@lru_cache(maxsize=256)
def _composed(document: str, path: Path, first_line: int) -> tuple[yaml.Node | None, _Lines]:
    """A rule is read where it is loaded and by every target; values are made anew, since readers change them.

    Keys are walked here, before a value is made: that puts merged keys into the node.
    """
    node = _NoAlias(document).get_single_node()
    return node, dict(_walk(node, (), path, first_line)) if node is not None else {}


class _NoAlias(yaml.SafeLoader):
    """Aliases make small files large and one value appear in two places."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            event = self.peek_event()  # type: ignore[no-untyped-call]  # PyYAML has no types here
            raise yaml.composer.ComposerError(None, None, "aliases are not used here", event.start_mark)
        return super().compose_node(parent, index)


def _walk(
    node: yaml.Node, at: tuple[Any, ...], path: Path, first_line: int
) -> Iterator[tuple[tuple[Any, ...], int]]:
    line = node.start_mark.line + first_line
    yield at, line
    if isinstance(node, yaml.ScalarNode) and any("\ud800" <= char <= "\udfff" for char in node.value):
        raise BadContent("a text holds half a character; write the whole one", where=f"{path}:{line}")
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, child in node.value:
            name = str(key.value)
            if name in seen:
                raise BadContent(
                    f"key {name!r} stands twice", where=f"{path}:{key.start_mark.line + first_line}"
                )
            seen.add(name)
            yield (*at, name), key.start_mark.line + first_line
            yield from (
                (place, line)
                for place, line in _walk(child, (*at, name), path, first_line)
                if len(place) > len(at) + 1
            )
    elif isinstance(node, yaml.SequenceNode):
        for index, child in enumerate(node.value):
            yield from _walk(child, (*at, index), path, first_line)
