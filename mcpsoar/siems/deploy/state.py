"""What was last applied to one SIEM: a file that is on disk before and after each write.

    {"format": 1, "place": …}
    {"told": {…}, "files": {…}}
    {"object": [KIND, NAME], "digest": …, "keys": {…}, "seen": {…}, "once": {…}}
    {"intent": [KIND, NAME], "before": null | {…}, "after": {…}}
    {"forgotten": [KIND, NAME]}

One a line; the last one on an object counts, and an intent until the next line. `told` are the options of the
last apply, `files` digests of its overlay and mapping. `keys` are ours as applied, `seen` digests of the rest
as it was first seen, `once` those of switches and actions as they were last seen. Without the file nothing is
known to be ours: what is there and equal becomes ours, what differs is a conflict.
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
from mcpsoar.kit import jsonl
from mcpsoar.siems.deploy.live import Found, Traits
from mcpsoar.siems.deploy.record import Applied, resolved
from mcpsoar.siems.deploy.told import Told
from mcpsoar.siems.objects import Item

Key: TypeAlias = tuple[str, str]  # kind and name

_FORMAT = 1


@dataclass(frozen=True, slots=True)
class Pending:
    """A write whose end nobody wrote down: what was there (None: nothing), and what was to be."""

    before: Facts | None
    after: Item


@dataclass(frozen=True, slots=True)
class State:
    """`told` is None where nothing was applied, or nobody wrote down how."""

    place: str
    objects: Mapping[Key, Applied] = field(default_factory=dict)
    pending: Pending | None = None
    told: Told | None = None

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

    def intending(self, pending: Pending) -> "State":
        return replace(self, pending=pending)


class StateFile:
    """One file for each profile, SIEM and place, below the user's state folder."""

    def __init__(self, home: Path, *, siem: str, profile: str, place: str) -> None:
        mark = hashlib.sha256(place.encode()).hexdigest()[:12]
        name = f"{quote(profile, safe='')[:80]}-{siem}-{mark}"
        self._folder = home / "packs"
        self._place = place
        self.path = self._folder / f"{name}.jsonl"
        self.lock_path = self._folder / f"{name}.lock"

    def make_folder(self) -> None:
        """Raises Unwritable."""
        jsonl.folder(self._folder)

    def load(self) -> State:
        """What it holds; nothing where there is none. A torn last line is a crash's. Raises Tampered."""
        try:
            lines = jsonl.read(self.path).whole
        except FileNotFoundError:
            return State(self._place)
        except OSError as error:
            raise self._bad(error.strerror or "it cannot be read") from None
        try:
            return self._folded([json.loads(line) for line in lines])
        except (ValueError, KeyError, TypeError, AttributeError, IndexError):
            raise self._bad("it is not what was written") from None

    def write(self, state: State) -> None:
        """All of it anew, whole or not at all. Raises Unwritable."""
        lines: list[Facts] = [{"format": _FORMAT, "place": state.place}]
        if state.told:
            lines.append({"told": state.told.options, "files": state.told.files})
        lines += [_object(key, applied) for key, applied in state.objects.items()]
        if state.pending:
            lines.append(_intent(state.pending))
        jsonl.replace(self.path, b"".join(canonical(line) + b"\n" for line in lines))

    def intend(self, pending: Pending) -> None:
        """On disk when this returns. Raises Unwritable."""
        self._append(_intent(pending))

    def settle(self, key: Key, applied: Applied | None) -> None:
        """The end of an intent: the object as applied, or no more ours."""
        self._append({"forgotten": [*key]} if applied is None else _object(key, applied))

    def _append(self, line: Facts) -> None:
        appender = jsonl.Appender(self.path)
        try:
            appender.append(canonical(line))
        finally:
            appender.close()

    def _folded(self, lines: list[dict[str, Any]]) -> State:
        if lines[0] != {"format": _FORMAT, "place": self._place}:
            raise ValueError
        state = State(self._place)
        for line in lines[1:]:
            if "told" in line:
                state = replace(state, told=Told(dict(line["told"]), dict(line["files"])))
            elif "object" in line:
                kind, name = line["object"]
                if digest(line["keys"]) != line["digest"]:
                    raise ValueError
                state = state.with_object(
                    (kind, name), Applied(line["keys"], line["seen"], line.get("once", {}))
                )
            elif "intent" in line:
                kind, name = line["intent"]
                state = state.intending(Pending(line["before"], Item(kind, name, line["after"])))
            else:
                kind, name = line["forgotten"]
                state = state.with_object((kind, name), None)
        return state

    def _bad(self, why: str) -> Tampered:
        words = f"{why}; move it away to begin anew, with nothing there known to be ours"
        return Tampered(words, where=str(self.path))


def _object(key: Key, applied: Applied) -> Facts:
    return {
        "object": [*key],
        "digest": digest(applied.keys),
        "keys": applied.keys,
        "seen": applied.seen,
        "once": applied.once,
    }


def _intent(pending: Pending) -> Facts:
    after = pending.after
    return {"intent": [after.kind, after.name], "before": pending.before, "after": after.body}
