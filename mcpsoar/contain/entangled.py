"""Steps whose switches are other steps' too: on some control planes, a registry's entry and a tool of it."""

from mcpsoar.contain.change import Change, Outcome
from mcpsoar.contain.commons import Commons
from mcpsoar.contain.holds import GATEWAY, TOOL, Holds
from mcpsoar.contain.ledger import STILL, Ledger
from mcpsoar.contain.looks import Look, Looks
from mcpsoar.core.errors import Denied, UnknownTarget
from mcpsoar.core.plan import Direction, Step
from mcpsoar.core.ports import Clock
from mcpsoar.core.run import Baseline
from mcpsoar.core.verdict import StepVerdict, Verdict
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
        if is_undo:
            return self._each_let_go(change, look, was) if was is not None else change.carry_out(look)
        known = look.baseline or was
        if self._commons is None or (known is not None and TOOL not in known.facts):
            return change.carry_out(look)
        with self._commons.lock() as lock:
            return self._held(lock, change, look)

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

    def _each_let_go(self, change: Change, look: Look, was: Baseline) -> Outcome:
        """Every tool that was switched off by this name: whatever is called so by now is not meant."""
        outcomes = []
        for before in self._holds.switched(self._step.id, was):
            change.go_back_to(before)
            outcomes.append(self._let_go(change, self._of_it(look, before), before))
        return _joined(outcomes)

    def _of_it(self, look: Look, was: Baseline) -> Look:
        """A look at the tool that was switched off, where the one by name was at another, or at none."""
        tool, named = was.facts.get(TOOL), look.baseline.facts.get(TOOL) if look.baseline else None
        if tool is None or tool == named or not (look.baseline or isinstance(look.trouble, Denied)):
            return look
        found = self._looks.again(targets.noted(self._step, was.facts), _LOOK_S)
        is_another = found.baseline is not None and found.baseline.facts.get(TOOL) != tool
        if not is_another and not isinstance(found.trouble, UnknownTarget):
            return found
        words = f"tool {tool} of {was.facts.get(GATEWAY)}, which was switched off, is no longer there"
        words += f"; {self._step.server} is another today, {named}" if named else ""
        return Look(trouble=UnknownTarget(words))

    def _let_go(self, change: Change, look: Look, was: Baseline) -> Outcome:
        """What others need off is left off, and is theirs from now on."""
        facts = {**was.facts, **(look.baseline.facts if look.baseline is not None else {})}
        is_gone = isinstance(look.trouble, UnknownTarget)
        if self._commons is None or was.in_force or is_gone or TOOL not in facts:
            return change.carry_out(look)
        with self._commons.lock() as lock:
            if not lock.wait(_LET_GO_WAIT_S, self._clock):
                return Outcome(StepVerdict.FAILED, "nothing was sent: other runs are at work on it")
            others = self._holds.needed_by(facts)
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


def _joined(outcomes: list[Outcome]) -> Outcome:
    """One for all of them: what is not undone comes first, and what others need off after it."""
    is_fine = (Verdict.YES, None)
    worst = sorted(
        outcomes, key=lambda one: (one.verdict.verdict in is_fine, one.verdict.verdict is not None)
    )
    return Outcome(worst[0].verdict, "; ".join(one.detail for one in worst))
