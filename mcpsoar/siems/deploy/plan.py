"""A plan: every object's step, in the order in which they can be done."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatchcase

from mcpsoar.core.digest import Facts, digest
from mcpsoar.core.errors import Unsupported, Usage
from mcpsoar.siems.deploy.compare import obsolete, wanted
from mcpsoar.siems.deploy.live import Found, Live, Traits
from mcpsoar.siems.deploy.record import Applied
from mcpsoar.siems.deploy.state import Key, State
from mcpsoar.siems.deploy.steps import Action, Consent, Step
from mcpsoar.siems.objects import Item


@dataclass(frozen=True, slots=True)
class EditPolicy:
    """Whose edits ours win over, by name or pattern, and whether what is there already becomes ours."""

    overwrite: tuple[str, ...] = ()
    adopt: bool = False

    def consent(self, name: str, title: str) -> Consent:
        return Consent(any(_names(pattern, name, title) for pattern in self.overwrite), self.adopt)


@dataclass(frozen=True, slots=True)
class Plan:
    """`found` is what was there when it was made; the digest covers the steps and the place, not `found`."""

    place: str
    steps: tuple[Step, ...]
    found: Mapping[Key, Found] = field(default_factory=dict, repr=False)

    @property
    def digest(self) -> str:
        return digest({"place": self.place, "steps": [document(step) for step in self.steps]})

    @property
    def drifted(self) -> bool:
        return any(step.drifted for step in self.steps)

    @property
    def is_switched(self) -> bool:
        return any(step.is_switched for step in self.steps)

    @property
    def in_conflict(self) -> bool:
        return any(step.in_conflict for step in self.steps)


def make(live: Live, items: Iterable[Item], state: State, policy: EditPolicy = EditPolicy()) -> Plan:
    """Look at everything that is wanted and everything that we made, and say what to do.

    Raises Usage for a name twice and for a name to overwrite that nothing has, Unsupported for an unknown
    kind, and what `live` raises.
    """
    by_key: dict[Key, Item] = {}
    for item in items:
        _known(live, item.kind)
        key = (item.kind, item.name)
        if key in by_key:
            raise Usage(f"the pack has {item.kind} {item.name!r} twice")
        by_key[key] = live.canonical(item)
    old = {key: Item(*key, applied.keys) for key, applied in state.objects.items() if key not in by_key}
    if (pending := state.pending) and (pending.after.kind, pending.after.name) not in by_key:
        old.setdefault((pending.after.kind, pending.after.name), pending.after)
    for kind, _ in old:
        _known(live, kind)
    everything = [*by_key.values(), *old.values()]
    titles = {(item.kind, item.name): live.kinds[item.kind].title(item.body) for item in everything}
    _used(policy, titles)
    found = live.look(everything)
    applied = state.settled(found, live.kinds)

    def consent(key: Key) -> Consent:
        return policy.consent(key[1], titles[key])

    steps = [
        wanted(item, applied.get(key), found.get(key), live.kinds[item.kind], consent(key))
        for key, item in by_key.items()
    ]
    steps += [
        obsolete(item, last, found.get(key), live.kinds[item.kind], consent(key))
        for key, item in old.items()
        if (last := applied.get(key)) is not None
    ]
    steps = [replace(step, title=titles[step.item.kind, step.item.name]) for step in steps]
    return Plan(live.place, tuple(sorted(steps, key=_order(live.kinds, everything))), found)


def still_holds(
    step: Step, last: Applied | None, found: Found | None, traits: Traits, policy: EditPolicy
) -> bool:
    """Whether what is there now asks for the same step; if not, somebody was quicker."""
    consent = policy.consent(step.item.name, step.title)
    if step.action is Action.DELETE:
        now = obsolete(step.item, last or Applied({}), found, traits, consent)
    else:
        now = wanted(step.item, last, found, traits, consent)
    return (now.action, now.changes) == (step.action, step.changes)


def document(step: Step) -> Facts:
    """A step as JSON has it."""
    keys = [
        {
            "key": key.key,
            "what": key.what.value,
            "applied": key.last,
            "there": key.live,
            "wanted": key.wanted,
        }
        for key in step.keys
    ]
    return {
        "kind": step.item.kind,
        "name": step.item.name,
        "title": step.title,
        "action": step.action.value,
        "why": step.why,
        "keys": keys,
    }


def _order(
    kinds: Mapping[str, Traits], items: Iterable[Item]
) -> Callable[[Step], tuple[bool, int, int, str]]:
    """What others stand on comes first, and goes last: by kind, and among objects that name each other."""
    at = {kind: number for number, kind in enumerate(kinds)}
    named = {item.name: kinds[item.kind].needs(item.body) for item in items}

    def depth(name: str, above: tuple[str, ...] = ()) -> int:
        below = [one for one in named.get(name, ()) if one in named and one not in (name, *above)]
        return 1 + max((depth(one, (name, *above)) for one in below), default=0)

    def place(step: Step) -> tuple[bool, int, int, str]:
        is_delete = step.action is Action.DELETE
        sign = -1 if is_delete else 1
        return is_delete, sign * at[step.item.kind], sign * depth(step.item.name), step.item.name

    return place


def _known(live: Live, kind: str) -> None:
    if kind not in live.kinds:
        raise Unsupported(f"no way is known to deploy a {kind}; known are {', '.join(live.kinds)}")


def _used(policy: EditPolicy, titles: Mapping[Key, str]) -> None:
    for pattern in policy.overwrite:
        if not any(_names(pattern, name, title) for (_, name), title in titles.items()):
            raise Usage(f"nothing of this pack is named {pattern!r}, so there is nothing to overwrite")


def _names(pattern: str, *names: str) -> bool:
    return any(pattern == name or fnmatchcase(name, pattern) for name in names)
