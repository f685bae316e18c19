"""Streams through the gateway: changes are announced on them, and they end when their client is refused."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import pytest

from mcpsoar.lab.embedded import Lab, lab

CHANGED = "notifications/tools/list_changed"
LEGACY, NEWEST = "2025-11-25", "2026-07-28"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    with lab(tmp_path_factory.mktemp("lab")) as lab_:
        yield lab_


class Peer:
    """A client by hand: the SDK's own hides its streams."""

    def __init__(self, running: Lab) -> None:
        token = running.issue("alice@example.com", "jira", scopes=("jira:read",))
        self.url = f"{running.url}/mcp/jira"
        self.http = httpx.Client(
            headers={"Authorization": f"Bearer {token}", "Accept": "application/json, text/event-stream"},
            timeout=20,
        )

    def say(self, method: str, params: dict[str, Any], *, id: int | None, **headers: str) -> httpx.Response:  # noqa: A002
        body = {"jsonrpc": "2.0", "method": method, "params": params} | ({} if id is None else {"id": id})
        return self.http.post(self.url, json=body, headers=headers)


@contextmanager
def session(running: Lab) -> Iterator[httpx.Response]:
    peer = Peer(running)
    with peer.http:
        client = {"name": "t", "version": "1"}
        opened = peer.say(
            "initialize",
            {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": client},
            id=1,
        )
        own = {"Mcp-Session-Id": opened.headers["mcp-session-id"], "MCP-Protocol-Version": LEGACY}
        assert peer.say("notifications/initialized", {}, id=None, **own).status_code == 202
        with peer.http.stream("GET", peer.url, headers=own) as stream:
            yield stream


@contextmanager
def listener(running: Lab) -> Iterator[httpx.Response]:
    peer = Peer(running)
    meta = {
        "io.modelcontextprotocol/protocolVersion": NEWEST,
        "io.modelcontextprotocol/clientInfo": {"name": "t", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
    body = {
        "jsonrpc": "2.0",
        "id": 1,
        "method": "subscriptions/listen",
        "params": {"notifications": {"toolsListChanged": True}, "_meta": meta},
    }
    headers = {"MCP-Protocol-Version": NEWEST, "Mcp-Method": "subscriptions/listen"}
    with peer.http, peer.http.stream("POST", peer.url, json=body, headers=headers) as stream:
        yield stream


def heard(lines: Iterator[str]) -> str | None:
    """The method of the next message that is a change; None when the stream has ended."""
    for line in lines:
        if line.startswith("data: {"):
            method: str | None = json.loads(line[6:]).get("method")
            if method == CHANGED:
                return method
    return None


@pytest.mark.parametrize("opened", [session, listener])
def test_a_change_is_announced_until_the_server_is_disabled(running: Lab, opened: Any) -> None:
    running.plane.set_state("jira", "enabled")
    with opened(running) as stream:
        assert stream.status_code == 200
        lines = stream.iter_lines()
        if opened is listener:
            assert "acknowledged" in next(line for line in lines if line.startswith("data: {"))
        running.rug_pull("jira")
        assert heard(lines) == CHANGED
        running.plane.set_state("jira", "disabled")
        running.restore_manifest("jira")
        assert heard(lines) is None


@pytest.mark.parametrize("opened", [session, listener])
def test_a_stream_ends_with_its_token(running: Lab, opened: Any) -> None:
    running.plane.set_state("jira", "enabled")
    with opened(running) as stream:
        lines = stream.iter_lines()
        if opened is listener:
            next(line for line in lines if line.startswith("data: {"))
        running.plane.revoke("jira")
        running.rug_pull("jira")
        assert heard(lines) is None


def test_no_stream_is_opened_for_who_is_refused(running: Lab) -> None:
    running.plane.set_state("jira", "disabled")
    peer = Peer(running)
    with peer.http, peer.http.stream("GET", peer.url) as stream:
        assert stream.status_code == 403
        assert json.loads(stream.read())["error"] == "server_disabled"
