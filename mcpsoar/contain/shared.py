"""One shared step of one run: forced by the first who needs it, lifted with the last."""

from collections.abc import Callable
from dataclasses import replace

from mcpsoar.contain.change import Change, Outcome
from mcpsoar.contain.commons import Commons
from mcpsoar.contain.holds import Holds
from mcpsoar.contain.ledger import STILL, Ledger, StepState
from mcpsoar.contain.looks import Look, Looks
from mcpsoar.core.errors import Indeterminate, Unreachable, Unsupported
from mcpsoar.core.plan import Direction, Step
from mcpsoar.core.ports import Clock
from mcpsoar.core.run import Baseline, Effect
from mcpsoar.core.verdict import StepVerdict, Verdict
from mcpsoar.kit import telling
from mcpsoar.kit.clock import stamp
from mcpsoar.kit.retry import Bounds, persist

_FORCE_WAIT_S = 10.0  # a release holds the lock for a few calls; a containment does not wait for a stuck one
_LIFT_WAIT_S = 60.0
_LIFT_LOOK_S = 30.0  # a lift has time, and is not made unseen


class Shared:
    """`bounds` are for the look before a lift; a change has its own. `forcing` makes the change that puts it
    in force, whatever this run is about.
    """

    def __init__(
        self,
        commons: Commons,
        ledger: Ledger,
        looks: Looks,
        *,
        clock: Clock,
        bounds: Bounds,
        holds: Holds,
        forcing: Callable[[], Change],
    ) -> None:
        self._commons = commons
        self._ledger = ledger
        self._looks = looks
        self._clock = clock
        self._bounds = bounds
        self._holds = holds
        self._forcing = forcing

    def carry_out(self, state: StepState, change: Change) -> Outcome:
        """Under the lock that goes with the direction, so that no release lifts what is being forced."""
        if self._ledger.direction is Direction.UNDO:
            return self._lift(state, change)
        with self._commons.lock() as lock:
            is_ours = lock.wait(_FORCE_WAIT_S, self._clock, shared=True)
            seen = Look() if state.intents else self._looks.of(state.step)
            if seen.baseline is not None and seen.baseline.in_force:
                # it was looked at without the lock, and a release may have been at work
                seen = self._looks.again(state.step)
            if not self._ledger.is_dry and not state.intents:
                was_forced = seen.baseline.in_force if seen.baseline else None
                self._commons.begin(self._ledger.run, was_forced=was_forced)
            outcome = self._forced(seen, change, known=state.baseline)
        if not is_ours and outcome.verdict in (StepVerdict.VERIFIED, StepVerdict.ALREADY):
            return Outcome(
                StepVerdict.CANNOT_TELL, f"{outcome.detail}; but a release was at work on it at the same time"
            )
        return outcome

    def _lift(self, state: StepState, change: Change) -> Outcome:
        with self._commons.lock() as lock:
            if not lock.wait(_LIFT_WAIT_S, self._clock):
                return Outcome(StepVerdict.FAILED, "nothing was sent: other runs are at work on it")
            holders = self._commons.needed_by(self._ledger.releases if self._ledger.is_dry else ())
            if holders:
                return self._kept(state, f"{STILL}needed by {'; '.join(holders)}")
            # what this release promised may have been to force it again, for others
            has_begun = state.intents > 0 and not self._commons.has(self._ledger.run)
            return self._by_note(self._look(state.step), change, has_begun=has_begun)

    def _kept(self, state: StepState, needed: str) -> Outcome:
        """It stays in force: an undo of something else may have lifted it, and then it is forced again."""
        seen = Look() if self._ledger.is_dry else self._look(state.step)
        if seen.trouble is not None and not isinstance(seen.trouble, Unsupported):
            return Outcome(StepVerdict.CANNOT_TELL, f"{needed}; whether it is in force: {seen.why_unknown}")
        if seen.baseline is None or seen.baseline.in_force:
            return Outcome(StepVerdict.SKIPPED, needed)
        if not self._commons.was_in_force():
            return Outcome(
                StepVerdict.SKIPPED, f"{needed}; it is not in force, and was not in any of these runs"
            )
        change = self._forcing()
        self._commons.begin(self._ledger.run, was_forced=False)
        outcome = self._forced(seen, change)
        if outcome.verdict.verdict is Verdict.YES:
            return Outcome(StepVerdict.SKIPPED, f"{needed}; it was no longer in force, and is again")
        return Outcome(outcome.verdict, f"{needed}, and it is no longer in force: {outcome.detail}")

    def _forced(self, seen: Look, change: Change, *, known: Baseline | None = None) -> Outcome:
        """Make the change. What a lift will need is on disk before: how things were, and of what is
        done by many calls what the next ones alter. After it, as what the policy was read back. `known` is
        what an earlier process of this run had seen.
        """
        if self._ledger.is_dry:
            return change.carry_out(seen)
        before = [one for one in (known, seen.baseline) if one is not None]
        self._commons.remember(*(one.facts for one in before if not one.in_force))

        def note(effect: Effect) -> None:
            if not before and effect.found_in_force is not None:
                self._commons.begin(self._ledger.run, was_forced=effect.found_in_force)
            self._commons.remember(effect.facts)

        with telling.heard_by(note):
            outcome = change.carry_out(seen)
        if change.effect is not None:
            note(change.effect)
        if outcome.verdict is StepVerdict.VERIFIED and change.seen is not None:
            self._commons.forced(change.seen.facts)
        return outcome

    def _look(self, step: Step) -> Look:
        """How it is now; a look that failed is repeated, as a change would be."""

        def seen() -> Look:
            look = self._looks.again(step, _LIFT_LOOK_S)
            if isinstance(look.trouble, Unreachable | Indeterminate):
                raise look.trouble
            return look

        try:
            return persist(seen, again=(Unreachable, Indeterminate), bounds=self._bounds, clock=self._clock)
        except (Unreachable, Indeterminate) as trouble:
            return Look(trouble=trouble)

    def _by_note(self, seen: Look, change: Change, *, has_begun: bool) -> Outcome:
        _, by_others = self._commons.forced_by_others()
        is_ours = self._commons.is_ours({run for run, _ in self._ledger.releases})
        if (is_ours is False or by_others) and not has_begun:
            return self._not_ours(seen, change, is_before_us=is_ours is not False)
        if seen.baseline is None and not isinstance(seen.trouble, Unsupported):
            return Outcome(
                StepVerdict.CANNOT_TELL,
                f"nothing {'more ' * has_begun}was sent: it could not be looked at ({seen.why_unknown}); "
                "lift it by hand if nobody needs it",
            )
        if None in (is_ours, by_others) and not has_begun and not _is_normal(seen):
            state = "left in force" if seen.baseline else "nothing was sent: it cannot be looked at"
            unknown = "how it was before could not be seen"
            if by_others is not None:
                unknown = "whether a run of this home forced it cannot be read"
            return Outcome(
                StepVerdict.CANNOT_TELL, f"{state}, and {unknown}; lift it by hand if nobody needs it"
            )
        if seen.baseline is not None and seen.baseline.in_force:
            again = self._commons.forced_again(seen.baseline.facts)
            if again is not None:
                return Outcome(
                    StepVerdict.CANNOT_TELL,
                    f"left in force: somebody else forced it again since ({again}); "
                    "lift it by hand if nobody needs it",
                )
        facts, held = self._holds.thawed(self._commons.before())
        change.go_back_to(replace(before_us(self._clock), facts=facts))
        outcome = change.carry_out(seen)
        if held:
            off = "; ".join(hold.words for hold in held)
            outcome = replace(outcome, detail=f"{outcome.detail}; left off, in quarantine: {off}")
        if outcome.verdict.verdict is Verdict.YES:
            self._commons.end()
        if outcome.verdict in (StepVerdict.VERIFIED, StepVerdict.APPLIED_UNVERIFIED):
            return Outcome(outcome.verdict, f"{outcome.detail}; runs in other homes are not known")
        return outcome

    def _not_ours(self, seen: Look, change: Change, *, is_before_us: bool) -> Outcome:
        """Nobody of this home has it forced, or others had before us."""
        if not self._ledger.is_dry:
            self._commons.end()
        if _is_normal(seen):
            return Outcome(StepVerdict.ALREADY, "nothing was sent: it is not in force")
        if seen.baseline is None:
            return Outcome(StepVerdict.CANNOT_TELL, f"nothing was sent: {seen.why_unknown}")
        change.note(seen)
        whose = "it was before the first of these runs" if is_before_us else "no run of this home forced it"
        return Outcome(StepVerdict.ALREADY, f"left in force: {whose}")


def before_us(clock: Clock) -> Baseline:
    """What a lift goes back to."""
    return Baseline(in_force=False, facts={}, seen_at=stamp(clock.now()))


def _is_normal(seen: Look) -> bool:
    return seen.baseline is not None and not seen.baseline.in_force
