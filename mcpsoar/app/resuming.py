"""Finishing a run that was killed, or that could not tell: looked at before anything is repeated."""

import shlex
from contextlib import ExitStack
from os import getpid
from pathlib import Path

from mcpsoar.app.carrier import Carrier
from mcpsoar.app.releasing import is_on
from mcpsoar.app.station import Station
from mcpsoar.contain import plan as plans
from mcpsoar.contain.commons import unreleased
from mcpsoar.contain.home import Home, ServerLocks
from mcpsoar.contain.ledger import Ledger
from mcpsoar.contain.run import is_settled
from mcpsoar.contain.summary import place
from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Held, Usage
from mcpsoar.core.plan import Direction, Plan
from mcpsoar.core.profile import ROLES
from mcpsoar.core.run import Report
from mcpsoar.kit.clock import stamp
from mcpsoar.pack import playbooks


def resume(ready: Station, run: str, pack: Path, by: str = "") -> Report:
    """Carry out what is not settled. Raises Usage (another plan, overtaken), Tampered, Held, Unwritable."""
    carrier = Carrier(ready)
    ledger = carrier.ledger(run)
    made = plans.make(
        playbooks.load(pack, ledger.playbook),
        ledger.servers,
        direction=ledger.direction,
        bindings=ready.bindings(),
        canaries=tuple(ready.canaries),
    )
    if made.digest != ledger.plan_digest:
        raise _another_plan(ledger, made, ready.profile.name)
    with ExitStack() as stack:
        own = stack.enter_context(ready.home.run_lock(run))
        if not own.take():
            raise Held(f"run {run} is still at work", by="its own process", run=run, since=ledger.started_at)
        locks = ServerLocks(ready.home, ledger.servers, ready.clock)
        stack.callback(locks.free)
        locks.take()
        _not_overtaken(ready.home, ledger)
        since = stamp(ready.clock.now())
        locks.sign({"by": by, "run": run, "since": since, "pid": getpid()})
        journal = carrier.journal(run)
        stack.callback(journal.close)
        again = [state for state in ledger.steps.values() if state.verdict and not is_settled(state)]
        journal.append(
            {"kind": "resumed", "by": by or None},
            *({"kind": "again", "step": state.step.id} for state in again),
        )
        ready.say(f"{since}  run {run} is resumed")
        return carrier.carry_out(run, journal)


def _another_plan(ledger: Ledger, made: Plan, name: str) -> Usage:
    """What differs between a run's plan and today's, and the command that would work."""
    where = place(ledger)
    options = "".join(f" --{option} {shlex.quote(value)}" for option, value in where.items())
    why = "the same step would mean something else"
    if places := _places(ledger.bindings, made.bindings):
        then = f"; set profile {name} back, then" if where.get("profile") == name else ""
        return Usage(
            f"run {ledger.run} was planned on another place: {'; '.join(places)}: {why}{then}",
            next_command=f"mcpsoar runs resume {ledger.run}{options}",
        )
    names = " ".join(ledger.servers)
    anew = f"release {names} --yes" if ledger.direction is Direction.UNDO else f"contain {names}"
    return Usage(
        f"run {ledger.run}: playbook {ledger.playbook} is not what it was when the run was planned: {why}; "
        "begin anew",
        next_command=f"mcpsoar {anew}{options}",
    )


def _places(was: Facts, now: Facts) -> list[str]:
    """`roles: run X, now Y` for those that differ; roles that differ alike stand together."""
    alike: dict[str, list[str]] = {}
    for role in dict.fromkeys((*ROLES, *was, *now)):
        if was.get(role) != now.get(role):
            then, today = _spelt(was.get(role)), _spelt(now.get(role))
            alike.setdefault(f"run {then}, now {today}", []).append(role)
    return [f"{', '.join(roles)}: {words}" for words, roles in alike.items()]


def _spelt(bound: Facts | None) -> str:
    """An address, and what else was bound if it is more than the reference API there."""
    if bound is None:
        return "none"
    more = [
        f"{name} {said}" for name, said in bound.items() if name != "url" and said not in (None, "reference")
    ]
    return " ".join([bound["url"], *([f"({', '.join(more)})"] if more else [])])


def _not_overtaken(home: Home, ledger: Ledger) -> None:
    """A run that later ones went past would undo what they did. Raises Usage."""
    held = {
        (one.run, name)
        for one in unreleased(home)
        for name in one.servers
        if one.ledger is not None and is_on(one.ledger, ledger.bindings)
    }
    if ledger.direction is Direction.APPLY:
        gone = [name for name in ledger.servers if (ledger.run, name) not in held]
        if gone:
            raise Usage(
                f"run {ledger.run}: {', '.join(gone)} was released since; to contain it, begin anew",
                next_command=f"mcpsoar contain {' '.join(gone)}",
            )
        return
    others = sorted(
        {run for run, name in held if name in ledger.servers and (run, name) not in ledger.releases}
    )
    if others:
        raise Usage(
            f"release {ledger.run}: its servers were contained again since, by {', '.join(others)}",
            next_command=f"mcpsoar release {' '.join(ledger.servers)} --yes",
        )
