"""What an answer must say. Compared exactly: `1`, `1.0`, `true` and `"1"` are four different things.

An answer that says neither, because the place is missing or holds another kind of value, is neither true nor
false: None. A list that is filtered by guesses looks empty, and an empty list reads as contained.
"""

from dataclasses import dataclass
from typing import Any, TypeAlias

from mcpsoar.connectors.in_http.pointer import NOTHING, Pointer, found, written
from mcpsoar.connectors.in_http.template import Fill, filled, used
from mcpsoar.core.digest import Json, canonical

_KEPT = 300


@dataclass(frozen=True, slots=True)
class Answer:
    """`status` is 0 for an entry of a list; `is_bare`: there was no body."""

    body: Json
    status: int = 0
    is_bare: bool = False


@dataclass(frozen=True, slots=True)
class Says:
    """One place. `values`: it is one of them; `holds`: a list with one of them in it; `null`: it is, or not.

    `statuses`, where there are any, must be met too; an answer without a body meets all by its status alone.
    """

    pointer: Pointer | None = None
    values: tuple[Json, ...] = ()
    holds: tuple[Json, ...] = ()
    null: bool | None = None
    statuses: frozenset[int] = frozenset()

    def met(self, answer: Answer, fill: Fill) -> bool | None:
        if self.statuses and answer.status not in self.statuses:
            return False
        if self.pointer is None or (answer.is_bare and self.statuses):
            return True
        value = NOTHING if answer.is_bare else found(answer.body, self.pointer)
        if value is NOTHING:
            return None
        if self.null is not None:
            return (value is None) is self.null
        if self.holds:
            wanted = filled(self.holds, fill)
            return any(same(one, want) for one in value for want in wanted) if _is_list(value) else None
        wanted = filled(self.values, fill)
        if all(type(value) is not type(want) for want in wanted):
            return None
        return any(same(value, want) for want in wanted)


@dataclass(frozen=True, slots=True)
class Every:
    parts: tuple["Condition", ...]

    def met(self, answer: Answer, fill: Fill) -> bool | None:
        seen = [part.met(answer, fill) for part in self.parts]
        return False if False in seen else None if None in seen else True


@dataclass(frozen=True, slots=True)
class Some:
    parts: tuple["Condition", ...]

    def met(self, answer: Answer, fill: Fill) -> bool | None:
        seen = [part.met(answer, fill) for part in self.parts]
        return True if True in seen else None if None in seen else False


Condition: TypeAlias = Says | Every | Some


def pointers(*conditions: Condition | None) -> tuple[Pointer, ...]:
    """Every place that is looked at, once each."""
    places: dict[Pointer, None] = {}
    for condition in conditions:
        if isinstance(condition, Says):
            places |= {condition.pointer: None} if condition.pointer is not None else {}
        elif condition is not None:
            places |= dict.fromkeys(pointers(*condition.parts))
    return tuple(places)


def names(*conditions: Condition | None) -> set[str]:
    """Which of `{server}` and `{item}` are compared with."""
    places: set[str] = set()
    for condition in conditions:
        if isinstance(condition, Says):
            places |= used([condition.values, condition.holds])
        elif condition is not None:
            places |= names(*condition.parts)
    return places


def kept(body: Json, places: tuple[Pointer, ...]) -> dict[str, Any]:
    """What stands at these places, cut: a journal is no copy of a stranger's answer."""
    values = {written(place): found(body, place) for place in places}
    return {place: _short(value) for place, value in values.items() if value is not NOTHING}


def is_whole(value: Json) -> bool:
    """Whether a kept value was not cut, so far as it shows."""
    return not (isinstance(value, str) and len(value) > _KEPT)


def same(one: Json, other: Json) -> bool:
    """Equal, and of the same types all the way down."""
    if type(one) is not type(other):
        return False
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    return bool(one == other)


def _is_list(value: Json) -> bool:
    return isinstance(value, list)


def _short(value: Json) -> Json:
    if value is None or isinstance(value, bool | float):
        return value
    text = value if isinstance(value, str) else canonical(value).decode("utf-8", "replace")
    return value if len(text) <= _KEPT else f"{text[:_KEPT]}…"
