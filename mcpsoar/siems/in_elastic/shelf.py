"""One kind of object of Elastic, and how it is found, made, changed and deleted."""

from abc import ABC, abstractmethod
from typing import Any

from mcpsoar.core.digest import Facts, Json
from mcpsoar.core.errors import Malformed
from mcpsoar.kit.http import Edge, Reply
from mcpsoar.siems.deploy.live import Change, Found, Traits
from mcpsoar.siems.objects import Item


class Shelf(ABC):
    """Errors are those of `Edge`."""

    kind: str
    traits: Traits = Traits()

    @abstractmethod
    def find(self, item: Item) -> Facts | None:
        """The object as it came, or None. `item` may say more than its name: where to look."""

    @abstractmethod
    def create(self, item: Item) -> None: ...

    @abstractmethod
    def change(self, item: Item, change: Change, found: Found) -> None: ...

    @abstractmethod
    def delete(self, item: Item, found: Found) -> None: ...

    def canonical(self, name: str, body: Facts) -> Facts:  # noqa: ARG002 (for those who need it)
        """The form that is compared and sent, of what we say and of what comes back."""
        return body


class Space:
    """Kibana, seen from one of its spaces."""

    def __init__(self, edge: Edge, space: str) -> None:
        self.edge = edge
        self._head = () if space == "default" else ("s", space)

    def path(self, *parts: str) -> tuple[str, ...]:
        return (*self._head, "api", *parts)

    def find(self, *parts: str, query: dict[str, str]) -> Facts | None:
        reply = self.edge.find(*self.path(*parts), absent=is_absent_in_kibana, query=query)
        return None if reply is None else an_object(reply, self.edge)

    def change(self, method: str, *parts: str, **more: Any) -> Reply:
        return self.edge.change(method, *self.path(*parts), **more)


def an_object(reply: Reply, edge: Edge) -> Facts:
    if not isinstance(reply.body, dict):
        raise Malformed("the answer is no object", where=edge.where)
    return reply.body


def is_absent_in_kibana(status: int, said: Json) -> bool:
    """Kibana's own 404: its routes name the status, as `statusCode` or `status_code`. A wrong path says just
    "Not Found"."""
    if status != 404 or not isinstance(said, dict) or said.get("message") in (None, "Not Found"):
        return False
    return said.get("statusCode", said.get("status_code")) == 404
