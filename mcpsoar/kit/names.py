"""Files of names, one a line: the servers to contain, the servers that are approved."""

import sys
from pathlib import Path

from mcpsoar.core.errors import Usage
from mcpsoar.kit.plain import hidden_in

LIMIT_BYTES = 1 << 20
_BOM = b"\xef\xbb\xbf"


def names(path: Path | str) -> tuple[str, ...]:
    """The names in a file, or on standard input for `-`, in order and as they stand there.

    UTF-8 with or without a byte order mark; space around a name, blank lines and lines that begin with `#`
    count for nothing. Raises Usage with file:line: unreadable, larger than 1 MiB, not UTF-8, a hidden
    character, or no name at all (an empty list is a mistake more often than a wish).
    """
    where = "standard input" if str(path) == "-" else str(path)
    found = []
    for number, raw in enumerate(_bytes(str(path), where).removeprefix(_BOM).split(b"\n"), 1):
        try:
            name = raw.decode("utf-8").strip()
        except UnicodeDecodeError:
            raise Usage("is not UTF-8", where=f"{where}:{number}") from None
        if not name or name.startswith("#"):
            continue
        if (char := hidden_in(name)) is not None:
            raise Usage(f"a name holds the hidden character {char}", where=f"{where}:{number}")
        found.append(name)
    if not found:
        raise Usage("holds no name: write one a line", where=where)
    return tuple(found)


def _bytes(path: str, where: str) -> bytes:
    try:
        if path == "-":
            data = sys.stdin.buffer.read(LIMIT_BYTES + 1)
        else:
            with Path(path).open("rb") as file:
                data = file.read(LIMIT_BYTES + 1)
    except OSError as error:
        raise Usage(f"cannot be read: {error.strerror}", where=where) from None
    except (AttributeError, ValueError):  # it is closed
        raise Usage("cannot be read: it is closed", where=where) from None
    if len(data) > LIMIT_BYTES:
        raise Usage(f"is larger than {LIMIT_BYTES} bytes: a list of names is shorter", where=where)
    return data
