"""Plans of a deployment as text: what a person reads before saying yes. All of it is cleaned here."""

import json
import shlex
from collections.abc import Iterator, Sequence
from difflib import unified_diff

from mcpsoar.cli.show import clean
from mcpsoar.core.digest import Json
from mcpsoar.siems.deploy.plan import Plan
from mcpsoar.siems.deploy.run import End, Outcome
from mcpsoar.siems.deploy.steps import Action, KeyStep, Step, What

_WORDS = {
    Action.CREATE: "to create",
    Action.CHANGE: "to change",
    Action.DELETE: "to delete",
    Action.TAKE: "to write down as ours",
    Action.FORGET: "gone and no more ours",
    Action.KEEP: "kept as they are",
    Action.NONE: "as they should be",
}
_SHOWN = (What.CHANGE, What.DRIFT, What.CONFLICT, What.OFF, What.SWITCHED)
_LINES = 2000  # more are no reading, and a diff of them takes minutes
_ENDS = {
    End.DONE: "applied and read back",
    End.REFUSED: "refused",
    End.UNKNOWN: "unknown",
    End.NOT_TRIED: "not tried",
}


def plan(made: Plan) -> Iterator[str]:
    """Every object that something is done to, or that is kept otherwise than the pack has it."""
    yield clean(f"plan {made.digest}")
    yield clean(f"  on {made.place}")
    for step in made.steps:
        is_quiet = step.action in (Action.NONE, Action.TAKE) and not _told(step)
        if not is_quiet and step.action is not Action.FORGET:
            yield from _step(step)
    yield counted(made)


def drift(made: Plan) -> Iterator[str]:
    """Every object that somebody edited, switched or deleted there."""
    for step in made.steps:
        if step.drifted or step.in_conflict or step.is_switched:
            yield from _step(step, (What.DRIFT, What.CONFLICT, What.SWITCHED))
    edited = sum(step.drifted or step.in_conflict or step.is_switched for step in made.steps)
    known = sum(step.action is not Action.CREATE for step in made.steps)
    yield f"{edited or 'no'} of {known} objects differ from what was applied"


def applied(made: Plan, outcomes: Sequence[Outcome]) -> Iterator[str]:
    """What did not go through, what was kept, and how many did."""
    for outcome in outcomes:
        if outcome.end is not End.DONE:
            item = outcome.step.item
            words = f"{_ENDS[outcome.end]:<10} {outcome.step.action.value} {item.kind} {item.name}"
            yield clean(words + (f": {outcome.detail}" if outcome.detail else ""))
    for step in made.steps:
        if _told(step) and step.action is not Action.FORGET:
            yield from _step(step, _SHOWN[1:])
    ends = [outcome.end for outcome in outcomes]
    said = [f"{ends.count(end)} {words}" for end, words in _ENDS.items() if end in ends]
    off = sum(step.is_off for step in made.steps)
    yield "; ".join([", ".join(said) or "nothing to do", *_off(off)])


def counted(made: Plan) -> str:
    actions = [step.action for step in made.steps]
    said = [f"{actions.count(action)} {words}" for action, words in _WORDS.items() if action in actions]
    drifted = sum(step.drifted for step in made.steps)
    in_conflict = sum(step.in_conflict for step in made.steps)
    more = [f"{drifted} edited there"] * bool(drifted) + [f"{in_conflict} in conflict"] * bool(in_conflict)
    more += _off(sum(step.is_off for step in made.steps))
    return "; ".join(filter(None, (", ".join(said), ", ".join(more)))) or "the pack is empty"


def _step(step: Step, whats: Sequence[What] = _SHOWN) -> Iterator[str]:
    verb = "conflict" if step.in_conflict else "drift" if step.drifted else step.action.value
    if step.action in (Action.NONE, Action.TAKE):
        verb = "off" if step.is_off else "switched" if step.is_switched else verb
    verb = step.action.value if step.is_sent and What.CHANGE in whats else verb
    called = f"  {step.title!r}" if step.title else ""
    why = f"  ({step.why})" if step.why else ""
    yield clean(f"{verb:<9} {step.item.kind}  {step.item.name}{called}{why}")
    for key in step.keys:
        if key.what in whats:
            yield from _key(key, step.title or step.item.name)


def _key(key: KeyStep, name: str) -> Iterator[str]:
    if key.what is What.SWITCHED:
        now = "" if key.live is None else f": it is {json.dumps(key.live)} now"
        yield clean(f"    {key.key}: changed there since the last apply, and kept{now}", limit=400)
        return
    if key.what is What.OFF:
        values = f"you say {json.dumps(key.wanted)}, there it is {json.dumps(key.live)}"
        again = shlex.quote(name)
        yield clean(f"    {key.key}: {values}: switch it on there, or --overwrite {again}", limit=400)
        return
    if key.what is What.CHANGE:
        yield clean(f"    {key.key}")
        old, new = key.live, key.wanted
    elif key.what is What.DRIFT:
        yield clean(f"    {key.key}: edited there, kept; - is ours, + is there")
        old, new = key.wanted, key.live
    else:
        yield clean(f"    {key.key}: in conflict, kept; - is there, + is wanted")
        old, new = key.live, key.wanted
    before, after = _lines(old), _lines(new)
    if max(len(before), len(after)) > _LINES:
        yield f"      {len(before)} lines, and {len(after)}: --format json has both"
        return
    for line in list(unified_diff(before, after, n=0, lineterm=""))[2:]:
        if not line.startswith("@@"):
            yield clean(f"      {line[0]} {line[1:]}", limit=400)


def _lines(value: Json) -> list[str]:
    if value is None:
        return []
    if isinstance(value, str):
        return value.split("\n")
    return json.dumps(value, indent=1, sort_keys=True, ensure_ascii=False).split("\n")


def _told(step: Step) -> bool:
    return step.drifted or step.in_conflict or step.is_off or step.is_switched


def _off(count: int) -> list[str]:
    return [f"{count} to be on by your word, and off there"] * bool(count)
