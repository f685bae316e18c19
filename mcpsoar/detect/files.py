"""Which files a LOG argument means, and what each holds, told by its first bytes and never by its name."""

import shutil
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import Enum
from glob import glob, has_magic
from pathlib import Path
from typing import Any, BinaryIO

from mcpsoar.core.errors import Usage
from mcpsoar.core.event import LogRef

_CHUNK = 1 << 20
_PACKED = 1 << 10  # this much of zstd can hold 32 MiB


class Form(Enum):
    """What the engine is given to read."""

    LINES = "lines"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True)
class Source:
    """One log, ready for the engine: `damage` says why its packing ended early, if it did."""

    log: LogRef
    form: Form
    damage: str = ""


_PARQUET = b"PAR1"
_ZSTD = (b"\x28\xb5\x2f\xfd", *(bytes([kind]) + b"\x2a\x4d\x18" for kind in range(0x50, 0x60)))
_GZIP = b"\x1f\x8b"


def sources(
    arguments: Sequence[str],
    folder: Path,
    *,
    stdin: BinaryIO | None = None,
    command: str = "mcpsoar gates check",
) -> tuple[Source, ...]:
    """The files in the order of the arguments, globs sorted; `command` is what an error says to type next.

    What can be read but once (`-`, pipes, devices) and what was packed are put into `folder`. `stdin` is the
    process's own where it is None. Raises Usage for what is not there or cannot be read.
    """
    found: list[Source] = []
    spooled: dict[str, LogRef] = {}
    for argument in arguments:
        for name in _names(argument, command):
            log = LogRef(name, str(Path(name).resolve()))
            if name == "-" or not (Path(name).is_file() and Path(log.path).exists()):
                if name in spooled:
                    raise Usage(f"{name} can be read once; name it once")
                log = spooled[name] = _spooled(name, folder / f"spooled-{len(spooled)}", stdin)
            found.append(_unpacked(log, folder, len(found)))
    return tuple(found)


def _names(argument: str, command: str) -> Sequence[str]:
    if argument == "-":
        return [argument]
    if "://" in argument:
        raise Usage(
            f"a log is a file, a glob or -, and no {argument.partition('://')[0]}:// address",
            next_command=f"{command} FILE",
        )
    there = Path(argument).exists()
    names = [argument] if there or not has_magic(argument) else sorted(glob(argument, recursive=True))  # noqa: PTH207 (absolute patterns too)
    files = [name for name in names if not Path(name).is_dir()]
    if not files or not all(Path(name).exists() for name in files):
        raise Usage(f"no log at {argument}", next_command=f"{command} FILE")
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
    """Unpacked here: the engine checks no sum, and takes a zstd frame without its end for the whole."""
    try:
        with Path(log.path).open("rb") as file:
            head = file.read(4)
            if head == _PARQUET:
                return Source(log, Form.PARQUET)
            if not (head.startswith(_GZIP) or head in _ZSTD):
                return Source(log, Form.LINES)
            file.seek(0)
            plain = folder / f"unpacked-{index}"
            with plain.open("wb") as out:
                damage = _gzip(file, out) if head.startswith(_GZIP) else _zstd(file, out)
    except OSError as error:
        raise Usage(f"{log.name} cannot be read: {error.strerror}") from None
    return Source(LogRef(log.name, str(plain)), Form.LINES, damage)


def _gzip(packed: BinaryIO, out: BinaryIO) -> str:
    import zlib

    try:
        is_whole = _frames(packed, out, lambda: zlib.decompressobj(wbits=31), padding=b"\0")
    except zlib.error:
        return "the gzip data is damaged from here on"
    return "" if is_whole else "the gzip data ends early"


def _zstd(packed: BinaryIO, out: BinaryIO) -> str:
    import zstandard

    unpack = zstandard.ZstdDecompressor(max_window_size=1 << 31)
    try:
        is_whole = _frames(packed, out, unpack.decompressobj)
    except zstandard.ZstdError:
        return "the zstd data is damaged from here on"
    return "" if is_whole else "the zstd data ends early"


def _frames(packed: BinaryIO, out: BinaryIO, start: Callable[[], Any], padding: bytes = b"") -> bool:
    """Unpack frame after frame; False when the last has no end. `padding` may stand between them."""
    frame, is_open = start(), False
    rest = b""
    while data := rest or packed.read(_PACKED):
        if not is_open and not (data := data.lstrip(padding) if padding else data):
            rest = b""
            continue
        out.write(frame.decompress(data))
        is_open = not frame.eof
        rest = frame.unused_data if frame.eof else b""
        if frame.eof:
            frame = start()
    return not is_open
