"""One run: look, intent on disk, change, look again, record; steps side by side, and all of them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from queue import SimpleQueue
from typing import TYPE_CHECKING

from mcpsoar.contain.affected import Affected
from mcpsoar.contain.change import Change, Outcome, Tools
from mcpsoar.contain.commons import Commons
from mcpsoar.contain.dry_run import DryRun
from mcpsoar.contain.entangled import Entangled
from mcpsoar.contain.holds import Holds
from mcpsoar.contain.journal import Journal
from mcpsoar.contain.ledger import Ledger, StepState
from mcpsoar.contain.looks import Look, Looks
from mcpsoar.contain.plan import CANARY
from mcpsoar.contain.proof import Proof
from mcpsoar.contain.shared import Shared
from mcpsoar.contain.shut_out import ShutOut
from mcpsoar.core.plan import Direction, Step, Undo
from mcpsoar.core.ports import Clock, Connector
from mcpsoar.core.run import Baseline, Passage
from mcpsoar.core.verdict import StepVerdict, Verdict
from mcpsoar.kit import telling
from mcpsoar.kit.clock import stamp
from mcpsoar.kit.crew import Crew, wait_for
from mcpsoar.kit.retry import Bounds

if TYPE_CHECKING:
    from concurrent.futures import Future

_CANARIES = 128
_UNDONE = (StepVerdict.VERIFIED, StepVerdict.ALREADY, StepVerdict.APPLIED_UNVERIFIED, StepVerdict.SKIPPED)


@dataclass(frozen=True, slots=True)
class Means:
    """What a run works with. `proofs` are by route; `worked_before` tells, per canary's step, of an earlier
    sight of it at work.
    """

    roles: Mapping[str, Connector]
    proofs: Mapping[str, Proof]
    commons: Commons | None
    holds: Holds
    shut_out: ShutOut
    journal: Journal
    clock: Clock
    say: Callable[[str], None]
    bounds: Bounds
    looks: Looks
    threads: int
    worked_before: Mapping[str, str]


class Runner:
    """Carries a ledger's steps out. What is settled in it already stays settled."""

    def __init__(self, ledger: Ledger, means: Means) -> None:
        self._ledger = ledger
        self._means = means
        self._clock = means.clock
        self._journal = means.journal
        self._is_undo = ledger.direction is Direction.UNDO
        self._tools = Tools(ledger.run, ledger.direction, means.journal, means.clock, means.bounds)
        self._verdicts = {name: state.verdict for name, state in ledger.steps.items() if is_settled(state)}
        self._released = set(ledger.released)
        self._ended: SimpleQueue[str] = SimpleQueue()
        self._actors = Crew(means.threads, "mcpsoar-step")
        self._canaries = Crew(_CANARIES, "mcpsoar-canary")
        self._befores: dict[str, Future[Passage]] = {}
        steps = [state.step for state in self._todo() if not (self._is_undo and state.step.undo is Undo.NONE)]
        self._affected = Affected(steps, means.roles, looks=means.looks, is_dry=ledger.is_dry)

    def run(self) -> None:
        """Every step to its end. Raises Unwritable when the journal broke: nothing was sent after that."""
        try:
            self._call_ahead()
            self._schedule()
            self._affected.note(self._journal)
        finally:
            for crew in (self._actors, self._canaries, self._affected):
                crew.close()

    def _call_ahead(self) -> None:
        """The canaries' first calls begin at once, beside the looks."""
        for state in self._todo():
            if state.step.action == CANARY and self._wants_first_call(state):
                self._befores[state.step.id] = self._canaries.submit(partial(self._first_call, state))

    def _schedule(self) -> None:
        waiting = {state.step.id: state for state in self._todo()}
        tasks: dict[str, Future[None]] = {}
        failure: BaseException | None = None
        while waiting or tasks:
            ready = [] if failure else [name for name in waiting if self._is_ready(waiting[name].step)]
            # after asking who is ready: what a shared step waited for is written down before it begins
            self._settle_servers()
            for name in ready:
                state = waiting.pop(name)
                crew = self._canaries if state.step.action == CANARY else self._actors
                tasks[name] = crew.submit(partial(self._act, state))
            if not tasks:
                break
            name = self._ended.get()
            ended = tasks.pop(name)
            failure = failure or ended.exception()
            self._affected.ended(name, {*waiting, *tasks})
        if failure is not None:
            raise failure
        self._settle_servers()

    def _is_ready(self, step: Step) -> bool:
        return all(name in self._verdicts for name in step.after)

    def _act(self, state: StepState) -> None:
        try:
            with telling.followed_by(lambda words: self._tell(f"{state.step.id}  {words}"), self._clock):
                outcome = self._outcome(state)
            if self._ledger.is_dry and outcome.verdict is not StepVerdict.FAILED:
                outcome = Outcome(StepVerdict.PLANNED, outcome.detail)
            self._journal.append(
                {
                    "kind": "outcome",
                    "step": state.step.id,
                    "verdict": outcome.verdict.value,
                    "detail": outcome.detail,
                }
            )
            self._verdicts[state.step.id] = outcome.verdict
            self._tell(f"{state.step.id}  {outcome.verdict.value}: {outcome.detail}")
        finally:
            self._ended.put(state.step.id)

    def _outcome(self, state: StepState) -> Outcome:
        step = state.step
        if step.action == CANARY:
            return self._canary(state)
        if (unmet := self._unmet(step)) is not None:
            return Outcome(StepVerdict.SKIPPED, f"nothing was sent: {unmet}")
        connector = self._connector(step)
        is_void = self._is_void(step)
        is_untouched = step.id in self._ledger.untouched
        if connector is None and (is_untouched or is_void):
            why = "there is no way back" if is_void else "no run changed it"
            return Outcome(StepVerdict.SKIPPED, f"nothing was sent: {why}")
        if connector is None:
            able = f"no connector of this profile can {'undo' if self._is_undo else 'do'}"
            bound = able if self._means.roles else "nothing is configured for"
            return Outcome(StepVerdict.FAILED, f"nothing was sent: {bound} {step.action}")
        was = self._ledger.baselines.get(step.id) if self._is_undo else state.baseline
        change = Change(self._tools, connector, state, was, partial(self._without_ours, step))
        holds = self._means.holds
        if step.server is None and self._means.commons is not None:
            shared = Shared(
                self._means.commons,
                self._ledger,
                self._means.looks,
                clock=self._clock,
                bounds=self._means.bounds,
                holds=holds,
                forcing=lambda: Change(
                    replace(self._tools, direction=Direction.APPLY), connector, state, None
                ),
            )
            return shared.carry_out(state, change)
        self._await_first_calls(step)
        is_looked_at = not state.intents and not is_void
        look = self._means.looks.of(step) if is_looked_at else Look()
        if is_untouched and not is_void:
            return change.leave(look)
        if not self._is_undo:
            look = replace(look, baseline=self._without_ours(step, look.baseline))
        elif was is not None and self._means.shut_out.concerns(step, was):
            return self._means.shut_out.let_in(change, look, was, step)
        entangled = Entangled(
            step, self._ledger, holds, self._means.looks, commons=self._means.commons, clock=self._clock
        )
        outcome = entangled.carry_out(change, look, was)
        if not self._is_undo and not self._ledger.is_dry:
            change.note_late(self._means.looks.late(step))
        return outcome

    def _without_ours(self, step: Step, was: Baseline | None) -> Baseline | None:
        """What was seen before a change, early or late, as it would be without other runs of this home."""
        was = self._means.holds.without_ours(was, step.server)
        return self._means.shut_out.without_ours(was, step)

    def _unmet(self, step: Step) -> str | None:
        """Why the step's condition does not hold; None when it does, or in a dry run cannot be judged yet."""
        seen = [verdict for name in step.when if (verdict := self._verdicts.get(name)) is not None]
        if not step.when or set(seen) & {*step.verdicts, StepVerdict.PLANNED}:
            return None
        ended = ", ".join(
            f"{name} ended {self._verdicts[name]}" for name in step.when if name in self._verdicts
        )
        return f"it is for {' or '.join(step.verdicts)}, and {ended}"

    def _await_first_calls(self, step: Step) -> None:
        """A server's canaries are let go first, each for `before_s` of the looks' time at most."""
        for route, proof in self._means.proofs.items():
            if (first := self._befores.get(f"{route}:{step.server}")) is not None:
                wait_for(first, proof.binding.before_s - self._means.looks.spent_s)

    def _canary(self, state: StepState) -> Outcome:
        proof = self._means.proofs.get(state.step.spec)
        if proof is None:
            return Outcome(StepVerdict.CANNOT_TELL, "this profile names no canary")
        server = state.step.server or ""
        if self._is_undo:
            held = [
                name for name, was in self._ledger.baselines.items() if name.endswith(f":{server}") and was
            ]
            if any(self._was_disabled(name) for name in held):
                return Outcome(StepVerdict.SKIPPED, f"{server} was disabled before the run and is left so")
            if self._is_left_alone(server):
                return Outcome(StepVerdict.SKIPPED, f"no run changed {server}: it proves nothing")
            return (
                Outcome(StepVerdict.PLANNED, "would be called")
                if self._ledger.is_dry
                else proof.released(state)
            )
        worked = self._worked_before(state)
        if self._ledger.is_dry:
            return Outcome(StepVerdict.PLANNED, worked or "the canary did not execute")
        self._tell(f"{state.step.id}  calling for {proof.binding.hold_s:g} s: only refusals count")
        return proof.contained(state, worked_before=worked)

    def _worked_before(self, state: StepState) -> str | None:
        first = self._befores.get(state.step.id)
        if state.executed_before:
            return "executed before the change"
        if first is not None and first.done() and first.result() is Passage.EXECUTED:
            return "executed before the change"
        return self._means.worked_before.get(state.step.id)

    def _was_disabled(self, name: str) -> bool:
        state, was = self._ledger.steps.get(name), self._ledger.baselines.get(name)
        return state is not None and state.step.role == "registry" and was is not None and was.in_force

    def _is_left_alone(self, server: str) -> bool:
        """Whether the registry's entry, by which calls come through again, was never changed."""
        entries = [
            name
            for name, state in self._ledger.steps.items()
            if state.step.server == server and state.step.role == "registry"
        ]
        return bool(entries) and self._ledger.untouched >= set(entries)

    def _wants_first_call(self, state: StepState) -> bool:
        own = [other for other in self._ledger.steps.values() if other.step.server == state.step.server]
        is_untouched = not any(other.intents for other in own)
        has_proof = state.step.spec in self._means.proofs
        return not self._is_undo and has_proof and is_untouched and not state.executed_before

    def _first_call(self, state: StepState) -> Passage:
        return self._means.proofs[state.step.spec].before(state).passage

    def _settle_servers(self) -> None:
        """Write down, once, each server whose own steps are undone: it needs the shared ones no longer."""
        if not self._is_undo or self._ledger.is_dry:
            return
        pairs = [
            pair for pair in self._ledger.releases if pair not in self._released and self._is_undone(pair[1])
        ]
        if pairs:
            self._journal.append(*({"kind": "released", "run": run, "server": name} for run, name in pairs))
            self._released |= set(pairs)

    def _is_undone(self, server: str) -> bool:
        own = [
            name
            for name, state in self._ledger.steps.items()
            if state.step.server == server and state.step.action != CANARY
        ]
        return all(self._verdicts.get(name) in _UNDONE for name in own)

    def _todo(self) -> list[StepState]:
        return [state for name, state in self._ledger.steps.items() if name not in self._verdicts]

    def _is_void(self, step: Step) -> bool:
        return self._is_undo and step.undo is Undo.NONE

    def _connector(self, step: Step) -> Connector | None:
        connector = self._means.roles.get(step.role)
        if connector is None or step.action not in connector.actions:
            return None
        return DryRun(connector, self._clock) if self._ledger.is_dry else connector

    def _tell(self, words: str) -> None:
        self._means.say(f"{stamp(self._clock.now())}  {words}")


def is_settled(state: StepState) -> bool:
    """Whether a resumed run leaves this step as it is: done, or without any counting.

    One that a condition skipped is asked again: what it waited for may end otherwise now.
    """
    if state.verdict is StepVerdict.SKIPPED and state.step.when:
        return False
    return state.verdict is not None and state.verdict.verdict in (Verdict.YES, None)
