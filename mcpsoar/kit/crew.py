"""A bounded crew of threads that nobody has to wait for: work that is late is left behind."""

import threading
from collections import deque
from collections.abc import Callable
from types import TracebackType
from typing import Generic, TypeVar

T = TypeVar("T")


class Task(Generic[T]):
    """Work handed to a crew. `result` gives its value or raises what it raised."""

    def __init__(self, work: Callable[[], T]) -> None:
        self._work = work
        self._done = threading.Event()
        self._value: list[T] = []
        self._error: BaseException | None = None

    def wait(self, seconds: float | None = None) -> bool:
        """Whether it ended within so many seconds (None: however long it takes)."""
        return self._done.wait(seconds if seconds is None else max(seconds, 0.0))

    def error(self) -> BaseException | None:
        """What it raised, once it ended."""
        self._done.wait()
        return self._error

    def result(self) -> T:
        """Wait for the end."""
        self._done.wait()
        if self._error is not None:
            raise self._error
        return self._value[0]

    def carry_out(self) -> None:
        with _Caught(self):
            self._value.append(self._work())

    def ended(self, error: BaseException | None) -> None:
        self._error = error
        self._done.set()


class _Caught:
    """Whatever work raises belongs to the thread that asks for its result."""

    def __init__(self, task: Task[T]) -> None:
        self._task = task

    def __enter__(self) -> None:
        pass

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._task.ended(error)
        return True


class Crew:
    """At most `size` threads, started when there is work. Daemons: the process ends without them."""

    def __init__(self, size: int, name: str) -> None:
        self._size = size
        self._name = name
        self._todo: deque[Task[object]] = deque()
        self._change = threading.Condition()
        self._threads = 0
        self._idle = 0
        self._is_closed = False

    def submit(self, work: Callable[[], T]) -> Task[T]:
        """Work begins in the order it was submitted."""
        task = Task(work)
        with self._change:
            self._todo.append(task)  # type: ignore[arg-type]  # a task's type matters to who asked for it
            if self._idle < len(self._todo) and self._threads < self._size:
                self._threads += 1
                threading.Thread(target=self._run, name=self._name, daemon=True).start()
            self._change.notify()
        return task

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
                task = self._todo.popleft()
            task.carry_out()
