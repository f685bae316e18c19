"""One step, whatever the network does: intent on disk, change, look again, and a verdict that is true.

An error's type decides whether a change may be repeated, and what a silence means is read back. No
change is repeated unless the journal holds the read-back that allowed it.
"""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, replace
from datetime import timedelta
from math import inf

from mcpsoar.contain.dry_run import DryRun
from mcpsoar.contain.journal import Journal
from mcpsoar.contain.ledger import StepState, baseline_facts
from mcpsoar.contain.looks import Look
from mcpsoar.contain.record import Record
from mcpsoar.core.digest import effect_key
from mcpsoar.core.errors import (
    Conflict,
    Denied,
    Indeterminate,
    Malformed,
    Trouble,
    UnknownTarget,
    Unreachable,
    Unsupported,
    Usage,
)
from mcpsoar.core.plan import Direction, Undo
from mcpsoar.core.ports import Clock, Connector
from mcpsoar.core.run import Baseline, Effect, Observation
from mcpsoar.core.verdict import StepVerdict, Verdict
from mcpsoar.kit import telling
from mcpsoar.kit.clock import stamp
from mcpsoar.kit.retry import Bounds, persist
from mcpsoar.kit.targets import noted


@dataclass(frozen=True, slots=True)
class Outcome:
    verdict: StepVerdict
    detail: str


@dataclass(frozen=True, slots=True)
class Tools:
    """What every step of one run works with."""

    run: str
    direction: Direction
    journal: Journal
    clock: Clock
    bounds: Bounds


