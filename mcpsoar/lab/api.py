"""The reference control-plane API over a plane, with its faults."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import anyio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from mcpsoar.core.digest import Json, digest
from mcpsoar.core.ports import Clock
from mcpsoar.kit.clock import stamp
from mcpsoar.lab import answers
from mcpsoar.lab.answers import BadRequest, Page
from mcpsoar.lab.faults import Fault, Faults, Setting
from mcpsoar.lab.plane import Plane, named_tool, tool_named
from mcpsoar.lab.records import Request as LedgerLine
from mcpsoar.lab.records import Role

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Lifespan, Receive, Scope, Send

_LIMIT_BYTES = 1 << 20

Answer = tuple[int, Json]
Met = dict[Fault, Setting]


def control_routes(plane: Plane, faults: Faults, clock: Clock, *, page_size: int) -> list[BaseRoute]:
    """The routes of the control plane. Every request ends as one line of the plane's ledger."""
    api = _Api(plane, faults, clock, page_size)
    return [
        Route("/registry", api.registry, methods=["GET"]),
        Route("/registry/{server}", api.registry_entry, methods=["GET"]),
        Route("/registry/{server}/disable", api.disable, methods=["POST"]),
        Route("/registry/{server}/enable", api.enable, methods=["POST"]),
        Route("/registry/{server}/tools/{tool}", api.tool, methods=["GET"]),
        Route("/registry/{server}/tools/{tool}/disable", api.disable_tool, methods=["POST"]),
        Route("/registry/{server}/tools/{tool}/enable", api.enable_tool, methods=["POST"]),
        Route("/tokens", api.tokens, methods=["GET"]),
        Route("/tokens/revoke", api.revoke, methods=["POST"]),
        Route("/policy", api.policy, methods=["GET"]),
        Route("/policy/emergency-write-approval", api.force, methods=["POST"]),
        Route("/policy/emergency-write-approval", api.lift, methods=["DELETE"]),
    ]


def mounted(routes: Sequence[BaseRoute], *, lifespan: "Lifespan[Starlette] | None" = None) -> "ASGIApp":
    """One application whose path segments stay percent-encoded: `a%2Fb` is one segment, as it was sent."""
    app = Starlette(
        routes=list(routes), lifespan=lifespan, exception_handlers={404: _not_found, 405: _not_allowed}
    )
    # a redirect to another spelling of the path would turn a POST into a question of trust
    app.router.redirect_slashes = False

    async def raw(scope: "Scope", receive: "Receive", send: "Send") -> None:
        if scope["type"] == "http":
            scope = {**scope, "path": scope["raw_path"].decode("latin-1")}
        await app(scope, receive, send)

    return raw


def bearer(request: Request) -> str | None:
    """The text of the bearer token; None when there is none."""
    scheme, _, text = request.headers.get("authorization", "").partition(" ")
    return text.strip() or None if scheme.lower() == "bearer" else None


def segment(request: Request, name: str) -> str:
    """One decoded path segment."""
    return unquote(request.path_params[name], errors="replace")


