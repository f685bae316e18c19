"""How a gate is asked: of which window, of which events, beside which lists."""

from dataclasses import dataclass

from mcpsoar.core.event import MINUTE_MS
from mcpsoar.targets.es import paths
from mcpsoar.targets.es.commands import moment


@dataclass(frozen=True, slots=True)
class Asked:
    """How a gate is asked.

    The window ends `lag_minutes` before this whole minute, or at `as_of_ms`. `approved`: the lookup index
    tells who is on the list; without it every name is. `servers`, `windows`: what `es.listed` holds fills an
    event's own word. `raw`: events are not in normal form yet. `tenant` is the field that parts customers: an
    event is known within its tenant, and every answer is by tenant first, with no row for a tenant without.
    """

    lag_minutes: int = 1
    as_of_ms: int | None = None
    approved: bool = False
    raw: bool = False
    servers: bool = False
    windows: bool = False
    index: str = paths.INDEX
    tenant: str = ""

    def by(self, *names: str) -> list[str]:
        """What to group by: the tenant first."""
        return [*([paths.quoted(self.tenant)] if self.tenant else []), *names]


def window(window_ms: int, asked: Asked) -> tuple[str, str]:
    """Half open, whole minutes, on the time of the event."""
    minutes = window_ms // MINUTE_MS
    if asked.as_of_ms is not None:
        return moment(asked.as_of_ms - window_ms), moment(asked.as_of_ms)
    tick = "DATE_TRUNC(1 minute, NOW())"
    return f"{tick} - {minutes + asked.lag_minutes} minutes", f"{tick} - {asked.lag_minutes} minutes"
