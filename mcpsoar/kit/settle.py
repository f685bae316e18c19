"""Looking again until a change shows: asynchronous planes and lagging replicas get a bounded time."""

from collections.abc import Callable

from mcpsoar.core.errors import Indeterminate, Trouble, Unreachable
from mcpsoar.core.ports import Clock
from mcpsoar.core.run import Observation
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit.clock import stamp

_FIRST_S = 0.1
_LONGEST_S = 1.0


def settled(look: Callable[[], Observation], *, clock: Clock, settle_s: float) -> Observation:
    """Repeat `look` until it says YES or `settle_s` has passed; the last answer counts. Raises nothing.

    An unreachable or silent plane is asked again, after its Retry-After where it names one that fits.
    Any other trouble ends it at once: CANNOT_TELL, with the trouble's words.
    """
    until = clock.monotonic() + settle_s
    wait_s = _FIRST_S
    while True:
        asked_s = 0.0
        try:
            seen = look()
        except (Unreachable, Indeterminate) as trouble:
            seen = unknown(str(trouble), clock)
            asked_s = (trouble.retry_after_s or 0.0) if isinstance(trouble, Unreachable) else 0.0
        except Trouble as trouble:
            return unknown(str(trouble), clock)
        pause_s = max(wait_s, asked_s)
        if seen.verdict is Verdict.YES or clock.monotonic() + pause_s > until:
            return seen
        clock.sleep(pause_s)
        wait_s = min(2 * wait_s, _LONGEST_S)


def unknown(why: str, clock: Clock) -> Observation:
    """Nothing was seen, and why."""
    return Observation(Verdict.CANNOT_TELL, why, {}, stamp(clock.now()))
