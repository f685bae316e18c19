"""Lines that survive: durable append to a JSON Lines file, and what is left of one after a crash."""

import errno
import os
import secrets
import stat
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from mcpsoar.core.errors import Unwritable

_DIR_MODE = 0o700
_FILE_MODE = 0o600
_named: set[Path] = set()  # folders that this process found, and brought to the disk


@dataclass(frozen=True, slots=True)
class Lines:
    """The whole lines of a file, without their ends, and the torn bytes after the last of them."""

    whole: tuple[bytes, ...]
    torn: bytes


class Appender:
    """One file, opened for appending. A line is on disk when `append` returns. Raises Unwritable."""

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            is_new = not path.exists()
            self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, _FILE_MODE)
            if is_new:
                sync_folder(path.parent)
        except OSError as error:
            raise unwritable(path, error) from None

    def append(self, line: bytes) -> None:
        """Write one line (without its end) and wait for the disk."""
        try:
            _write(self._fd, line + b"\n")
            os.fsync(self._fd)
        except OSError as error:
            raise unwritable(self.path, error) from None

    def cut(self, length: int) -> None:
        """Drop everything from byte `length` on, durably."""
        try:
            os.ftruncate(self._fd, length)
            os.fsync(self._fd)
        except OSError as error:
            raise unwritable(self.path, error) from None

    def close(self) -> None:
        os.close(self._fd)


def read(path: Path) -> Lines:
    """What the file holds. Raises OSError."""
    *whole, torn = regular_bytes(path).split(b"\n")
    return Lines(tuple(whole), torn)


def regular_bytes(path: Path) -> bytes:
    """What a regular file holds: no link is followed and no pipe is waited for. Raises OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError(errno.EINVAL, "no regular file", str(path))
        return file.read()


def replace(path: Path, data: bytes) -> None:
    """Put a file in place whole or not at all, durably. Raises Unwritable."""
    new = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        fd = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, _FILE_MODE)
        try:
            _write(fd, data)
            os.fsync(fd)
        finally:
            os.close(fd)
        new.rename(path)
        sync_folder(path.parent)
    except OSError as error:
        new.unlink(missing_ok=True)
        raise unwritable(path, error) from None


def folder(path: Path) -> Path:
    """A folder for the owner alone, its name on disk; one that is there already keeps its mode.

    Whoever made that may have been killed before its name was on disk: once in each process that is seen to.
    Raises Unwritable.
    """
    try:
        if path.is_dir():
            if path not in _named:
                with suppress(PermissionError):  # of a parent that may not be read, others take care
                    sync_folder(path.parent)
                _named.add(path)
            return path
        if not path.parent.exists():
            folder(path.parent)
        path.mkdir(_DIR_MODE, exist_ok=True)
        sync_folder(path.parent)
    except OSError as error:
        raise unwritable(path, error) from None
    return path


def sync_folder(path: Path) -> None:
    """A new name in a folder is durable only when the folder is. Raises OSError."""
    fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)


def _write(fd: int, data: bytes) -> None:
    """All of it: one call may write less than it was given."""
    left = memoryview(data)
    while left:
        left = left[os.write(fd, left) :]


def unwritable(path: Path, error: OSError) -> Unwritable:
    return Unwritable(
        f"cannot be written, so nothing more is changed: {error.strerror}",
        where=str(path),
    )
