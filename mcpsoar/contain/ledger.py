"""What a journal says happened: the entries of a run folded into the state of its steps."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from mcpsoar.contain.journal import Chain
from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Denied, Trouble, UnknownTarget, Unreachable, Unsupported, Usage
from mcpsoar.core.plan import Direction, Plan, Step, Undo
from mcpsoar.core.run import Baseline, Exposure, Observation, Passage, Sighting
from mcpsoar.core.verdict import RunVerdict, StepVerdict, Verdict
from mcpsoar.kit.status import Unknown

# troubles after which a change that was sent has certainly changed nothing, as a journal names them
_HARMLESS: tuple[type[Trouble], ...] = (Denied, Unknown, UnknownTarget, Unreachable, Unsupported, Usage)
_NOTHING_DONE = frozenset(kind.__name__ for kind in _HARMLESS)
_NO_TARGET = UnknownTarget.__name__
STILL = "still "  # begins the detail of a step that a release leaves in force, for others need it
_ABOUT = ("reason", "ticket", "by", "profile", "entries", "rehearsal")


@dataclass(slots=True)
class StepState:
    """One step so far. `baseline` is the state before the first change; None when it is not known, and
    `unknown_because` says why. `may_have_acted`: a change was sent and not every one was turned away.
    `has_no_target`: the control plane knows no such server. `affects`: what it touches.
    """

    step: Step
    baseline: Baseline | None = None
    unknown_because: str | None = None
    intents: int = 0
    effect: Facts | None = None
    is_awaited: bool = False
    has_acted: bool = False
    has_no_target: bool = False
    troubles: list[str] = field(default_factory=list)
    seen: Observation | None = None
    keys: list[str] = field(default_factory=list)
    verdict: StepVerdict | None = None
    detail: str = ""
    started_at: str | None = None
    finished_at: str | None = None
    sightings: dict[str, list[Sighting]] = field(default_factory=dict)
    affects: dict[str, Any] = field(default_factory=dict)

    @property
    def may_have_acted(self) -> bool:
        return self.has_acted or self.is_awaited

    @property
    def executed_before(self) -> bool:
        return any(sight.passage is Passage.EXECUTED for sight in self.sightings.get("before", ()))


@dataclass(slots=True)
class Ledger:
    """A run as its journal tells it. `releases` pairs runs with servers, `released` those that ended well;
    `untouched` are a release's steps for which no containment changed anything.
    """

    run: str
    direction: Direction
    playbook: str
    playbook_digest: str
    plan_digest: str
    servers: tuple[str, ...]
    steps: dict[str, StepState]
    bindings: Facts
    about: Facts
    is_dry: bool
    started_at: str
    releases: tuple[tuple[str, str], ...] = ()
    released: set[tuple[str, str]] = field(default_factory=set)
    baselines: dict[str, Baseline | None] = field(default_factory=dict)
    untouched: frozenset[str] = frozenset()
    verdict: RunVerdict | None = None
    ended_at: str | None = None

    @property
    def plan(self) -> Plan:
        """What the run set out to do, whatever its playbook says by now."""
        steps = tuple(state.step for state in self.steps.values())
        return Plan(self.playbook, self.playbook_digest, self.direction, self.servers, steps, self.bindings)


def fold(chain: Chain) -> tuple[Ledger | None, str | None]:
    """The state after all entries, None when there is not even a plan; and what is wrong with the journal.

    A journal may be chained well and still make no sense: a later version wrote it, or a forger.
    """
    ledger = None
    try:
        for entry in chain.entries:
            if ledger is not None:
                _apply(ledger, entry)
            elif entry["kind"] == "plan":
                ledger = _planned(entry)
            else:
                break
    except (KeyError, TypeError, ValueError, AttributeError):
        return None, chain.problem or "an entry is not as this version of mcpsoar writes it"
    return ledger, chain.problem


def as_baseline(said: Any) -> Baseline | None:
    return Baseline(said["in_force"], said["facts"], said["seen_at"]) if said else None


def baseline_facts(was: Baseline | None) -> Facts | None:
    return {"in_force": was.in_force, "facts": was.facts, "seen_at": was.seen_at} if was else None


def look_facts(was: Baseline) -> Facts:
    """A look as an entry of the journal."""
    return {**(baseline_facts(was) or {}), **({"affects": was.affects} if was.affects else {})}


def observation_facts(seen: Observation) -> Facts:
    return {
        "verdict": seen.verdict.name,
        "detail": seen.detail,
        "facts": seen.facts,
        "seen_at": seen.seen_at,
        "exposures": [
            [one.what, one.until, *([one.is_beside] if one.is_beside else [])] for one in seen.exposures
        ],
        "partial": seen.is_partial,
    }


def _planned(plan: Facts) -> Ledger:
    steps = [_step(said) for said in plan["steps"]]
    return Ledger(
        run=plan["run"],
        direction=Direction(plan["direction"]),
        playbook=plan["playbook"],
        playbook_digest=plan["playbook_digest"],
        plan_digest=plan["plan_digest"],
        servers=tuple(plan["servers"]),
        steps={step.id: StepState(step) for step in steps},
        bindings=plan["bindings"],
        about={name: plan.get(name) for name in _ABOUT},
        is_dry=plan["dry_run"],
        started_at=plan["at"],
        releases=_pairs(plan.get("releases", ())),
        baselines={name: as_baseline(said) for name, said in plan.get("baselines", {}).items()},
        untouched=frozenset(plan.get("untouched", ())),
    )


def _apply(ledger: Ledger, entry: Facts) -> None:
    kind = entry["kind"]
    if kind == "released":
        ledger.released.add((entry["run"], entry["server"]))
    elif kind == "end":
        ledger.verdict = RunVerdict(entry["verdict"])
        ledger.ended_at = entry["at"]
    elif kind == "resumed":
        ledger.verdict = ledger.ended_at = None
    elif state := ledger.steps.get(entry.get("step", "")):
        state.started_at = state.started_at or entry["at"]
        _advance(state, kind, entry)


def _advance(state: StepState, kind: str, entry: Facts) -> None:
    match kind:
        case "look" if not state.intents:
            state.baseline = as_baseline(entry) if "facts" in entry else None
            state.unknown_because = entry.get("unknown")
            state.has_no_target = entry.get("what") == _NO_TARGET
            _touch(state, entry)
        case "late look" if state.baseline is None:
            state.baseline = as_baseline(entry)
            state.unknown_because = None
            _touch(state, entry)
        case "affects":
            _touch(state, entry)
        case "intent":
            state.intents += 1
            state.effect = None
            state.has_acted |= state.is_awaited  # a crash left the one before without an answer
            state.is_awaited = True
            if entry["key"] not in state.keys:
                state.keys.append(entry["key"])
        case "effect":
            state.effect = entry["facts"]
            _answered(state, has_acted=True)
        case "trouble":
            state.troubles.append(entry["text"])
            state.has_no_target |= entry["what"] == _NO_TARGET
            _answered(state, has_acted=entry["what"] not in _NOTHING_DONE)
        case "seen":
            state.seen = _observation(entry)
        case "sighting":
            sight = Sighting(Passage(entry["passage"]), entry["detail"], entry["seen_at"])
            state.sightings.setdefault(entry["phase"], []).append(sight)
        case "again":
            state.has_no_target = False
            state.verdict = state.finished_at = None
            state.sightings.pop("after", None)
        case "outcome":
            state.verdict = StepVerdict(entry["verdict"])
            state.detail = entry["detail"]
            state.finished_at = entry["at"]


def _touch(state: StepState, entry: Facts) -> None:
    """What was known first stays: a look after the change finds less than it touched."""
    for name, known in entry.get("affects", {}).items():
        if state.affects.get(name) is None:
            state.affects[name] = known


def _answered(state: StepState, *, has_acted: bool) -> None:
    """What the change that was sent last came to; looks have troubles too, and those answer nothing."""
    state.has_acted |= state.is_awaited and has_acted
    state.is_awaited = False


def _observation(entry: Facts) -> Observation:
    return Observation(
        Verdict[entry["verdict"]],
        entry["detail"],
        entry["facts"],
        entry["seen_at"],
        tuple(Exposure(*one) for one in entry["exposures"]),
        is_partial=entry["partial"],
    )


def _step(said: Facts) -> Step:
    return Step(
        id=said["id"],
        spec=said["spec"],
        action=said["action"],
        role=said["role"],
        server=said["server"],
        undo=Undo(said["undo"]),
        after=tuple(said["after"]),
        when=tuple(said.get("when", ())),
        verdicts=tuple(StepVerdict(one) for one in said.get("verdicts", ())),
        attempts=said.get("attempts"),
        retry_s=said.get("retry_s"),
        limit_s=said.get("limit_s"),
    )


def _pairs(said: Iterable[Any]) -> tuple[tuple[str, str], ...]:
    return tuple((run, server) for run, server in said)
