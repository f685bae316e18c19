"""What changed since it was contained, on the control plane or in the profile: a release looks at that before
it undoes anything.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass

from mcpsoar.app import left, undoable
from mcpsoar.app.order import Order
from mcpsoar.app.releasing import Releasing
from mcpsoar.app.station import Station
from mcpsoar.app.undoable import CHANGED_TOO
from mcpsoar.contain.commons import Commons
from mcpsoar.contain.ledger import Ledger
from mcpsoar.core.digest import Facts, Json
from mcpsoar.core.errors import Conflict
from mcpsoar.core.plan import Plan, Step, Undo
from mcpsoar.core.ports import Connector
from mcpsoar.core.run import Baseline
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit import targets
from mcpsoar.kit.plain import shown
from mcpsoar.kit.targets import TOOL_ID

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
            f"{', '.join(order.servers)}: changed since the containment; nothing was sent; "
            f"if it may be undone all the same, add {CHANGED_TOO}",
            next_command=f"{order.command} {CHANGED_TOO}",
        )
        self.changes = changes


def check(order: Order, made: Plan, found: Releasing, ready: Station) -> tuple[Change, ...]:
    """What a person who said --changed-too goes past, each told. Raises Changed where nobody said so, and
    Usage where the profile can no longer undo what was done, whatever is said.
    """
    steps = [step for step in made.steps if step.undo is not Undo.NONE]
    undoable.check(steps, order, found, ready)
    known = left.ledgers(ready.home)
    releases = left.releases(known, found)
    changes: list[Change] = []
    for step in steps:
        changes += _of_profile(step, found, ready)
        if step.server is None:
            changes += _of_everybody_s(step, found, known, ready)
        else:
            changes += _of_step(step, found, releases, ready)
    if changes and not order.changed_too:
        raise Changed(tuple(changes), order)
    for one in changes:
        ready.say(f"  changed since: {one.words}")
    return tuple(changes)


def _of_profile(step: Step, found: Releasing, ready: Station) -> Iterator[Change]:
    """Options by which it would be undone otherwise than it was done."""
    for name in undoable.options(step, found, ready):
        yield Change(step.id, step.server, f"{name} of the profile", "as it was contained by", "edited since")


def _of_step(step: Step, found: Releasing, releases: tuple[Ledger, ...], ready: Station) -> Iterator[Change]:
    connector, tools = undoable.able(step, ready), left.left(step, (*found.held, *releases))
    if connector is None or not tools:
        return
    marks = _marks(connector, step)
    called = ready.looks.of(step).baseline or ready.looks.again(step, _LOOK_S).baseline
    tool = called.facts.get(TOOL_ID) if called is not None else None
    if tool is not None and tool not in tools:
        yield Change(step.id, step.server, TOOL_ID, next(reversed(tools)), tool)
    for noted, seen in tools.items():
        same = targets.noted(step, seen.facts)
        now = called if noted == tool or same == step else ready.looks.again(same, _LOOK_S).baseline
        if now is None:
            if marks:
                ready.say(f"  {step.id}: whether somebody changed it since cannot be told")
        elif now.in_force:
            yield from _differing(step, marks, seen.facts, now.facts)
        elif seen.verdict is Verdict.YES and left.last(step, releases) is None:
            yield from _back(step, connector, left.before(step, seen, found, ready), ready)


def _of_everybody_s(
    step: Step, found: Releasing, known: tuple[Ledger, ...], ready: Station
) -> Iterator[Change]:
    """What the last run that forced it left, whoever that was. If others still need it, it is not lifted."""
    connector, bound = undoable.able(step, ready), ready.bindings().get(step.role)
    marks = _marks(connector, step) if connector is not None else ()
    last = left.last(step, tuple(one for one in known if one.bindings.get(step.role) == bound))
    if not marks or bound is None or last is None or last.seen is None:
        return
    holders = Commons(ready.home, bound, ready.clock).holders()
    if any((one.run, name) not in found.pairs for one in holders for name in one.servers):
        return
    now = ready.looks.again(step, _LOOK_S).baseline
    if now is None:
        ready.say(f"  {step.id}: whether somebody changed it since cannot be told")
    elif now.in_force:
        yield from _differing(step, marks, last.seen.facts, now.facts)


def _back(step: Step, connector: Connector, was: Baseline | None, ready: Station) -> Iterator[Change]:
    """Switched back by somebody else: as before the run there is nothing to undo, else it is told."""
    seen = connector.verify_rollback(step, was)
    if seen.verdict is Verdict.NO:
        yield Change(step.id, step.server, "its state", "as this run left it", seen.detail)
    elif seen.verdict is Verdict.YES:
        ready.say(f"  {step.id}: undone since by somebody else, nothing is sent for it")
    else:
        ready.say(f"  {step.id}: whether it was undone since cannot be told: {seen.detail}")


def _differing(step: Step, marks: tuple[str, ...], was: Facts, now: Facts) -> Iterator[Change]:
    """Of a mark that has many things, those that were there and still are."""
    for name in marks:
        then, today = was.get(name), now.get(name)
        if isinstance(then, dict) and isinstance(today, dict):
            for key in sorted(set(then) & set(today)):
                if not _is_same(then[key], today[key]):
                    yield Change(step.id, step.server, f"{name} {key}", then[key], today[key])
        elif name in was and not (name in now and _is_same(then, today)):
            yield Change(step.id, step.server, name, then, today)


def _marks(connector: Connector, step: Step) -> tuple[str, ...]:
    marks: tuple[str, ...] = getattr(connector, "marks", _no_marks)(step.action)
    return marks


def _no_marks(_: str) -> tuple[str, ...]:
    return ()


def _is_same(one: Json, other: Json) -> bool:
    return type(one) is type(other) and bool(one == other)


def _word(value: Json) -> str:
    text = shown(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
    return text if len(text) <= _WORDS else f"{text[:_WORDS]}…"
