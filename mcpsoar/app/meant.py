"""Which entry of the registry each name means: two names of one server are one, and a protected one hides
behind no second name.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from mcpsoar.app import victims
from mcpsoar.app.order import Order
from mcpsoar.app.station import Station
from mcpsoar.app.victims import Chosen
from mcpsoar.core.errors import Indeterminate, Trouble, UnknownTarget
from mcpsoar.kit import targets
from mcpsoar.kit.crew import Crew, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future


@dataclass(frozen=True, slots=True)
class Meant:
    """`servers` are one name for each entry; `also` has second names, and which one stands for each."""

    servers: tuple[str, ...]
    also: dict[str, str]


def meant(order: Order, names: tuple[str, ...], ready: Station) -> Meant:
    """Asks the registry where it tells names apart, within the time of the looks.

    What a person typed goes on when it does not answer: its step will say why. Raises Usage for a server that
    is protected, and Indeterminate where findings chose and it cannot be told whom.
    """
    chosen = order.chosen or Chosen(names, names)
    protected = ready.profile.protected
    entries: dict[str, str] = {}
    doubt: Trouble | None = None
    identity = getattr(ready.roles.get("registry"), "identity", None)
    if identity is not None and (protected or len(names) > 1):
        servers = [targets.server(name) for name in (*protected, *names)]
        entries, doubt = _entries(identity, dict.fromkeys(servers), ready)
    victims.refuse(chosen, ready.profile, entries, protected_too=order.protected_too, command=order.command)
    if doubt is not None and chosen.found and protected:
        raise Indeterminate(
            f"which servers the findings mean is not known, and some are protected; nothing was sent: {doubt}"
        )
    return _one_each(names, entries)


def _entries(
    identity: "Callable[[str], str]", names: Iterable[str], ready: Station
) -> tuple[dict[str, str], Trouble | None]:
    """The entry of each name that has one, and why of another it is not known."""
    found: dict[str, str] = {}
    doubt: Trouble | None = None
    crew = Crew(ready.profile.threads, "mcpsoar-name")
    tasks: dict[str, Future[str]] = {name: crew.submit(partial(identity, name)) for name in names}
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


def _one_each(names: tuple[str, ...], entries: dict[str, str]) -> Meant:
    first: dict[str, str] = {}
    also = {}
    for name in names:
        server = targets.server(name)
        entry = name.removesuffix(server) + entries.get(server, f"name {server}")
        stands = first.setdefault(entry, name)
        if stands != name:
            also[name] = stands
    return Meant(tuple(name for name in names if name not in also), also)
