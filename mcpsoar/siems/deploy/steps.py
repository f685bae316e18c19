"""What a plan is made of: what is done to one object, and what is so of each of its keys."""

from dataclasses import dataclass
from enum import StrEnum

from mcpsoar.core.digest import Json
from mcpsoar.siems.objects import Item


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
class KeyStep:
    key: str
    what: What
    last: Json
    live: Json
    wanted: Json


@dataclass(frozen=True, slots=True)
class Step:
    """One object of a plan. `why` is a line for a person.

    `item` holds what is wanted, or what was applied where nothing is; `title` is what people call it.
    """

    item: Item
    action: Action
    keys: tuple[KeyStep, ...] = ()
    why: str = ""
    drifted: bool = False
    in_conflict: bool = False
    title: str = ""

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
