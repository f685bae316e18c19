"""A stand-in for ContextForge's control plane: its paths, its ways, and the shapes of its recorded answers.

Kept to what the recordings show (tests/data/connectors): camel case in reads and snake case in the answer to
a switch, 400 for an unknown gateway and 404 for an unknown tool, 409 for a second revocation, a default page
of 50, disabled entries left out unless asked for, and all tools of a gateway switched on with it. A tool that
is switched on under a gateway that is off executes, and goes on when that is disabled again.
"""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.contract.loopback import listening

EMAIL, PASSWORD = "admin@example.com", "forge-password-of-the-test"
AT = "2026-11-23T15:48:33.552843"


@dataclass
class Forge:
    """The state; tests look at it and change it past the API. Tools are {id: (gateway, is_read_only)}."""

    gateways: dict[str, str] = field(default_factory=lambda: {"g-github": "github", "g-jira": "jira"})
    tools: dict[str, tuple[str, bool]] = field(
        default_factory=lambda: {
            "t-read": ("g-github", True),
            "t-write": ("g-github", False),
            "t-other": ("g-jira", False),
        }
    )
    servers: dict[str, str] = field(default_factory=lambda: {"v-github": "g-github", "v-jira": "g-jira"})
    tokens: dict[str, str | None] = field(
        default_factory=lambda: {"k-github": "v-github", "k-any": None, "k-jira": "v-jira"}
    )
    off: set[str] = field(default_factory=set)  # gateways and tools
    stray: set[str] = field(default_factory=set)  # tools that were switched on under a gateway that is off
    described: dict[str, str] = field(default_factory=dict)  # what tools say of themselves
    originals: dict[str, str] = field(default_factory=dict)  # other names of tools at their servers
    revoked: set[str] = field(default_factory=set)
    sessions: set[str] = field(default_factory=set)
    calls: list[str] = field(default_factory=list)
    server_names: dict[str, str] = field(default_factory=dict)  # other than their ids
    token_names: dict[str, str] = field(default_factory=dict)  # other than name-of-…
    owners: dict[str, str] = field(default_factory=dict)  # other than owner-of-…
    token_ends: str = "2031-11-24T15:54:44.132647"
    page: int = 2
    updated_at: str = AT
    edits: dict[str, dict[str, Any]] = field(default_factory=dict)  # what somebody's change left there
    url: str = ""

    def is_on(self, tool: str) -> bool:
        return tool not in self.off and (tool in self.stray or self.tools[tool][0] not in self.off)

    def answer(self, method: str, target: str, token: str, body: Any) -> tuple[int, Any]:
        parts, asked = urlsplit(target), {}
        asked = {name: values[0] for name, values in parse_qs(parts.query).items()}
        path = [part for part in parts.path.split("/") if part][1:]
        self.calls.append(f"{method} {parts.path}")
        if path == ["auth", "login"]:
            return self._login(body)
        if token not in self.sessions:
            return 401, {"detail": "Invalid authentication credentials"}
        match method, path:
            case "GET", ["gateways"]:
                return 200, self._page("gateways", [self.gateway(one) for one in self.gateways], asked)
            case "GET", ["gateways", one]:
                known = one in self.gateways
                return (200, self.gateway(one)) if known else (404, {"detail": f"Gateway not found: {one}"})
            case "GET", ["tools"]:
                own = [
                    one
                    for one, (gateway, _) in self.tools.items()
                    if asked.get("gateway_id", gateway) == gateway
                ]
                return 200, self._page("tools", [self.tool(one) for one in own], asked)
            case "GET", ["servers"]:
                return 200, self._page("servers", [self.server(one) for one in self.servers], asked)
            case "GET", ["servers", one, "tools"]:
                if one not in self.servers:
                    return 404, {"detail": f"Server not found: {one}"}
                own = [name for name, (gateway, _) in self.tools.items() if gateway == self.servers[one]]
                return 200, [self.tool(name) for name in own]
            case "POST", ["gateways" | "tools" as kind, one, "state"]:
                return self._switch(kind, one, on=asked["activate"] == "true")
            case "GET", ["tokens", "admin", "all"]:
                return 200, self._tokens(int(asked["limit"]), int(asked["offset"]))
            case "DELETE", ["tokens", "admin", one]:
                return self._revoke(one)
        return 404, {"detail": "Not Found"}

    def _login(self, body: Any) -> tuple[int, Any]:
        if body != {"email": EMAIL, "password": PASSWORD}:
            return 401, {"detail": "Invalid email or password"}
        token = f"session-token-{len(self.calls)}"
        self.sessions.add(token)
        return 200, {
            "access_token": token,
            "token_type": "bearer",
            "expires_in": 1200,
            "user": {"email": EMAIL},
        }

    def _switch(self, kind: str, one: str, *, on: bool) -> tuple[int, Any]:
        known: Any = self.gateways if kind == "gateways" else self.tools
        if one not in known:
            if kind == "gateways":
                return 400, {"detail": f"Failed to set gateway state: Gateway not found: {one}"}
            return 404, {"detail": f"Tool not found: {one}"}
        own = {name for name, (gateway, _) in self.tools.items() if gateway == one}
        if kind == "gateways" and (on or one not in self.off):
            self.stray -= own
            self.off -= own if on else set()
        (self.off.discard if on else self.off.add)(one)
        if kind == "tools" and self.tools[one][0] in self.off:
            (self.stray.add if on else self.stray.discard)(one)
        entry = self.gateway(one) if kind == "gateways" else self.tool(one)
        said = {"id": one, "name": entry["name"], "enabled": on, "reachable": True, "updated_at": AT}
        word = "activated" if on else "deactivated"
        return 200, {"status": "success", "message": f"{kind} {one} {word}", kind[:-1]: said}

    def _revoke(self, one: str) -> tuple[int, Any]:
        if one not in self.tokens:
            return 404, {"detail": "Token not found"}
        if one in self.revoked:
            return 409, {"message": "Unable to complete the operation. Please try again.", "success": False}
        self.revoked.add(one)
        return 204, None

    def gateway(self, one: str) -> dict[str, Any]:
        name = self.gateways[one]
        return {
            "id": one,
            "name": name,
            "slug": name,
            "enabled": one not in self.off,
            "updatedAt": self.updated_at,
            "version": 1,
            "modifiedBy": None,
            "ownerEmail": f"owner-of-{one}@example.com",
            **self.edits.get(one, {}),
        }

    def server(self, one: str) -> dict[str, Any]:
        """One that is virtual: it lists no tool that is off."""
        own = [name for name, (gateway, _) in self.tools.items() if gateway == self.servers[one]]
        on = [name for name in own if self.is_on(name)]
        return {"id": one, "name": self.server_names.get(one, one), "enabled": True, "associatedToolIds": on}

    def tool(self, one: str) -> dict[str, Any]:
        gateway, is_read_only = self.tools[one]
        annotations = {"readOnlyHint": True} if is_read_only else {}
        return {
            "id": one,
            "name": f"{self.gateways.get(gateway, gateway)}-{one}",
            "originalName": self.originals.get(one, one),
            "gatewayId": gateway,
            "annotations": annotations,
            "description": self.described.get(one),
            "enabled": self.is_on(one),
            "version": 1,
            "modifiedBy": None,
            **self.edits.get(one, {}),
        }

    def _page(self, kind: str, items: list[Any], asked: dict[str, str]) -> Any:
        if asked.get("include_inactive") != "true":
            items = [item for item in items if item["enabled"]]
        if asked.get("include_pagination") != "true":
            return items[:50]
        begin = int(asked.get("cursor", "0"))
        end = begin + min(self.page, int(asked["limit"]))
        return {kind: items[begin:end], "nextCursor": str(end) if end < len(items) else None}

    def _tokens(self, limit: int, offset: int) -> Any:
        items = [
            {
                "id": one,
                "name": self.token_names.get(one, f"name-of-{one}"),
                "user_email": self.owners.get(one, f"owner-of-{one}@example.com"),
                "server_id": scope,
                "expires_at": self.token_ends,
                "is_active": one not in self.revoked,
                "is_revoked": False,
            }
            for one, scope in self.tokens.items()
        ]
        limit = min(limit, self.page)
        return {
            "tokens": items[offset : offset + limit],
            "total": len(items),
            "limit": limit,
            "offset": offset,
        }


@contextmanager
def forge() -> Iterator[Forge]:
    """A plane on loopback, in threads of this process."""
    plane = Forge()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            sent = self.rfile.read(int(self.headers.get("content-length", 0)))
            token = self.headers.get("authorization", "").removeprefix("Bearer ")
            status, said = plane.answer(self.command, self.path, token, json.loads(sent) if sent else None)
            content = b"" if said is None else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_DELETE = _answer  # noqa: N815 (the library's names)

        def log_message(self, *_: object) -> None: ...

    with listening(Handler) as port:
        plane.url = f"http://127.0.0.1:{port}"
        yield plane
