"""Retry: bounded twice, and obedient to Retry-After."""

import pytest

from mcpsoar.core.errors import Denied, Indeterminate, Unreachable
from mcpsoar.kit.retry import Bounds, persist
from tests.contain.fakes import FakeClock

AGAIN = (Unreachable, Indeterminate)


class Flaky:
    def __init__(self, *troubles: Exception) -> None:
        self.troubles = list(troubles)
        self.calls = 0

    def __call__(self) -> str:
        self.calls += 1
        if self.troubles:
            raise self.troubles.pop(0)
        return "done"


def tried(work: Flaky, clock: FakeClock, attempts: int = 4, seconds: float = 30.0) -> str:
    return persist(work, again=AGAIN, bounds=Bounds(attempts, seconds), clock=clock)


def test_success_needs_one_attempt_and_no_waiting() -> None:
    clock, work = FakeClock(), Flaky()
    assert tried(work, clock) == "done"
    assert work.calls == 1
    assert clock.monotonic() < 0.1


def test_trouble_that_passes_is_outlasted() -> None:
    work = Flaky(Unreachable("x"), Indeterminate("y"))
    assert tried(work, FakeClock()) == "done"
    assert work.calls == 3


def test_attempts_are_bounded() -> None:
    work = Flaky(*(Unreachable(str(n)) for n in range(9)))
    with pytest.raises(Unreachable, match="3"):
        tried(work, FakeClock())
    assert work.calls == 4


def test_seconds_are_bounded() -> None:
    clock, work = FakeClock(), Flaky(*(Unreachable("x") for _ in range(99)))
    with pytest.raises(Unreachable):
        tried(work, clock, attempts=99, seconds=10.0)
    assert clock.monotonic() < 10.5


def test_a_named_wait_is_kept() -> None:
    clock, work = FakeClock(), Flaky(Unreachable("x", retry_after_s=7.0))
    assert tried(work, clock) == "done"
    assert 7.0 <= clock.monotonic() < 8.0


def test_a_named_wait_that_does_not_fit_ends_it_at_once() -> None:
    clock, work = FakeClock(), Flaky(Unreachable("x", retry_after_s=900.0))
    with pytest.raises(Unreachable):
        tried(work, clock)
    assert work.calls == 1
    assert clock.monotonic() < 0.1


def test_what_a_person_must_settle_is_not_tried_again() -> None:
    work = Flaky(Denied("no"))
    with pytest.raises(Denied):
        tried(work, FakeClock())
    assert work.calls == 1
