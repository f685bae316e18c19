"""Faults of state: a control plane that delays, lies, forgets and lags, switchable while it runs."""

from dataclasses import dataclass, field
from enum import StrEnum
from threading import RLock

from mcpsoar.core.ports import Clock
from mcpsoar.lab.plane import Plane
from mcpsoar.lab.records import Snapshot, View


class Fault(StrEnum):
    """What goes wrong. In brackets: the settings each one reads, beside `route` and `nth`."""

    DELAY_BEFORE = "delay_before_commit"  # [seconds] the answer and the change are late
    DELAY_AFTER = "delay_after_commit"  # [seconds] the change is in time, the answer is late
    NO_EFFECT = "no_effect"  # 200, and nothing changed
    ACCEPTED_LATER = "accepted_later"  # [seconds] 202; the change comes later
    ACCEPTED_NEVER = "accepted_never"  # 202; the change never comes
    SUCCESS_FALSE = "success_false"  # 200 {"success": false}, and nothing changed
    WRONG_OBJECT = "wrong_object"  # [other] 200 for the server asked, another one is changed
    STALE_READ = "stale_read"  # [reads or seconds] read-backs show the state before the change
    CACHED_ENFORCEMENT = "cached_enforcement"  # [seconds] the data plane learns of changes late
    SPLIT_REPLICAS = "split_replicas"  # [seconds, 0: for ever] every other data-plane call is judged stale
    RE_ENABLE = "re_enable"  # [seconds] a disabled server switches itself on again
    EXPIRE_TOKEN = "expire_token"  # from this call on every admin token is refused  # noqa: S105
    NO_READ_BACK = "no_read_back"  # [status] GETs answer 404, 405 or 501: a plane of three POSTs
    STATUS = "status"  # [status, retry_after, committed] this answer; the change is made if `committed`


@dataclass(frozen=True, slots=True)
class Setting:
    """One fault in force. `route` is `*`, a room (`registry`) or a call (`registry.disable`).

    Calls: registry.list, registry.get, registry.disable, registry.enable, registry.tool,
    registry.disable_tool, registry.enable_tool, tokens.list, tokens.revoke, policy.get, policy.force,
    policy.lift, and `data` for the data plane. `nth` picks calls on the route,
    counted from 1 when the fault was set; empty means every call.
    """

    fault: Fault
    route: str = "*"
    nth: tuple[int, ...] = ()
    seconds: float = 0.0
    reads: int = 0
    status: int = 503
    retry_after: str | None = None
    committed: bool = False
    other: str | None = None

    def concerns(self, route: str) -> bool:
        if self.route == "*":
            return route != "data"
        return route == self.route or route.startswith(f"{self.route}.")


class Faults:
    """The switchboard. `delay_s` is added to every call of the control plane. Thread-safe."""

    def __init__(self, plane: Plane, clock: Clock) -> None:
        self.delay_s = 0.0
        self._plane = plane
        self._clock = clock
        self._lock = RLock()
        self._live: list[_Live] = []
        self._expired = False

    def set(self, fault: Fault, route: str = "*", **settings: object) -> Setting:
        """Switch a fault on; `settings` are the fields of Setting. State to go stale is copied now."""
        setting = Setting(fault, route, **settings)  # type: ignore[arg-type]  # checked by the dataclass's own names
        lags = fault in (Fault.STALE_READ, Fault.CACHED_ENFORCEMENT, Fault.SPLIT_REPLICAS)
        stale = self._plane.snapshot() if lags else None
        with self._lock:
            self._live.append(_Live(setting, stale))
        return setting

    def clear(self, fault: Fault | None = None) -> None:
        """Switch one kind of fault off, or all of them and the delay."""
        with self._lock:
            kept = [live for live in self._live if live.setting.fault is not fault]
            self._live = kept if fault is not None else []
            if fault in (None, Fault.EXPIRE_TOKEN):
                self._expired = False
            if fault is None:
                self.delay_s = 0.0

    def settings(self) -> tuple[Setting, ...]:
        """What is switched on."""
        with self._lock:
            return tuple(live.setting for live in self._live)

    def due(self, route: str) -> dict[Fault, Setting]:
        """The faults that this one call meets; asking counts the call."""
        met: dict[Fault, Setting] = {}
        with self._lock:
            for live in self._live:
                # how enforcement lags is counted where it is asked for
                if live.setting.concerns(route) and live.setting.fault not in _ENFORCEMENT:
                    live.calls += 1
                    if not live.setting.nth or live.calls in live.setting.nth:
                        met[live.setting.fault] = live.setting
            self._expired = self._expired or Fault.EXPIRE_TOKEN in met
        return met

    @property
    def admin_tokens_expired(self) -> bool:
        return self._expired

    def changed(self) -> None:
        """A change was just committed: what lags starts lagging from here."""
        with self._lock:
            for live in self._live:
                if live.changed_at is None:
                    live.changed_at = self._clock.monotonic()

    def read_back(self, met: dict[Fault, Setting]) -> View:
        """What a GET looks at: the plane, or a stale copy of it."""
        setting = met.get(Fault.STALE_READ)
        return self._lagging(setting) if setting else self._plane

    def enforcement(self) -> View:
        """What one call of the data plane is judged by."""
        with self._lock:
            for live in self._live:
                if live.setting.fault is Fault.CACHED_ENFORCEMENT:
                    return self._lagging(live.setting)
                if live.setting.fault is Fault.SPLIT_REPLICAS:
                    live.calls += 1
                    return self._lagging(live.setting) if live.calls % 2 == 0 else self._plane
        return self._plane

    def _lagging(self, setting: Setting) -> View:
        with self._lock:
            live = next((live for live in self._live if live.setting is setting), None)
            if live is None or live.stale is None or self._plane.version() == live.stale.version:
                return self._plane
            if live.changed_at is None:
                live.changed_at = self._clock.monotonic()
            return live.stale if self._still(live) else self._plane

    def _still(self, live: "_Live") -> bool:
        setting = live.setting
        if setting.reads:
            live.stale_reads += 1
            return live.stale_reads <= setting.reads
        if setting.fault is Fault.SPLIT_REPLICAS and not setting.seconds:
            return True
        return self._clock.monotonic() - (live.changed_at or 0.0) < setting.seconds


_ENFORCEMENT = (Fault.CACHED_ENFORCEMENT, Fault.SPLIT_REPLICAS)


@dataclass(slots=True)
class _Live:
    """A setting with what it has counted so far."""

    setting: Setting
    stale: Snapshot | None
    calls: int = 0
    stale_reads: int = 0
    changed_at: float | None = field(default=None)
