"""The live side of a SIEM: what deployment asks of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from mcpsoar.core.digest import Facts
from mcpsoar.siems.objects import Item


def _none(_: str) -> bool:
    return False


def _never(_: str, __: Facts) -> bool:
    return False


def _named(body: Facts) -> str:
    called = body.get("name")
    return called if isinstance(called, str) else ""


def _nothing(_: Facts) -> tuple[str, ...]:
    return ()


@dataclass(frozen=True, slots=True)
class Traits:
    """How one kind of object is deployed.

    `is_once` names keys that are said at creation and never again: whether it runs, and its actions. Of these
    `switches` turn it on and off, which is no tuning; `is_on` says whether a body switches it on by this
    key; packs ship it off, so a user's own word has said so. `late` keys are set by a second call after
    creation. `along` keys say where it is, or are sent with a change; they are not compared. To `shared`
    keys people add their own, which stays and is tuning. An object that `holds_data`, a list or an index, is
    never deleted. `can_unset` says whether a key can be taken away again. `title` is what people call it
    where its name is an id, else a blank text; `needs` names the objects that it stands on.
    """

    is_once: Callable[[str], bool] = _none
    switches: frozenset[str] = frozenset()
    is_on: Callable[[str, Facts], bool] = _never
    late: frozenset[str] = frozenset()
    along: frozenset[str] = frozenset()
    shared: frozenset[str] = frozenset()
    holds_data: bool = False
    can_unset: bool = True
    title: Callable[[Facts], str] = _named
    needs: Callable[[Facts], tuple[str, ...]] = _nothing


@dataclass(frozen=True, slots=True)
class Found:
    """One object as it is there: `body` in the form that is compared and sent, `raw` as it came."""

    body: Facts
    raw: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Change:
    """What to say of an object that is there: keys with their new values, and keys to take away.

    `whole` is the object as it will be, for an API that replaces.
    """

    keys: Facts
    unset: tuple[str, ...]
    whole: Facts


class Live(Protocol):
    """One SIEM at one place. Sends each change once and is patient with reads; raises as `kit.http.Edge`."""

    place: str
    kinds: Mapping[str, Traits]

    def canonical(self, item: Item) -> Item:
        """The item as this SIEM would spell it. Raises Unsupported for a name that it cannot have."""

    def look(self, items: Sequence[Item]) -> Mapping[tuple[str, str], Found]:
        """Those of the items that are there, by kind and name."""

    def one(self, item: Item) -> Found | None:
        """One of them, read anew."""

    def create(self, item: Item) -> None:
        """Raises Conflict where one of that name is there already."""

    def change(self, item: Item, change: Change, found: Found) -> None: ...

    def delete(self, item: Item, found: Found) -> None: ...

    def close(self) -> None:
        """Give connections back. Raises nothing."""
