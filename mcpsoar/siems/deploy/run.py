"""Carrying out a plan: one object after another, looked at before and after, and written down each time.

What is on disk always tells how far it came: the intent before a write, the outcome after it was read back.
A write without a trustworthy answer is looked at before it is repeated. A refusal concerns one object; a SIEM
that does not answer ends the run, for what comes next would not be known either.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from mcpsoar.core.errors import Indeterminate, Malformed, Trouble, Unreachable, Unwritable, Usage
from mcpsoar.core.ports import Clock
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit.retry import Bounds
from mcpsoar.siems.deploy.compare import change, live_value
from mcpsoar.siems.deploy.live import Found, Live, Traits
from mcpsoar.siems.deploy.plan import EditPolicy, Plan, still_holds
from mcpsoar.siems.deploy.record import Applied, applied, once, resolved
from mcpsoar.siems.deploy.state import Key, Pending, State, StateFile
from mcpsoar.siems.deploy.steps import Action, KeyStep, Step, What
from mcpsoar.siems.deploy.told import Told
from mcpsoar.siems.deploy.values import picked, same

BOUNDS = Bounds(attempts=4, seconds=30.0)
_PAUSE_S = 0.5


class End(StrEnum):
    """What became of a step that sends something."""

    DONE = "done"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    NOT_TRIED = "not_tried"


@dataclass(frozen=True, slots=True)
class Outcome:
    step: Step
    end: End
    detail: str = ""


class Run:
    """One run over one plan. `say` gets a line for each write; `told` is remembered where it is said."""

    def __init__(
        self,
        live: Live,
        file: StateFile,
        state: State,
        *,
        policy: EditPolicy,
        clock: Clock,
        say: Callable[[str], None],
        bounds: Bounds = BOUNDS,
        told: Told | None = None,
    ) -> None:
        self._live = live
        self._file = file
        self._state = state
        self._policy = policy
        self._clock = clock
        self._say = say
        self._bounds = bounds
        self._told = told

    def carry_out(self, plan: Plan) -> tuple[Outcome, ...]:
        """Every step that sends something, with its end. Raises Unwritable: then nothing more was sent."""
        self._write_down(plan)
        outcomes: list[Outcome] = []
        is_silent = False
        for step in plan.steps:
            if not step.is_sent:
                continue
            if is_silent:
                outcomes.append(Outcome(step, End.NOT_TRIED))
                continue
            try:
                outcome = self._done(step)
            except (Unwritable, Usage):
                raise
            except Trouble as trouble:  # it cannot be looked at: a token that ended, a proxy gone astray
                is_silent = True
                outcome = Outcome(step, End.UNKNOWN, str(trouble))
            outcomes.append(outcome)
            words = f"{step.action.value} {step.item.kind} {step.item.name}: {outcome.end.value}"
            self._say(words + (f", {outcome.detail}" if outcome.detail else ""))
        return tuple(outcomes)

    def _write_down(self, plan: Plan) -> None:
        """What is known without sending anything: what became ours, what is no more, how far a write came."""
        objects = self._state.settled(plan.found, self._live.kinds)
        state = replace(self._state, objects=objects, pending=None, told=self._told or self._state.told)
        for step in plan.steps:
            key = (step.item.kind, step.item.name)
            if step.action is Action.TAKE:
                traits = self._live.kinds[step.item.kind]
                taken = applied(step, state.objects.get(key), plan.found[key], traits)
                state = state.with_object(key, taken)
            elif step.action is Action.FORGET:
                state = state.with_object(key, None)
            elif (found := plan.found.get(key)) and (last := state.objects.get(key)):
                noted = replace(last, once=once(found, self._live.kinds[step.item.kind]))
                state = state if noted == last else state.with_object(key, noted)
        if state != self._state or any(step.is_sent for step in plan.steps):
            self._file.write(state)
            self._state = state

    def _done(self, step: Step) -> Outcome:
        """Raises Trouble where it cannot be looked at any more."""
        item, traits = step.item, self._live.kinds[step.item.kind]
        key = (item.kind, item.name)
        last = self._state.objects.get(key)
        found = self._live.one(item)
        if not still_holds(step, last, found, traits, self._policy):
            return Outcome(step, End.REFUSED, "it changed there since the plan was made: plan again")
        before = None if found is None else picked(found.body, item.body)
        if step.action is not Action.DELETE:
            pending = Pending(before, item)
            self._file.intend(pending)
            self._state = self._state.intending(pending)
        found, trouble = self._sent(step, last, found)
        left = _left(step, last, found, traits, is_sure=trouble is None)
        if not left:
            is_new = step.action is Action.CREATE
            now = applied(step, None if is_new else last, found, traits) if found else None
            self._settle(key, now)
            return Outcome(step, End.DONE)
        if step.action is not Action.DELETE:
            self._settle(key, resolved(item, before, last, found, traits))
        if trouble is None:
            return Outcome(step, End.UNKNOWN, f"it reads back otherwise: {', '.join(left)}")
        is_doubt = isinstance(trouble, Unreachable | Indeterminate | Malformed)
        return Outcome(step, End.UNKNOWN if is_doubt else End.REFUSED, str(trouble))

    def _sent(
        self, step: Step, last: Applied | None, found: Found | None
    ) -> tuple[Found | None, Trouble | None]:
        """Send, look, and send what did not arrive, within bounds. What is there then, and what was wrong."""
        traits, until = self._live.kinds[step.item.kind], self._clock.monotonic() + self._bounds.seconds
        for attempt in range(1, self._bounds.attempts + 1):
            trouble = self._try(step, last, found)
            found = self._live.one(step.item)
            if trouble is None or not isinstance(trouble, Unreachable | Indeterminate):
                break
            if not (left := _left(step, last, found, traits, is_sure=False)):
                break
            asked_s = trouble.retry_after_s if isinstance(trouble, Unreachable) else None
            pause_s = max(asked_s or 0.0, _PAUSE_S * attempt)
            if attempt == self._bounds.attempts or self._clock.monotonic() + pause_s > until:
                break
            self._clock.sleep(pause_s)
            step = _rest(step, left, found)
        return found, trouble

    def _try(self, step: Step, last: Applied | None, found: Found | None) -> Trouble | None:
        """Raises Unwritable alone."""
        try:
            if step.action is Action.CREATE:
                self._live.create(step.item)
            elif found is not None and step.action is Action.DELETE:
                self._live.delete(step.item, found)
            elif found is not None:
                self._live.change(step.item, change(step, last, found), found)
        except (Unwritable, Usage):
            raise
        except Trouble as trouble:
            return trouble
        return None

    def _settle(self, key: Key, now: Applied | None) -> None:
        self._file.settle(key, now)
        self._state = self._state.with_object(key, now)


def verdict(plan: Plan, outcomes: Sequence[Outcome]) -> Verdict:
    """NO for a conflict that is kept and for a refusal, CANNOT_TELL for what nobody saw the end of."""
    ends = {outcome.end for outcome in outcomes}
    if plan.in_conflict or End.REFUSED in ends:
        return Verdict.NO
    return Verdict.CANNOT_TELL if ends & {End.UNKNOWN, End.NOT_TRIED} else Verdict.YES


def _left(
    step: Step, last: Applied | None, found: Found | None, traits: Traits, *, is_sure: bool
) -> tuple[str, ...]:
    """The keys that are not there as they were sent; of a deletion, that it is there still.

    A key that was taken away may come back as a default; where it `is_sure` that it went, that is fine.
    """
    if step.action is Action.DELETE:
        return () if found is None else ("it is there still",)
    if found is None:
        return ("it is not there",)
    had = last.keys if last else {}
    sent = [key.key for key in step.changes]
    if step.action is Action.CREATE:
        sent = [key for key in step.item.body if key not in traits.along and not traits.is_once(key)]
    want = step.item.body

    def has_arrived(key: str) -> bool:
        if key not in want:
            return is_sure or not same(live_value(key, None, had.get(key), found, traits), had.get(key))
        return same(live_value(key, want.get(key), had.get(key), found, traits), want.get(key))

    return tuple(key for key in sent if not has_arrived(key))


def _rest(step: Step, left: Sequence[str], found: Found | None) -> Step:
    """What is left to do of a write that arrived in part, or not at all."""
    if found is None or step.action is Action.DELETE:
        return step
    want = step.item.body
    keys = (KeyStep(key, What.CHANGE, None, found.body.get(key), want.get(key)) for key in left)
    return replace(step, action=Action.CHANGE, keys=tuple(keys))
