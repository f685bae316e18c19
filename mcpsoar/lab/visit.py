"""One request at the gateway: who asks for what, and the facts that its audit line will hold."""

from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request

from mcpsoar.core.digest import Facts, Json
from mcpsoar.lab import manifest, policy
from mcpsoar.lab.approvals import args_hash
from mcpsoar.lab.policy import Decision, Ruling
from mcpsoar.lab.records import Entry, Token, View
from mcpsoar.lab.speech import APPROVAL, CONVERSATION
from mcpsoar.lab.tokens import Bearer
from mcpsoar.lab.trace import Conversations, Place, Traces

_KINDS = {"tools/call": "tool_call", "tools/list": "tools_list"}


@dataclass(slots=True)
class Visit:
    """Grows while the request is looked at; `facts` are columns of `mcp_audit`."""

    server: str
    view: View
    entry: Entry | None
    bearer: Bearer
    started: float
    facts: dict[str, Json] = field(default_factory=dict)
    message_id: Json = None
    tool: str = ""
    arguments: Facts = field(default_factory=dict)
    approval_id: str | None = None
    conversation: str | None = None
    place: Place | None = None

    @property
    def token(self) -> Token | None:
        return self.bearer.token

    @property
    def actor(self) -> str:
        return self.token.actor if self.token else ""

    @property
    def action(self) -> str:
        return str(self.facts.get("action_class", "unknown"))

    @property
    def span(self) -> str | None:
        return self.place.span_id if self.place else None

    def read(self, message: Facts) -> bool:
        """Take method and target from a JSON-RPC message; False when a call is not shaped like one."""
        method = message.get("method")
        self.message_id = message.get("id")
        if not isinstance(method, str):
            return True
        kind = "notification" if method.startswith("notifications/") else "gateway_decision"
        self.facts |= {"event_kind": _KINDS.get(method, kind), "method": method}
        params = message.get("params")
        params = params if isinstance(params, dict) else {}
        meta = params.get("_meta")
        meta = meta if isinstance(meta, dict) else {}
        self.conversation = _text(meta.get(CONVERSATION)) or self.facts.get("session_id")
        self.facts["conversation_id"] = self.conversation
        self.approval_id = _text(meta.get(APPROVAL))
        if method != "tools/call":
            return True
        name, arguments = params.get("name"), params.get("arguments")
        if not isinstance(name, str) or not isinstance(arguments, dict | None):
            return False
        self.tool, self.arguments = name, arguments or {}
        return True

    def place_call(self, traces: Traces, conversations: Conversations, message: Facts) -> None:
        """The facts of a tool call that need no look at the server."""
        meta: dict[str, Any] = (message.get("params") or {}).get("_meta") or {}
        self.place = traces.enter(_text(meta.get("traceparent")))
        place = self.place
        action = manifest.action_class(self.entry, self.tool) if self.entry else "unknown"
        required = manifest.required_scopes(self.server, action)
        granted = self.token.scopes if self.token else None
        self.facts |= {
            "tool_name": self.tool,
            "action_class": action,
            "open_world": manifest.open_world(self.entry, self.tool) if self.entry else None,
            "required_scopes": list(required) or None,
            "scope_match": set(required) <= set(granted) if required and granted is not None else None,
            "args_hash": args_hash(self.arguments),
            "trace_id": place.trace_id,
            "span_id": place.span_id,
            "parent_call_id": place.parent,
            "chain_depth": place.depth,
            "fan_out": place.fan_out,
            "untrusted_context": conversations.is_tainted(self.actor, self.conversation)
            if self.conversation
            else None,
        }

    def see_manifest(self, live: str | None) -> bool:
        """Compare the live manifest's hash with the pin; whether it drifted."""
        pin = self.entry.pin if self.entry else ""
        is_same = live == pin if live and pin else None
        self.facts |= {"manifest_hash": live, "pinned_manifest_hash": pin or None, "manifest_match": is_same}
        return is_same is False

    def rule(self, ruling: Ruling) -> None:
        """Write the ruling into the facts."""
        self.facts |= {"decision": ruling.decision.value, "policy_id": ruling.policy_id}
        if ruling.decision in (Decision.DENY, Decision.REQUIRE_APPROVAL):
            self.facts |= {"status": "denied", "error_code": ruling.word}


def opened(request: Request, *, server: str, view: View, bearer: Bearer, now: float) -> Visit:
    """A visit with the facts that every request has."""
    entry, token = view.server(server), bearer.token
    visit = Visit(server, view, entry, bearer, now)
    visit.facts |= {
        "event_kind": "gateway_decision",
        "server_name": server,
        "method": request.method,
        "policy_version": policy.VERSION,
        "registry_status": entry.status if entry else "unknown",
        "environment": entry.environment if entry else "production",  # this gateway serves production
        "server_fingerprint": (entry.fingerprint or None) if entry else None,
        "server_audience": entry.audience if entry else None,
        "session_id": _text(request.headers.get("mcp-session-id")),
        "src_ip": request.client.host if request.client else None,
        "user_agent": request.headers.get("user-agent"),
        "protocol_version": request.headers.get("mcp-protocol-version"),
        "transport": "streamable-http",
    }
    if token:
        visit.facts |= {
            "actor_id": token.actor,
            "actor_type": token.actor_type,
            "actor_tags": list(token.tags),
            "client_id": token.client_id or None,
            "token_jti": token.id,
            "token_iss": token.issuer or None,
            "token_aud": list(token.audience),
            "token_scopes": list(token.scopes),
            "audience_match": token.is_for(entry.audience) if entry else None,
        }
    return visit


def _text(value: Json) -> str | None:
    return value if isinstance(value, str) and value.strip() else None
