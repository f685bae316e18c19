"""How long a run will take: its plan played through by the budgets' own rules, while no time passes."""

import heapq
from collections import Counter, deque
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from itertools import count
from math import inf
from typing import TypeAlias

from mcpsoar.contain.plan import CANARY
from mcpsoar.core.plan import Direction, Plan, Step, Undo
from mcpsoar.core.profile import CanaryBinding
from mcpsoar.kit.budget import Calls, Lane, Rank, Ticket, Tier

CALL_S = 0.1  # that one call takes, turn not included: assumed


@dataclass(frozen=True, slots=True)
class Road:
    """Where calls go and what they count as there; None where nobody counts."""

    host: str
    tier: Tier | None = None


@dataclass(frozen=True, slots=True)
class Ways:
    """By role its road, by action what a step of it calls, by route of the canary its road."""

    roads: Mapping[str, Road]
    calls: Mapping[str, Calls]
    probes: Mapping[str, Road]
    canaries: Mapping[str, CanaryBinding]
    look_s: float
    threads: int


@dataclass(frozen=True, slots=True)
class Forecast:
    """`calls` by road, in the order of the plan; `holds_s` is how long the last canary holds at least."""

    seconds: float
    calls: Mapping[Road, int]
    holds_s: float


def expected(plan: Plan, ways: Ways, *, is_dry: bool = False) -> Forecast:
    """What a run of this plan takes if all goes well. Pure."""
    run = _Run(plan, ways, is_dry=is_dry)
    run.begin()
    run.time.play()
    holds = [ways.canaries[step.spec].hold_s for step in plan.steps if run.holds(step)]
    return Forecast(run.ended_s, run.calls, max(holds, default=0.0))


@dataclass(eq=False, slots=True)
class _Mark:
    """Something that processes wait for."""

    is_set: bool = False
    waiting: "list[_Process]" = field(default_factory=list)


# seconds to sleep, a turn to wait for, or a mark with the time until which it is waited for
_Wish: TypeAlias = "float | tuple[Lane, Rank] | tuple[_Mark, float]"
_Process: TypeAlias = "Generator[_Wish, None, None]"


class _Time:
    """Processes that sleep, wait for each other and queue for turns."""

    def __init__(self) -> None:
        self.now = 0.0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        self._queued: dict[tuple[Lane, Ticket], _Process] = {}
        self._next: dict[Lane, float] = {}  # when a lane is looked at again

    def play(self) -> None:
        """To the end."""
        while self._events:
            self.now, _, event = heapq.heappop(self._events)
            event()

    def go(self, process: _Process) -> None:
        wish = next(process, None)
        if wish is None:
            return
        if isinstance(wish, float):
            self._at(self.now + wish, lambda: self.go(process))
        elif isinstance(wish[0], Lane):
            self._queue(wish[0], wish[1], process)
        else:
            self._wait(wish[0], wish[1], process)

    def set(self, mark: _Mark) -> None:
        mark.is_set = True
        waiting, mark.waiting = mark.waiting, []
        for process in waiting:
            self.go(process)

    def _at(self, when: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (when, next(self._numbers), event))

    def _wait(self, mark: _Mark, until: float, process: _Process) -> None:
        if mark.is_set or until <= self.now:
            self._at(self.now, lambda: self.go(process))
            return
        mark.waiting.append(process)
        self._at(until, lambda: self._give_up(mark, process))

    def _give_up(self, mark: _Mark, process: _Process) -> None:
        if process in mark.waiting:
            mark.waiting.remove(process)
            self.go(process)

    def _queue(self, lane: Lane, rank: "Rank | float", process: _Process) -> None:
        self._queued[lane, lane.join(Rank(int(rank)))] = process
        self._look_at(lane, self.now)

    def _look_at(self, lane: Lane, when: float) -> None:
        if when < self._next.get(lane, inf):
            self._next[lane] = when
            self._at(when, lambda: self._serve(lane, when))

    def _serve(self, lane: Lane, when: float) -> None:
        if self._next.get(lane) != when:
            return  # it was looked at before
        del self._next[lane]
        head = lane.head
        if head is None:
            return
        wait_s = lane.wait_s(head, when)
        if not wait_s:
            self.go(self._queued.pop((lane, head)))
        self._look_at(lane, when + wait_s)


