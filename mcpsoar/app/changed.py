"""What changed since it was contained, on the control plane or in the profile: a release looks at that before
it undoes anything.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from mcpsoar.app import meaning
from mcpsoar.app.order import Order
from mcpsoar.app.releasing import Releasing
from mcpsoar.app.station import Station
from mcpsoar.contain import journal
from mcpsoar.contain.home import Home
from mcpsoar.contain.ledger import Ledger, StepState, fold
from mcpsoar.core.digest import Facts, Json
from mcpsoar.core.errors import Conflict
from mcpsoar.core.plan import Direction, Plan, Step, Undo
from mcpsoar.core.ports import Connector
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit.plain import shown

_LOOK_S = 30.0  # a release has time
_WORDS = 80


@dataclass(frozen=True, slots=True)
class Change:
    """`what` of a step's target was so after the containment's own change, and is otherwise now."""

    step: str
    server: str | None
    what: str
    was: Json
    now: Json

    @property
    def words(self) -> str:
        return f"{self.step}: {self.what} was {_word(self.was)}, is {_word(self.now)}"

    def as_facts(self) -> Facts:
        return {
            "step": self.step,
            "server": self.server,
            "what": self.what,
            "was": self.was,
            "is": self.now,
        }


class Changed(Conflict):
    """Nothing was sent. `changes` is the list of it all."""

    def __init__(self, changes: tuple[Change, ...], order: Order) -> None:
        super().__init__(
            f"{', '.join(order.servers)}: changed since the containment by somebody else; nothing was sent; "
            "if it may be undone all the same, add --changed-too",
            next_command=f"{order.command} --changed-too",
        )
        self.changes = changes


def check(order: Order, made: Plan, found: Releasing, ready: Station) -> tuple[Change, ...]:
    """What a person who said --changed-too goes past, each told. Raises Changed where nobody said so."""
    releases = _releases(ready.home, found)
    changes = tuple(
        one
        for step in made.steps
        for one in (*_of_profile(step, found, ready), *_of_step(step, found, releases, ready))
    )
    if changes and not order.changed_too:
        raise Changed(changes, order)
    for one in changes:
        ready.say(f"  changed since: {one.words}")
    return changes


def _of_profile(step: Step, found: Releasing, ready: Station) -> Iterator[Change]:
    """Options by which it would be undone otherwise than it was done."""
    if step.undo is Undo.NONE:
        return
    acted = [one for one in found.held if step.id in one.steps and one.steps[step.id].may_have_acted]
    now = ready.bindings()
    names = [name for ledger in acted for name in meaning.differing(step, ledger.bindings, now)]
    for name in dict.fromkeys(names):
        yield Change(step.id, step.server, f"{name} of the profile", "as it was contained by", "edited since")


def _of_step(step: Step, found: Releasing, releases: tuple[Ledger, ...], ready: Station) -> Iterator[Change]:
    """What is everybody's is looked at under its lock, by who lifts it."""
    connector, last = ready.roles.get(step.role), _last(step, (*found.held, *releases))
    if step.server is None or connector is None or step.action not in connector.actions:
        return
    if last is None or last.seen is None:
        return
    marks = getattr(connector, "marks", _no_marks)(step.action)
    now = ready.looks.of(step).baseline or ready.looks.again(step, _LOOK_S).baseline
    if now is None:
        if marks:
            ready.say(f"  {step.id}: whether somebody changed it since cannot be told")
    elif now.in_force:
        yield from _differing(step, marks, last.seen.facts, now.facts)
    elif last.seen.verdict is Verdict.YES and _last(step, releases) is None:
        yield from _back(step, connector, found, ready)


def _back(step: Step, connector: Connector, found: Releasing, ready: Station) -> Iterator[Change]:
    """Switched back by somebody else: as before the run there is nothing to undo, else it is told."""
    seen = connector.verify_rollback(step, found.baseline(step, ready.clock))
    if seen.verdict is Verdict.NO:
        yield Change(step.id, step.server, "its state", "as this run left it", seen.detail)
    else:
        ready.say(f"  {step.id}: undone since by somebody else, nothing is sent for it")


def _differing(step: Step, marks: tuple[str, ...], was: Facts, now: Facts) -> Iterator[Change]:
    for name in marks:
        if name in was and (name not in now or not _is_same(was[name], now[name])):
            yield Change(step.id, step.server, name, was[name], now.get(name))


def _last(step: Step, ledgers: tuple[Ledger, ...]) -> StepState | None:
    """What the last run that changed this knows of it."""
    states = [ledger.steps[step.id] for ledger in ledgers if step.id in ledger.steps]
    return next((state for state in reversed(states) if state.may_have_acted), None)


def _releases(home: Home, found: Releasing) -> tuple[Ledger, ...]:
    """Earlier releases of these runs, which did not end well, oldest first."""
    runs = {run for run, _ in found.pairs}
    ledgers = (fold(journal.read(home.journal(run), home.anchor(run), run))[0] for run in home.runs())
    releases = [
        ledger
        for ledger in ledgers
        if ledger is not None
        and ledger.direction is Direction.UNDO
        and runs & {run for run, _ in ledger.releases}
    ]
    return tuple(sorted(releases, key=lambda ledger: ledger.started_at))


def _no_marks(_: str) -> tuple[str, ...]:
    return ()


def _is_same(one: Json, other: Json) -> bool:
    return type(one) is type(other) and bool(one == other)


def _word(value: Json) -> str:
    text = shown(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    return text if len(text) <= _WORDS else f"{text[:_WORDS]}…"
