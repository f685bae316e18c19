"""Contain servers, and release them: one order, one run, one report.

The looks begin before the rest of the machine is imported: it loads while they are under way.
"""

import secrets
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from mcpsoar.app.order import DEFAULT_PLAYBOOK, Order
from mcpsoar.app.recalling import remind
from mcpsoar.app.station import Station, station
from mcpsoar.contain import plan as plans
from mcpsoar.contain.home import Home
from mcpsoar.core.errors import BadContent, Usage
from mcpsoar.core.plan import Direction, Plan, Playbook, StepSpec
from mcpsoar.core.ports import Clock
from mcpsoar.core.profile import Profile
from mcpsoar.core.run import Report
from mcpsoar.kit import targets
from mcpsoar.pack import playbooks

if TYPE_CHECKING:
    from mcpsoar.app.releasing import Releasing


def execute(
    order: Order,
    *,
    profile: Profile,
    home: Path,
    pack: Path,
    clock: Clock,
    say: Callable[[str], None],
    complete: Callable[[str], str] = str,
    random_hex: Callable[[int], str] = secrets.token_hex,
) -> Report:
    """Carry one order out, sign its end where the profile says by whom, and report it; `say` gets every line
    of progress, with each command in it made whole by `complete`.

    Raises Usage and BadContent (nothing was attempted), Held (another live run has a server), Unwritable
    (nothing more was sent).
    """
    names = plans.servers(order.servers)
    with station(profile, Home(home), clock, say, complete) as ready:
        report = carry_out(order, names, ready, pack, random_hex)
    from mcpsoar.app.sealing import sealed

    return sealed(report, profile.audit, Home(home), clock=clock, say=say, complete=complete)


def carry_out(
    order: Order,
    names: tuple[str, ...],
    ready: Station,
    pack: Path,
    random_hex: Callable[[int], str] = secrets.token_hex,
) -> Report:
    """The same on a station that is up already."""
    left_out: list[StepSpec] = []
    if order.direction is Direction.APPLY:
        from mcpsoar.app.meant import meant

        found = meant(order, names, ready)
        order, names = replace(order, entries=found.entries), found.servers
        _tell_also(found.also, ready)
        playbook = playbooks.load(pack, order.playbook)
        if order.rehearsal is not None:
            from mcpsoar.app.sparing import spared

            order, playbook = spared(order, playbook, names, ready)
        try:
            made = _planned(order, names, ready, playbook)
        except Usage as error:
            error.next_command = _instead(order, names, pack) or error.next_command
            raise
        left_out = _left_out(playbook, ready)
        _check_able(made, ready)
        releasing = None
    else:
        releasing, made = _release(order, names, ready, pack)
    _tell(order, made, ready, left_out)
    remind(ready)
    ready.looks.begin(made.steps, made.direction)
    from mcpsoar.app import beginning, expecting

    expecting.tell(made, ready, is_dry=order.dry_run)
    return beginning.run(order, made, ready, releasing, random_hex)


def _tell_also(also: Mapping[str, str], ready: Station) -> None:
    for name, stands in also.items():
        ready.say(f"{name} and {stands} are one server of this registry: here it is called {stands}")


def _instead(order: Order, names: tuple[str, ...], pack: Path) -> str | None:
    """The same command by a playbook that acts on what is so named; None where none acts on all of it."""
    for path in sorted(playbooks.paths(pack), key=lambda path: path.stem != DEFAULT_PLAYBOOK):
        with suppress(BadContent):
            actions = [spec.action for spec in playbooks.read(path).steps if not spec.shared]
            if actions and all(targets.fits(action, name) for action in actions for name in names):
                return f"{order.command} --playbook {path.stem}"
    return None


def _planned(order: Order, names: tuple[str, ...], ready: Station, playbook: Playbook) -> Plan:
    return plans.make(
        playbook,
        names,
        direction=order.direction,
        bindings=ready.bindings(),
        canaries=tuple(ready.canaries),
        without=[spec.id for spec in _left_out(playbook, ready)],
    )


def _left_out(playbook: Playbook, ready: Station) -> list[StepSpec]:
    """Optional steps that no connector here can do."""
    able = {role: connector.actions for role, connector in ready.roles.items()}
    return [spec for spec in playbook.steps if spec.optional and spec.action not in able.get(spec.role, ())]


def _check_able(made: Plan, ready: Station) -> None:
    """Raises Usage where not one change of the plan can be made: a run of it would only say so, late."""
    actions = {step.action for step in made.steps if step.action != plans.CANARY}
    able = {action for connector in ready.roles.values() for action in connector.actions}
    if ready.roles and not actions & able:
        raise Usage(
            f"no connector of profile {ready.profile.name} can do {', '.join(sorted(actions))}",
            where=ready.profile.where,
            next_command=f"mcpsoar playbooks show {made.playbook}",
        )


def _release(order: Order, names: tuple[str, ...], ready: Station, pack: Path) -> tuple["Releasing", Plan]:
    from mcpsoar.app.meant import as_held, check_same
    from mcpsoar.app.releasing import releasing, with_policy

    held = as_held(names, ready)
    _tell_also(held.also, ready)
    names = held.servers
    found = releasing(ready.home, names, ready.bindings(), order.only)
    is_named = order.playbook != DEFAULT_PLAYBOOK
    playbook = playbooks.load(pack, order.playbook) if is_named else found.playbook()
    playbook = with_policy(playbook, ready)
    check_same(found.held, names, ready)
    made = _planned(order, names, ready, playbook)
    found.check(made)
    return found, made


def _tell(order: Order, made: Plan, ready: Station, left_out: list[StepSpec]) -> None:
    verb = "contain" if made.direction is Direction.APPLY else "release"
    ready.say(f"plan {made.digest}{' (dry run: nothing is sent)' if order.dry_run else ''}")
    ready.say(
        f"  {verb} {', '.join(made.servers)} by playbook {made.playbook} on profile {ready.profile.name}"
    )
    for step in made.steps:
        bound = ready.profile.roles.get(step.role)
        where = bound.base_url if bound else "the data plane" if step.role == "canary" else "nothing"
        after = f", after {', '.join(step.after)}" if step.after else ""
        when = f", only if {' or '.join(step.when)} ended {' or '.join(step.verdicts)}" if step.when else ""
        ready.say(f"  {step.id}  {step.action} on {where}, undo {step.undo.value}{after}{when}")
    for spec in left_out:
        ready.say(f"  left out: {spec.id} ({spec.action}), for nothing here can {spec.aim}: {spec.why}")
