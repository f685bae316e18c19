"""One call at a time to a plane that does one at a time, as long as it answers."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from mcpsoar.core.errors import Indeterminate, Unreachable


class InTurn:
    """Who waits for its turn here does not wait in the plane, where its time-out would run. Of a plane that
    falls silent nobody waits for another's time-out: until a call ends well again, all go at once.
    """

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._under_way = 0
        self._is_silent = False

    @contextmanager
    def turn(self) -> Iterator[None]:
        with self._change:
            self._change.wait_for(lambda: self._is_silent or not self._under_way)
            self._under_way += 1
        is_silent = False
        try:
            yield
        except (Unreachable, Indeterminate):
            is_silent = True
            raise
        finally:
            with self._change:
                self._under_way -= 1
                self._is_silent = is_silent
                self._change.notify_all()
