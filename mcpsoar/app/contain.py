"""Contain servers, and release them: one order, one run, one report."""

import secrets
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from os import getpid
from pathlib import Path

from mcpsoar.app.station import Station, open_runs, station
from mcpsoar.contain import plan as plans
from mcpsoar.contain.home import Home, ServerLocks
from mcpsoar.contain.ledger import Ledger, baseline_facts
from mcpsoar.contain.shared import before_us
from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Usage
from mcpsoar.core.plan import Direction, Plan, Playbook, Step
from mcpsoar.core.ports import Clock
from mcpsoar.core.profile import Profile
from mcpsoar.core.run import Baseline, Report
from mcpsoar.kit.clock import stamp
from mcpsoar.pack import playbooks

DEFAULT_PLAYBOOK = "contain-server"


@dataclass(frozen=True, slots=True)
class Order:
    """What was asked for. `by` is who asked, for those who find the servers held."""

    servers: tuple[str, ...]
    direction: Direction
    playbook: str = DEFAULT_PLAYBOOK
    reason: str | None = None
    ticket: str | None = None
    dry_run: bool = False
    by: str = ""


def execute(
    order: Order,
    *,
    profile: Profile,
    home: Path,
    pack: Path,
    clock: Clock,
    say: Callable[[str], None],
    random_hex: Callable[[int], str] = secrets.token_hex,
) -> Report:
    """Carry one order out and report it (contract, section 4); `say` gets every line of progress.

    Raises Usage and BadContent (nothing was attempted), Held (another live run has a server), Unwritable
    (nothing more was sent).
    """
    names = plans.servers(order.servers)
    with station(profile, Home(home), clock, say) as ready:
        if order.direction is Direction.UNDO:
            wanted = _release(order, names, ready, pack)
        else:
            wanted = _Wanted(playbooks.load(pack, order.playbook))
            _tell_interrupted(ready, names)
        made = plans.make(
            wanted.playbook,
            names,
            direction=order.direction,
            bindings=ready.bindings(),
            has_canary=profile.canary is not None,
        )
        return _run(order, made, wanted, ready, random_hex)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """A playbook; and for a release, what it releases and what it goes back to."""

    playbook: Playbook
    releases: tuple[tuple[str, str], ...] = ()
    held: tuple[Ledger, ...] = ()

    def baseline(self, step: Step, clock: Clock) -> Baseline | None:
        """How it was before the first of the runs that are released; shared steps go back to normal."""
        if step.server is None:
            return before_us(clock)
        states = [ledger.steps[step.id] for ledger in self.held if step.id in ledger.steps]
        return states[0].baseline if states else None


def _release(order: Order, names: tuple[str, ...], ready: Station, pack: Path) -> _Wanted:
    """What a release undoes. Raises Usage for a server that no run of this home contained."""
    held = open_runs(ready.home, names)
    releases = tuple((one.run, name) for one, _ in held for name in one.servers if name in names)
    unknown = [name for name in names if name not in {server for _, server in releases}]
    if unknown:
        raise Usage(
            f"nothing to release: no run in {ready.home.path} still contains {', '.join(unknown)}",
            next_command="mcpsoar runs list",
        )
    used = list(dict.fromkeys(ledger.playbook for _, ledger in held))
    if len(used) > 1:
        raise Usage(f"these servers were contained by different playbooks: {', '.join(used)}; one at a time")
    name = order.playbook if order.playbook != DEFAULT_PLAYBOOK else used[0]
    return _Wanted(playbooks.load(pack, name), releases, tuple(ledger for _, ledger in held))


def _run(
    order: Order, made: Plan, wanted: _Wanted, ready: Station, random_hex: Callable[[int], str]
) -> Report:
    _tell_plan(order, made, ready)
    with ExitStack() as stack:
        if not order.dry_run:
            locks = ServerLocks(ready.home, made.servers, ready.clock)
            stack.callback(locks.free)
            locks.take()
        now = ready.clock.now()
        run = ready.home.make(now, random_hex)
        own = stack.enter_context(ready.home.run_lock(run))
        own.take()
        if not order.dry_run:
            locks.sign({"by": order.by, "run": run, "since": stamp(now), "pid": getpid()})
        journal = ready.journal(run)
        stack.callback(journal.close)
        journal.append(_plan_entry(order, made, wanted, ready, run))
        ready.say(f"{stamp(now)}  run {run} begins; if it breaks off: mcpsoar runs resume {run}")
        return ready.carry_out(run, journal)


def _plan_entry(order: Order, made: Plan, wanted: _Wanted, ready: Station, run: str) -> Facts:
    baselines = {}
    if made.direction is Direction.UNDO:
        baselines = {step.id: baseline_facts(wanted.baseline(step, ready.clock)) for step in made.steps}
    return {
        "kind": "plan",
        "run": run,
        "direction": made.direction.value,
        "playbook": made.playbook,
        "playbook_digest": made.playbook_digest,
        "plan_digest": made.digest,
        "servers": list(made.servers),
        "steps": [step.as_facts() for step in made.steps],
        "bindings": made.bindings,
        "reason": order.reason,
        "ticket": order.ticket,
        "by": order.by or None,
        "profile": ready.profile.name,
        "dry_run": order.dry_run,
        "releases": [list(pair) for pair in wanted.releases],
        "baselines": baselines,
    }


def _tell_plan(order: Order, made: Plan, ready: Station) -> None:
    verb = "contain" if made.direction is Direction.APPLY else "release"
    ready.say(f"plan {made.digest}{' (dry run: nothing is sent)' if order.dry_run else ''}")
    ready.say(
        f"  {verb} {', '.join(made.servers)} by playbook {made.playbook} on profile {ready.profile.name}"
    )
    for step in made.steps:
        where = ready.profile.roles[step.role].base_url if step.role in ready.profile.roles else "data plane"
        after = f", after {', '.join(step.after)}" if step.after else ""
        ready.say(f"  {step.id}  {step.action} on {where}, undo {step.undo.value}{after}")


def _tell_interrupted(ready: Station, names: tuple[str, ...]) -> None:
    for one, ledger in open_runs(ready.home, names):
        if ledger.verdict is None and not ready.home.is_live(one.run):
            ready.say(
                f"run {one.run} on {', '.join(one.servers)} was interrupted; this one does not wait for it "
                f"(to finish it: mcpsoar runs resume {one.run})"
            )
