"""The canary around a change: it must have worked before, and be refused afterwards for long enough."""

from dataclasses import dataclass

from mcpsoar.contain.change import Outcome
from mcpsoar.contain.journal import Journal
from mcpsoar.contain.ledger import StepState
from mcpsoar.core.ports import Canary, Clock
from mcpsoar.core.profile import CanaryBinding
from mcpsoar.core.run import Passage, Sighting
from mcpsoar.core.verdict import StepVerdict
from mcpsoar.kit.budget import budget_of

_NO_TOKEN = "HTTP 401"  # noqa: S105 (how a sighting begins)


@dataclass(frozen=True, slots=True)
class Proof:
    """Probes one server of a run at a time; threads may share it. `touched` are all servers of the run."""

    canary: Canary
    binding: CanaryBinding
    journal: Journal
    clock: Clock
    touched: tuple[str, ...]

    @property
    def _has_living_token(self) -> bool:
        """Whether the control, which is asked next, calls with the canary's token: then it is still good."""
        control = self.binding.control
        return control is not None and self._lacks_control() is None and control.token == self.binding.token

    @property
    def _control(self) -> str | None:
        return self.binding.control.server if self.binding.control else None

    def before(self, state: StepState) -> Sighting:
        """Call once before the change; again, within `before_s`, while nothing can be said."""
        until = self.clock.monotonic() + self.binding.before_s
        while True:
            sight = self._probe(state, "before")
            if sight.passage is not Passage.UNCLEAR or self.clock.monotonic() + 0.1 > until:
                return sight
            self.clock.sleep(0.1)

    def contained(self, state: StepState, *, worked_before: str | None) -> Outcome:
        """After the change: explicit denials alone, on fresh connections, for `hold_s`.

        All probes are made even when one executes: when it stopped is worth knowing. `worked_before` says
        how it is known that the canary works, None when it is not.
        """
        seen = self._held(state)
        executed = [sight for sight in seen if sight.passage is Passage.EXECUTED]
        unclear = [sight for sight in seen if sight.passage is Passage.UNCLEAR]
        if executed:
            return Outcome(
                StepVerdict.FAILED,
                f"{len(executed)} of {len(seen)} calls still executed, the last at {executed[-1].seen_at}",
            )
        if unclear:
            return Outcome(
                StepVerdict.CANNOT_TELL,
                f"{len(unclear)} of {len(seen)} calls met no clear refusal: {unclear[-1].detail}",
            )
        denied = f"{len(seen)} of {len(seen)} calls denied over {self.binding.hold_s:g} s: {seen[-1].detail}"
        if worked_before is None:
            return Outcome(
                StepVerdict.CANNOT_TELL, f"{denied}; but it was not seen to work before the change"
            )
        if all(sight.detail.startswith(_NO_TOKEN) for sight in seen) and not self._has_living_token:
            return Outcome(
                StepVerdict.CANNOT_TELL,
                f"{denied}; but the canary's own token may have gone with the others: give it, and the "
                "control with it, one that this run does not revoke",
            )
        if (lacking := self._lacks_control()) is not None:
            return Outcome(StepVerdict.VERIFIED, f"{worked_before}; {denied}; {lacking}")
        if (dead := self._dead_control(state)) is not None:
            return Outcome(StepVerdict.CANNOT_TELL, f"{denied}; but so may be everything: {dead}")
        return Outcome(
            StepVerdict.VERIFIED, f"{worked_before}; {denied}; {self._control}, untouched, answered"
        )

    def released(self, state: StepState) -> Outcome:
        """After the undo: it must execute again, within `hold_s`."""
        until = self.clock.monotonic() + self.binding.hold_s
        while True:
            sight = self._probe(state, "after")
            if sight.passage is Passage.EXECUTED:
                return Outcome(StepVerdict.VERIFIED, "executes again")
            if self.clock.monotonic() + self._locked_s >= until:
                break
            self.clock.sleep(max(self.binding.every_s, 0.01))
        if sight.passage is Passage.UNCLEAR:
            return Outcome(StepVerdict.CANNOT_TELL, f"nothing can be said: {sight.detail}")
        if sight.detail.startswith(_NO_TOKEN):
            return Outcome(
                StepVerdict.CANNOT_TELL,
                f"{sight.detail}: the canary's own token went with the others; give it a new one",
            )
        return Outcome(StepVerdict.FAILED, f"still refused: {sight.detail}")

    def _held(self, state: StepState) -> list[Sighting]:
        """From the first answer on: a call may have waited long for its turn."""
        seen = [self._probe(state, "after")]
        start = self.clock.monotonic()
        while (left := start + self.binding.hold_s - self.clock.monotonic()) > self._locked_s:
            self.clock.sleep(min(max(self.binding.every_s, 0.01), left))
            seen.append(self._probe(state, "after"))
        return seen

    @property
    def _locked_s(self) -> float:
        """For so long nothing is called there: what cannot be seen any more is not waited for."""
        budget = budget_of(self.binding.network)
        return budget.locked_s if budget else 0.0

    def _lacks_control(self) -> str | None:
        """Why no untouched server can be tried; None when one can."""
        if self._control is None:
            return "no unaffected server was tried: name `control` in the profile"
        if self._control in self.touched:
            return f"no unaffected server was tried: {self._control} is contained too"
        return None

    def _dead_control(self, state: StepState) -> str | None:
        """Why the untouched server proves nothing now; None when it answers."""
        sight = self._probe(state, "control", server=self._control)
        return None if sight.passage is Passage.EXECUTED else f"{self._control}, untouched, {sight.detail}"

    def _probe(self, state: StepState, phase: str, *, server: str | None = None) -> Sighting:
        sight = self.canary.probe(server or state.step.server or "")
        self.journal.append(
            {
                "kind": "sighting",
                "step": state.step.id,
                "phase": phase,
                "passage": sight.passage.value,
                "detail": sight.detail,
                "seen_at": sight.seen_at,
            }
        )
        return sight
