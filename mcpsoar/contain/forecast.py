"""How long a run will take: its plan played through by the budgets' own rules, while no time passes."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from math import inf

from mcpsoar.contain.plan import CANARY
from mcpsoar.contain.playing import Crew, Joint, Mark, Process, Time
from mcpsoar.core.plan import Direction, Plan, Step, Undo
from mcpsoar.core.profile import CanaryBinding
from mcpsoar.core.run import Baseline
from mcpsoar.kit.budget import Calls, Lane, Rank, Tier

CALL_S = 0.1  # that one call takes, turn not included: assumed


@dataclass(frozen=True, slots=True)
class Road:
    """Where calls go and what they count as there; None where nobody counts."""

    host: str
    tier: Tier | None = None


@dataclass(frozen=True, slots=True)
class Ways:
    """By role its road, by action what a step of it calls, by route of the canary its road; and by step what
    was seen before it, where that is known.
    """

    roads: Mapping[str, Road]
    calls: Mapping[str, Calls]
    probes: Mapping[str, Road]
    canaries: Mapping[str, CanaryBinding]
    look_s: float
    threads: int
    seen: Mapping[str, Baseline] = field(default_factory=dict)


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


class _Run:
    """The steps of one plan, as the runner has them: looks at once, each step after those it waits for."""

    def __init__(self, plan: Plan, ways: Ways, *, is_dry: bool) -> None:
        self._plan = plan
        self._ways = ways
        self._is_dry = is_dry
        self._is_undo = plan.direction is Direction.UNDO
        self.time = Time()
        self.calls: Counter[Road] = Counter()
        self.ended_s = 0.0
        self._lanes: dict[Road, Lane] = {}
        self._desks: dict[tuple[Road, str], Crew] = {}
        self._joints: dict[tuple[Road, str, str], Joint] = {}
        self._looks = Crew(self.time, ways.threads)
        self._steps = Crew(self.time, ways.threads)
        self._looked = {step.id: Mark() for step in plan.steps}
        self._called = {step.id: Mark() for step in plan.steps}
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

    def _look(self, step: Step) -> Process:
        if self.time.now <= self._ways.look_s:
            yield from self._looked_at(step)
        self.time.set(self._looked[step.id])

    def _act(self, step: Step) -> Process:
        if not self._is_void(step):
            yield self._looked[step.id], self._ways.look_s
            for route, binding in self._ways.canaries.items():
                if (first := self._called.get(f"{route}:{step.server}")) and not self._is_undo:
                    yield first, binding.before_s
            if not self._is_dry:
                yield from self._written(step)
                yield from self._read_back(step)
        self._end(step)

    def _looked_at(self, step: Step) -> Process:
        calls = self._of(step)
        if calls.joint:
            yield from self._joint(step, "look", calls.looks).recent()
        else:
            yield from self._sent(self._road(step), Rank.READ, calls.looks)

    def _written(self, step: Step) -> Process:
        calls, road = self._of(step), self._road(step)
        if not calls.write_s:
            yield from self._sent(road, Rank.WRITE, calls.writes)
            return
        ended = Mark()
        desk = self._desks.setdefault((road, step.action), Crew(self.time, 1))
        desk.submit(self._slowly(road, calls, ended))
        yield ended, inf

    def _slowly(self, road: Road, calls: Calls, ended: Mark) -> Process:
        for _ in range(calls.writes):
            yield from self._sent(road, Rank.WRITE, 1)
            yield max(calls.write_s - CALL_S, 0.0)
        self.time.set(ended)

    def _read_back(self, step: Step) -> Process:
        calls = self._of(step)
        if calls.joint:
            for _ in range(calls.reads):
                yield from self._joint(step, "read", 1).now()
        else:
            yield from self._sent(self._road(step), Rank.READ, calls.reads)

    def _joint(self, step: Step, what: str, calls: int) -> Joint:
        road = self._road(step)
        reading = partial(self._sent, road, Rank.READ, calls)
        return self._joints.setdefault((road, step.action, what), Joint(self.time, reading))

    def _first_call(self, step: Step) -> Process:
        if not self._is_undo:
            yield from self._sent(self._ways.probes[step.spec], Rank.PROBE, 1)
        self.time.set(self._called[step.id])

    def _hold(self, step: Step) -> Process:
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

    def _sent(self, road: Road, rank: Rank, calls: int) -> Process:
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
        """What the step calls; what was seen before it says how many writes it is."""
        calls, was = self._ways.calls.get(step.action, Calls()), self._ways.seen.get(step.id)
        if was is None or self._is_undo:
            return calls
        if was.in_force:
            return replace(calls, writes=0, reads=1)
        return replace(calls, writes=len(was.facts[calls.counted])) if calls.counted in was.facts else calls