class _Crew:
    """At most `size` processes at once, in the order they came."""

    def __init__(self, time: _Time, size: int) -> None:
        self._time = time
        self._free = size
        self._todo: deque[_Process] = deque()

    def submit(self, process: _Process) -> None:
        self._todo.append(process)
        if self._free:
            self._free -= 1
            self._time.go(self._worker())

    def _worker(self) -> _Process:
        while self._todo:
            yield from self._todo.popleft()
        self._free += 1


class _Run:
    """The steps of one plan, as the runner has them: looks at once, each step after those it waits for."""

    def __init__(self, plan: Plan, ways: Ways, *, is_dry: bool) -> None:
        self._plan = plan
        self._ways = ways
        self._is_dry = is_dry
        self._is_undo = plan.direction is Direction.UNDO
        self.time = _Time()
        self.calls: Counter[Road] = Counter()
        self.ended_s = 0.0
        self._lanes: dict[Road, Lane] = {}
        self._looks = _Crew(self.time, ways.threads)
        self._steps = _Crew(self.time, ways.threads)
        self._looked = {step.id: _Mark() for step in plan.steps}
        self._called = {step.id: _Mark() for step in plan.steps}
        names = set(self._looked)
        self._left = {step.id: len(names.intersection(step.after)) for step in plan.steps}

    def begin(self) -> None:
        for step in self._plan.steps:
            if step.action == CANARY:
                self.time.go(self._first_call(step))
            elif not self._is_void(step):
                self._looks.submit(self._look(step))
        for step in self._plan.steps:
            if not self._left[step.id]:
                self._start(step)

    def holds(self, step: Step) -> bool:
        """Whether this is a canary that is called for a while."""
        return step.action == CANARY and not self._is_dry and not self._is_undo

    def _start(self, step: Step) -> None:
        if step.action == CANARY:
            self.time.go(self._hold(step))
        else:
            self._steps.submit(self._act(step))

    def _look(self, step: Step) -> _Process:
        if self.time.now <= self._ways.look_s:
            yield from self._sent(self._road(step), Rank.READ, self._of(step).looks)
        self.time.set(self._looked[step.id])

    def _act(self, step: Step) -> _Process:
        if not self._is_void(step):
            yield self._looked[step.id], self._ways.look_s
            for route, binding in self._ways.canaries.items():
                if (first := self._called.get(f"{route}:{step.server}")) and not self._is_undo:
                    yield first, binding.before_s
            if not self._is_dry:
                yield from self._sent(self._road(step), Rank.WRITE, self._of(step).writes)
                yield from self._sent(self._road(step), Rank.READ, self._of(step).reads)
        self._end(step)

    def _first_call(self, step: Step) -> _Process:
        if not self._is_undo:
            yield from self._sent(self._ways.probes[step.spec], Rank.PROBE, 1)
        self.time.set(self._called[step.id])

    def _hold(self, step: Step) -> _Process:
        """As `proof.Proof` does it."""
        if not self._is_dry:
            binding, road = self._ways.canaries[step.spec], self._ways.probes[step.spec]
            yield from self._sent(road, Rank.PROBE, 1)
            until = self.time.now + (0.0 if self._is_undo else binding.hold_s)
            while (left_s := until - self.time.now) > 0:
                yield min(max(binding.every_s, 0.01), left_s)
                yield from self._sent(road, Rank.PROBE, 1)
            if not self._is_undo and binding.control and binding.control.server not in self._plan.servers:
                yield from self._sent(road, Rank.PROBE, 1)
        self._end(step)

    def _sent(self, road: Road, rank: Rank, calls: int) -> _Process:
        for _ in range(calls):
            self.calls[road] += 1
            if road.tier is not None:
                yield self._lanes.setdefault(road, Lane(road.tier, 0.0)), rank
            yield CALL_S

    def _end(self, step: Step) -> None:
        self.ended_s = self.time.now
        for other in self._plan.steps:
            if step.id in other.after:
                self._left[other.id] -= other.after.count(step.id)
                if not self._left[other.id]:
                    self._start(other)

    def _is_void(self, step: Step) -> bool:
        return step.role not in self._ways.roads or (self._is_undo and step.undo is Undo.NONE)

    def _road(self, step: Step) -> Road:
        return self._ways.roads[step.role]

    def _of(self, step: Step) -> Calls:
        return self._ways.calls.get(step.action, Calls())
