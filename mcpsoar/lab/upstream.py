"""The far side of the gateway: one MCP server behind ASGI, asked without the caller's credentials."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import anyio
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken

from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Malformed, Unreachable
from mcpsoar.kit import strictjson
from mcpsoar.lab.records import Token

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

REVISION = "2026-07-28"
_META = {
    "io.modelcontextprotocol/protocolVersion": REVISION,
    "io.modelcontextprotocol/clientInfo": {"name": "mcpsoar-gateway", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}
# a token is for the gateway: passing it on is the confused deputy's trick
_KEPT_BACK = frozenset({b"authorization", b"cookie", b"proxy-authorization"})
_PAGES = 100


@dataclass(frozen=True, slots=True)
class Reply:
    """A whole answer. Header names are lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Upstream:
    """Speaks to one server's ASGI application; the scope says who calls, never with what token."""

    def __init__(self, name: str, app: "ASGIApp") -> None:
        self.name = name
        self._app = app

    async def exchange(self, scope: "Scope", body: bytes, token: Token | None) -> Reply:
        """Send one request with a whole body and collect the whole answer."""
        status, headers, parts = 500, {}, []

        async def collect(message: "Message") -> None:
            nonlocal status, headers
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = {
                    name.decode("latin-1").lower(): value.decode("latin-1")
                    for name, value in message["headers"]
                }
            elif message["type"] == "http.response.body":
                parts.append(message.get("body", b""))

        await self._app(_inner(scope, token), _whole(body), collect)
        return Reply(status, headers, b"".join(parts))

    async def stream(self, scope: "Scope", receive: "Receive", send: "Send", token: Token | None) -> None:
        """Pass one request and its answer through as they come."""
        await self._app(_inner(scope, token), receive, send)

    async def tools(self) -> tuple[Facts, ...]:
        """The manifest as it is now, all pages. Raises Unreachable, Malformed."""
        found: list[Facts] = []
        cursor: str | None = None
        for _ in range(_PAGES):
            result = await self._list(cursor)
            page = result.get("tools")
            if not isinstance(page, list) or not all(isinstance(tool, dict) for tool in page):
                raise Malformed("its tools/list holds no list of tools", where=self.name)
            found += page
            cursor = result.get("nextCursor")
            if not isinstance(cursor, str):
                return tuple(found)
        raise Malformed("its tools/list has no end", where=self.name)

    async def _list(self, cursor: str | None) -> Facts:
        params: dict[str, Any] = {"_meta": _META} | ({"cursor": cursor} if cursor else {})
        message = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": params}
        body = json.dumps(message).encode()
        scope = {
            "type": "http",
            "http_version": "1.1",
            "method": "POST",
            "scheme": "http",
            "query_string": b"",
            "client": None,
            "server": None,
            "headers": [
                (b"host", b"127.0.0.1:80"),
                (b"accept", b"application/json, text/event-stream"),
                (b"content-type", b"application/json"),
                (b"content-length", str(len(body)).encode()),
                (b"mcp-protocol-version", REVISION.encode()),
                (b"mcp-method", b"tools/list"),
            ],
        }
        reply = await self.exchange(scope, body, None)
        said = strictjson.parse(reply.body, where=self.name)
        if not isinstance(said, dict) or not isinstance(said.get("result"), dict):
            raise Unreachable("it does not list its tools", where=self.name)
        result: Facts = said["result"]
        return result


def _inner(scope: "Scope", token: Token | None) -> "Scope":
    headers = [(name, value) for name, value in scope["headers"] if name.lower() not in _KEPT_BACK]
    inner = {
        **{key: scope[key] for key in _PASSED if key in scope},
        "path": "/mcp",
        "raw_path": b"/mcp",
        "root_path": "",
        "headers": headers,
    }
    if token is not None:
        # the SDK binds a session to the principal that opened it; the token's text stays here
        known = AccessToken(token="", client_id=token.client_id, scopes=[], subject=token.actor)
        inner["user"] = AuthenticatedUser(known)
    return inner


_PASSED = (
    "type",
    "asgi",
    "http_version",
    "method",
    "scheme",
    "query_string",
    "client",
    "server",
    "extensions",
)


def _whole(body: bytes) -> "Receive":
    messages: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> "Message":
        if messages:
            return messages.pop()
        await anyio.sleep_forever()
        raise AssertionError  # a caller who leaves does not undo what runs here

    return receive
