"""What a test sets up on a ContextForge over its own API: gateways, virtual servers, tokens; and calls."""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import count
from typing import Any

from tests.live.peers.contextforge import ContextForge
from tests.live.peers.upstreams import READ, SLOW, WRITE, Upstream

_IDS = count(1)
_BOTH = "application/json, text/event-stream"
_USE = ["tools.read", "tools.execute", "servers.use"]


@dataclass(frozen=True, slots=True)
class Behind:
    """A gateway entry and the virtual server before it. A tool is called `{name}-read-record`."""

    name: str
    gateway_id: str
    server_id: str
    tool_ids: dict[str, str]

    def called(self, tool: str) -> str:
        """The name by which the gateway knows a tool of the upstream."""
        return f"{self.name}-{tool.replace('_', '-')}"


@dataclass(frozen=True, slots=True)
class Ground:
    """A ContextForge with its admin logged in. The session lasts 20 minutes."""

    forge: ContextForge
    admin: str

    def said(self, method: str, path: str, body: Any = None) -> Any:
        """The admin's answer as JSON. Raises RuntimeError, with the answer, for a status of 400 and above."""
        answer = self.forge.ask(method, path, body, token=self.admin)
        if answer.status_code >= 400:
            raise RuntimeError(f"{method} {path}: {answer.status_code}: {answer.text[:1000]}")
        return answer.json() if answer.content else None

    def register(self, name: str, upstream: Upstream) -> Behind:
        """A gateway entry for an address of the upstream, and a virtual server with its tools."""
        asked = {"name": name, "url": upstream.url(name), "transport": "STREAMABLEHTTP"}
        gateway_id = self.said("POST", "/v1/gateways", asked)["id"]
        tools = self.said("GET", f"/v1/tools?gateway_id={gateway_id}&include_inactive=true&limit=0")
        ids = {one["originalName"]: one["id"] for one in tools}
        assert set(ids) == {READ, WRITE, SLOW}, ids
        server = {"server": {"name": f"{name}-server", "associated_tools": sorted(ids.values())}}
        return Behind(name, gateway_id, self.said("POST", "/v1/servers", server)["id"], ids)

    def register_many(self, number: int, upstreams: Sequence[Upstream]) -> tuple[Behind, ...]:
        """So many entries, `many-0` and on, which the upstreams share."""
        return tuple(self.register(f"many-{one}", upstreams[one % len(upstreams)]) for one in range(number))

    def forget(self, calls: int = 20) -> None:
        """Wait until the gateway's limits, over a sliding minute, count at most so many of our calls."""
        while True:
            told = self.forge.ask("GET", "/ready").headers
            if int(told["X-RateLimit-Limit"]) - int(told["X-RateLimit-Remaining"]) <= calls:
                return
            time.sleep(5)

    def token(self, name: str, behind: Behind | None = None) -> tuple[str, str]:
        """A token's id and its text: scoped to the virtual server, or unscoped."""
        asked: dict[str, Any] = {"name": name, "expires_in_days": 1}
        if behind is not None:
            asked["scope"] = {"server_id": behind.server_id, "permissions": _USE}
        answer = self.said("POST", "/v1/tokens", asked)
        return answer["token"]["id"], answer["access_token"]

    def switch(self, kind: str, entry_id: str, *, activate: bool) -> Any:
        """Enable or disable one of `gateways`, `servers`, `tools`."""
        return self.said("POST", f"/v1/{kind}/{entry_id}/state?activate={str(activate).lower()}")

    def routes(self, behind: Behind) -> dict[str, str]:
        """Every road to its tools through the gateway."""
        return {"server": f"/servers/{behind.server_id}/mcp", "global": "/mcp", "rpc": "/rpc"}

    def call(self, behind: Behind, tool: str, note: str, *, path: str, token: str | None = None) -> Any:
        """The whole answer to one tools/call by this road; as the admin where no token is given."""
        body = {
            "jsonrpc": "2.0",
            "id": next(_IDS),
            "method": "tools/call",
            "params": {"name": behind.called(tool), "arguments": {"note": note}},
        }
        return self.forge.ask("POST", path, body, token=token or self.admin, accept=_BOTH)


def ground(forge: ContextForge) -> Ground:
    """The gateway with its admin logged in."""
    answer = forge.ask("POST", "/v1/auth/login", {"email": forge.email, "password": forge.password})
    assert answer.status_code == 200, answer.text
    return Ground(forge, answer.json()["access_token"])
