"""Tokens that are held only since the change: between a first reading and the revocation some are issued."""

import threading
from math import inf

from mcpsoar.connectors.in_oauth.aim import Aim
from mcpsoar.connectors.in_oauth.held import Held
from mcpsoar.connectors.in_oauth.settings import Settings
from mcpsoar.core.errors import Usage
from mcpsoar.core.plan import Step
from mcpsoar.core.ports import Clock


class Newcomers:
    """Held is read once more after each change; one reading is for all changes that ended before it began.
    `held` are all, with those that came since.
    """

    def __init__(self, settings: Settings, clock: Clock) -> None:
        self._again = settings.again
        self.held = settings.held
        self._first = len(settings.held)
        self._clock = clock
        self._lock = threading.Lock()
        self._sent: dict[str, float] = {}
        self._read_at = -inf
        self._trouble: str | None = None

    def sent(self, step: Step) -> None:
        """A change of this step has been made."""
        self._sent[step.id] = self._clock.monotonic()

    def look(self, step: Step) -> tuple[Held, ...]:
        """Those that are there for the first time. A list that cannot be read again is told by `words`."""
        with self._lock:
            if self._sent.get(step.id, -inf) <= self._read_at:
                return ()
            self._read_at = self._clock.monotonic()
            known = {one.name for one in self.held}
            try:
                found = tuple(one for one in self._again() if one.name not in known)
            except Usage as trouble:
                self._trouble = trouble.message
                return ()
            self._trouble = None
            self.held = (*self.held, *found)
            return found

    def words(self, aim: Aim) -> str:
        """What is to be added to what was seen."""
        came = sum(aim.covers(one) for one in self.held[self._first :])
        words = f"; {came} of them held only since the first look" if came else ""
        return words + (f"; held could not be read again: {self._trouble}" if self._trouble else "")
