"""One call for all who wait: what several threads hand in meanwhile is carried out at once, in that order."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from dataclasses import dataclass, field
from functools import partial
from typing import Generic, TypeVar

from mcpsoar.kit.crew import carry_out

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class _Batch(Generic[T]):
    items: list[T] = field(default_factory=list)
    end: Future[None] = field(default_factory=Future)


class Together(Generic[T]):
    """`work` is carried out once at a time, by one of those who wait for it."""

    def __init__(self, work: Callable[[list[T]], None]) -> None:
        self._work = work
        self._change = threading.Condition()
        self._is_busy = False
        self._open: _Batch[T] = _Batch()

    def add(self, items: Iterable[T]) -> None:
        """Comes back when the call with these has ended, and waits for none after. Raises what it raised."""
        with self._change:
            batch = self._open
            batch.items.extend(items)
            while self._is_busy and not batch.end.done():
                self._change.wait()
            is_ours = not batch.end.done()
            if is_ours:
                self._is_busy = True
                self._open = _Batch()
        if is_ours:
            carry_out(partial(self._work, batch.items), batch.end)
            with self._change:
                self._is_busy = False
                self._change.notify_all()
        batch.end.result()
