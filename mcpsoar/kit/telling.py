"""What a change of many calls is about to alter, told to whoever sent it before the first of these calls; and
how far it is.

The port answers after the change: a process that is killed in the middle would have answered nobody, and who
waits for minutes would not know for what.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from mcpsoar.core.ports import Clock
from mcpsoar.core.run import Effect

EVERY_S = 5.0
_Listener = Callable[[Effect], None]
_Follower = Callable[[int, int], None]
_listener: ContextVar[_Listener | None] = ContextVar("mcpsoar_telling", default=None)
_follower: ContextVar[_Follower | None] = ContextVar("mcpsoar_progress", default=None)


@contextmanager
def heard_by(listener: _Listener) -> Iterator[None]:
    """What is told on this thread meanwhile goes to `listener`; what that raises ends the change."""
    before = _listener.set(listener)
    try:
        yield
    finally:
        _listener.reset(before)


def about_to(effect: Effect) -> None:
    """`effect` is what the change would answer if every call of it worked."""
    if (listener := _listener.get()) is not None:
        listener(effect)


@contextmanager
def followed_by(say: Callable[[str], None], clock: Clock) -> Iterator[None]:
    """How far a change on this thread is goes to `say` while it lasts: `37 of 210 …`, every `EVERY_S`."""
    before = _follower.set(_paced(say, clock))
    try:
        yield
    finally:
        _follower.reset(before)


def got_to(done: int, total: int) -> None:
    """So many calls of a change were made, answered or not."""
    if (follower := _follower.get()) is not None:
        follower(done, total)


def _paced(say: Callable[[str], None], clock: Clock) -> _Follower:
    said_at = clock.monotonic()

    def follow(done: int, total: int) -> None:
        nonlocal said_at
        if clock.monotonic() - said_at >= EVERY_S:
            said_at = clock.monotonic()
            say(f"{done} of {total} …")

    return follow
