"""Serve an ASGI application on loopback for as long as a block lasts."""

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import uvicorn

from mcpsoar.core.errors import Unreachable, Usage
from mcpsoar.kit.clock import SystemClock
from mcpsoar.lab.api import control_routes, mounted
from mcpsoar.lab.faults import Faults
from mcpsoar.lab.plane import Plane
from mcpsoar.lab.records import Role
from mcpsoar.lab.seed import seed

if TYPE_CHECKING:
    from starlette.types import ASGIApp

_HOST = "127.0.0.1"
_START_S = 30.0


@dataclass(frozen=True, slots=True)
class Handle:
    """A running control plane. `token` is a responder's bearer, `operator_token` may do everything."""

    url: str
    token: str
    operator_token: str
    plane: Plane
    faults: Faults

    def ledger(self) -> list[dict[str, Any]]:
        """Every request that reached the plane, oldest first."""
        return [dict(request.as_facts()) for request in self.plane.ledger()]


@contextmanager
def serving(app: "ASGIApp", *, port: int = 0) -> Iterator[str]:
    """Serve `app` from a thread; yields its URL, without a slash at the end.

    Port 0 takes a free one. Raises Usage when the port is taken, Unreachable when the server does not start.
    """
    listener = _listen(port)
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        loop="asyncio",
        log_config=None,
        log_level="critical",
        access_log=False,
        timeout_graceful_shutdown=0,
    )
    server = _Server(config)
    thread = threading.Thread(
        target=server.run, kwargs={"sockets": [listener]}, name="mcpsoar-lab", daemon=True
    )
    url = f"http://{_HOST}:{listener.getsockname()[1]}"
    thread.start()
    try:
        if not server.ready.wait(_START_S) or not server.started:
            raise Unreachable("the lab's server did not start", where=url)
        yield url
    finally:
        server.should_exit = True
        thread.join(_START_S)
        listener.close()


@contextmanager
def control_plane(
    home: Path,
    *,
    servers: Sequence[str] = ("github", "jira", "slack", "files"),
    jwt: bool = False,
    page_size: int = 50,
    port: int = 0,
) -> Iterator[Handle]:
    """The control plane alone, its state in `home`; no MCP SDK is loaded.

    Each server gets two opaque tokens and a refresh token, and a JWT if `jwt`.
    """
    clock = SystemClock()
    with ExitStack() as stack:
        plane = Plane(home / "lab.sqlite3", clock=clock)
        stack.callback(plane.close)
        seed(plane, servers, jwt=jwt)
        faults = Faults(plane, clock)
        app = mounted(control_routes(plane, faults, clock, page_size=page_size))
        url = stack.enter_context(serving(app, port=port))
        yield Handle(
            url=url,
            token=plane.admit("responder", Role.RESPONDER),
            operator_token=plane.admit("operator", Role.OPERATOR),
            plane=plane,
            faults=faults,
        )


class _Server(uvicorn.Server):
    """Says when it listens, or that it never will, so that nobody has to poll."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.ready = threading.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        try:
            await super().startup(sockets=sockets)
        finally:
            self.ready.set()


def _listen(port: int) -> socket.socket:
    # the protocol is named: asyncio switches Nagle off only for sockets that say TCP (else 40 ms a call)
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((_HOST, port))
    except OSError as error:
        listener.close()
        raise Usage(
            f"port {port} on {_HOST} cannot be used: {error.strerror}", next_command="mcpsoar lab up"
        ) from None
    listener.listen(128)
    return listener
