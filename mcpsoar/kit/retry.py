"""Retry, written once: bounded by attempts and by seconds, jittered, and obedient to Retry-After."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from mcpsoar.core.errors import Trouble, Unreachable
from mcpsoar.core.ports import Clock

if TYPE_CHECKING:
    from tenacity import RetryCallState

T = TypeVar("T")

_FIRST_S = 0.2
_LONGEST_S = 5.0


@dataclass(frozen=True, slots=True)
class Bounds:
    """Whichever is used up first ends it. `seconds` counts from the first attempt, waiting included."""

    attempts: int
    seconds: float


def persist(attempt: Callable[[], T], *, again: tuple[type[Trouble], ...], bounds: Bounds, clock: Clock) -> T:
    """Call `attempt` until it returns, raises anything but `again`, or the bounds are reached.

    The last trouble is raised as it came. A Retry-After that does not fit into the bounds ends it at once.
    """
    start = clock.monotonic()
    try:
        return attempt()
    except again as trouble:
        first = [trouble]
    # imported when something failed: a run without trouble starts without it
    from tenacity import Retrying, retry_if_exception_type, wait_exponential, wait_random

    jittered = wait_exponential(multiplier=_FIRST_S, max=_LONGEST_S) + wait_random(0, _FIRST_S)

    def wait(state: "RetryCallState") -> float:
        error = state.outcome.exception() if state.outcome else None
        asked_s = error.retry_after_s if isinstance(error, Unreachable) else None
        return max(jittered(state), asked_s or 0.0)

    def stop(state: "RetryCallState") -> bool:
        is_late = clock.monotonic() - start + state.upcoming_sleep > bounds.seconds
        return is_late or state.attempt_number >= bounds.attempts

    def attempt_after_the_first() -> T:
        if first:
            raise first.pop()
        return attempt()

    retrying = Retrying(
        stop=stop,
        wait=wait,
        sleep=clock.sleep,
        retry=retry_if_exception_type(again),
        before_sleep=_log,
        reraise=True,
    )
    return retrying(attempt_after_the_first)


def _log(state: "RetryCallState") -> None:
    import logging

    error = state.outcome.exception() if state.outcome else None
    logging.getLogger(__name__).info(
        "attempt %d: %s; the next in %.1f s", state.attempt_number, error, state.upcoming_sleep
    )
