"""The gateway: every request of every client, old sessions included, is judged before it reaches a server.

Token, registry, audience, pin, scopes, approval, in this order; then the server; then the output stage; then
the audit line; then the answer.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import anyio
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response

from mcpsoar.core.digest import Facts, Json
from mcpsoar.core.errors import Malformed, Trouble
from mcpsoar.core.ports import Clock
from mcpsoar.kit import strictjson
from mcpsoar.lab import answers, output, policy, speech
from mcpsoar.lab.api import bearer, segment
from mcpsoar.lab.approvals import Approval, Approvals, Windows
from mcpsoar.lab.audit import AuditLog
from mcpsoar.lab.faults import Fault, Faults, Setting
from mcpsoar.lab.manifest import manifest_hash
from mcpsoar.lab.policy import Asked, Decision, Ruling, Weakness
from mcpsoar.lab.tokens import Tokens
from mcpsoar.lab.trace import Conversations, Traces
from mcpsoar.lab.upstream import Reply, Upstream
from mcpsoar.lab.visit import Visit, opened

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

_LIMIT_BYTES = 1 << 20
_STREAMED = "subscriptions/listen"


@dataclass(frozen=True, slots=True)
class Rooms:
    """What the gateway works with; `upstreams` are all servers that it could reach, registered or not."""

    faults: Faults
    clock: Clock
    tokens: Tokens
    approvals: Approvals
    windows: Windows
    audit: AuditLog
    upstreams: Mapping[str, Upstream]


class Gateway:
    """An ASGI application for `/mcp/{server}`: POST, and GET and DELETE for clients that keep a session."""

    def __init__(self, rooms: Rooms) -> None:
        self._rooms = rooms
        self._traces = Traces()
        self._conversations = Conversations()
        self._weak: frozenset[Weakness] = frozenset()

    def weaken(self, weakness: Weakness) -> None:
        """Switch one control off, for good."""
        self._weak |= {weakness}

    async def __call__(self, scope: "Scope", receive: "Receive", send: "Send") -> None:
        request = Request(scope, receive)
        met = self._rooms.faults.due("data")
        await _pause(met, Fault.DELAY_BEFORE)
        if fault := met.get(Fault.STATUS):
            response: Response | None = speech.answer({"error": answers.reason(fault.status)}, fault.status)
        else:
            response = await self._judged(request, send)
        await _pause(met, Fault.DELAY_AFTER)
        if response is not None:
            await response(scope, receive, send)

    async def _judged(self, request: Request, send: "Send") -> Response | None:
        """The answer; None when it was streamed."""
        view = self._rooms.faults.enforcement()
        known = self._rooms.tokens.read(bearer(request), view)
        started = self._rooms.clock.monotonic()
        visit = opened(request, server=segment(request, "server"), view=view, bearer=known, now=started)
        match request.method:
            case "POST":
                return await self._post(request, visit, send)
            case "GET" | "DELETE":
                ruling = self._admission(visit)
                if not ruling.is_allowed:
                    return self._refused(visit, ruling)
                await self._streamed(request, visit, request.receive, send)
                return None
            case _:
                return speech.answer({"error": "method_not_allowed"}, 405, {"Allow": "POST, GET, DELETE"})

    async def _post(self, request: Request, visit: Visit, send: "Send") -> Response | None:
        try:
            body = await _body(request)
        except ClientDisconnect:
            return None
        message = _parsed(body)
        is_shaped = visit.read(message) if message else False
        method = message.get("method") if message else None
        if message and is_shaped and method == "tools/call":
            visit.place_call(self._traces, self._conversations, message)
        ruling = self._admission(visit)
        if not ruling.is_allowed:
            return self._refused(visit, ruling)
        if not message or not is_shaped:
            return self._unreadable(visit, body)
        match method:
            case "tools/call":
                return await self._call(request, visit, body)
            case "tools/list":
                return await self._list(request, visit, body, message)
            case _ if method == _STREAMED:
                self._log(visit, ruling)
                await self._streamed(request, visit, _again(body, request.receive), send)
                return None
            case _:
                return await self._other(request, visit, body)

    def _admission(self, visit: Visit) -> Ruling:
        if visit.server not in self._rooms.upstreams and Weakness.REGISTRY in self._weak:
            why = f"there is no server {visit.server!r}"
            return Ruling(Decision.DENY, "deny-unregistered-server", "policy_denied", why, 403)
        return policy.admission(visit.server, visit.entry, visit.bearer, self._weak)

    async def _call(self, request: Request, visit: Visit, body: bytes) -> Response:
        try:
            live = manifest_hash(await self._upstream(visit).tools())
        except Trouble as trouble:
            return self._failed(visit, str(trouble))
        window = self._rooms.windows.open(visit.server)
        visit.facts |= {
            "deploy_window": window is not None,
            "change_ticket": window.ticket if window else None,
        }
        approval = None
        if visit.approval_id:
            approval = self._approval(visit, visit.approval_id)
        asked = Asked(
            tool=visit.tool,
            action=visit.action,
            scopes_fit=visit.facts.get("scope_match"),
            drifted=visit.see_manifest(live),
            in_window=window is not None,
            approval=approval,
        )
        ruling = policy.call(visit.entry, asked, visit.view.policy(), self._weak)
        if ruling.is_allowed and approval and visit.action != "read":
            if self._rooms.approvals.spend(approval):
                visit.facts |= {"approval_id": approval.id, "approver_id": approval.approver}
            else:  # a faster twin used the approval up
                ruling = policy.held(asked)
        if not policy.runs(ruling, self._weak):
            return self._refused(visit, ruling)
        return await self._dispatched(request, visit, body, ruling)

    def _approval(self, visit: Visit, named: str) -> Approval | None:
        if Weakness.APPROVALS in self._weak:
            return self._rooms.approvals.find_unbound(named)
        hashed = str(visit.facts["args_hash"])
        return self._rooms.approvals.find(named, visit.server, visit.tool, visit.actor, hashed)

    async def _dispatched(self, request: Request, visit: Visit, body: bytes, ruling: Ruling) -> Response:
        visit.rule(ruling)
        # what a crash or a cancelled request leaves behind: it was let through, and nobody knows how it ended
        visit.facts |= {"status": "error", "error_code": "cancelled"}
        try:
            with anyio.fail_after(policy.MAX_RUNTIME_S):
                reply = await self._upstream(visit).exchange(request.scope, body, visit.token)
            screened = output.screen(reply, visit.span, self._weak)
            visit.facts |= screened.facts
            if visit.facts.get("open_world") and screened.is_delivered and visit.conversation:
                self._conversations.taint(visit.actor, visit.conversation)
            return screened.response
        except TimeoutError:
            visit.facts |= {"status": "timeout", "error_code": str(speech.TIMED_OUT)}
            return speech.error(speech.TIMED_OUT, "the server did not answer", visit.message_id, status=504)
        finally:
            self._write(visit)

    async def _list(self, request: Request, visit: Visit, body: bytes, message: Facts) -> Response:
        reply = await self._upstream(visit).exchange(request.scope, body, visit.token)
        window = self._rooms.windows.open(visit.server)
        visit.facts |= {
            "deploy_window": window is not None,
            "change_ticket": window.ticket if window else None,
            "status": "ok" if reply.status == 200 else "error",
            "bytes_out": len(reply.body),
        }
        try:
            visit.see_manifest(await self._listed(visit, reply, message))
        except Trouble as trouble:
            return self._failed(visit, str(trouble))
        self._log(visit, Ruling(Decision.NONE))
        return output.passed(reply)

    async def _listed(self, visit: Visit, reply: Reply, message: Facts) -> str:
        """The hash of what this very client was shown; of a page of it: of the whole, asked for anew."""
        said = strictjson.parse(reply.body)
        result = said.get("result") if isinstance(said, dict) else None
        tools = result.get("tools") if isinstance(result, dict) else None
        is_whole = isinstance(result, dict) and not result.get("nextCursor")
        if isinstance(tools, list) and is_whole and not (message.get("params") or {}).get("cursor"):
            return manifest_hash(tools)
        return manifest_hash(await self._upstream(visit).tools())

    async def _other(self, request: Request, visit: Visit, body: bytes) -> Response:
        reply = await self._upstream(visit).exchange(request.scope, body, visit.token)
        if visit.message_id is None:
            return output.passed(reply)  # a notification, or a client's answer: nothing was decided
        screened = output.screen(reply, None, self._weak)
        visit.facts |= screened.facts
        if session := reply.headers.get("mcp-session-id"):
            visit.facts["session_id"] = session
        self._log(visit, policy.ALLOWED)
        return screened.response

    async def _streamed(self, request: Request, visit: Visit, receive: "Receive", send: "Send") -> None:
        """Pass a stream through for as long as its client would be let in anew."""
        text = bearer(request)
        with anyio.CancelScope() as until_refused:

            async def guarded(message: "Message") -> None:
                if message["type"] == "http.response.body" and not self._is_still_welcome(visit.server, text):
                    await send({"type": "http.response.body", "body": b"", "more_body": False})
                    until_refused.cancel()
                    return
                await send(message)

            await self._upstream(visit).stream(request.scope, receive, guarded, visit.token)

    def _is_still_welcome(self, server: str, text: str | None) -> bool:
        view = self._rooms.faults.enforcement()
        known = self._rooms.tokens.read(text, view)
        return policy.admission(server, view.server(server), known, self._weak).is_allowed

    def _upstream(self, visit: Visit) -> Upstream:
        return self._rooms.upstreams[visit.server]

    # answers that are no server's

    def _refused(self, visit: Visit, ruling: Ruling) -> Response:
        self._log(visit, ruling)
        return speech.refusal(ruling, visit.message_id, visit.span)

    def _unreadable(self, visit: Visit, body: bytes) -> Response:
        code = speech.BAD_PARAMS if visit.facts["event_kind"] == "tool_call" else speech.INVALID
        if not body or _parsed(body) is None:
            code = speech.UNREADABLE
        visit.facts |= {"status": "error", "error_code": str(code)}
        self._log(visit, Ruling(Decision.ERROR))
        return speech.error(code, "not one plain JSON-RPC request", visit.message_id, status=400)

    def _failed(self, visit: Visit, why: str) -> Response:
        visit.facts |= {"status": "error", "error_code": str(speech.FAILED)}
        self._log(visit, Ruling(Decision.ERROR))
        return speech.error(speech.FAILED, why, visit.message_id, status=502)

    def _log(self, visit: Visit, ruling: Ruling) -> None:
        visit.rule(ruling)
        self._write(visit)

    def _write(self, visit: Visit) -> None:
        took = self._rooms.clock.monotonic() - visit.started
        self._rooms.audit.write({**visit.facts, "latency_ms": round(took * 1000, 3)})


async def _body(request: Request) -> bytes:
    """The body, or as much of it as is one byte too long to be read as JSON."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LIMIT_BYTES:
            return b""
    return bytes(body)


def _parsed(body: bytes) -> Facts | None:
    """One JSON object that two readers read alike; None for anything else, a batch included."""
    try:
        said: Json = strictjson.parse(body)
    except Malformed:
        return None
    return said if isinstance(said, dict) else None


def _again(body: bytes, rest: "Receive") -> "Receive":
    """The body once more, then whatever the client does next."""
    whole: list[Message] = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> "Message":
        return whole.pop() if whole else await rest()

    return receive


async def _pause(met: dict[Fault, Setting], fault: Fault) -> None:
    if fault in met and met[fault].seconds:
        await anyio.sleep(met[fault].seconds)
