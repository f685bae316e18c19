"""Which files a LOG argument means, and what each holds, told by its first bytes and never by its name."""

import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from glob import glob, has_magic
from pathlib import Path
from typing import BinaryIO

from mcpsoar.core.errors import Usage
from mcpsoar.core.event import LogRef

_CHUNK = 1 << 20
_PACKED = 1 << 10  # zstd: this much can hold 32 MiB


class Form(StrEnum):
    """How a file is packed; the values are the engine's words for it."""

    PLAIN = "none"
    GZIP = "gzip"
    ZSTD = "zstd"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True)
class Source:
    """One log, ready for the engine: `damage` says why its packing ended early, if it did."""

    log: LogRef
    form: Form
    damage: str = ""


_MAGIC = ((b"\x1f\x8b", Form.GZIP), (b"\x28\xb5\x2f\xfd", Form.ZSTD), (b"PAR1", Form.PARQUET))


def sources(arguments: Sequence[str], folder: Path, *, stdin: BinaryIO | None = None) -> tuple[Source, ...]:
    """The files in the order of the arguments, globs sorted.

    What can be read but once (`-`, pipes, devices) and unpacked zstd are put into `folder`. `stdin` is the
    process's own where it is None. Raises Usage for what is not there or cannot be read.
    """
    found: list[Source] = []
    spooled: dict[str, LogRef] = {}
    for argument in arguments:
        for name in _names(argument):
            log = LogRef(name, str(Path(name).resolve()))
            if name == "-" or not (Path(name).is_file() and Path(log.path).exists()):
                if name in spooled:
                    raise Usage(f"{name} can be read once; name it once")
                log = spooled[name] = _spooled(name, folder / f"spooled-{len(spooled)}", stdin)
            found.append(_unpacked(log, folder, len(found)))
    return tuple(found)


def _names(argument: str) -> Sequence[str]:
    if argument == "-":
        return [argument]
    if "://" in argument:
        raise Usage(
            f"a log is a file, a glob or -, and no {argument.partition('://')[0]}:// address",
            next_command="mcpsoar gates check FILE",
        )
    there = Path(argument).exists()
    names = [argument] if there or not has_magic(argument) else sorted(glob(argument, recursive=True))  # noqa: PTH207 (absolute patterns too)
    files = [name for name in names if not Path(name).is_dir()]
    if not files or not all(Path(name).exists() for name in files):
        raise Usage(f"no log at {argument}", next_command="mcpsoar gates check FILE…")
    return files


def _spooled(name: str, place: Path, stdin: BinaryIO | None) -> LogRef:
    """Every reader after this one finds a file that can be read again."""
    try:
        with place.open("wb") as out:
            if name == "-":
                shutil.copyfileobj(stdin or sys.stdin.buffer, out, _CHUNK)
            else:
                with Path(name).open("rb") as file:
                    shutil.copyfileobj(file, out, _CHUNK)
    except OSError as error:
        raise Usage(f"{name} cannot be read: {error.strerror}") from None
    except (AttributeError, ValueError):
        raise Usage("standard input cannot be read: it is closed") from None
    return LogRef(name, str(place))


def _unpacked(log: LogRef, folder: Path, index: int) -> Source:
    try:
        with Path(log.path).open("rb") as file:
            head = file.read(4)
            form = next((form for magic, form in _MAGIC if head.startswith(magic)), Form.PLAIN)
            if form is not Form.ZSTD:
                return Source(log, form)
            file.seek(0)
            plain = folder / f"unpacked-{index}"
            with plain.open("wb") as out:
                damage = _zstd(file, out)
    except OSError as error:
        raise Usage(f"{log.name} cannot be read: {error.strerror}") from None
    return Source(LogRef(log.name, str(plain)), Form.PLAIN, damage)


def _zstd(packed: BinaryIO, out: BinaryIO) -> str:
    """Unpack every frame; DuckDB takes a frame without its end for the whole, so it is looked at here."""
    import zstandard

    frame = zstandard.ZstdDecompressor().decompressobj()
    is_open = False
    rest = b""
    try:
        while data := rest or packed.read(_PACKED):
            out.write(frame.decompress(data))
            is_open = not frame.eof
            rest = frame.unused_data if frame.eof else b""
            if frame.eof:
                frame = zstandard.ZstdDecompressor().decompressobj()
    except zstandard.ZstdError:
        return "the zstd data is damaged from here on"
    return "the zstd data ends early" if is_open else ""
