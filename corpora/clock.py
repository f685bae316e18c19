"""A clock that only traffic moves: days are played in minutes, and every call still takes its time."""

import math
import random
from datetime import datetime, timedelta
from threading import Lock

from mcpsoar.core.errors import Usage

_TYPICAL_S = 0.018
_SPREAD = 0.7
_LONGEST_S = 4.0


class SimulatedClock:
    """Starts at `start` (aware, UTC). Each look at `monotonic` costs what a call does: some milliseconds.

    The costs are log-normal and seeded, so that the gateway, which looks before and after a call, writes
    latencies with a tail. Thread-safe.
    """

    def __init__(self, start: datetime, *, seed: int = 0) -> None:
        self._start = start
        self._at_s = 0.0
        self._random = random.Random(seed)
        self._lock = Lock()

    def now(self) -> datetime:
        with self._lock:
            return self._start + timedelta(seconds=self._at_s)

    def monotonic(self) -> float:
        with self._lock:
            cost = self._random.lognormvariate(math.log(_TYPICAL_S), _SPREAD)
            self._at_s += min(cost, _LONGEST_S)
            return self._at_s

    def sleep(self, seconds: float) -> None:
        self.advance(seconds)

    def advance(self, seconds: float) -> None:
        """Let time pass. Raises Usage for a step back."""
        if seconds < 0:
            raise Usage(f"a clock does not go back ({seconds} s)")
        with self._lock:
            self._at_s += seconds

    def jump(self, to: datetime) -> None:
        """Go to a moment that is still to come. Raises Usage when it has passed."""
        self.advance((to - self.now()).total_seconds())
