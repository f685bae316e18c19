"""One at a time, and nobody waits for another's silence."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from mcpsoar.core.errors import Denied, Indeterminate
from mcpsoar.kit.in_turn import InTurn

_SOON_S = 30.0


def test_calls_are_made_one_after_the_other() -> None:
    order, at_work, most = InTurn(), list[int](), list[int]()

    def call(number: int) -> None:
        with order.turn():
            at_work.append(number)
            most.append(len(at_work))
            at_work.remove(number)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(call, range(50)))
    assert most == [1] * 50


def test_behind_one_that_fell_silent_all_go_at_once_until_one_ends_well() -> None:
    order, together = InTurn(), threading.Barrier(4)

    def silent() -> None:
        with order.turn():
            raise Indeterminate("no answer")

    def call() -> None:
        with order.turn():
            together.wait(_SOON_S)

    with pytest.raises(Indeterminate):
        silent()
    with ThreadPoolExecutor(4) as threads:
        for one in [threads.submit(call) for _ in range(4)]:
            one.result(_SOON_S)
    is_second = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        with order.turn():
            second = threads.submit(lambda: _in_turn(order, is_second))
            assert not is_second.wait(0.05)
        second.result(_SOON_S)


def test_a_refusal_is_an_answer() -> None:
    order, is_second = InTurn(), threading.Event()

    def refused() -> None:
        with order.turn():
            raise Denied("403")

    with pytest.raises(Denied):
        refused()
    with ThreadPoolExecutor(1) as threads:
        with order.turn():
            second = threads.submit(lambda: _in_turn(order, is_second))
            assert not is_second.wait(0.05)
        second.result(_SOON_S)


def _in_turn(order: InTurn, is_there: threading.Event) -> None:
    with order.turn():
        is_there.set()
