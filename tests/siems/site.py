"""A SIEM to deploy to, in tests: its server, a binding, and two versions of a small pack for it."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shutil import copytree
from typing import Any, Protocol

from mcpsoar.app.deploying import Place, place
from mcpsoar.core.profile import Binding
from mcpsoar.kit.clock import SystemClock
from mcpsoar.siems.objects import Item
from tests.siems.faults import Faults


class Hasty(SystemClock):
    """Sleeps not at all; pauses are told, not waited for."""

    def sleep(self, seconds: float) -> None:
        pass


class Server(Protocol):
    """A server in this process: `faults` decides what goes wrong with its calls."""

    faults: Faults

    def held(self) -> Any:
        """All that it holds, for `hold` to put back."""

    def hold(self, held: Any) -> None: ...

    def there(self) -> Mapping[Any, Any]:
        """All that it holds, as a person sees it."""


@dataclass
class Site:
    """`old` and `new` are a pack and its next version; `more` are names that a test of every call leaves out.

    `edit` puts a text of an analyst into an object of the pack, behind its API, and gives back its name.
    `tenant` is a field in this SIEM's own spelling. A write may be refused for want of another object: then
    the SIEM says `wanting`.
    """

    siem: str
    binding: Binding
    old: tuple[Item, ...]
    new: tuple[Item, ...]
    home: Path
    fake: Any
    edit: Callable[[str], str]
    more: tuple[str, ...] = ()
    tenant: str = "org_id"
    wanting: str = "nothing says so"
    said: list[str] = field(default_factory=list)

    @property
    def faults(self) -> Faults:
        faults: Faults = self.fake.faults
        return faults

    def there(self) -> Mapping[Any, Any]:
        there: Mapping[Any, Any] = self.fake.there()
        return there

    def few(self, items: tuple[Item, ...]) -> tuple[Item, ...]:
        """One or two of each kind: enough for every sort of call."""
        return tuple(item for item in items if item.name not in self.more)

    def start(self, held: Any, home: Path, name: str) -> None:
        """The server as it was, and a home of its own that remembers what another one did."""
        self.fake.hold(held)
        self.faults.set(0, "")
        self.said.clear()
        self.home = home.parent / f"{home.name}-{name}"
        if home.exists():
            copytree(home, self.home)

    @contextmanager
    def place(self) -> Iterator[Place]:
        with place("prod", self.binding, self.home, Hasty()) as made:
            yield made
