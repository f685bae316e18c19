"""Files of names, one a line: the servers to contain, the servers that are approved."""

import sys
from pathlib import Path

from mcpsoar.core.errors import Usage
from mcpsoar.kit.plain import hidden_in

LIMIT_BYTES = 1 << 20
BOM = b"\xef\xbb\xbf"


def names(path: Path | str) -> tuple[str, ...]:
    """The names in a file, or on standard input for `-`, in order and as they stand there.

    UTF-8 with or without a byte order mark; space around a name, blank lines and lines that begin with `#`
    count for nothing. Raises Usage with file:line: unreadable, larger than 1 MiB, not UTF-8, a hidden
    character, or no name at all (an empty list is a mistake more often than a wish).
    """
    return tuple(name for name, _ in _lines(*content(path)))


def listed(data: bytes, where: str) -> dict[str, str]:
    """The same of what a file holds, each name once and with file:line of where it stands first."""
    found: dict[str, str] = {}
    for name, place in _lines(data, where):
        found.setdefault(name, place)
    return found


def content(path: Path | str, limit_bytes: int = LIMIT_BYTES) -> tuple[bytes, str]:
    """What a file or standard input holds, and what complaints call it. Raises Usage."""
    where = "standard input" if str(path) == "-" else str(path)
    try:
        if str(path) == "-":
            data = sys.stdin.buffer.read(limit_bytes + 1)
        else:
            with Path(path).open("rb") as file:
                data = file.read(limit_bytes + 1)
    except OSError as error:
        raise Usage(f"cannot be read: {error.strerror}", where=where) from None
    except (AttributeError, ValueError):  # it is closed
        raise Usage("cannot be read: it is closed", where=where) from None
    if len(data) > limit_bytes:
        raise Usage(f"is larger than {limit_bytes} bytes: a list of names is shorter", where=where)
    return data, where


def _lines(data: bytes, where: str) -> tuple[tuple[str, str], ...]:
    """Every name and its file:line. Raises Usage."""
    found = []
    for number, raw in enumerate(data.removeprefix(BOM).split(b"\n"), 1):
        try:
            name = raw.decode("utf-8").strip()
        except UnicodeDecodeError:
            raise Usage("is not UTF-8", where=f"{where}:{number}") from None
        if not name or name.startswith("#"):
            continue
        if (char := hidden_in(name)) is not None:
            raise Usage(f"a name holds the hidden character {char}", where=f"{where}:{number}")
        found.append((name, f"{where}:{number}"))
    if not found:
        raise Usage("holds no name: write one a line", where=where)
    return tuple(found)
