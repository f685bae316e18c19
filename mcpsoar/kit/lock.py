"""Locks between processes: a lock file's holder may die at any time, and the lock with it (flock)."""

import fcntl
import json
import os
from pathlib import Path
from typing import Self

from mcpsoar.core.digest import Facts, canonical
from mcpsoar.core.ports import Clock
from mcpsoar.kit.jsonl import unwritable

_POLL_S = 0.02
_SETTLE_S = 0.3


class FileLock:
    """One lock file: exclusive, or shared with its like. Threads of one process exclude each other too.

    The file is never deleted: whoever waits on a deleted file waits on nothing.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._fd = -1

    def take(self, *, shared: bool = False) -> bool:
        """Take it now, or say that somebody else has it. Raises Unwritable."""
        if self._fd < 0:
            try:
                self._fd = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
            except OSError as error:
                raise unwritable(self._path, error) from None
        try:
            fcntl.flock(self._fd, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            return False
        return True

    def wait(self, seconds: float, clock: Clock, *, shared: bool = False) -> bool:
        """Take it within so many seconds, or say that it could not be had."""
        until = clock.monotonic() + seconds
        while not self.take(shared=shared):
            if clock.monotonic() >= until:
                return False
            clock.sleep(_POLL_S)
        return True

    def sign(self, holder: Facts) -> None:
        """Write down who holds it; only the holder does."""
        os.ftruncate(self._fd, 0)
        os.pwrite(self._fd, canonical(holder), 0)

    def holder(self, clock: Clock) -> Facts:
        """Who holds it, as far as they have said so. A new holder takes a moment to sign."""
        until = clock.monotonic() + _SETTLE_S
        while True:
            try:
                said = json.loads(os.pread(self._fd, 1 << 16, 0))
            except ValueError:
                said = None
            if isinstance(said, dict) and _is_alive(said.get("pid")):
                return said
            if clock.monotonic() >= until:
                return said if isinstance(said, dict) else {}
            clock.sleep(_POLL_S)

    def free(self) -> None:
        if self._fd >= 0:
            os.close(self._fd)
            self._fd = -1

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.free()


def _is_alive(pid: object) -> bool:
    if not isinstance(pid, int) or pid <= 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
