"""One real server as the lab's gateway sees it: its stdio process, relayed word for word by an SDK server."""

import os
import subprocess
from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import anyio
import mcp_types as types
from mcp.client import Client
from mcp.client.session import ClientSession
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.server.lowlevel import Server
from mcp.shared.exceptions import MCPError

from corpora.real import Real

if TYPE_CHECKING:
    from anyio.abc import TaskGroup
    from mcp.server.context import ServerRequestContext
    from starlette.types import ASGIApp

_TIMEOUT_S = 60.0


@dataclass
class _Process:
    """One version that is up, or on its way up. Its manifest is asked for once."""

    session: ClientSession | None = None
    tools: types.ListToolsResult | None = None
    up: anyio.Event = field(default_factory=anyio.Event)


class Relay:
    """What the lab hosts (mcpsoar.lab.served.Hosted). `turn` goes to the next version, which starts then.

    `room` is the folder that the server may work in; it and what belongs into it are made here.
    """

    def __init__(self, real: Real, *, cache: Path, room: Path) -> None:
        self.name = real.name
        self.runs = 0
        self.version = real.versions[0]
        self._real, self._cache, self._room = real, cache, room
        self._processes: dict[str, _Process] = {}
        self._group: TaskGroup | None = None
        self._server: Server[Any] = Server(real.name, on_list_tools=self._list, on_call_tool=self._call)
        self._server.streamable_http_app(json_response=True)
        room.mkdir(parents=True, exist_ok=True)
        if "{room}/repo" in real.arguments:
            _repository(room / "repo")
        for version in real.versions:
            real.installed(cache, version)

    @property
    def app(self) -> "ASGIApp":
        return self._server.session_manager.handle_request

    @property
    def running(self) -> AbstractAsyncContextManager[None]:
        return self._running()

    async def turn(self) -> str:
        """The next version takes over; says which. The last one stays."""
        versions = self._real.versions
        self.version = versions[min(versions.index(self.version) + 1, len(versions) - 1)]
        await self._process()
        return self.version

    async def turn_back(self) -> None:
        self.version = self._real.versions[0]

    @asynccontextmanager
    async def _running(self) -> AsyncIterator[None]:
        async with self._server.session_manager.run(), anyio.create_task_group() as group:
            self._group = group
            self._start(self.version)
            yield
            group.cancel_scope.cancel()

    def _start(self, version: str) -> _Process:
        assert self._group is not None, "used outside its block"
        process = self._processes[version] = _Process()
        self._group.start_soon(self._hold, version, process)
        return process

    async def _process(self) -> _Process:
        process = self._processes.get(self.version) or self._start(self.version)
        with anyio.fail_after(_TIMEOUT_S):
            await process.up.wait()
        return process

    async def _hold(self, version: str, process: _Process) -> None:
        """One task per process: what it enters it also leaves."""
        parameters = StdioServerParameters(
            command=str(self._real.installed(self._cache, version)),
            args=[one.format(room=self._room) for one in self._real.arguments],
            env={"PATH": os.environ.get("PATH", os.defpath)}
            | {name: value.format(room=self._room) for name, value in self._real.variables},
            cwd=str(self._room),
        )
        with Path(os.devnull).open("w") as silence:
            transport = stdio_client(parameters, errlog=silence)
            async with Client(transport, mode="legacy", cache=None) as client:
                process.session = client.session
                process.up.set()
                await anyio.sleep_forever()

    async def _list(
        self, _: "ServerRequestContext[Any, Any]", params: types.PaginatedRequestParams | None
    ) -> types.ListToolsResult:
        process = await self._process()
        assert process.session is not None
        if params and params.cursor:
            raise MCPError(code=types.INVALID_PARAMS, message="there is one page")
        if process.tools is None:
            process.tools = await process.session.send_request(
                types.ListToolsRequest(), types.ListToolsResult
            )
        return process.tools

    async def _call(
        self, _: "ServerRequestContext[Any, Any]", params: types.CallToolRequestParams
    ) -> types.CallToolResult:
        self.runs += 1
        process = await self._process()
        assert process.session is not None
        # its own metadata alone: what a client says to the gateway is the gateway's
        plain = types.CallToolRequestParams(name=params.name, arguments=params.arguments)
        return await process.session.send_request(
            types.CallToolRequest(params=plain), types.CallToolResult, request_read_timeout_seconds=_TIMEOUT_S
        )


def _repository(path: Path) -> None:
    """A small repository with one commit, whatever git knows of the user who records."""
    path.mkdir(parents=True, exist_ok=True)
    (path / "README.md").write_text("Receipts: print them, keep them, find them again.\n", encoding="utf-8")
    who = ["-c", "user.name=Example", "-c", "user.email=dev@example.com", "-c", "init.defaultBranch=main"]
    for step in (["init", "-q"], ["add", "README.md"], ["commit", "-q", "-m", "First commit"]):
        subprocess.run(["git", *who, *step], cwd=path, check=True, capture_output=True)
    for name, value in (("user.name", "Example"), ("user.email", "dev@example.com")):
        subprocess.run(["git", "config", name, value], cwd=path, check=True)
