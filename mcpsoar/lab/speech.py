"""What the gateway says on the wire beside MCP itself: its keys in `_meta`, its refusals."""

import json
from typing import TYPE_CHECKING

from starlette.responses import Response

from mcpsoar.core.digest import Facts, Json
from mcpsoar.lab.policy import Ruling

if TYPE_CHECKING:
    from collections.abc import Mapping

# keys of `_meta`; a client sends the first two, the gateway adds the third to what it lets through
APPROVAL = "com.example.mcpsoar/approval"
CONVERSATION = "com.example.mcpsoar/conversation"
SPAN = "com.example.mcpsoar/span"

REFUSED = -32010  # JSON-RPC code of every refusal; `data.error` says which one
FAILED = -32603
TIMED_OUT = -32001
UNREADABLE = -32700
INVALID = -32600
BAD_PARAMS = -32602


def refusal(ruling: Ruling, message_id: Json, span: str | None) -> Response:
    """A refusal as HTTP status and, where there was a request, as its JSON-RPC error."""
    data: Facts = {"error": ruling.word, "decision": ruling.decision.value, "policy": ruling.policy_id}
    if span:
        data = {**data, "span": span}
    headers = {}
    if ruling.status == 401:
        code = "" if ruling.word == "unauthorized" else ' error="invalid_token"'
        headers["WWW-Authenticate"] = f"Bearer{code}"  # RFC 6750 §3
    elif ruling.word == "insufficient_scope":
        headers["WWW-Authenticate"] = 'Bearer error="insufficient_scope"'
    if message_id is None:
        return answer({"error": ruling.word, "why": ruling.why}, ruling.status, headers)
    return error(REFUSED, ruling.why, message_id, status=ruling.status, data=data, headers=headers)


def error(
    code: int,
    message: str,
    message_id: Json,
    *,
    status: int,
    data: Facts | None = None,
    headers: "Mapping[str, str] | None" = None,
) -> Response:
    said: Facts = {"code": code, "message": message} | ({"data": data} if data else {})
    return answer({"jsonrpc": "2.0", "id": message_id, "error": said}, status, headers)


def answer(body: Json, status: int, headers: "Mapping[str, str] | None" = None) -> Response:
    return Response(encoded(body), status, dict(headers or {}), media_type="application/json")


def encoded(body: Json) -> bytes:
    return json.dumps(body, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()
