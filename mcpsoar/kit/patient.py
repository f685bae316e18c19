"""An edge whose reads are tried again while the other side is busy or silent; a change is sent once."""

from collections.abc import Callable, Mapping
from typing import TypeVar

from mcpsoar.core.digest import Json
from mcpsoar.core.errors import Indeterminate, Unreachable
from mcpsoar.kit.http import Edge, Reply
from mcpsoar.kit.retry import Bounds, persist

T = TypeVar("T")

_BOUNDS = Bounds(attempts=4, seconds=30.0)


class Patient(Edge):
    """For whoever reads a lot before the first write: one answer of a hundred may well be a 429."""

    def read(self, *path: str, query: Mapping[str, str] | None = None) -> Reply:
        read = super().read
        return self._again(lambda: read(*path, query=query))

    def find(
        self,
        *path: str,
        absent: Callable[[int, Json], bool],
        query: Mapping[str, str] | None = None,
        body: Json = None,
    ) -> Reply | None:
        find = super().find
        return self._again(lambda: find(*path, absent=absent, query=query, body=body))

    def _again(self, look: Callable[[], T]) -> T:
        return persist(look, again=(Unreachable, Indeterminate), bounds=_BOUNDS, clock=self._clock)
