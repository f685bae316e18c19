"""A bounded crew of threads that nobody has to wait for: work that is late is left behind."""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, wait
from functools import partial
from typing import Any, TypeVar

T = TypeVar("T")


class Crew:
    """At most `size` threads, started when there is work. Daemons: the process ends without them.

    The executor of the standard library is none: the process would wait for its threads.
    """

    def __init__(self, size: int, name: str) -> None:
        self._size = size
        self._name = name
        self._todo: deque[Callable[[], None]] = deque()
        self._change = threading.Condition()
        self._threads = 0
        self._idle = 0
        self._is_closed = False

    def submit(self, work: Callable[[], T]) -> Future[T]:
        """Work begins in the order it was submitted."""
        future: Future[T] = Future()
        with self._change:
            self._todo.append(partial(carry_out, work, future))
            if self._idle < len(self._todo) and self._threads < self._size:
                self._threads += 1
                threading.Thread(target=self._run, name=self._name, daemon=True).start()
            self._change.notify()
        return future

    def close(self, grace_s: float = 0.0) -> None:
        """Idle threads end now, busy ones when their work does; waited for no longer than `grace_s`."""
        with self._change:
            self._todo.clear()
            self._is_closed = True
            self._change.notify_all()
            self._change.wait_for(lambda: not self._threads, grace_s)

    def _run(self) -> None:
        while True:
            with self._change:
                self._idle += 1
                while not self._todo and not self._is_closed:
                    self._change.wait()
                self._idle -= 1
                if self._is_closed:
                    self._threads -= 1
                    self._change.notify_all()
                    return
                carry_out = self._todo.popleft()
            carry_out()


def wait_for(future: Future[Any], seconds: float) -> bool:
    """Whether it ended within so many seconds, which may be none or spent."""
    return future in wait([future], max(seconds, 0.0)).done


def carry_out(work: Callable[[], T], future: Future[T]) -> None:
    """Whatever work raises belongs to the thread that asks for its result."""
    try:
        future.set_result(work())
    except BaseException as error:
        future.set_exception(error)
