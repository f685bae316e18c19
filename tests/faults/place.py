"""A control plane that the table is about: how to start it anew, to make it lie, and what is true of it."""

from abc import ABC, abstractmethod
from collections.abc import Mapping

from mcpsoar.core.profile import ROLES, Binding
from mcpsoar.core.secret import Secret
from mcpsoar.lab.wire import Call

SERVER, CONTROL = "github", "jira"
Urls = Mapping[str, str]  # by role


class Place(ABC):
    """One control plane through one connector, which has these `roles`.

    `spares` are good once the first credential is refused.
    """

    name: str
    url: str
    roles: tuple[str, ...] = ROLES
    secrets: tuple[str, ...]
    spares: tuple[Secret, ...] = ()

    @abstractmethod
    def restore(self) -> None:
        """Nothing is in force, and nothing is wrong."""

    @abstractmethod
    def bindings(self, urls: Urls, timeout_s: float, settle_s: float) -> dict[str, Binding]: ...

    def address(self, role: str) -> str:  # noqa: ARG002
        """Where this role's calls go."""
        return self.url

    @abstractmethod
    def done(self, role: str) -> tuple[int, int]:
        """The plane's own truth: how many of the step's items are in force, and how many there are."""

    def begun(self, role: str) -> bool:
        """Whether the step itself has changed anything."""
        return self.done(role)[0] > 0

    @abstractmethod
    def is_disabled(self, server: str) -> bool: ...

    @abstractmethod
    def bring_about(self, role: str) -> None:
        """As somebody else would have, before the run."""

    @abstractmethod
    def lie(self, role: str) -> None:
        """From now on a change of this role is answered as ever and not made."""

    @abstractmethod
    def stray(self, role: str) -> bool:
        """From now on a change of this role hits another object; False where that has no meaning."""

    def half(self, role: str, *, first: bool = False) -> str | None:  # noqa: ARG002
        """Part of the target of the last (or first) change, where this role needs several; else None."""
        return None

    def is_change(self, call: Call) -> bool:
        return call.method not in ("GET", "HEAD")

    def is_read(self, call: Call) -> bool:
        return call.method == "GET"
