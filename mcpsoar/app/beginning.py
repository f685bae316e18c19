"""The beginning of a run: its servers locked, its plan on disk; then the carrier has it."""

import json
from collections.abc import Callable
from contextlib import ExitStack
from os import getpid
from typing import TYPE_CHECKING

from mcpsoar.app.carrier import Carrier, open_runs
from mcpsoar.app.order import Order
from mcpsoar.app.releasing import Releasing
from mcpsoar.app.releasing import releasing as found
from mcpsoar.app.station import Station
from mcpsoar.contain.home import ServerLocks
from mcpsoar.contain.ledger import baseline_facts
from mcpsoar.core.digest import Facts, canonical
from mcpsoar.core.errors import Usage
from mcpsoar.core.plan import Direction, Plan
from mcpsoar.core.run import Passage, Report
from mcpsoar.core.verdict import RunVerdict, StepVerdict
from mcpsoar.kit.clock import stamp
from mcpsoar.kit.credentials import masked

if TYPE_CHECKING:
    from mcpsoar.app.changed import Change


def run(
    order: Order,
    made: Plan,
    ready: Station,
    releasing: Releasing | None,
    random_hex: Callable[[int], str],
) -> Report:
    """Raises Held, Changed, Unwritable, Usage for a plan that cannot be written without a token's text."""
    _check_secrets(made, ready)
    changes: tuple[Change, ...] = ()
    if made.direction is Direction.APPLY:
        _tell_interrupted(ready, made.servers)
    with ExitStack() as stack:
        locks = ServerLocks(ready.home, _locked(order, made, releasing), ready.clock)
        stack.callback(locks.free)
        locks.take()
        if releasing is not None:
            from mcpsoar.app import changed

            # a containment may have ended between the first reading and the locks
            releasing = found(ready.home, made.servers, ready.bindings(), order.only)
            changes = changed.check(order, made, releasing, ready)
        now = ready.clock.now()
        run_id = ready.home.make(now, random_hex)
        stack.enter_context(ready.home.run_lock(run_id)).take()
        locks.sign({"by": order.by, "run": run_id, "since": stamp(now), "pid": getpid()})
        carrier = Carrier(ready)
        journal = carrier.journal(run_id)
        stack.callback(journal.close)
        journal.append({**_plan_entry(order, made, ready, releasing, run_id), **_gone_past(changes)})
        order.begun(run_id)
        finish = ready.complete(f"mcpsoar runs resume {run_id}")
        ready.say(f"{stamp(now)}  run {run_id} begins; if it breaks off: {finish}")
        return carrier.carry_out(run_id, journal)


def _locked(order: Order, made: Plan, releasing: Releasing | None) -> tuple[str, ...]:
    """Each server by its name and by its entry: two names of one are not worked on at the same time."""
    if order.dry_run:
        return ()
    if releasing is not None:
        from mcpsoar.app.meant import subjects

        return subjects(made.servers, releasing.held)
    return tuple(dict.fromkeys((*made.servers, *order.entries.values())))


def _plan_entry(order: Order, made: Plan, ready: Station, releasing: Releasing | None, run_id: str) -> Facts:
    before, untouched = {}, []
    if releasing is not None:
        was = releasing.assumed if order.assume_on else releasing.baseline
        before = {step.id: baseline_facts(was(step, ready.clock)) for step in made.steps}
        untouched = [step.id for step in made.steps if releasing.is_untouched(step)]
    return {
        "kind": "plan",
        "run": run_id,
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
        "entries": dict(order.entries) or None,
        "rehearsal": order.rehearsal.as_facts() if order.rehearsal else None,
        "profile": ready.profile.name,
        "dry_run": order.dry_run,
        "releases": [list(pair) for pair in releasing.pairs] if releasing else [],
        "baselines": before,
        "untouched": untouched,
    }


def _gone_past(changes: "tuple[Change, ...]") -> Facts:
    """What others changed, and a person let a release undo all the same."""
    return {"changed_since": [one.as_facts() for one in changes]} if changes else {}


def _check_secrets(made: Plan, ready: Station) -> None:
    """A journal blanks every token, and is what the run is carried out by: so none may stand in a plan."""
    steps = [step.as_facts() for step in made.steps]
    words = [*StepVerdict, *RunVerdict, *Passage]
    plain = canonical({"servers": made.servers, "steps": steps, "bindings": made.bindings, "words": words})
    if any(canonical(masked(json.loads(plain), secret)) != plain for secret in ready.secrets):
        raise Usage("the text of a token stands in a server's name, an address or a step: what does it hold?")


def _tell_interrupted(ready: Station, names: tuple[str, ...]) -> None:
    for one, ledger in open_runs(ready.home, names):
        if ledger.verdict is None and not ready.home.is_live(one.run):
            others = [name for name in one.servers if name not in names]
            again = ready.complete(f"mcpsoar contain {' '.join(others)}") if others else ""
            ready.say(
                f"run {one.run} on {', '.join(one.servers)} was interrupted; this one takes its place"
                + (f" (of its other servers what is missing: {again})" if others else "")
            )