class Change:
    """One step of a run, in its direction. `was` is what an undo goes back to; None when nobody knows.

    `without_ours` makes of what was seen how it would be without other runs of this home.
    """

    def __init__(
        self,
        tools: Tools,
        connector: Connector,
        state: StepState,
        was: Baseline | None,
        without_ours: Callable[[Baseline | None], Baseline | None] = lambda was: was,
    ) -> None:
        self._tools = tools
        self._record = Record(tools.journal, state.step.id)
        self._connector = connector
        self._step = state.step
        self._is_undo = tools.direction is Direction.UNDO
        self._was = was
        self._without_ours = without_ours
        self._tries = state.intents
        self._is_acknowledged = state.effect is not None
        # a change that was promised before a crash may have been made
        self._is_doubtful = self._is_uncertain = state.intents > 0
        # an acknowledged change without effect is made once more, under a key of its own: under the old one
        # a plane that remembers keys would only repeat its answer
        self._round = max(1, len(state.keys) + self._is_acknowledged)
        self._last_round = self._round + (not self._is_acknowledged)
        self._begun = tools.clock.monotonic()
        self._conflicts = 0
        self._can_read: bool | None = None
        self.seen: Observation | None = None  # what was read back last
        self.effect: Effect | None = None  # what the control plane says it did last

    def carry_out(self, look: Look) -> Outcome:
        """Bring the step about, or say what is known. Raises Unwritable: then nothing more was sent."""
        if self._is_undo and self._step.undo is Undo.NONE:
            return Outcome(StepVerdict.SKIPPED, "there is no way back: clients fetch new tokens")
        self._hold(look)
        if isinstance(look.trouble, UnknownTarget):
            self._record.let_go()
            return Outcome(StepVerdict.FAILED, f"nothing was sent: {look.trouble}")
        if isinstance(look.trouble, Unsupported):
            self._can_read = False
        # what an earlier process had promised without having seen it goes on
        if self._is_undo and self._was is None and self._can_read is not False and not self._tries:
            self._record.let_go()
            return Outcome(
                StepVerdict.CANNOT_TELL,
                "nothing was sent: nobody saw how it was before the run; if it was on, add --assume-on",
            )
        if not self._is_undo and not self._tries:
            self._was = look.baseline
        try:
            if look.baseline is not None and not self._tries and self._is_met(look.baseline):
                ended = self._already(", undone before this release" * self._is_undo)
                if ended is not None:
                    return ended
            return persist(
                self._attempt,
                again=(Unreachable, Indeterminate, Conflict),
                bounds=self._bounds(),
                clock=self._tools.clock,
            )
        except (Unreachable, Indeterminate, Conflict) as trouble:
            return self._given_up(trouble)

    def note_late(self, was: Baseline | None) -> None:
        """Write down how it was before the change, where that became known after it. Raises Unwritable."""
        was = self._without_ours(was)
        if was is not None and self._was is None and self._tries:
            self._was = was
            self._record.look(was, "late look")

    def leave(self, look: Look) -> Outcome:
        """Undo what no run has done: nothing is sent, whatever is seen. Raises Unwritable."""
        self._hold(look)
        if look.baseline is not None and self._is_met(look.baseline):
            ended = self._already()
            if ended is not None:
                return ended
        else:
            self._record.let_go()
        if isinstance(look.trouble, UnknownTarget):
            return Outcome(StepVerdict.ALREADY, f"nothing was sent: no run changed it, and {look.trouble}")
        return Outcome(StepVerdict.SKIPPED, "nothing was sent: no run changed it")

    def go_back_to(self, was: Baseline) -> None:
        """What this undo aims at."""
        self._was = was

    def note(self, look: Look) -> None:
        """Write down a look after which nothing is sent. Raises Unwritable."""
        self._hold(look)
        self._record.let_go()

    def _hold(self, look: Look) -> None:
        """Of what was promised before a crash the journal has the look already."""
        if not self._tries:
            self._record.hold(look)

    def _already(self, since: str = "") -> Outcome | None:
        seen = self._prove("in force before anything was sent")
        if seen.verdict is Verdict.YES:
            left = ", as before the run" if self._is_undo and self._was and self._was.in_force else since
            return Outcome(StepVerdict.ALREADY, f"nothing was sent: {seen.detail}{left}")
        if seen.verdict is Verdict.CANNOT_TELL:
            return Outcome(StepVerdict.CANNOT_TELL, f"seemed in force, then: {seen.detail}")
        return None

    def _attempt(self) -> Outcome:
        if self._is_doubtful:
            ended = self._look_again()
            if ended is not None:
                return ended
        return self._send()

    def _send(self) -> Outcome:
        self._tries += 1
        self._record.write("intent", attempt=self._tries, key=self._key(), was=baseline_facts(self._was))
        self._is_doubtful = True
        try:
            with telling.heard_by(self._heard) if self._wants_to_hear() else nullcontext():
                effect = self._act()
        except Unreachable as trouble:
            self._record.trouble(trouble)
            raise
        except (Indeterminate, Conflict) as trouble:
            self._record.trouble(trouble)
            self._is_uncertain = True
            self._conflicts += isinstance(trouble, Conflict)
            if self._conflicts > 1:
                return self._given_up(trouble)
            raise
        except Malformed as trouble:
            self._record.trouble(trouble)
            self._is_uncertain = True
            return self._given_up(trouble)
        except Denied as trouble:
            self._record.trouble(trouble)
            return self._refused(trouble)
        except (Unsupported, Usage) as trouble:
            self._record.trouble(trouble)
            return Outcome(StepVerdict.FAILED, f"nothing was sent: {trouble}")
        self.effect = effect
        self._is_acknowledged = True
        self._record.write("effect", facts=effect.facts, said_at=effect.at)
        return self._proved()

    def _act(self) -> Effect:
        act = self._connector.rollback if self._is_undo else self._connector.apply
        return act(self._step, self._was, self._key())

    def _wants_to_hear(self) -> bool:
        """Whether nobody saw how it was before; of what is shared, others listen."""
        return self._was is None and not self._is_undo and self._step.server is not None

    def _heard(self, effect: Effect) -> None:
        """What a change of many calls is about to alter is what its undo brings back."""
        self.note_late(Baseline(effect.found_in_force is True, effect.facts, effect.at))

    def _proved(self) -> Outcome:
        """After an acknowledged change: a claim is no proof."""
        if isinstance(self._connector, DryRun):
            return Outcome(StepVerdict.PLANNED, "would be sent")
        seen = self._prove("proof")
        if seen.verdict is Verdict.YES:
            return Outcome(StepVerdict.VERIFIED, seen.detail)
        if seen.verdict is Verdict.CANNOT_TELL:
            return self._unproved(seen.detail)
        if self._round < self._last_round and self._left_s() > 0:
            self._round += 1
            return self._send()
        return self._not_in_force(seen, "acknowledged, without effect")

    def _look_again(self) -> Outcome | None:
        """Whether the change may be repeated: None allows it, and the journal holds why."""
        if not self._is_uncertain:
            return self._look_after_nothing()
        seen = self._prove("before a repeat")
        if seen.verdict is Verdict.YES:
            return Outcome(StepVerdict.VERIFIED, seen.detail)
        if seen.verdict is Verdict.NO:
            return None
        if not self._has_read_back():
            return self._unproved(seen.detail)
        raise Indeterminate(f"cannot be read back: {seen.detail}")

    def _look_after_nothing(self) -> Outcome | None:
        """The last call was not processed; somebody else may have been at work since."""
        try:
            now = self._baseline()
        except Unsupported as trouble:
            self._can_read = False
            self._record.trouble(trouble)
            return None
        except Denied as trouble:
            self._record.trouble(trouble)
            return Outcome(StepVerdict.FAILED, f"nothing was processed, and now: {trouble}")
        except (Unreachable, Indeterminate) as trouble:
            self._record.trouble(trouble)
            raise
        except Malformed as trouble:
            self._record.trouble(trouble)
            raise Indeterminate(trouble.message, where=trouble.where) from None
        self._record.look(now)
        return self._already() if self._is_met(now) else None

    def _refused(self, trouble: Denied) -> Outcome:
        """Refused, which some planes also say of what is done already: only a look can tell."""
        if self._can_read is not False and not isinstance(trouble, UnknownTarget):
            try:
                now = self._baseline()
            except Trouble as blind:
                self._record.trouble(blind)
            else:
                # what was done before it was refused may be a part of it
                is_begun = self._is_met(now) or self._is_uncertain
                seen = self._prove("refused") if is_begun else None
                if seen is not None and seen.verdict is Verdict.YES:
                    return Outcome(StepVerdict.ALREADY, f"refused, and in force: {seen.detail}")
                if seen is not None and seen.verdict is Verdict.CANNOT_TELL:
                    return Outcome(StepVerdict.CANNOT_TELL, f"{trouble}; then: {seen.detail}")
                if seen is not None:
                    return self._not_in_force(seen, str(trouble))
                return Outcome(StepVerdict.FAILED, str(trouble))
        if self._is_uncertain:
            return Outcome(StepVerdict.CANNOT_TELL, f"an earlier call may have worked, and now: {trouble}")
        return Outcome(StepVerdict.FAILED, str(trouble))

    def _given_up(self, trouble: Trouble) -> Outcome:
        if not self._is_uncertain:
            return Outcome(StepVerdict.FAILED, f"nothing was processed: {trouble}{self._when(trouble)}")
        seen = self._prove("the last word")
        if seen.verdict is Verdict.YES:
            return Outcome(StepVerdict.VERIFIED, f"{seen.detail} (the answer to the change: {trouble})")
        if seen.verdict is Verdict.CANNOT_TELL:
            return Outcome(StepVerdict.CANNOT_TELL, f"{trouble}; then: {seen.detail}")
        return self._not_in_force(seen, str(trouble))

    def _not_in_force(self, seen: Observation, why: str) -> Outcome:
        verdict = StepVerdict.PARTIAL if seen.is_partial else StepVerdict.FAILED
        return Outcome(verdict, f"{seen.detail} ({why})")

    def _unproved(self, why: str) -> Outcome:
        if self._is_acknowledged and not self._has_read_back():
            return Outcome(StepVerdict.APPLIED_UNVERIFIED, f"acknowledged; nothing can be read back: {why}")
        return Outcome(StepVerdict.CANNOT_TELL, why)

    def _has_read_back(self) -> bool:
        if self._can_read is None:
            try:
                self._baseline()
            except Unsupported:
                self._can_read = False
            except Trouble:
                return True
            else:
                self._can_read = True
        return self._can_read

    def _baseline(self) -> Baseline:
        """How it is now; an undo asks after what was changed, whatever is called so by then."""
        was = self._was if self._is_undo else None
        return self._connector.baseline(noted(self._step, was.facts) if was else self._step)

    def _prove(self, why: str) -> Observation:
        if self._is_undo:
            seen = self._connector.verify_rollback(self._step, self._was)
        else:
            seen = self._connector.verify(self._step)
        self.seen = seen
        self._record.seen(seen, why)
        return seen

    def _is_met(self, now: Baseline) -> bool:
        wanted = self._was is not None and self._was.in_force if self._is_undo else True
        return now.in_force is wanted

    def _when(self, trouble: Trouble) -> str:
        after_s = trouble.retry_after_s if isinstance(trouble, Unreachable) else None
        if after_s is None:
            return ""
        at = self._tools.clock.now() + timedelta(seconds=min(after_s, 1e8))
        return f" (not before {stamp(at)})"

    def _bounds(self) -> Bounds:
        """As the step says, else as the profile does; the first try is always made."""
        step, bounds = self._step, self._tools.bounds
        seconds = bounds.seconds if step.retry_s is None else step.retry_s
        attempts = bounds.attempts if step.attempts is None else step.attempts
        return replace(bounds, attempts=attempts, seconds=min(seconds, self._left_s()))

    def _left_s(self) -> float:
        """Of the step's own limit, which waiting for a lock uses up too."""
        if self._step.limit_s is None:
            return inf
        return self._begun + self._step.limit_s - self._tools.clock.monotonic()

    def _key(self) -> str:
        name = self._step.id if self._round == 1 else f"{self._step.id}#{self._round}"
        return effect_key(self._tools.run, name, self._tools.direction.value)
