"""A data plane that answers the canary's one call, or refuses it, as the control plane's entry says."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from tests.contract.grants import served


@dataclass(slots=True)
class DataPlane:
    """`executed` are the servers whose tool ran, in order. Unless it `enforces`, no entry is known to it."""

    is_disabled: Callable[[str], bool]
    enforces: bool = True
    executed: list[str] = field(default_factory=list)
    url: str = ""

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: Any) -> tuple[int, Any]:  # noqa: ARG002
        server = target.rpartition("/")[2]
        if self.enforces and self.is_disabled(server):
            return 403, {"error": "server_disabled"}
        self.executed.append(server)
        content = [{"type": "text", "text": "pong"}]
        return 200, {"jsonrpc": "2.0", "id": body["id"], "result": {"content": content}}


@contextmanager
def data_plane(is_disabled: Callable[[str], bool]) -> Iterator[DataPlane]:
    plane = DataPlane(is_disabled)
    with served(plane.answer) as plane.url:
        yield plane
