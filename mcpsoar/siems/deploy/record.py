"""What is written down of one object: what was applied, and how the rest of it was, for the next comparison.

Pure.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from mcpsoar.core.digest import Facts, Json, digest
from mcpsoar.siems.deploy.live import Found, Traits
from mcpsoar.siems.deploy.steps import KeyStep, Step, What
from mcpsoar.siems.deploy.values import is_empty, owned, picked, same
from mcpsoar.siems.objects import Item

_SEEN_LENGTH = 16


@dataclass(frozen=True, slots=True)
class Applied:
    """What we last applied to one object: its keys, and digests of those that were not ours then.

    `once` are digests of its switches and actions as the last apply found or left them; none: not known.
    """

    keys: Facts
    seen: Mapping[str, str] = field(default_factory=dict)
    once: Mapping[str, str] = field(default_factory=dict)


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
    seen |= {key: seen_as(value) for key, value in before.items() if key not in keys and key not in unset}
    return Applied(keys, seen, once(found, traits))


def once(found: Found, traits: Traits) -> dict[str, str]:
    """Digests of its switches and actions: an action may hold what is nobody's business."""
    return {key: seen_as(value) for key, value in found.body.items() if traits.is_once(key)}


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
        return Applied(
            keys, {key: seen_as(value) for key, value in after.body.items() if traits.is_once(key)}
        )
    return Applied(keys, _seen_beside(keys, last, found), last.once)


def is_written(item: Item, last: Applied, keys: tuple[KeyStep, ...], traits: Traits) -> bool:
    """Whether what was written down of it is still what is to be written down."""
    beside = {key.key for key in keys if key.what is What.CONFLICT} | traits.along
    ours = {key for key in item.body if not traits.is_once(key)} - beside
    return ours == last.keys.keys() - beside and all(same(last.keys[key], item.body[key]) for key in ours)


def seen_as(value: Json) -> str:
    """A mark of a value that is not ours; a later one with another mark is somebody's edit."""
    return digest(None if is_empty(value) else value).removeprefix("sha256:")[:_SEEN_LENGTH]


def _seen_beside(keys: Facts, last: Applied | None, found: Found) -> dict[str, str]:
    """Of keys that are not ours, how they were when we first saw them: a later value is somebody's edit."""
    fresh = {key: seen_as(value) for key, value in found.body.items() if not is_empty(value)}
    if last is not None:
        fresh = {key: seen for key, seen in fresh.items() if key in last.keys} | dict(last.seen)
    return {key: seen for key, seen in fresh.items() if key not in keys}
