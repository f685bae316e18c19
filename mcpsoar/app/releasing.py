"""What a release undoes: the runs that still contain its servers, and how things were before them."""

from dataclasses import dataclass

from mcpsoar.app.carrier import open_runs
from mcpsoar.contain.home import Home
from mcpsoar.contain.ledger import Ledger
from mcpsoar.contain.shared import before_us
from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Usage
from mcpsoar.core.plan import Step
from mcpsoar.core.ports import Clock
from mcpsoar.core.profile import ROLES
from mcpsoar.core.run import Baseline


def is_on(ledger: Ledger, bindings: Facts) -> bool:
    """Whether all that a run may have changed is where these bindings point: only there can it be undone."""
    acted = {state.step.role for state in ledger.steps.values() if state.may_have_acted}
    return all(ledger.bindings.get(role) == bindings.get(role) for role in acted)


@dataclass(frozen=True, slots=True)
class Releasing:
    """`pairs` are runs with servers; `held` the runs' ledgers, oldest first; `playbook` what they ran by."""

    pairs: tuple[tuple[str, str], ...]
    held: tuple[Ledger, ...]
    playbook: str

    def baseline(self, step: Step, clock: Clock) -> Baseline | None:
        """How it was before the first of these runs; None when nobody saw it. What is shared was normal."""
        if step.server is None:
            return before_us(clock)
        states = [ledger.steps[step.id] for ledger in self.held if step.id in ledger.steps]
        return states[0].baseline if states else None

    def is_untouched(self, step: Step) -> bool:
        """Whether none of these runs changed anything by this step, which is a server's own."""
        states = [ledger.steps[step.id] for ledger in self.held if step.id in ledger.steps]
        return step.server is not None and not any(state.may_have_acted for state in states)


def releasing(home: Home, names: tuple[str, ...], bindings: Facts) -> Releasing:
    """Raises Usage for a server that no run of this home still contains on these control planes."""
    found = open_runs(home, names)
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
    used = list(dict.fromkeys(ledger.playbook for _, ledger in held))
    if len(used) > 1:
        raise Usage(f"these servers were contained by several playbooks: {', '.join(used)}; one at a time")
    return Releasing(pairs, tuple(ledger for _, ledger in held), used[0])
