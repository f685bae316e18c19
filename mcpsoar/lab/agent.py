"""Clients of the lab: the SDK's own, driven from plain threads."""

from contextlib import AbstractContextManager, AsyncExitStack, suppress
from dataclasses import dataclass
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self
from urllib.parse import quote

import anyio
import httpx2
import mcp_types as types
from anyio.from_thread import BlockingPortal, start_blocking_portal
from mcp.client import Client
from mcp.client.session import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.shared.exceptions import MCPError

from mcpsoar.core.digest import Facts
from mcpsoar.lab.speech import APPROVAL, CONVERSATION, REFUSED, SPAN
from mcpsoar.lab.trace import traceparent
from mcpsoar.lab.upstream import REVISION

if TYPE_CHECKING:
    from collections.abc import Callable

_TIMEOUT_S = 30.0
_BROKEN = (httpx2.HTTPError, anyio.BrokenResourceError, anyio.ClosedResourceError)
Revision = Literal["newest", "session"]


@dataclass(frozen=True, slots=True)
class Said:
    """What a call came to. `span_id` is the gateway's name for the call: the parent of what it causes.

    refused: by the gateway, on purpose. error: the tool failed, the request was wrong, or no answer came.
    """

    kind: Literal["executed", "refused", "error"]
    text: str
    span_id: str = ""


class Agents:
    """The one event loop that all clients share. Leaving the block closes what is still open."""

    def __init__(self) -> None:
        self._stack: list[AbstractContextManager[Any]] = []
        self._portal: BlockingPortal | None = None
        self._open: list[Agent] = []

    def __enter__(self) -> Self:
        running = start_blocking_portal()
        self._portal = running.__enter__()
        self._stack.append(running)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for agent in list(self._open):
            agent.close()
        self._stack.pop().__exit__(kind, error, trace)

    def connect(
        self,
        lab_url: str,
        server: str,
        token: str,
        *,
        revision: Revision = "newest",
        header_name: str | None = None,
    ) -> "Agent":
        """A client of one server. Nothing is sent before the first call, which may be refused.

        Without a token (`""`) no bearer is sent. `header_name` is what the request's headers call its tool,
        whatever the body calls it.
        """
        assert self._portal is not None, "used outside its block"  # noqa: S101
        url = f"{lab_url}/mcp/{quote(server, safe='')}"
        agent = Agent(self._portal, url, token, revision, self._open.remove, header_name=header_name)
        self._open.append(agent)
        return agent


class Agent:
    """One client: stateless (revision 2026-07-28), or with a session that stays open between calls."""

    def __init__(
        self,
        portal: BlockingPortal,
        url: str,
        token: str,
        revision: Revision,
        forget: "Callable[[Agent], None]",
        *,
        header_name: str | None = None,
    ) -> None:
        self._portal = portal
        self._url = url
        self._token = token
        self._revision = revision
        self._forget = forget
        self._header_name = header_name
        self._held: Any = None
        self._session: ClientSession | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def call(
        self,
        tool: str,
        arguments: Facts,
        *,
        conversation: str | None = None,
        trace: tuple[str, str | None] | None = None,
        approval: str | None = None,
    ) -> Said:
        """Call a tool. `trace` is (trace id, span of the call that caused this one)."""
        meta: dict[str, Any] = {
            CONVERSATION: conversation,
            APPROVAL: approval,
            "traceparent": traceparent(*trace) if trace else None,
        }
        meta = {key: value for key, value in meta.items() if value is not None}
        params = types.CallToolRequestParams.model_validate(
            {"name": tool, "arguments": dict(arguments)} | ({"_meta": meta} if meta else {})
        )
        request = types.CallToolRequest(params=params)
        try:
            # not Client.call_tool: that lists the tools once more to check what these tools do not promise
            result: types.CallToolResult = self._asked(request, types.CallToolResult)
        except MCPError as error:
            if error.error.code == types.CONNECTION_CLOSED:
                self._hang_up()
            return _refusal(error)
        except _BROKEN as error:
            self._hang_up()  # the next call tries anew
            return Said("error", f"no answer: {type(error).__name__}")
        text = " ".join(part.text for part in result.content if isinstance(part, types.TextContent))
        span = str((result.meta or {}).get(SPAN, ""))
        return Said("error" if result.is_error else "executed", text, span)

    def list_tools(self) -> tuple[Facts, ...]:
        """The tools as the server describes them. Raises MCPError when refused."""
        result: types.ListToolsResult = self._asked(types.ListToolsRequest(), types.ListToolsResult)
        return tuple(tool.model_dump(by_alias=True, mode="json", exclude_none=True) for tool in result.tools)

    def close(self) -> None:
        """Say goodbye; a client that never spoke says nothing."""
        self._hang_up()
        self._forget(self)

    def _hang_up(self) -> None:
        held, self._held, self._session = self._held, None, None
        if held is not None:
            # a connection that broke says so once more when it is left
            with suppress(ExceptionGroup, *_BROKEN):
                held.__exit__(None, None, None)

    def _asked(self, request: Any, kind: Any) -> Any:
        if self._session is None:
            held = self._portal.wrap_async_context_manager(
                _connected(self._url, self._token, self._revision, self._header_name)
            )
            self._session = held.__enter__()
            self._held = held
        return self._portal.call(self._session.send_request, request, kind)


class _connected:  # noqa: N801 (used as a function)
    """An SDK client with a bearer token, ready to send. Raises MCPError when the handshake is refused."""

    def __init__(self, url: str, token: str, revision: Revision, header_name: str | None) -> None:
        self._url, self._token, self._revision, self._header_name = url, token, revision, header_name
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> ClientSession:
        try:
            async with AsyncExitStack() as stack:
                headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
                http = await stack.enter_async_context(
                    httpx2.AsyncClient(
                        headers=headers, timeout=_TIMEOUT_S, event_hooks={"request": [self._renamed]}
                    )
                )
                transport = streamable_http_client(self._url, http_client=http)
                mode = REVISION if self._revision == "newest" else "legacy"
                client = Client(transport, mode=mode, cache=None, read_timeout_seconds=_TIMEOUT_S)
                session = (await stack.enter_async_context(client)).session
                self._stack = stack.pop_all()
                return session
        except ExceptionGroup as group:
            # the SDK's task groups wrap a refused handshake; what the gateway said is inside
            inner: Exception = group
            while isinstance(inner, ExceptionGroup):
                inner = inner.exceptions[0]
            raise inner from None

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stack.__aexit__(kind, error, trace)

    async def _renamed(self, request: "httpx2.Request") -> None:
        """On its way out: the header that a gateway may decide by (Mcp-Name, revision 2026-07-28)."""
        if self._header_name and "mcp-name" in request.headers:
            request.headers["mcp-name"] = self._header_name


def _refusal(error: MCPError) -> Said:
    data = error.error.data if isinstance(error.error.data, dict) else {}
    kind: Literal["refused", "error"] = "refused" if error.error.code == REFUSED else "error"
    words = f"{data['error']}: {error.error.message}" if "error" in data else error.error.message
    return Said(kind, words, str(data.get("span", "")))
