"""Which entry of the registry each name means: two names of one server are one, in a run and between runs,
and a protected one hides behind no second name.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from mcpsoar.app import victims
from mcpsoar.app.order import Order
from mcpsoar.app.station import Station
from mcpsoar.app.victims import Chosen
from mcpsoar.contain.commons import unreleased
from mcpsoar.contain.ledger import Ledger
from mcpsoar.core.errors import Indeterminate, Trouble, UnknownTarget, Usage
from mcpsoar.kit import targets
from mcpsoar.kit.crew import Crew, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

_ROLE = "registry"


@dataclass(frozen=True, slots=True)
class Meant:
    """`servers` are one name for each entry; `also` has second names, and which one stands for each;
    `entries` what the registry calls all that it calls otherwise.
    """

    servers: tuple[str, ...]
    also: dict[str, str] = field(default_factory=dict)
    entries: dict[str, str] = field(default_factory=dict)


def meant(order: Order, names: tuple[str, ...], ready: Station) -> Meant:
    """Asks the registry where it tells names apart, within the time of the looks. A server that a run still
    contains goes by that run's name for it.

    What a person typed goes on when nobody answers: its step will say why. Raises Usage for a server that
    is protected, and Indeterminate where findings chose and it cannot be told whom.
    """
    chosen = order.chosen or Chosen(names, names)
    protected = ready.profile.protected
    entries: dict[str, str] = {}
    doubt: Trouble | None = None
    identity = getattr(ready.roles.get(_ROLE), "identity", None)
    if identity is not None:
        entries, doubt = _entries(identity, (*protected, *names), ready)
    victims.refuse(chosen, ready.profile, entries, protected_too=order.protected_too, command=order.command)
    if doubt is not None and chosen.found and protected:
        raise Indeterminate(
            f"which servers the findings mean is not known, and some are protected; nothing was sent: {doubt}"
        )
    if identity is None:
        return Meant(names)
    return _one_each(names, entries, _held(ready)[0])


def as_held(names: tuple[str, ...], ready: Station) -> Meant:
    """The same of servers to release: by the journals alone, nobody is asked."""
    held, known = _held(ready)
    stands = {name: name if name in held.values() else held.get(_entry(name, known), name) for name in names}
    also = {name: first for name, first in stands.items() if first != name}
    return Meant(tuple(dict.fromkeys(stands.values())), also)


def subjects(names: Iterable[str], ledgers: Iterable[Ledger]) -> tuple[str, ...]:
    """What is locked for servers of these runs: their names, and the entries that the names mean."""
    wanted = tuple(names)
    known = [ledger.about.get("entries") or {} for ledger in ledgers]
    return tuple(dict.fromkeys((*wanted, *(one[name] for one in known for name in wanted if name in one))))


def check_same(ledgers: Iterable[Ledger], names: Iterable[str], ready: Station) -> None:
    """Raises Usage for a name that means another entry today than in one of these runs: what they did is not
    undone, nor finished, on somebody else. Where nobody answers, the step will say so.
    """
    identity = getattr(ready.roles.get(_ROLE), "identity", None)
    known = {
        name: (ledger.run, entry)
        for ledger in ledgers
        for name, entry in (ledger.about.get("entries") or {}).items()
        if name in names
    }
    if identity is None or not known:
        return
    today, _ = _entries(identity, known, ready)
    for name, (run, then) in known.items():
        if targets.server(name) in today and (now := _entry(name, today)) != then:
            raise Usage(
                f"{name} was {then} when run {run} contained it, and is {now} now; nothing was sent: "
                "name them as they were, or undo it by hand",
                next_command=f"mcpsoar runs show {run}",
            )


def _entries(
    identity: "Callable[[str], str]", names: Iterable[str], ready: Station
) -> tuple[dict[str, str], Trouble | None]:
    """The entry of each name's server that has one, and why of another it is not known."""
    found: dict[str, str] = {}
    doubt: Trouble | None = None
    crew = Crew(ready.profile.threads, "mcpsoar-name")
    servers = dict.fromkeys(targets.server(name) for name in names)
    tasks: dict[str, Future[str]] = {name: crew.submit(partial(identity, name)) for name in servers}
    for name, task in tasks.items():
        if not wait_for(task, ready.profile.look_s - ready.looks.spent_s):
            doubt = Indeterminate("the registry did not answer in time")
        elif isinstance(error := task.exception(), UnknownTarget):
            continue
        elif isinstance(error, Trouble):
            doubt = error
        else:
            found[name] = task.result()
    crew.close()
    return found, doubt


def _held(ready: Station) -> tuple[dict[str, str], dict[str, str]]:
    """By entry, what runs that still contain something here call it; and the entries that they know."""
    found: dict[str, str] = {}
    known: dict[str, str] = {}
    for one in unreleased(ready.home):
        if one.ledger is None or one.ledger.bindings.get(_ROLE) != ready.bindings().get(_ROLE):
            continue
        said = one.ledger.about.get("entries") or {}
        # a tool is told whole, and known by its server
        entries = {targets.server(name): targets.server(entry) for name, entry in said.items()}
        known |= entries
        for name in one.servers:
            found.setdefault(_entry(name, entries), name)
    return found, known


def _one_each(names: tuple[str, ...], entries: Mapping[str, str], held: Mapping[str, str]) -> Meant:
    stands = dict(held)
    also: dict[str, str] = {}
    for name in names:
        first = stands.setdefault(_entry(name, entries), name)
        if first != name:
            also[name] = first
    servers = tuple(dict.fromkeys(also.get(name, name) for name in names))
    called = {name: _entry(name, entries) for name in names}
    called |= {first: called[name] for name, first in also.items()}
    return Meant(servers, also, {name: entry for name, entry in called.items() if entry != name})


def _entry(name: str, entries: Mapping[str, str]) -> str:
    """A tool is one of its server's entry."""
    server = targets.server(name)
    return name.removesuffix(server) + entries.get(server, server)
