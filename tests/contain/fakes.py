"""A control plane in memory, a clock that does not wait, and a station on them: no sockets, no sleeping."""

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from mcpsoar.app.station import Station
from mcpsoar.contain.home import Home
from mcpsoar.contain.looks import Looks
from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import UnknownTarget
from mcpsoar.core.plan import Step
from mcpsoar.core.ports import Canary, Connector
from mcpsoar.core.profile import ROLES, Binding, CanaryBinding, Profile
from mcpsoar.core.run import Baseline, Effect, Observation, Passage, Sighting
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit.clock import stamp


class FakeClock:
    """Time passes when somebody sleeps, and a little with every look at it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._now_s = 0.0

    def now(self) -> datetime:
        return datetime(2026, 3, 1, tzinfo=UTC) + timedelta(seconds=self.monotonic())

    def monotonic(self) -> float:
        with self._lock:
            self._now_s += 0.001
            return self._now_s

    def sleep(self, seconds: float) -> None:
        with self._lock:
            self._now_s += seconds


@dataclass
class FakePlane:
    """The reference plane's state, and a list of what was done to it."""

    servers: dict[str, bool] = field(default_factory=dict)  # name: is enabled
    tokens: dict[str, int] = field(default_factory=dict)
    is_forced: bool = False
    version: int = 1  # of the policy; forcing what is forced changes nothing
    calls: list[str] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def force(self, *, is_forced: bool) -> None:
        self.version += is_forced is not self.is_forced
        self.is_forced = is_forced


class FakeConnector:
    """All three roles on a FakePlane. `before_call` may raise, once for each call it is told of; the step
    `unseen` cannot be read back.
    """

    actions = frozenset({"registry.disable", "tokens.revoke", "policy.force_write_approval"})

    def __init__(
        self,
        plane: FakePlane,
        clock: FakeClock,
        before_call: Callable[[str], None] = lambda _: None,
        *,
        unseen: str = "",
    ) -> None:
        self.plane = plane
        self._clock = clock
        self.before_call = before_call
        self._unseen = unseen

    def baseline(self, step: Step) -> Baseline:
        self.before_call(f"look {step.id}")
        if step.server is not None and step.server not in self.plane.servers:
            raise UnknownTarget("there is no such server")
        return Baseline(self._in_force(step), self._facts(step), self._at())

    def apply(self, step: Step, was: Baseline | None, key: str) -> Effect:  # noqa: ARG002
        self.before_call(f"apply {step.id}")
        with self.plane.lock:
            self.plane.calls.append(f"apply {step.id}")
            match step.action:
                case "registry.disable":
                    self.plane.servers[step.server or ""] = False
                case "tokens.revoke":
                    self.plane.tokens[step.server or ""] = 0
                case _:
                    self.plane.force(is_forced=True)
        self.before_call(f"applied {step.id}")
        return Effect({}, self._at())

    def verify(self, step: Step) -> Observation:
        self.before_call(f"verify {step.id}")
        if step.id == self._unseen:
            return Observation(Verdict.CANNOT_TELL, "there is no such read-back", {}, self._at())
        return self._seen(step, self._in_force(step))

    def rollback(self, step: Step, was: Baseline | None, key: str) -> Effect:  # noqa: ARG002
        self.before_call(f"undo {step.id}")
        with self.plane.lock:
            self.plane.calls.append(f"undo {step.id}")
            if step.action == "registry.disable":
                self.plane.servers[step.server or ""] = True
            else:
                self.plane.force(is_forced=False)
        self.before_call(f"undone {step.id}")
        return Effect({}, self._at())

    def verify_rollback(self, step: Step, was: Baseline | None) -> Observation:
        self.before_call(f"verify {step.id}")
        wanted = was is not None and was.in_force
        return self._seen(step, self._in_force(step) is wanted)

    def close(self) -> None:
        pass

    def _in_force(self, step: Step) -> bool:
        with self.plane.lock:
            match step.action:
                case "registry.disable":
                    return not self.plane.servers[step.server or ""]
                case "tokens.revoke":
                    return not self.plane.tokens.get(step.server or "", 0)
                case _:
                    return self.plane.is_forced

    def _facts(self, step: Step) -> Facts:
        return {"version": self.plane.version} if step.server is None else {}

    def _seen(self, step: Step, is_so: bool) -> Observation:
        verdict = Verdict.YES if is_so else Verdict.NO
        return Observation(verdict, "as the plane says", self._facts(step), self._at())

    def _at(self) -> str:
        return stamp(self._clock.now())


class FakeCanary:
    """Says what it is told to say, probe after probe; then the last thing again."""

    def __init__(self, clock: FakeClock, *passages: Passage | tuple[Passage, str]) -> None:
        self._clock = clock
        self._passages = list(passages)
        self.probed: list[str] = []

    def probe(self, server: str) -> Sighting:
        self.probed.append(server)
        said = self._passages.pop(0) if len(self._passages) > 1 else self._passages[0]
        passage, detail = said if isinstance(said, tuple) else (said, said.value)
        return Sighting(passage, detail, stamp(self._clock.now()))

    def close(self) -> None: ...


CANARY = CanaryBinding(
    url="https://gateway.example.com/mcp/{server}",
    tool="ping",
    arguments={},
    token=None,
    hold_s=6.0,
    every_s=2.0,
)


def station(
    home: Path,
    connector: Connector,
    clock: FakeClock,
    *,
    say: Callable[[str], None] = lambda _: None,
    canary: Canary | None = None,
    binding: CanaryBinding = CANARY,
    url: str = "https://plane.example.com",
    budget_s: float = 60.0,
) -> Station:
    """A station that was never connected to anything; `budget_s` is what all its looks share."""
    roles = dict.fromkeys(ROLES, Binding("fake", url))
    profile = Profile(
        "fake", roles, binding if canary is not None else None, "a test", attempts=3, retry_s=9.0
    )
    looks = Looks(dict.fromkeys(ROLES, connector), clock=clock, budget_s=budget_s, threads=8)
    canaries = {} if canary is None else {"canary": canary}
    return Station(Home(home), profile, dict.fromkeys(ROLES, connector), canaries, clock, say, looks)
