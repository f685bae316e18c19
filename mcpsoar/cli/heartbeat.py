"""A sign of life on standard error while one long piece of work runs that cannot be asked how far it is."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

_FIRST_S = 3.0
_GROWS = 2.0  # each silence is longer than the last: a ticket wants ten lines, not a thousand


@contextmanager
def heartbeat(talk: Callable[[str], None], doing: str, *, first_s: float = _FIRST_S) -> Iterator[None]:
    """Say after `first_s` seconds, then ever more rarely, that `doing` goes on; nothing of short work."""
    over = threading.Event()
    began = time.monotonic()

    def beat() -> None:
        silence_s = first_s
        while not over.wait(silence_s):
            talk(f"{doing}: {time.monotonic() - began:.0f} s so far")
            silence_s *= _GROWS

    thread = threading.Thread(target=beat, name="heartbeat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
