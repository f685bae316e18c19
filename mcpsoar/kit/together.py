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
        self._leader: object | None = None
        self._open: _Batch[T] = _Batch()

    def add(self, items: Iterable[T]) -> None:
        """Comes back when the call with these has ended, and waits for none after. Raises what it raised, and
        CancelledError where who was to make it was interrupted before.
        """
        own = object()
        with self._change:
            batch = self._open
            batch.items.extend(items)
        try:
            if self._is_to_lead(batch, own):
                carry_out(partial(self._work, batch.items), batch.end)
        finally:
            if self._leader is own:
                with self._change:
                    batch.end.cancel()  # nothing where it has ended; else nobody may make the call once more
                    self._leader = None
                    self._change.notify_all()
        batch.end.result()

    def _is_to_lead(self, batch: _Batch[T], own: object) -> bool:
        """Wait until it has ended, or until there is nobody but us to carry it out."""
        with self._change:
            while self._leader is not None and not batch.end.done():
                self._change.wait()
            if batch.end.done():
                return False
            self._open = _Batch()
            self._leader = own
            return True
