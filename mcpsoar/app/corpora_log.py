"""The recorded logs as one, which the engine reads once."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from mcpsoar.core.event import Column, LogRef
from mcpsoar.detect.files import Source
from mcpsoar.detect.lines import BOM


def joined(sources: Sequence[Source], columns: Sequence[Column], path: Path) -> Source:
    """Write all of them into `path`, beginning with the lines that are the first to name a column.

    The engine learns the keys of a log from its first lines, and reads it three times where a later one has
    another: a log may see its first change ticket on its third day.
    """
    unnamed = {f'"{column.name}":'.encode() for column in columns if not column.derived}
    texts = [_text(source) for source in sources]
    moved: list[list[tuple[int, int]]] = []
    for text in texts:
        places = {name: at for name in unnamed if (at := text.find(name)) >= 0}
        unnamed -= set(places)
        moved.append(sorted({_line(text, at) for at in places.values()}))
    with path.open("wb") as out:
        for text, spans in zip(texts, moved, strict=True):
            out.writelines(text[start:end] + b"\n" for start, end in spans)
        for text, spans in zip(texts, moved, strict=True):
            after, view = 0, memoryview(text)
            for start, end in spans:
                out.write(view[after:start])
                after = end + 1
            out.write(view[after:])
            out.write(b"\n")
    return replace(sources[0], log=LogRef(path.name, str(path)))


def place(raw: bytes, sources: Sequence[Source]) -> str:
    """Which line of which of them says this."""
    for source in sources:
        for number, line in enumerate(_text(source).split(b"\n"), 1):
            if line.strip(b"\r") == raw:
                return f"{source.log.name}:{number}"
    return "one of them"


def _text(source: Source) -> bytes:
    return Path(source.log.path).read_bytes().removeprefix(BOM)


def _line(text: bytes, at: int) -> tuple[int, int]:
    """From where to where the line goes that `at` is in."""
    end = text.find(b"\n", at)
    return text.rfind(b"\n", 0, at) + 1, end if end >= 0 else len(text)
