"""What a canary calls, and that who was inside before a change is not forgotten."""

import json
import threading
from dataclasses import replace
from typing import Any

import httpx
import pytest

from mcpsoar.contain.canary import McpCanary
from mcpsoar.core.profile import CanaryBinding, Network
from mcpsoar.core.run import Passage
from mcpsoar.core.secret import Secret
from mcpsoar.kit.budget import Budget, Tier, metered
from mcpsoar.kit.clock import SystemClock
from tests.contain.fakes import FakeClock

BINDING = CanaryBinding("https://gateway.example.com/mcp/{server}", "ping", {}, Secret("canary-token"))


class Plane:
    """A gateway of revision 2025-11-25: calls are made in sessions, and each is `open` as it says."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None]] = []
        self.takes_new, self.keeps_old, self.status_of_old = True, True, 404
        self.ended: list[str] = []

    def canary(self, binding: CanaryBinding = BINDING) -> McpCanary:
        return McpCanary(binding, clock=SystemClock(), transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        session = request.headers.get("mcp-session-id")
        if request.method == "DELETE":
            self.ended.append(session or "")
            return httpx.Response(204)
        body = json.loads(request.content)
        if body["method"] == "initialize":
            if not self.takes_new:
                return httpx.Response(403, json={"error": "server_disabled"})
            headers = {"mcp-session-id": f"session-{len(self.asked)}"}
            return httpx.Response(200, headers=headers, json=_result(body, protocolVersion="2025-11-25"))
        if body["method"] != "tools/call":
            return httpx.Response(202)
        if session is None:
            return httpx.Response(400, json={"error": "Missing session ID"})
        self.asked.append((body["params"]["name"], session))
        if self.keeps_old or session != "session-0" or len(self.asked) == 1:
            return httpx.Response(200, json=_result(body, content=[]))
        return httpx.Response(self.status_of_old)


def _result(body: dict[str, Any], **said: object) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": body["id"], "result": said}


def test_who_was_inside_before_the_change_may_still_be() -> None:
    plane = Plane()
    canary = plane.canary()
    assert canary.probe("crm").passage is Passage.EXECUTED
    plane.takes_new = False
    sight = canary.probe("crm")
    assert sight.passage is Passage.EXECUTED
    assert "in a session opened before" in sight.detail


@pytest.mark.parametrize(
    ("status", "passage"), [(404, Passage.DENIED), (403, Passage.DENIED), (500, Passage.UNCLEAR)]
)
def test_a_session_that_was_ended_is_a_denial(status: int, passage: Passage) -> None:
    plane = Plane()
    canary = plane.canary()
    canary.probe("crm")
    plane.takes_new = plane.keeps_old = False
    plane.status_of_old = status
    assert canary.probe("crm").passage is passage


def test_sessions_are_given_back_the_kept_one_last() -> None:
    plane = Plane()
    canary = plane.canary()
    canary.probe("crm")
    canary.probe("crm")
    assert plane.ended == ["session-1"]
    canary.close()
    assert plane.ended == ["session-1", "session-0"]


class Sessionless:
    """A gateway of revision 2025-11-25 that keeps no sessions, as ContextForge is."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.refuses = False
        self.newer = False  # from now on nothing without a handshake
        self.hurried = threading.Event()  # a second call came before the first was answered

    def canary(self, binding: CanaryBinding = BINDING) -> McpCanary:
        return McpCanary(binding, clock=SystemClock(), transport=httpx.MockTransport(self._answer))

    def _answer(self, request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        self.asked.append(body["method"])
        if request.headers.get("mcp-protocol-version") == "2026-07-28":
            if len(self.asked) == 1:
                self.hurried.wait(0.3)
            self.hurried.set()
            return httpx.Response(400, json={"error": "Bad Request", "message": "Unsupported version"})
        if body["method"] == "initialize":
            return httpx.Response(200, json=_result(body, protocolVersion="2025-11-25"))
        if self.newer and self.asked[-2] != "notifications/initialized":
            return httpx.Response(400, json={"error": "Bad Request", "message": "Initialize first"})
        if self.refuses:
            return httpx.Response(401, json={"error": "invalid_token"})
        return httpx.Response(
            202 if "id" not in body else 200, json=_result({"id": body.get("id")}, content=[])
        )


def test_what_was_agreed_without_a_session_is_not_agreed_again() -> None:
    plane = Sessionless()
    canary = plane.canary()
    assert [canary.probe("crm").passage for _ in range(3)] == [Passage.EXECUTED] * 3
    assert plane.asked == ["tools/call", "initialize", "notifications/initialized", *["tools/call"] * 3]
    assert canary.probe("files").passage is Passage.EXECUTED, "another server behind the same gateway"
    plane.refuses = True
    assert canary.probe("crm").passage is Passage.DENIED
    assert plane.asked[6:] == ["tools/call"] * 2
    plane.refuses, plane.newer = False, True
    assert canary.probe("crm").passage is Passage.EXECUTED, "who asks for the handshake again gets it"


def test_of_many_first_calls_one_learns_for_all_where_calls_are_counted() -> None:
    plane = Sessionless()
    clock = FakeClock()
    budget = Budget("gateway.example.com:443", [Tier("all", 1000)], clock=clock)
    canary = plane.canary(replace(BINDING, network=metered(Network(), budget)))
    seen: list[Passage] = []
    threads = [
        threading.Thread(target=lambda n=n: seen.append(canary.probe(f"server-{n}").passage))
        for n in range(30)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [Passage.EXECUTED] * 30
    assert len(plane.asked) == 30 + 3


def test_where_calls_are_counted_nobody_waits_to_say_goodbye() -> None:
    plane, clock = Plane(), FakeClock()
    budget = Budget("gateway.example.com", [Tier("all", 10)], clock=clock)
    binding = replace(BINDING, network=metered(Network(), budget))
    canary = McpCanary(binding, clock=clock, transport=httpx.MockTransport(plane._answer))
    for n in range(10):
        canary.probe(f"server-{n}")
    began = clock.monotonic()
    canary.close()
    assert clock.monotonic() - began < 7, "ten turns are more than a minute"


def test_a_servers_name_on_the_data_plane_stands_in_address_and_tool() -> None:
    asked: list[tuple[str, str]] = []

    def answer(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        asked.append((request.url.raw_path.decode(), body["params"]["name"]))
        return httpx.Response(200, json=_result(body, content=[]))

    binding = replace(BINDING, tool="{server}-ping", names={"crm": "9f/3c"})
    canary = McpCanary(binding, clock=SystemClock(), transport=httpx.MockTransport(answer))
    canary.probe("crm")
    canary.probe("files")
    assert asked == [("/mcp/9f%2F3c", "9f/3c-ping"), ("/mcp/files", "files-ping")]


@pytest.mark.parametrize(
    ("message", "passage"),
    [
        ("Tool not found: ping", Passage.DENIED),
        ("Tool not found: pong", Passage.UNCLEAR),
        ("Internal error", Passage.UNCLEAR),
    ],
)
def test_only_the_refusals_that_the_profile_names_count(message: str, passage: Passage) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        error = {"jsonrpc": "2.0", "id": body["id"], "error": {"code": -32601, "message": message}}
        return httpx.Response(200, json=error)

    binding = replace(BINDING, refusals=("Tool not found: {tool}",))
    for one, wanted in ((binding, passage), (BINDING, Passage.UNCLEAR)):
        canary = McpCanary(one, clock=SystemClock(), transport=httpx.MockTransport(answer))
        assert canary.probe("crm").passage is wanted


@pytest.mark.parametrize(("tool", "passage"), [("ping", Passage.DENIED), ("anything", Passage.UNCLEAR)])
def test_a_result_refuses_only_the_tool_that_was_called(tool: str, passage: Passage) -> None:
    def answer(request: httpx.Request) -> httpx.Response:
        assert b"mcpsoar" not in request.content
        assert "mcpsoar" not in str(request.headers)
        text = {"type": "text", "text": f"Tool '{tool}' exists but is inactive"}
        said = _result(json.loads(request.content), content=[text], isError=True)
        return httpx.Response(200, json=said)

    canary = McpCanary(BINDING, clock=SystemClock(), transport=httpx.MockTransport(answer))
    assert canary.probe("crm").passage is passage
