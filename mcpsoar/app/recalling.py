"""What runs of this home that still stand saw of a control plane, for connectors that can use it."""

from typing import TYPE_CHECKING

from mcpsoar.app.station import Station

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcpsoar.core.digest import Facts


def remind(ready: Station) -> None:
    """Once, before the first look: journals are read only where a connector asks for it. Raises nothing."""
    wanted: dict[str, Callable[[Facts, Facts, Facts], None]] = {
        role: recall
        for role, connector in ready.roles.items()
        if (recall := getattr(connector, "recall", None)) is not None
    }
    if not wanted:
        return
    from mcpsoar.contain.commons import unreleased

    places = ready.bindings()
    for one in unreleased(ready.home):
        states = one.ledger.steps.values() if one.ledger is not None else ()
        for state in states:
            role = state.step.role
            if one.ledger is None or role not in wanted or one.ledger.bindings.get(role) != places.get(role):
                continue
            looked = state.baseline.facts if state.baseline is not None else {}
            wanted[role](looked, state.effect or {}, state.seen.facts if state.seen is not None else {})
