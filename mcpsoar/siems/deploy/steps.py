"""One object three ways: what was last applied, what is wanted, what is there; and so what to do.

For each key: untouched there and wanted otherwise is a change; edited there and wanted as before is drift,
and kept; both is a conflict, and kept unless its name is to be overwritten. Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from mcpsoar.core.digest import Facts, Json, digest
from mcpsoar.siems.deploy.live import Change, Found, Traits
from mcpsoar.siems.deploy.values import ABSENT, is_empty, merged, owned, picked, same
from mcpsoar.siems.objects import Item

_SEEN_LENGTH = 16


class Action(StrEnum):
    """What is done to an object. `take` writes down that it is ours, `forget` that it is no more."""

    CREATE = "create"
    CHANGE = "change"
    DELETE = "delete"
    TAKE = "take"
    FORGET = "forget"
    KEEP = "keep"
    NONE = "none"


class What(StrEnum):
    """What is so of one key; `kept` is one that we say at creation alone, and that differs since. `off`:
    of these, one that a user says is to be on; `switched`: one that is other than at the last apply."""

    CHANGE = "change"
    DRIFT = "drift"
    CONFLICT = "conflict"
    KEPT = "kept"
    OFF = "off"
    SWITCHED = "switched"


@dataclass(frozen=True, slots=True)
class Applied:
    """What we last applied to one object: its keys, and digests of those that were not ours then.

    `once` are digests of its switches and actions as the last apply found or left them; none: not known.
    """

    keys: Facts
    seen: Mapping[str, str] = field(default_factory=dict)
    once: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class KeyStep:
    key: str
    what: What
    last: Json
    live: Json
    wanted: Json


@dataclass(frozen=True, slots=True)
class Step:
    """One object of a plan. `why` is a line for a person.

    `item` holds what is wanted, or what was applied where nothing is.
    """

    item: Item
    action: Action
    keys: tuple[KeyStep, ...] = ()
    why: str = ""
    drifted: bool = False
    in_conflict: bool = False

    @property
    def is_sent(self) -> bool:
        return self.action in (Action.CREATE, Action.CHANGE, Action.DELETE)

    @property
    def is_off(self) -> bool:
        """Whether it does not run there, although a user says that it is to."""
        return any(key.what is What.OFF for key in self.keys)

    @property
    def is_switched(self) -> bool:
        """Whether somebody switched it or its actions since the last apply."""
        return any(key.what is What.SWITCHED for key in self.keys)

    @property
    def changes(self) -> tuple[KeyStep, ...]:
        """The keys that are sent."""
        return tuple(key for key in self.keys if key.what is What.CHANGE)


@dataclass(frozen=True, slots=True)
class Consent:
    """What the person said beforehand: whose names ours wins, and whether what is there becomes ours."""

    overwrite: bool = False
    adopt: bool = False


def wanted(
    item: Item, last: Applied | None, found: Found | None, traits: Traits, consent: Consent = Consent()
) -> Step:
    """The step for an object that the pack has."""
    if found is None:
        if last is None or consent.overwrite:
            return Step(item, Action.CREATE)
        return Step(item, Action.KEEP, why="somebody deleted it there", drifted=True)
    keys = (*_keys(item, last, found, traits, consent), *_switched(last, found, traits))
    kinds = {key.what for key in keys}
    why = ""
    if last is None and What.CONFLICT in kinds:
        why = "it is there, and other than ours; nothing says that we made it"
        action = Action.KEEP
    elif What.CHANGE in kinds:
        action = Action.CHANGE
    elif last is None or not _is_written(item, last, keys, traits):
        action = Action.TAKE
    else:
        action = Action.KEEP if kinds & {What.DRIFT, What.CONFLICT} else Action.NONE
    return Step(item, action, keys, why, What.DRIFT in kinds, What.CONFLICT in kinds)


def obsolete(
    item: Item, last: Applied, found: Found | None, traits: Traits, consent: Consent = Consent()
) -> Step:
    """The step for an object that we made and the pack has no more."""
    if found is None:
        return Step(item, Action.FORGET, why="it is there no more", drifted=True)
    if traits.holds_data:
        return Step(item, Action.KEEP, why="the pack has it no more, and it may hold what others put there")
    now = {
        key: found.body.get(key) if key in traits.shared else owned(found.body.get(key), value)
        for key, value in sorted(last.keys.items())
        if key not in traits.along
    }
    keys = tuple(
        KeyStep(key, What.DRIFT, last.keys[key], value, ABSENT)
        for key, value in now.items()
        if not same(value, last.keys[key])
    )
    tuned = [
        key
        for key in sorted(found.body.keys() | last.seen.keys())
        if traits.is_once(key) and key not in traits.switches
        if last.seen.get(key, _seen(ABSENT)) != _seen(found.body.get(key))
    ]
    if (keys or tuned) and not consent.overwrite:
        edited = ", ".join([*(key.key for key in keys), *tuned])
        why = f"the pack has it no more, and somebody edited it there: {edited}"
        return Step(item, Action.KEEP, keys, why, drifted=True)
    return Step(item, Action.DELETE)


def change(step: Step, last: Applied | None, found: Found) -> Change:
    """What to send for a step that changes."""
    before = last.keys if last else {}
    keys = {
        key.key: merged(found.body.get(key.key), key.wanted, before.get(key.key))
        for key in step.changes
        if not is_empty(key.wanted)
    }
    unset = tuple(key.key for key in step.changes if is_empty(key.wanted))
    whole = {key: value for key, value in found.body.items() if key not in unset} | keys
    return Change(keys, unset, whole)


def applied(step: Step, last: Applied | None, found: Found, traits: Traits) -> Applied:
    """What to write down of an object once it has been looked at again.

    A key in conflict keeps what was last applied: the conflict stays one until somebody decides.
    """
    open_keys = {key.key for key in step.keys if key.what is What.CONFLICT}
    before = last.keys if last else {}
    keys = {
        key: before.get(key, value) if key in open_keys else value
        for key, value in step.item.body.items()
        if not traits.is_once(key) and (key not in open_keys or key in before)
    }
    seen = _seen_beside(keys, last, found)
    unset = {key.key for key in step.changes}
    # what was edited before it ceased to be ours is an edit still, if it is ever ours again
    seen |= {key: _seen(value) for key, value in before.items() if key not in keys and key not in unset}
    return Applied(keys, seen, once(found, traits))


def once(found: Found, traits: Traits) -> dict[str, str]:
    """Digests of its switches and actions: an action may hold what is nobody's business."""
    return {key: _seen(value) for key, value in found.body.items() if traits.is_once(key)}


