"""One object three ways: what was last applied, what is wanted, what is there; and so what to do.

For each key: untouched there and wanted otherwise is a change; edited there and wanted as before is drift,
and kept; both is a conflict, and kept unless its name is to be overwritten. Pure.
"""

from mcpsoar.core.digest import Json
from mcpsoar.siems.deploy.live import Change, Found, Traits
from mcpsoar.siems.deploy.record import Applied, is_written, once, seen_as
from mcpsoar.siems.deploy.steps import Action, Consent, KeyStep, Step, What
from mcpsoar.siems.deploy.values import ABSENT, is_empty, merged, owned, same
from mcpsoar.siems.objects import Item


def wanted(item: Item, last: Applied | None, found: Found | None, traits: Traits, consent: Consent) -> Step:
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
    elif last is None or not is_written(item, last, keys, traits):
        action = Action.TAKE
    else:
        action = Action.KEEP if kinds & {What.DRIFT, What.CONFLICT} else Action.NONE
    return Step(item, action, keys, why, What.DRIFT in kinds, What.CONFLICT in kinds)


def obsolete(item: Item, last: Applied, found: Found | None, traits: Traits, consent: Consent) -> Step:
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
        if last.seen.get(key, seen_as(ABSENT)) != seen_as(found.body.get(key))
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


def live_value(key: str, want: Json, had: Json, found: Found, traits: Traits) -> Json:
    """What of a key is there and ours; where nothing can be taken away, what was ours once counts no more."""
    there = found.body.get(key)
    return owned(there, had, want) if traits.can_unset else owned(there, want)


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
    none = seen_as(ABSENT)
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
        is_untouched = last.seen.get(key, seen_as(ABSENT)) == seen_as(found.body.get(key))
        return What.CHANGE if is_untouched or key in traits.shared else What.CONFLICT
    there = found.body.get(key)
    if same(owned(there, had, want) if traits.can_unset else owned(there, had), had):
        return What.CHANGE
    return What.DRIFT if same(want, had) else What.CONFLICT
