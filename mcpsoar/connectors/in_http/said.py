"""What a profile says of one action: values, made by `reading`."""

from dataclasses import dataclass, field

from mcpsoar.connectors.in_http import condition, template
from mcpsoar.connectors.in_http.condition import Condition
from mcpsoar.connectors.in_http.pointer import Pointer
from mcpsoar.connectors.in_http.template import ITEM
from mcpsoar.core.digest import Json


@dataclass(frozen=True, slots=True)
class Call:
    """One request. `done` is what its answer must say, `gone` the answer of one entry that is no more."""

    method: str
    path: tuple[str, ...]
    query: dict[str, str] = field(default_factory=dict)
    body: Json = None
    done: Condition | None = None
    gone: Condition | None = None

    @property
    def names(self) -> set[str]:
        return template.used([self.path, self.query, self.body])


@dataclass(frozen=True, slots=True)
class Next:
    """Where a page names the one after it: a cursor for `query`, or else a link to the same list."""

    pointer: Pointer
    query: str | None
    is_optional: bool


@dataclass(frozen=True, slots=True)
class List:
    """Entries instead of one object. `of`: which are the target's; None: all. Without `next` it is one page.
    `keep`: ids that are never touched. `empty_is_unknown`: who has no entry at all is a typing error.
    `outlives`: entries that only time ends, at `expires`.
    """

    items: Pointer
    id: Pointer
    of: Condition | None
    outlives: Condition | None
    expires: Pointer | None
    next: Next | None
    keep: frozenset[str]
    empty_is_unknown: bool


@dataclass(frozen=True, slots=True)
class Look:
    """A read-back; of a list both conditions are asked of each entry. `marks` are places that only somebody's
    change of the object alters.
    """

    call: Call
    in_force: Condition | None
    not_in_force: Condition
    facts: tuple[Pointer, ...]
    list: List | None
    marks: tuple[Pointer, ...] = ()

    @property
    def places(self) -> tuple[Pointer, ...]:
        """What is written down of one object."""
        return (*condition.pointers(self.in_force, self.not_in_force), *self.facts, *self.marks)

    @property
    def names(self) -> set[str]:
        of = self.list.of if self.list else None
        return self.call.names | condition.names(self.in_force, self.not_in_force, of)


@dataclass(frozen=True, slots=True)
class Said:
    """One action. `unknown` is what the control plane says of a server that it does not know."""

    action: str
    look: Look | None
    do: Call
    undo: Call | None
    unknown: Condition | None

    @property
    def is_each(self) -> bool:
        """Whether `do` is sent for each entry of the list."""
        return ITEM in self.do.names

    @property
    def names_target(self) -> bool:
        """Whether every call is about what is meant, and all of it; of entries the list has to know them."""
        calls = [self.look, None if self.is_each else self.do, self.undo]
        return all(self.targets <= call.names for call in calls if call is not None)

    @property
    def put_back(self) -> tuple[Pointer, ...]:
        """What an undo sends as it was before."""
        return template.put_back(self.undo.body) if self.undo else ()

    @property
    def needs_target(self) -> bool:
        calls = (self.look, self.do, self.undo)
        return any(self.targets & call.names for call in calls if call is not None)

    @property
    def targets(self) -> set[str]:
        return set(template.targets(self.action))