def resolved(
    after: Item, before: Facts | None, last: Applied | None, found: Found | None, traits: Traits
) -> Applied | None:
    """What was applied, of a write that nobody saw the end of: what is there says which keys arrived.

    `before` is what was there, None where nothing was. A value that is neither the old nor the new one is
    somebody's edit after ours. None: nothing of ours is there.
    """
    if found is None:
        return last
    was = last.keys if last else {}
    keys = {key: value for key, value in was.items() if key not in after.body and key in found.body}
    for key, value in after.body.items():
        if traits.is_once(key):
            continue
        old = before.get(key) if before is not None else None
        now = owned(found.body.get(key), value, old)
        if key in traits.along or same(now, value):
            keys[key] = value
        elif before is None and key in traits.late:
            keys[key] = now
        elif before is not None and same(now, old):
            if last is None:
                return None
            keys |= picked(was, {key: None})
        else:
            keys[key] = value
    if last is None:
        # nobody saw it before others could edit it: of the rest we know only what we said ourselves
        return Applied(keys, {key: _seen(value) for key, value in after.body.items() if traits.is_once(key)})
    return Applied(keys, _seen_beside(keys, last, found), last.once)


def _keys(item: Item, last: Applied | None, found: Found, traits: Traits, consent: Consent) -> list[KeyStep]:
    before = last.keys if last else {}
    steps = []
    for key in sorted(item.body.keys() | before.keys()):
        if key in traits.along:
            continue
        had, want = before.get(key), item.body.get(key)
        now = live_value(key, want, had, found, traits)
        if traits.is_once(key):
            what = None if same(now, want) else _once(key, item, traits, consent)
        elif key not in item.body:
            # no more ours: taken away where that can be done and it is as we left it, else left alone
            what = What.CHANGE if traits.can_unset and not is_empty(had) and same(now, had) else None
        else:
            what = (
                None
                if same(now, want)
                else _what(key, (had, want), last, found, traits=traits, consent=consent)
            )
        if what is not None:
            steps.append(KeyStep(key, what, had, now, want))
    return steps


