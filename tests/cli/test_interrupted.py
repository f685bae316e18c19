"""What ends a command is heard once more while it ends, changes no handler for good, and has its own code."""

import os
import signal
import threading

import pytest

from mcpsoar.cli.exit import exit_code
from mcpsoar.cli.interrupted import interruptible

Captured = pytest.CaptureFixture[str]


def ended(*numbers: signal.Signals) -> int:
    """The code of a command that gets one signal after the other, each in the middle of the last."""

    def get(left: tuple[signal.Signals, ...]) -> None:
        try:
            signal.raise_signal(left[0])
        finally:
            if left[1:]:
                get(left[1:])

    def command() -> None:
        with interruptible(lambda: ("so it is", "mcpsoar next")):
            get(numbers)

    return exit_code(command)


@pytest.mark.parametrize(
    ("numbers", "code"),
    [
        ((signal.SIGINT,), 130),
        ((signal.SIGTERM,), 143),
        ((signal.SIGINT, signal.SIGINT), 130),
        ((signal.SIGTERM, signal.SIGINT), 143),
    ],
)
def test_what_is_so_is_said_once(capsys: Captured, numbers: tuple[signal.Signals, ...], code: int) -> None:
    before = [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)]
    assert ended(*numbers) == code
    assert capsys.readouterr().err == "mcpsoar: interrupted: so it is\n  next     mcpsoar next\n"
    assert [signal.getsignal(one) for one in (signal.SIGINT, signal.SIGTERM)] == before


def test_who_asks_a_second_time_is_told_all_the_same(capsys: Captured) -> None:
    def words() -> tuple[str, str | None]:
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)
        return "so it is", None

    def command() -> None:
        with interruptible(words):
            raise KeyboardInterrupt

    assert exit_code(command) == 130
    assert capsys.readouterr().err == "mcpsoar: interrupted: so it is\n"


def test_a_signal_that_is_ignored_stays_so() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_IGN)
    try:
        with interruptible(lambda: ("never", None)):
            signal.raise_signal(signal.SIGTERM)
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGTERM, before)


def test_another_thread_sets_no_handler() -> None:
    codes: list[int] = []

    def work() -> None:
        with interruptible(lambda: ("never", None)):
            codes.append(0)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert codes == [0]
