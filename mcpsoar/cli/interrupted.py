"""Ctrl-C and SIGTERM while servers are contained or released: what stays in force is said last."""

import signal
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from mcpsoar.cli import show
from mcpsoar.cli.options import Common

NOTHING = ("nothing was sent", None)
_SIGNALS = (signal.SIGINT, signal.SIGTERM)


class Interrupted(Exception):
    """All is said; `code` is the shell's own number."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class _Terminated(KeyboardInterrupt):
    """SIGTERM: the same, by another number."""


@contextmanager
def begun_runs(given: Common, *, is_dry: bool = False, resumed: str | None = None) -> Iterator[list[str]]:
    """Takes the ids of runs that begin; the last of them is what goes on. Raises Interrupted."""
    begun = [resumed] if resumed else []

    def last_words() -> tuple[str, str | None]:
        if is_dry or not begun:
            return NOTHING
        return "what was sent stays in force", given.told.complete(f"mcpsoar runs resume {begun[-1]}")

    with interruptible(last_words):
        yield begun


@contextmanager
def interruptible(last_words: Callable[[], tuple[str, str | None]]) -> Iterator[None]:
    """Raises Interrupted where the work within is; `last_words` are what to say, and the next command."""
    before = _listen({signal.SIGTERM: _terminate}, signal.SIG_DFL)
    try:
        yield
    except KeyboardInterrupt as stop:
        # who presses it twice is told as well
        before = {**_listen(dict.fromkeys(_SIGNALS, signal.SIG_IGN)), **before}
        words, next_command = last_words()
        show.talk(f"mcpsoar: interrupted: {words}")
        if next_command:
            show.talk(f"  next     {next_command}")
        is_terminated = any(isinstance(one, _Terminated) for one in _chain(stop))
        raise Interrupted(128 + (signal.SIGTERM if is_terminated else signal.SIGINT)) from None
    finally:
        _listen(before)


def _listen(handlers: Mapping[signal.Signals, Any], only: Any = None) -> dict[signal.Signals, Any]:
    """What was there before. Where `only` is given none else is replaced: what is ignored stays ignored. A
    thread that may not set them leaves them.
    """
    if threading.current_thread() is not threading.main_thread():
        return {}
    return {
        number: signal.signal(number, handler)
        for number, handler in handlers.items()
        if handler is not None and (only is None or signal.getsignal(number) is only)
    }


def _terminate(*_: object) -> None:
    raise _Terminated


def _chain(error: BaseException | None) -> Iterator[BaseException]:
    """It, and what it came out of: a second signal may cut the end of the work off."""
    while error is not None:
        yield error
        error = error.__context__
