"""What runs left behind of a step, as their journals know it: a release holds against that how it is now."""

from mcpsoar.app.releasing import Releasing
from mcpsoar.app.station import Station
from mcpsoar.contain import journal
from mcpsoar.contain.home import Home
from mcpsoar.contain.ledger import Ledger, StepState, fold
from mcpsoar.core.digest import Json
from mcpsoar.core.plan import Step
from mcpsoar.core.run import Baseline, Observation
from mcpsoar.kit import targets
from mcpsoar.kit.targets import TOOL_ID


def left(step: Step, known: tuple[Ledger, ...]) -> dict[Json, Observation]:
    """As what the last run that changed it left it; by its id each tool that went by that name in turn."""
    state = last(step, known)
    if state is None or state.seen is None:
        return {}
    if targets.kind(step.server or "") != targets.TOOL or TOOL_ID not in state.seen.facts:
        return {None: state.seen}
    states = (ledger.steps[step.id] for ledger in known if step.id in ledger.steps)
    seen = [state.seen for state in states if state.may_have_acted and state.seen is not None]
    return {one.facts[TOOL_ID]: one for one in seen if TOOL_ID in one.facts}


def before(step: Step, seen: Observation, found: Releasing, ready: Station) -> Baseline | None:
    """How it was before the first run; of another tool than that one saw, that it was on."""
    was = found.baseline(step, ready.clock)
    if was is None or TOOL_ID not in seen.facts or was.facts.get(TOOL_ID) == seen.facts[TOOL_ID]:
        return was
    return Baseline(in_force=False, facts=seen.facts, seen_at=seen.seen_at)


def last(step: Step, known: tuple[Ledger, ...]) -> StepState | None:
    """What the last run that changed this knows of it."""
    states = [ledger.steps[step.id] for ledger in known if step.id in ledger.steps]
    return next((state for state in reversed(states) if state.may_have_acted), None)


def ledgers(home: Home) -> tuple[Ledger, ...]:
    """All runs, oldest first."""
    found = (fold(journal.read(home.journal(run), home.anchor(run), run))[0] for run in home.runs())
    return tuple(sorted((one for one in found if one is not None), key=lambda one: one.started_at))


def releases(known: tuple[Ledger, ...], found: Releasing) -> tuple[Ledger, ...]:
    """Earlier releases of these runs, which did not end well."""
    runs = {run for run, _ in found.pairs}
    return tuple(one for one in known if runs & {run for run, _ in one.releases})
