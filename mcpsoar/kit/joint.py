"""One reading that many threads share: what each gets was read after it asked, or is recent enough for it."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from math import inf
from typing import Generic, TypeVar

from mcpsoar.core.errors import Trouble
from mcpsoar.core.ports import Clock

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Ended(Generic[T]):
    """The reading of that number, and what came of it; 0 is none."""

    number: int = 0
    found: T | None = None
    trouble: Trouble | None = None

    def outcome(self) -> T:
        if self.trouble is not None:
            raise self.trouble
        return self.found  # type: ignore[return-value]  # one without trouble has found something


class Joint(Generic[T]):
    """`read` is at work once at a time. Who asks meanwhile waits for the next reading, and all who wait share
    it, in trouble as well: a plane that is silent is waited for twice at most, however many ask.
    """

    def __init__(self, read: Callable[[], T], clock: Clock) -> None:
        self._read = read
        self._clock = clock
        self._change = threading.Condition()
        self._begun = 0  # the number of the last reading that began
        self._begun_at = -inf
        self._outdated = 0
        self._is_busy = False
        self._ended: _Ended[T] = _Ended()

    def now(self) -> T:
        """What a reading found that began after this was called. Raises as `read`."""
        with self._change:
            wanted = self._begun + 1
        return self._of(wanted)

    def recent(self, seconds: float) -> T:
        """The last reading that did not fail, or the one under way, if it began no longer ago than that and
        nothing has `changed` since it began; else as `now`.
        """
        with self._change:
            has_failed = self._ended.number == self._begun and self._ended.trouble is not None
            is_old = self._clock.monotonic() - self._begun_at > seconds
            is_usable = self._begun > self._outdated and not has_failed and not is_old
            wanted = self._begun if is_usable else self._begun + 1
        return self._of(wanted)

    def changed(self) -> None:
        """What was read up to now, or is being read, is recent no longer."""
        with self._change:
            self._outdated = self._begun

    def _of(self, wanted: int) -> T:
        """What the reading of that number found, or a later one."""
        with self._change:
            while self._is_busy and self._ended.number < wanted:
                self._change.wait()
            if self._ended.number >= wanted:
                return self._ended.outcome()
            self._is_busy = True
            self._begun += 1
            self._begun_at = self._clock.monotonic()
            number = self._begun
        ended = None
        try:
            ended = self._tried(number)
        finally:  # of what is no trouble each who waits gets an own one: it reads itself
            with self._change:
                self._is_busy = False
                self._ended = ended or self._ended
                self._change.notify_all()
        return ended.outcome()

    def _tried(self, number: int) -> _Ended[T]:
        try:
            return _Ended(number, self._read())
        except Trouble as trouble:
            return _Ended(number, trouble=trouble)