class _Api:
    def __init__(self, plane: Plane, faults: Faults, clock: Clock, page_size: int) -> None:
        self._plane = plane
        self._faults = faults
        self._clock = clock
        self._page_size = page_size

    async def registry(self, request: Request) -> Response:
        page = Page(request.query_params, self._page_size)
        return await self._read(request, "registry.list", lambda view: (200, answers.registry(view, page)))

    async def registry_entry(self, request: Request) -> Response:
        name = segment(request, "server")
        return await self._read(request, "registry.get", lambda view: answers.entry(view, name))

    async def tool(self, request: Request) -> Response:
        server, name = segment(request, "server"), segment(request, "tool")
        return await self._read(request, "registry.tool", lambda view: answers.tool(view, server, name))

    async def tokens(self, request: Request) -> Response:
        page = Page(request.query_params, self._page_size)
        now = self._plane.now()
        return await self._read(request, "tokens.list", lambda view: (200, answers.tokens(view, page, now)))

    async def policy(self, request: Request) -> Response:
        return await self._read(request, "policy.get", lambda view: (200, view.policy().as_facts()))

    async def disable(self, request: Request) -> Response:
        return await self._write(request, "registry.disable", "disable", segment(request, "server"))

    async def enable(self, request: Request) -> Response:
        return await self._write(request, "registry.enable", "enable", segment(request, "server"))

    async def disable_tool(self, request: Request) -> Response:
        target = tool_named(segment(request, "server"), segment(request, "tool"))
        return await self._write(request, "registry.disable_tool", "disable_tool", target)

    async def enable_tool(self, request: Request) -> Response:
        target = tool_named(segment(request, "server"), segment(request, "tool"))
        return await self._write(request, "registry.enable_tool", "enable_tool", target)

    async def revoke(self, request: Request) -> Response:
        return await self._write(request, "tokens.revoke", "revoke", None)

    async def force(self, request: Request) -> Response:
        return await self._write(request, "policy.force", "force", "")

    async def lift(self, request: Request) -> Response:
        return await self._write(request, "policy.lift", "lift", "")

    async def _read(self, request: Request, route: str, look: Any) -> Response:
        met = self._faults.due(route)
        await self._pause(met, Fault.DELAY_BEFORE)
        refusal, by = self._refusal(request, Role.READER)
        fault = met.get(Fault.NO_READ_BACK) or met.get(Fault.STATUS)
        status, body = refusal or (0, None)
        if not status and fault:
            status, body = fault.status, {"error": answers.reason(fault.status)}
        if not status:
            try:
                status, body = look(self._faults.read_back(met))
            except BadRequest as error:
                status, body = 400, {"error": "bad_request", "why": str(error)}
        self._note(request, status, by=by)
        await self._pause(met, Fault.DELAY_AFTER)
        return _respond(status, body, fault)

    async def _write(self, request: Request, route: str, change: str, target: str | None) -> Response:
        met = self._faults.due(route)
        body = await self._body(request)
        await self._pause(met, Fault.DELAY_BEFORE)
        refusal, by = self._refusal(request, Role.RESPONDER)
        if not refusal and target is None:
            change, target, refusal = answers.revocation(body)
        refusal = refusal or self._unknown(change, target or "")
        if refusal:
            self._note(request, refusal[0], by=by)
            await self._pause(met, Fault.DELAY_AFTER)
            return _respond(*refusal)
        status, answer, headers = self._perform(
            request, met, change=change, target=target or "", sent=body, by=by
        )
        await self._pause(met, Fault.DELAY_AFTER)
        return _respond(status, answer, met.get(Fault.STATUS), headers)

    def _unknown(self, change: str, target: str) -> Answer | None:
        """The answer for an object that the registry does not have."""
        if change in ("disable", "enable") and self._plane.server(target) is None:
            return 404, {"error": "unknown_server"}
        if change in ("disable_tool", "enable_tool"):
            status, body = answers.tool(self._plane, *named_tool(target))
            return None if status == 200 else (status, body)
        return None

    def _perform(
        self, request: Request, met: Met, *, change: str, target: str, sent: bytes, by: str | None
    ) -> tuple[int, Json, dict[str, str]]:
        """The change, its ledger line and the memory of its key, in one commit."""
        key = request.headers.get("idempotency-key")
        print_of_request = digest([request.method, _path(request), sent.decode("utf-8", "replace")])
        with self._plane.transaction():
            known = self._plane.remembered(key) if key else None
            if known is not None:
                if known[0] != print_of_request:
                    self._note(request, 409, by=by)
                    return 409, {"error": "idempotency_key_reused"}, {}
                self._note(request, known[1], by=by, replayed=True)
                return known[1], known[2], {"Idempotency-Replayed": "true"}
            was = self._plane.version()
            status, answer = self._meet(met, change, target)
            is_changed = self._plane.version() != was
            if key and status < 300 and not _LIES & met.keys():
                self._plane.remember(key, print_of_request, status, answer)
            self._note(request, status, by=by, changed=is_changed)
        if is_changed:
            self._faults.changed()
        return status, answer, {}

    def _meet(self, met: Met, change: str, target: str) -> Answer:
        """Do what was asked, or what the fault makes of it."""
        plane = self._plane
        if fault := met.get(Fault.STATUS):
            if fault.committed:
                plane.perform(change, target)
            return fault.status, {"error": answers.reason(fault.status)}
        if fault := met.get(Fault.ACCEPTED_LATER):
            plane.schedule(fault.seconds, change, target)
            return 202, {"status": "accepted"}
        if Fault.ACCEPTED_NEVER in met:
            return 202, {"status": "accepted"}
        if Fault.SUCCESS_FALSE in met:
            return 200, {"success": False}
        claim = answers.claim(plane, change, target, stamp(self._clock.now()))
        if Fault.NO_EFFECT in met:
            return 200, claim
        if fault := met.get(Fault.WRONG_OBJECT):
            other = fault.other or answers.neighbour(plane, change, target)
            if other is not None and target:
                plane.perform(change, other)
            return 200, claim
        plane.perform(change, target)
        if change == "disable" and (fault := met.get(Fault.RE_ENABLE)):
            plane.schedule(fault.seconds, "enable", target)
        return 200, plane.policy().as_facts() if change in ("force", "lift") else claim

    def _refusal(self, request: Request, needs: Role) -> tuple[Answer | None, str | None]:
        text = bearer(request)
        known = self._plane.principal(text) if text else None
        if known is None:
            return (401, {"error": "unauthorized"}), None
        if self._faults.admin_tokens_expired:
            return (401, {"error": "token_expired"}), known[0]
        if not known[1].includes(needs):
            return (403, {"error": "forbidden", "needs": needs.value}), known[0]
        return None, known[0]

    async def _body(self, request: Request) -> bytes:
        body = await request.body()
        return body[: _LIMIT_BYTES + 1]

    async def _pause(self, met: Met, fault: Fault) -> None:
        seconds = met[fault].seconds if fault in met else 0.0
        if fault is Fault.DELAY_BEFORE:
            seconds += self._faults.delay_s
        if seconds:
            await anyio.sleep(seconds)

    def _note(
        self, request: Request, status: int, *, by: str | None, changed: bool = False, replayed: bool = False
    ) -> None:
        self._plane.note(
            LedgerLine(
                method=request.method,
                path=_path(request),
                key=request.headers.get("idempotency-key"),
                status=status,
                at=stamp(self._clock.now()),
                changed=changed,
                by=by,
                replayed=replayed,
            )
        )


# an answer that was a lie is not remembered: a retry with the same key may meet the truth
_LIES = {Fault.NO_EFFECT, Fault.SUCCESS_FALSE, Fault.ACCEPTED_NEVER, Fault.WRONG_OBJECT}


def _path(request: Request) -> str:
    query = request.url.query
    return f"{request.scope['path']}?{query}" if query else str(request.scope["path"])


def _respond(
    status: int, body: Json, fault: Setting | None = None, headers: dict[str, str] | None = None
) -> Response:
    extra = dict(headers or {})
    if status == 401:
        extra["WWW-Authenticate"] = "Bearer"
    if fault and fault.retry_after is not None and status == fault.status:
        extra["Retry-After"] = fault.retry_after
    return JSONResponse(body, status_code=status, headers=extra)


async def _not_found(request: Request, error: Exception) -> Response:  # noqa: ARG001 (starlette's signature)
    return JSONResponse({"error": "not_found"}, status_code=404)


async def _not_allowed(request: Request, error: Exception) -> Response:  # noqa: ARG001
    return JSONResponse({"error": "method_not_allowed"}, status_code=405)