def _switched(last: Applied | None, found: Found, traits: Traits) -> list[KeyStep]:
    """Switches, with their values, and actions that are other than at the last apply."""
    if last is None or not last.once:
        return []
    now = once(found, traits)
    none = _seen(ABSENT)
    return [
        KeyStep(key, What.SWITCHED, None, found.body.get(key) if key in traits.switches else None, None)
        for key in sorted(now.keys() | last.once.keys())
        if now.get(key, none) != last.once.get(key, none)
    ]


def _once(key: str, item: Item, traits: Traits, consent: Consent) -> What:
    """Of a key that we say at creation alone: what a user says is to run, runs where ours is to win."""
    if not traits.is_on(key, item.body):
        return What.KEPT
    return What.CHANGE if consent.overwrite else What.OFF


def _what(
    key: str,
    values: tuple[Json, Json],
    last: Applied | None,
    found: Found,
    *,
    traits: Traits,
    consent: Consent,
) -> What:
    had, want = values
    if consent.overwrite:
        return What.CHANGE
    if last is None:
        return What.DRIFT if consent.adopt else What.CONFLICT
    if key not in last.keys:  # new in the pack: has anybody said it there since we last looked?
        is_untouched = last.seen.get(key, _seen(ABSENT)) == _seen(found.body.get(key))
        return What.CHANGE if is_untouched or key in traits.shared else What.CONFLICT
    there = found.body.get(key)
    if same(owned(there, had, want) if traits.can_unset else owned(there, had), had):
        return What.CHANGE
    return What.DRIFT if same(want, had) else What.CONFLICT


def _is_written(item: Item, last: Applied, keys: tuple[KeyStep, ...], traits: Traits) -> bool:
    """Whether what was written down of it is still what is to be written down."""
    beside = {key.key for key in keys if key.what is What.CONFLICT} | traits.along
    ours = {key for key in item.body if not traits.is_once(key)} - beside
    return ours == last.keys.keys() - beside and all(same(last.keys[key], item.body[key]) for key in ours)


def live_value(key: str, want: Json, had: Json, found: Found, traits: Traits) -> Json:
    """What of a key is there and ours; where nothing can be taken away, what was ours once counts no more."""
    there = found.body.get(key)
    return owned(there, had, want) if traits.can_unset else owned(there, want)


def _seen_beside(keys: Facts, last: Applied | None, found: Found) -> dict[str, str]:
    """Of keys that are not ours, how they were when we first saw them: a later value is somebody's edit."""
    fresh = {key: _seen(value) for key, value in found.body.items() if not is_empty(value)}
    if last is not None:
        fresh = {key: seen for key, seen in fresh.items() if key in last.keys} | dict(last.seen)
    return {key: seen for key, seen in fresh.items() if key not in keys}


def _seen(value: Json) -> str:
    return digest(None if is_empty(value) else value).removeprefix("sha256:")[:_SEEN_LENGTH]
