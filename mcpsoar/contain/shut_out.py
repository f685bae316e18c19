"""Clients that several runs of this home have stopped: each is let in with the last of them.

In the baseline of such a step `clients` are those that it is about, `open` those that were on, `before` how
each of these was. What a run notes is how it would be without us; what it goes back to is that, less those
that others of this home have stopped as well. Runs of another home are not known.
"""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from mcpsoar.contain.change import Change, Outcome
from mcpsoar.contain.commons import Known, unreleased
from mcpsoar.contain.home import Home
from mcpsoar.contain.ledger import Ledger, StepState
from mcpsoar.contain.looks import Look
from mcpsoar.core.digest import Facts, canonical, digest
from mcpsoar.core.plan import Step
from mcpsoar.core.ports import Clock
from mcpsoar.core.run import Baseline
from mcpsoar.core.verdict import StepVerdict
from mcpsoar.kit import jsonl
from mcpsoar.kit.lock import FileLock

_ACTIONS = ("tokens.stop_issuance", "tokens.stop_issuance_principal")
_ROLE = "tokens"
_WAIT_S = 60.0
_MARKS = 1000  # kept: of steps that were let go, whose runs may not be written down as released yet


class ShutOut:
    """What runs of this home have stopped, beside a step of `ledger`'s. Reads journals, when asked."""

    def __init__(self, home: Home, ledger: Ledger, clock: Clock) -> None:
        self._home = home
        self._ledger = ledger
        self._clock = clock
        self._binding = ledger.bindings.get(_ROLE)
        self._known: Known = {}

    def concerns(self, step: Step, was: Baseline | None) -> bool:
        """Whether a step is about clients one by one."""
        return step.action in _ACTIONS and was is not None and "open" in was.facts

    def without_ours(self, was: Baseline | None, step: Step) -> Baseline | None:
        """What was seen before a change: whoever is off for a run of ours was on before, without us."""
        if was is None or not self.concerns(step, was):
            return was
        off = {*was.facts.get("clients", ())} - {*was.facts["open"]}
        ours = {client: facts for _, client, facts in self._standing(step) if client in off} if off else {}
        if not ours:
            return was
        facts = {
            **was.facts,
            "open": [*was.facts["open"], *sorted(ours)],
            "before": {**was.facts.get("before", {}), **ours},
        }
        return replace(was, in_force=False, facts=facts)

    def let_in(self, change: Change, look: Look, was: Baseline, step: Step) -> Outcome:
        """Whom others need off stays off, and is theirs from now on."""
        with FileLock(self._home.lock("shut-out", digest(self._binding))) as lock:
            if not lock.wait(_WAIT_S, self._clock):
                return Outcome(StepVerdict.FAILED, "nothing was sent: other runs are at work on it")
            others: dict[str, str] = {}
            for run, client, _ in self._standing(step):
                others.setdefault(client, run)
            kept = [client for client in was.facts["open"] if client in others]
            if kept and not self._ledger.is_dry:
                self._note()
            words = "; ".join(f"{client} is stopped for run {others[client]}, too" for client in kept)
            left = [client for client in was.facts["open"] if client not in kept]
            if kept and not left:
                return Outcome(StepVerdict.SKIPPED, f"still needed: {words}")
            change.go_back_to(replace(was, facts={**was.facts, "open": left}))
            outcome = change.carry_out(look)
        return replace(outcome, detail=f"{outcome.detail}; {words} and left so") if kept else outcome

    def _standing(self, step: Step) -> Iterator[tuple[str, str, Facts]]:
        """Run, client and how it was, for each that another step has stopped and that is not released."""
        gone = set(self._gone())
        for one in unreleased(self._home, known=self._known):
            if one.ledger is None or one.ledger.bindings.get(_ROLE) != self._binding:
                continue
            for state in one.ledger.steps.values():
                pair = (one.run, state.step.server or "")
                is_own = pair in self._ledger.releases or (one.run == self._ledger.run and state.step == step)
                if is_own or pair[1] not in one.servers or " ".join(pair) in gone:
                    continue
                yield from ((one.run, client, facts) for client, facts in _stopped_by(state))

    def _gone(self) -> list[str]:
        try:
            said = json.loads(self._path.read_bytes())
        except (OSError, ValueError):
            return []
        return [one for one in said if isinstance(one, str)] if isinstance(said, list) else []

    def _note(self) -> None:
        """That this release needs them no longer: its own journal says so only after the step."""
        own = [" ".join(pair) for pair in self._ledger.releases]
        jsonl.replace(self._path, canonical([*self._gone(), *own][-_MARKS:]))

    @property
    def _path(self) -> Path:
        return self._home.lock("shut-out", digest(self._binding)).with_suffix(".json")


def _stopped_by(state: StepState) -> Iterator[tuple[str, Facts]]:
    was = state.baseline
    if state.step.action in _ACTIONS and was is not None and state.may_have_acted:
        before = was.facts.get("before", {})
        yield from ((client, before.get(client, {})) for client in was.facts.get("open", ()))
