"""What a change of many calls is about to alter, told to whoever sent it before the first of these calls.

The port answers after the change; a process that is killed in the middle would have answered nobody.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from mcpsoar.core.run import Effect

_Listener = Callable[[Effect], None]
_listener: ContextVar[_Listener | None] = ContextVar("mcpsoar_telling", default=None)


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
