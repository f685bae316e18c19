"""What was last applied to one SIEM: a file, whole or not at all, and on disk before and after each write.

    {"format": 1, "place": …, "objects": {KIND: {NAME: {"digest": …, "keys": {…}, "seen": {…}}}},
     "pending": null | {"kind", "name", "before": null | {…}, "after": {…}}}

`keys` are ours as applied, `seen` digests of the rest as it was first seen. Without the file nothing is known
to be ours: what is there and equal becomes ours, what differs is a conflict.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, TypeAlias
from urllib.parse import quote

from mcpsoar.core.digest import Facts, canonical, digest
from mcpsoar.core.errors import Tampered
from mcpsoar.core.siem import Item
from mcpsoar.kit import jsonl
from mcpsoar.siems.deploy.live import Found, Traits
from mcpsoar.siems.deploy.steps import Applied, resolved

Key: TypeAlias = tuple[str, str]  # kind and name

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Pending:
    """A write whose end nobody wrote down: what was there (None: nothing), and what was to be."""

    before: Facts | None
    after: Item


@dataclass(frozen=True, slots=True)
class State:
    place: str
    objects: Mapping[Key, Applied] = field(default_factory=dict)
    pending: Pending | None = None

    def settled(self, found: Mapping[Key, Found], kinds: Mapping[str, Traits]) -> Mapping[Key, Applied]:
        """The objects as applied; a pending write counts as far as it arrived."""
        if self.pending is None:
            return self.objects
        after = self.pending.after
        key = (after.kind, after.name)
        now = resolved(after, self.pending.before, self.objects.get(key), found.get(key), kinds[after.kind])
        return self.with_object(key, now).objects

    def with_object(self, key: Key, applied: Applied | None) -> "State":
        """The same with this object as applied, or no more ours; nothing is pending."""
        objects = {other: value for other, value in self.objects.items() if other != key}
        if applied is not None:
            objects[key] = applied
        return replace(self, objects=objects, pending=None)

    def intending(self, before: Facts | None, after: Item) -> "State":
        return replace(self, pending=Pending(before, after))


class StateFile:
    """One file for each profile, SIEM and place, below the user's state folder."""

    def __init__(self, home: Path, *, siem: str, profile: str, place: str) -> None:
        mark = hashlib.sha256(place.encode()).hexdigest()[:12]
        name = f"{quote(profile, safe='')[:80]}-{siem}-{mark}"
        self._folder = home / "packs"
        self._place = place
        self.path = self._folder / f"{name}.json"
        self.lock_path = self._folder / f"{name}.lock"

    def make_folder(self) -> None:
        """Raises Unwritable."""
        jsonl.folder(self._folder)

    def load(self) -> State:
        """What it holds; nothing where there is none. Raises Tampered."""
        try:
            data = jsonl.regular_bytes(self.path)
        except FileNotFoundError:
            return State(self._place)
        except OSError as error:
            raise self._bad(error.strerror or "it cannot be read") from None
        try:
            return self._state(json.loads(data))
        except (ValueError, KeyError, TypeError, AttributeError):
            raise self._bad("it is not what was written") from None

    def save(self, state: State) -> None:
        """On disk when this returns. Raises Unwritable."""
        objects: dict[str, dict[str, Any]] = {}
        for (kind, name), one in state.objects.items():
            said = {"digest": digest(one.keys), "keys": one.keys, "seen": one.seen}
            objects.setdefault(kind, {})[name] = said
        pending = state.pending and {
            "kind": state.pending.after.kind,
            "name": state.pending.after.name,
            "before": state.pending.before,
            "after": state.pending.after.body,
        }
        whole = {"format": _FORMAT, "place": state.place, "objects": objects, "pending": pending}
        jsonl.replace(self.path, canonical(whole) + b"\n")

    def _state(self, said: dict[str, Any]) -> State:
        if said["format"] != _FORMAT or said["place"] != self._place:
            raise ValueError
        objects = {}
        for kind, by_name in said["objects"].items():
            for name, one in by_name.items():
                if digest(one["keys"]) != one["digest"]:
                    raise ValueError
                objects[kind, name] = Applied(one["keys"], one["seen"])
        pending = said["pending"]
        if pending is None:
            return State(self._place, objects)
        after = Item(pending["kind"], pending["name"], pending["after"])
        return State(self._place, objects, Pending(pending["before"], after))

    def _bad(self, why: str) -> Tampered:
        words = f"{why}; move it away to begin anew, with nothing there known to be ours"
        return Tampered(words, where=str(self.path))
