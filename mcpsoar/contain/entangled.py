"""Steps whose switches are other steps' too: on some control planes, a registry's entry and a tool of it."""

from mcpsoar.contain.change import Change, Outcome
from mcpsoar.contain.commons import Commons
from mcpsoar.contain.holds import TOOL, Holds
from mcpsoar.contain.ledger import STILL, Ledger
from mcpsoar.contain.looks import Look, Looks
from mcpsoar.core.plan import Direction, Step
from mcpsoar.core.ports import Clock
from mcpsoar.core.run import Baseline
from mcpsoar.core.verdict import StepVerdict
from mcpsoar.kit import targets
from mcpsoar.kit.lock import FileLock

_REGISTRY = "registry"
_HOLD_WAIT_S = 10.0  # a lift holds the lock for a few calls; a containment does not wait for a stuck one
_LET_GO_WAIT_S = 60.0
_LOOK_S = 30.0


class Entangled:
    """One such step of one run. `was` is what its change goes back to, or began from."""

    def __init__(
        self,
        step: Step,
        ledger: Ledger,
        holds: Holds,
        looks: Looks,
        *,
        commons: Commons | None,
        clock: Clock,
    ) -> None:
        self._step = step
        self._ledger = ledger
        self._holds = holds
        self._looks = looks
        self._commons = commons
        self._clock = clock

    def carry_out(self, change: Change, look: Look, was: Baseline | None) -> Outcome:
        is_undo = self._ledger.direction is Direction.UNDO
        if self._step.role != _REGISTRY:
            return change.carry_out(look)
        if targets.kind(self._step.server or "") != targets.TOOL:
            return self._brought_back(change, look, was) if is_undo else change.carry_out(look)
        known = look.baseline or was
        if self._commons is None or (known is not None and TOOL not in known.facts):
            return change.carry_out(look)
        with self._commons.lock() as lock:
            return self._let_go(lock, change, look, was) if is_undo else self._held(lock, change, look)

    def _held(self, lock: FileLock, change: Change, look: Look) -> Outcome:
        """A tool is switched off while no lift is at work, which would not know of it."""
        is_ours = lock.wait(_HOLD_WAIT_S, self._clock, shared=True)
        if look.baseline is not None and look.baseline.in_force:
            look = self._looks.again(self._step, _LOOK_S)
            look = Look(self._holds.without_ours(look.baseline, self._step.server), look.trouble)
        outcome = change.carry_out(look)
        if not is_ours and outcome.verdict in (StepVerdict.VERIFIED, StepVerdict.ALREADY):
            words = f"{outcome.detail}; but a release was at work on it at the same time"
            return Outcome(StepVerdict.CANNOT_TELL, words)
        return outcome

    def _let_go(self, lock: FileLock, change: Change, look: Look, was: Baseline | None) -> Outcome:
        """What others need off is left off, and is theirs from now on."""
        if was is None or was.in_force:
            return change.carry_out(look)
        if not lock.wait(_LET_GO_WAIT_S, self._clock):
            return Outcome(StepVerdict.FAILED, "nothing was sent: other runs are at work on it")
        facts = {**was.facts, **(look.baseline.facts if look.baseline is not None else {})}
        others = self._holds.needed_by(facts) if TOOL in facts else ()
        if not others:
            return change.carry_out(look)
        if not self._ledger.is_dry:
            self._holds.let_go(was, facts)
        return Outcome(StepVerdict.SKIPPED, f"{STILL}{'; '.join(others)}")

    def _brought_back(self, change: Change, look: Look, was: Baseline | None) -> Outcome:
        """An entry comes back without the tools in quarantine, those put there meanwhile too."""
        aim = self._holds.kept(was)
        if aim is not None:
            change.go_back_to(aim)
        outcome = change.carry_out(look)
        late = self._holds.kept(was)
        if late is None or late == aim:
            return outcome
        change.go_back_to(late)
        return change.carry_out(self._looks.again(self._step, _LOOK_S))
