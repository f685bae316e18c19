"""Several hand in work at once: each waits for its own call, and no longer."""

import threading
from collections.abc import Iterator
from concurrent.futures import CancelledError
from functools import partial
from queue import SimpleQueue

import pytest

from mcpsoar.kit import together
from mcpsoar.kit.crew import Crew, wait_for
from mcpsoar.kit.together import Together

LONG_S = 30.0
MANY = 8


class Slow:
    """Work that ends when it is let, and fails when told to."""

    def __init__(self) -> None:
        self.done: list[list[str]] = []
        self.begun: SimpleQueue[list[str]] = SimpleQueue()
        self._ends: SimpleQueue[Exception | None] = SimpleQueue()

    def let(self, error: Exception | None = None) -> None:
        self._ends.put(error)

    def __call__(self, items: list[str]) -> None:
        self.begun.put(items)
        error = self._ends.get(timeout=LONG_S)
        if error is not None:
            raise error
        self.done.append(items)


class Crowd:
    """Threads that hand something in while the first call is at work, each of them `times` times."""

    def __init__(self, work: Slow, times: int = 1) -> None:
        self._together = Together(work)
        self._times = times
        self._crew = Crew(MANY + 1, "crowd")
        self.first = self._crew.submit(lambda: self._together.add(["first"]))
        assert work.begun.get(timeout=LONG_S) == ["first"]
        self._came = threading.Semaphore(0)
        self.went: SimpleQueue[str] = SimpleQueue()
        self.tasks = [self._crew.submit(partial(self._add, str(n))) for n in range(MANY)]
        for _ in self.tasks:
            assert self._came.acquire(timeout=LONG_S)

    def hand_in(self, name: str) -> None:
        assert wait_for(self._crew.submit(lambda: self._together.add([name])), LONG_S)

    def _add(self, name: str) -> None:
        for n in range(self._times):
            self._together.add(self._items(f"{name}.{n}"))
            self.went.put(f"{name}.{n}")

    def _items(self, name: str) -> Iterator[str]:
        yield name
        self._came.release()  # it stands in the queue, and the lock is ours


def test_what_is_done_waits_for_no_later_call() -> None:
    """Whoever was at work for all comes back at once with the next, which takes long."""
    work = Slow()
    crowd = Crowd(work, times=2)
    work.let()
    work.let()
    went = {crowd.went.get(timeout=LONG_S) for _ in range(MANY)}
    assert went == {f"{n}.0" for n in range(MANY)}
    for _ in range(MANY):
        work.let()
    assert all(wait_for(task, LONG_S) for task in crowd.tasks)


def test_who_waits_is_served_in_one_call_and_in_order() -> None:
    work = Slow()
    crowd = Crowd(work)
    work.let()
    work.let()
    assert all(wait_for(task, LONG_S) for task in crowd.tasks)
    assert [len(items) for items in work.done] == [1, MANY]
    assert sorted(work.done[1]) == sorted(f"{n}.0" for n in range(MANY))


def test_a_failure_is_each_one_s_who_waited_for_it_and_nobody_else_s() -> None:
    work = Slow()
    crowd = Crowd(work)
    work.let()
    work.let(OSError("full"))
    assert all(wait_for(task, LONG_S) for task in crowd.tasks)
    assert {str(task.exception()) for task in crowd.tasks} == {"full"}
    assert crowd.first.exception() is None


def test_who_is_interrupted_before_the_call_leaves_nobody_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C where the next call begins: all who wait for that one are told, and it is made by nobody."""
    work = Slow()
    crowd = Crowd(work)
    with monkeypatch.context() as patch:
        patch.setattr(together, "carry_out", interrupted)
        work.let()
        assert all(wait_for(task, LONG_S) for task in crowd.tasks)
    said = [type(task.exception()) for task in crowd.tasks]
    assert (said.count(KeyboardInterrupt), said.count(CancelledError)) == (1, MANY - 1)
    work.let()
    crowd.hand_in("later")
    assert work.done == [["first"], ["later"]]


def interrupted(*_: object) -> None:
    raise KeyboardInterrupt
