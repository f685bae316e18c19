"""Whether a profile can still undo what was done by it, and by which options it would do so otherwise."""

import shlex
from collections.abc import Iterable

from mcpsoar.app import meaning
from mcpsoar.app.order import Order
from mcpsoar.app.releasing import Releasing
from mcpsoar.app.station import Station
from mcpsoar.contain.ledger import Ledger
from mcpsoar.core.errors import Usage
from mcpsoar.core.plan import Step
from mcpsoar.core.ports import Connector

CHANGED_TOO = "--changed-too"


def check(steps: Iterable[Step], order: Order, found: Releasing, ready: Station) -> None:
    """Raises Usage: what was taken out of the profile is put back first, whatever else is said."""
    lost = [step for step in steps if able(step, ready) is None and _acted(step, found)]
    if not lost:
        return
    tables = sorted({meaning.written(name) for step in lost for name in options(step, found, ready)})
    actions = ", ".join(sorted({step.action for step in lost}))
    what = f"the table {' and '.join(tables)}" if tables else f"what it said of {actions}"
    raise Usage(
        f"profile {ready.profile.name} can no longer undo {', '.join(step.id for step in lost)}, so nothing "
        f"was sent: put {what} back",
        where=ready.profile.where,
        next_command=shlex.join(word for word in shlex.split(order.command) if word != CHANGED_TOO),
    )


def able(step: Step, ready: Station) -> Connector | None:
    """The connector that can do and undo it."""
    connector = ready.roles.get(step.role)
    return connector if connector is not None and step.action in connector.actions else None


def options(step: Step, found: Releasing, ready: Station) -> tuple[str, ...]:
    """Those of the profile that say otherwise today of what was done."""
    now = ready.bindings()
    acted = _acted(step, found)
    names = (name for ledger in acted for name in meaning.differing(step, ledger.bindings, now))
    return tuple(dict.fromkeys(names))


def _acted(step: Step, found: Releasing) -> list[Ledger]:
    return [one for one in found.held if step.id in one.steps and one.steps[step.id].may_have_acted]
