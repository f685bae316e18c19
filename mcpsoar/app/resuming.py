"""Finishing a run that was killed, or that could not tell: looked at before anything is repeated."""

import json
import shlex
from contextlib import ExitStack
from dataclasses import replace
from os import getpid
from pathlib import Path

from mcpsoar.app import expecting, meaning
from mcpsoar.app.carrier import Carrier
from mcpsoar.app.meant import check_same, subjects
from mcpsoar.app.recalling import remind
from mcpsoar.app.releasing import is_on
from mcpsoar.app.station import Station
from mcpsoar.contain.commons import unreleased
from mcpsoar.contain.home import Home, ServerLocks
from mcpsoar.contain.ledger import Ledger, StepState
from mcpsoar.contain.run import is_settled
from mcpsoar.contain.summary import place
from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import BadContent, Held, Tampered, Usage
from mcpsoar.core.plan import Direction
from mcpsoar.core.profile import ROLES
from mcpsoar.core.run import Report
from mcpsoar.kit.clock import stamp
from mcpsoar.pack import playbooks


def resume(ready: Station, run: str, pack: Path, by: str = "", *, changed_too: bool = False) -> Report:
    """Carry out what is not settled of the plan in the run's journal, whatever its playbook says by now.

    `changed_too`: also by options of the profile that say otherwise by now.
    Raises Usage (another place, other options, another entry, overtaken), Tampered, Held, Unwritable.
    """
    carrier = Carrier(ready)
    ledger = carrier.ledger(run)
    if ledger.plan.digest != ledger.plan_digest:
        raise Tampered(
            "the steps of the plan are not those of its digest", next_command=f"mcpsoar runs verify {run}"
        )
    _same_places(ledger, ready)
    otherwise = _otherwise(ledger, ready, changed_too=changed_too)
    check_same((ledger,), ledger.servers, ready)
    _tell_edited(ledger, ready, pack)
    with ExitStack() as stack:
        own = stack.enter_context(ready.home.run_lock(run))
        if not own.take():
            raise Held(f"run {run} is still at work", by="its own process", run=run, since=ledger.started_at)
        locks = ServerLocks(ready.home, subjects(ledger.servers, (ledger,)), ready.clock)
        stack.callback(locks.free)
        locks.take()
        _not_overtaken(ready.home, ledger)
        since = stamp(ready.clock.now())
        locks.sign({"by": by, "run": run, "since": since, "pid": getpid()})
        journal = carrier.journal(run)
        stack.callback(journal.close)
        again = [state for state in ledger.steps.values() if state.verdict and not is_settled(state)]
        journal.append(
            {"kind": "resumed", "by": by or None, **({"otherwise": otherwise} if otherwise else {})},
            *({"kind": "again", "step": state.step.id} for state in again),
        )
        ready.say(f"{since}  run {run} is resumed")
        left = replace(ledger.plan, steps=tuple(state.step for state in _left(ledger)))
        ready.say(f"  expected: {expecting.words(left, ready.profile, ready.roles, is_dry=False)}")
        remind(ready)
        return carrier.carry_out(run, journal)


def _same_places(ledger: Ledger, ready: Station) -> None:
    """Raises Usage: how the places of the plan and today's differ, and the command that would work."""
    places = _places(ledger.bindings, ready.bindings())
    if not places:
        return
    where, name = place(ledger), ready.profile.name
    options = "".join(f" --{option} {shlex.quote(value)}" for option, value in where.items())
    then = f"; set profile {name} back, then" if where.get("profile") == name else ""
    raise Usage(
        f"run {ledger.run} was planned on another place: {'; '.join(places)}: "
        f"the same step would mean something else{then}",
        next_command=f"mcpsoar runs resume {ledger.run}{options}",
    )


def _left(ledger: Ledger) -> list[StepState]:
    return [state for state in ledger.steps.values() if not is_settled(state)]


def _otherwise(ledger: Ledger, ready: Station, *, changed_too: bool) -> list[str]:
    """What options of the profile say otherwise by now of a step that is left. Raises Usage unless that was
    said to be meant.
    """
    found = {
        f"{name} of role {state.step.role}"
        for state in _left(ledger)
        for name in meaning.differing(state.step, ledger.bindings, ready.bindings())
    }
    if found and not changed_too:
        raise Usage(
            f"not as when run {ledger.run} was planned: {', '.join(sorted(found))}: the same step would do "
            "something else; set the profile back, or say --changed-too",
            where=ready.profile.where,
            next_command=f"mcpsoar runs resume {ledger.run} --changed-too",
        )
    return sorted(found)


def _tell_edited(ledger: Ledger, ready: Station, pack: Path) -> None:
    """A playbook that changed since stops nothing; who resumes should know that it is not what runs.

    A release goes by the journals of what it undoes, and by no playbook.
    """
    if ledger.direction is Direction.UNDO:
        return
    try:
        now = playbooks.load(pack, ledger.playbook).digest
    except (Usage, BadContent):
        is_as_it_was, what = False, "is gone or cannot be read"
    else:
        is_as_it_was, what = now == ledger.playbook_digest, "was edited since"
    if not is_as_it_was:
        ready.say(f"playbook {ledger.playbook} {what}: run {ledger.run} goes on by the plan in its journal")


def _places(was: Facts, now: Facts) -> list[str]:
    """`roles: run X, now Y` for those that differ; roles that differ alike stand together."""
    alike: dict[str, list[str]] = {}
    for role in dict.fromkeys((*ROLES, *was, *now)):
        if role == meaning.KEY:
            continue
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
        later = _overtakers(home, ledger, held)
        if later:
            runs, names = (sorted(set(found)) for found in zip(*later, strict=True))
            raise Usage(
                f"run {ledger.run}: {', '.join(names)} was contained again since, by "
                f"{', '.join(runs)}; for what is still missing, begin anew",
                next_command=f"mcpsoar contain {' '.join(ledger.servers)}",
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


def _overtakers(home: Home, ledger: Ledger, held: set[tuple[str, str]]) -> set[tuple[str, str]]:
    """Containments that were at work on a server of this one later, each with that server. Who was there last
    has signed its lock, whatever the clock said; of the others the clock tells.
    """
    last = {name: _signed(home.lock("server", name)) for name in ledger.servers}
    began = {one.run: one.ledger.started_at for one in unreleased(home) if one.ledger is not None}
    return {
        (run, name)
        for run, name in held
        if ledger.run not in (run, last.get(name, ledger.run))
        and (run == last[name] or began[run] > ledger.started_at)
    }


def _signed(lock: Path) -> str:
    """The run that held it last, as far as that can be read."""
    try:
        return str(json.loads(lock.read_bytes())["run"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
