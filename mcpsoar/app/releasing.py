"""What a release undoes: the runs that still contain its servers, and how things were before them.

The steps are those of the runs' own plans: a playbook that was edited or deleted since stops no release.
"""

from dataclasses import dataclass, replace

from mcpsoar.app.carrier import open_runs
from mcpsoar.app.station import Station
from mcpsoar.contain.commons import ROLE, Commons
from mcpsoar.contain.home import Home
from mcpsoar.contain.ledger import Ledger, StepState
from mcpsoar.contain.plan import CANARY
from mcpsoar.contain.shared import before_us
from mcpsoar.core.digest import Facts, digest
from mcpsoar.core.errors import Usage
from mcpsoar.core.plan import Plan, Playbook, Step, StepSpec
from mcpsoar.core.ports import Clock
from mcpsoar.core.profile import ROLES
from mcpsoar.core.run import Baseline

_REGISTRY = "registry"


def is_on(ledger: Ledger, bindings: Facts) -> bool:
    """Whether all that a run may have changed is where these bindings point: only there can it be undone."""
    acted = {state.step.role for state in ledger.steps.values() if state.may_have_acted}
    return all(ledger.bindings.get(role) == bindings.get(role) for role in acted)


@dataclass(frozen=True, slots=True)
class Releasing:
    """`pairs` are runs with servers; `held` the runs' ledgers, oldest first."""

    pairs: tuple[tuple[str, str], ...]
    held: tuple[Ledger, ...]

    def playbook(self) -> Playbook:
        """What these runs did, as one playbook. Raises Usage where two mean different things by one id."""
        names = tuple(dict.fromkeys(ledger.playbook for ledger in self.held))
        digests = tuple(dict.fromkeys(ledger.playbook_digest for ledger in self.held))
        specs: dict[str, StepSpec] = {}
        for ledger in self.held:
            # what an earlier run says of a step stands, so that the order of two makes no ring
            for spec in _specs(ledger).values():
                if not _is_alike(spec, specs.setdefault(spec.id, spec)):
                    raise Usage(
                        f"{' and '.join(names)} both have a step {spec.id!r} and mean different things by it",
                        next_command=f"mcpsoar runs show {ledger.run}",
                    )
        joined = digests[0] if len(digests) == 1 else digest(list(digests))
        return Playbook("+".join(names), "+".join(names), tuple(specs.values()), joined, "journals")

    def check(self, made: Plan) -> None:
        """Raises Usage for the plan of a named playbook that lacks a step which these runs carried out."""
        names = (*made.servers, None)
        acted = {
            state.step.id: ledger.run
            for ledger in self.held
            for state in ledger.steps.values()
            if state.may_have_acted and state.step.server in names
        }
        for step in made.steps:
            acted.pop(step.id, None)
        if acted:
            step_id, run = next(iter(acted.items()))
            raise Usage(
                f"playbook {made.playbook} has no {step_id}, which run {run} did: leave --playbook out",
                next_command=f"mcpsoar runs show {run}",
            )

    def baseline(self, step: Step, clock: Clock) -> Baseline | None:
        """How it was before the first of these runs that may have changed it; None when nobody saw it. What
        is shared was normal.
        """
        if step.server is None:
            return before_us(clock)
        states = self._states(step)
        looks = [state.baseline for state, _ in states if state.baseline]
        first = next(((state, ledger) for state, ledger in states if state.may_have_acted), None)
        if first is None:
            return looks[0] if looks else None
        state, ledger = first
        # one that changed nothing tells what it saw before; that it found it done may be these runs' own work
        before = [was for was in looks if was.seen_at < ledger.started_at and not was.in_force]
        return state.baseline or (before[-1] if before else None)

    def assumed(self, step: Step, clock: Clock) -> Baseline | None:
        """That it was on, where nobody saw how it was."""
        return self.baseline(step, clock) or before_us(clock)

    def is_untouched(self, step: Step) -> bool:
        """Whether none of these runs changed anything by this step, which is a server's own."""
        return step.server is not None and not any(state.may_have_acted for state, _ in self._states(step))

    def _states(self, step: Step) -> list[tuple[StepState, Ledger]]:
        """Of the runs that hold its server: one that is left for another server tells no more of this one."""
        return [
            (ledger.steps[step.id], ledger)
            for ledger in self.held
            if step.id in ledger.steps and (ledger.run, step.server) in self.pairs
        ]


def releasing(home: Home, names: tuple[str, ...], bindings: Facts, only: str | None = None) -> Releasing:
    """Raises Usage for a server that no run of this home still contains on these control planes, and for one
    that another run than `only` contains too.
    """
    found = open_runs(home, names)
    if only is not None and (others := [one.run for one, _ in found if one.run != only]):
        raise Usage(
            f"{', '.join(names)} was contained by run {others[0]} too: it is left to whoever did that",
            next_command=f"mcpsoar runs show {others[0]}",
        )
    held = tuple((one, ledger) for one, ledger in found if is_on(ledger, bindings))
    pairs = tuple((one.run, name) for one, _ in held for name in one.servers if name in names)
    unknown = [name for name in names if name not in {server for _, server in pairs}]
    elsewhere = {name: ledger for one, ledger in found for name in one.servers if name in unknown}
    if elsewhere:
        name, ledger = next(iter(elsewhere.items()))
        places = sorted({bound["url"] for role, bound in ledger.bindings.items() if role in ROLES})
        raise Usage(
            f"{name} was contained by run {ledger.run} on {', '.join(places)}, and this is another place",
            next_command=f"mcpsoar runs show {ledger.run}",
        )
    if unknown:
        raise Usage(
            f"nothing to release: no run in {home.path} still contains {', '.join(unknown)}",
            next_command="mcpsoar runs list",
        )
    return Releasing(pairs, tuple(ledger for _, ledger in held))


def with_policy(playbook: Playbook, ready: Station) -> Playbook:
    """A release that brings entries of a registry back, where other runs hold the policy of the same control
    plane, looks at that too: some switch on again with an entry what the policy had off.
    """
    bindings, roles = ready.bindings(), {spec.role for spec in playbook.steps}
    if ROLE in roles or _REGISTRY not in roles or bindings.get(ROLE) != bindings.get(_REGISTRY):
        return playbook
    holders = Commons(ready.home, bindings[ROLE], ready.clock).holders()
    taken = {spec.id for spec in playbook.steps}
    for one in holders:
        for spec in _specs(one.ledger).values() if one.ledger is not None else ():
            if spec.role == ROLE and spec.shared and spec.id not in taken:
                return replace(playbook, steps=(*playbook.steps, replace(spec, after=())))
    return playbook


def _specs(ledger: Ledger) -> dict[str, StepSpec]:
    """The lines of the playbook that a run's steps were made of, in their order."""
    steps = [state.step for state in ledger.steps.values() if state.step.action != CANARY]
    return {
        step.spec: StepSpec(
            id=step.spec,
            title=step.spec,
            action=step.action,
            role=step.role,
            undo=step.undo,
            after=tuple(dict.fromkeys(ledger.steps[name].step.spec for name in step.after)),
            shared=step.server is None,
            why="",
            attempts=step.attempts,
            retry_s=step.retry_s,
            limit_s=step.limit_s,
        )
        for step in steps
    }


def _is_alike(one: StepSpec, other: StepSpec) -> bool:
    return (one.action, one.role, one.undo) == (other.action, other.role, other.undo)
