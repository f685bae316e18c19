"""One reading for many: never one that began before it was asked for."""

import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import pytest

from mcpsoar.core.errors import Unreachable
from mcpsoar.kit.joint import Joint
from tests.contain.fakes import FakeClock

_SOON_S = 30.0


class Plane:
    """Readings that end when they are let; each finds its own number."""

    def __init__(self) -> None:
        self.begun = 0
        self.trouble: Exception | None = None
        self._is_begun = threading.Semaphore(0)
        self._may_end = threading.Semaphore(0)

    def read(self) -> int:
        self.begun += 1
        number, trouble = self.begun, self.trouble
        self._is_begun.release()
        assert self._may_end.acquire(timeout=_SOON_S)
        if trouble is not None:
            raise trouble
        return number

    def await_begun(self) -> None:
        assert self._is_begun.acquire(timeout=_SOON_S)

    def end(self) -> None:
        self._may_end.release()


class Asker(ThreadPoolExecutor):
    """Threads that ask, each of which is waiting when `ask` returns."""

    def ask(self, joint: "Joint[int]", how: Callable[[], int]) -> "Future[int]":
        before = len(joint._change._waiters)  # type: ignore[attr-defined]
        future = self.submit(how)
        turn = threading.Event()
        while len(joint._change._waiters) == before and not future.done():  # type: ignore[attr-defined]
            turn.wait(0.001)
        return future


@pytest.fixture
def plane() -> Plane:
    return Plane()


def test_who_asks_while_it_is_read_gets_the_next_reading_and_all_share_it(plane: Plane) -> None:
    joint = Joint(plane.read, FakeClock())
    with Asker(10) as threads:
        first = threads.submit(joint.now)
        plane.await_begun()
        others = [threads.ask(joint, joint.now) for _ in range(8)]
        for _ in range(2):
            plane.end()
        assert first.result(_SOON_S) == 1
        assert {one.result(_SOON_S) for one in others} == {2}
    assert plane.begun == 2


def test_a_silent_plane_is_waited_for_twice_by_all_together(plane: Plane) -> None:
    plane.trouble = Unreachable("no answer")
    joint = Joint(plane.read, FakeClock())
    with Asker(10) as threads:
        first = threads.submit(joint.now)
        plane.await_begun()
        others = [threads.ask(joint, joint.now) for _ in range(8)]
        for _ in range(2):
            plane.end()
        for one in (first, *others):
            with pytest.raises(Unreachable):
                one.result(_SOON_S)
    assert plane.begun == 2


def test_what_is_recent_serves_who_can_bear_it() -> None:
    clock, found = FakeClock(), iter(range(1, 9))
    joint = Joint(lambda: next(found), clock)
    assert [joint.recent(10), joint.recent(10)] == [1, 1]
    clock.sleep(11)
    assert joint.recent(10) == 2
    assert joint.now() == 3
    assert joint.recent(10) == 3
    joint.changed()
    assert joint.recent(10) == 4, "it was read before the change"


def test_a_reading_under_way_is_recent_unless_something_changed_since_it_began(plane: Plane) -> None:
    joint = Joint(plane.read, FakeClock())
    with Asker(10) as threads:
        first = threads.submit(joint.now)
        plane.await_begun()
        second = threads.ask(joint, lambda: joint.recent(10))
        joint.changed()
        third = threads.ask(joint, lambda: joint.recent(10))
        plane.end()
        assert [one.result(_SOON_S) for one in (first, second)] == [1, 1]
        plane.end()
        assert third.result(_SOON_S) == 2


def test_trouble_is_not_recent() -> None:
    troubles = [Unreachable("no answer")]

    def read() -> int:
        if troubles:
            raise troubles.pop()
        return 2

    joint = Joint(read, FakeClock())
    with pytest.raises(Unreachable):
        joint.recent(10)
    assert joint.recent(10) == 2


def test_a_mistake_of_ours_is_everybody_s_own() -> None:
    def read() -> int:
        raise ZeroDivisionError

    joint = Joint(read, FakeClock())
    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            joint.recent(10)
