"""Other workers of a gateway go on with what they remember, for a while after a switch."""

from datetime import datetime, timedelta

from mcpsoar.core.ports import Clock
from mcpsoar.core.run import Exposure
from mcpsoar.kit.clock import stamp

_SKEW = timedelta(minutes=5)  # that the plane's clock may differ from ours


class Workers:
    """`seconds` is how long; 0 where there is one, or where they share what they know."""

    def __init__(self, clock: Clock, seconds: float) -> None:
        self._clock = clock
        self._seconds = timedelta(seconds=seconds)
        self._known_off: dict[str, str] = {}

    @property
    def lacks(self) -> tuple[str, ...]:
        if not self._seconds:
            return ()
        last = f"for {self._seconds.total_seconds():g} s after a change"
        return (f"other workers go on {last} (workers_s = 0 where there is one, or Redis)",)

    def thrown(self, entry_id: str) -> None:
        """A switch of ours was thrown now."""
        self._known_off[entry_id] = stamp(self._clock.now() + self._seconds)

    def behind(self, called: str, entry_id: str, updated_at: datetime | None) -> tuple[Exposure, ...]:
        """What they may still do, since our switch or since we saw it off. `updated_at` is by the plane."""
        now = self._clock.now()
        is_old = updated_at is not None and now - updated_at > self._seconds + _SKEW
        if not self._seconds or (is_old and entry_id not in self._known_off):
            return ()
        until = self._known_off.setdefault(entry_id, stamp(now + self._seconds))
        if stamp(now) >= until:
            return ()
        return (Exposure(f"calls to {called} by workers of the gateway that have not noticed", until),)
