"""Work handed to threads: what it gave or raised is told to who asks, and nobody waits for what is late."""

import threading

import pytest

from mcpsoar.kit.crew import Crew, wait_for


class Death(BaseException):
    """No handler of the house sees it."""


def test_what_work_raises_belongs_to_who_asks() -> None:
    crew = Crew(1, "test")

    def die() -> None:
        raise Death

    with pytest.raises(Death):
        crew.submit(die).result()
    assert crew.submit(lambda: 7).result() == 7, "the thread lives on"
    crew.close(1.0)


def test_work_that_is_late_is_left_behind() -> None:
    crew, begun, go = Crew(1, "test"), threading.Event(), threading.Event()

    def work() -> bool:
        begun.set()
        return go.wait()

    late = crew.submit(work)
    assert begun.wait(60)
    behind = crew.submit(lambda: None)
    assert not wait_for(late, 0.0)
    assert not wait_for(late, -1.0), "the time was spent"
    crew.close()
    go.set()
    assert late.result()
    assert not behind.done(), "a closed crew begins nothing"


def test_no_more_threads_than_its_size_are_at_work_and_all_of_them() -> None:
    crew, together = Crew(3, "test"), threading.Barrier(3)
    assert sorted(task.result() for task in [crew.submit(together.wait) for _ in range(6)]) == [
        0,
        0,
        1,
        1,
        2,
        2,
    ]
    crew.close(1.0)
