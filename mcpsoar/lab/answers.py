"""The bodies of the reference API: what each call says, from whatever it is given to look at."""

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

from mcpsoar.core.digest import Facts, Json
from mcpsoar.kit.clock import stamp
from mcpsoar.lab.plane import Plane, named_tool, tool_named
from mcpsoar.lab.records import Entry, Token, TokenKind, View

OUTLIVES = "verified locally by the data plane, so it is good until it expires"


class BadRequest(ValueError):
    """The caller's mistake, in words for the caller: 400."""


class Page:
    """One page of a list: `cursor` is the last key of the page before it."""

    def __init__(self, query: Mapping[str, str], size: int) -> None:
        self.query = query
        self.size = size

    def cut(self, items: Sequence[Any], key: Any) -> tuple[Sequence[Any], str | None]:
        """The items of this page and the cursor of the next one. Raises BadRequest for an unknown cursor."""
        after = self.query.get("cursor")
        start = 0
        if after:
            places = [place for place, item in enumerate(items) if key(item) == after]
            if not places:
                raise BadRequest("unknown cursor")
            start = places[0] + 1
        page = items[start : start + self.size]
        is_last = start + self.size >= len(items)
        return page, None if is_last or not page else str(key(page[-1]))


def registry(view: View, page: Page) -> Json:
    entries, after = page.cut(view.servers(), lambda entry: entry.server)
    return {"servers": [_entry(entry) for entry in entries], "next": after}


def entry(view: View, name: str) -> tuple[int, Json]:
    found = view.server(name)
    return (200, _entry(found)) if found else (404, {"error": "unknown_server"})


def tool(view: View, server: str, name: str) -> tuple[int, Json]:
    """One tool of the pinned manifest, and whether it is switched on."""
    found = view.server(server)
    if found is None:
        return 404, {"error": "unknown_server"}
    if found.tool(name) is None:
        return 404, {"error": "unknown_tool"}
    state = "disabled" if name in found.tools_off else "enabled"
    return 200, {"server": server, "tool": name, "state": state}


def tokens(view: View, page: Page, now: float) -> Json:
    """All tokens, or those of one audience or principal, or the active ones: `audience`, `principal` and
    `active` in the query.
    """
    audience = page.query.get("audience")
    principal = page.query.get("principal")
    wanted = page.query.get("active")
    if wanted not in (None, "true", "false"):
        raise BadRequest("active is true or false")
    found = [
        token
        for token in view.tokens()
        if (audience is None or token.is_for(audience))
        and (principal is None or token.is_of(principal))
        and (wanted is None or is_live(token, now) is (wanted == "true"))
    ]
    items, after = page.cut(found, lambda token: token.id)
    return {"tokens": [_token(token, now) for token in items], "next": after}


def is_live(token: Token, now: float) -> bool:
    return token.active and token.expires_at > now


def revocation(body: bytes) -> tuple[str, str, tuple[int, Json] | None]:
    """The change that a revocation asks for and whom it names, or the answer that refuses it."""
    try:
        said = parsed(body)
    except BadRequest as error:
        return "revoke", "", (400, {"error": "bad_request", "why": str(error)})
    if "audience" in said and "principal" in said:
        why = "audience or principal: one of them"
        return "revoke", "", (400, {"error": "bad_request", "why": why})
    of = "principal" if "principal" in said else "audience"
    named = said.get(of)
    if not isinstance(named, str) or not named:
        return "revoke", "", (400, {"error": "bad_request", "why": f"{of} is missing"})
    return "revoke_principal" if of == "principal" else "revoke", named, None


def parsed(body: bytes) -> dict[str, Any]:
    """One JSON object. Raises BadRequest."""
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        raise BadRequest("body is not JSON") from None
    if not isinstance(value, dict):
        raise BadRequest("body is not a JSON object")
    return value


def claim(plane: Plane, change: str, target: str, at: str) -> Json:
    """What the plane says it did, put together before it does it (or does not)."""
    if change in ("disable", "enable"):
        return {"server": target, "state": f"{change}d"}
    if change in ("disable_tool", "enable_tool"):
        server, tool = named_tool(target)
        return {"server": server, "tool": tool, "state": f"{change.removesuffix('_tool')}d"}
    if change == "revoke":
        return _revocation(plane, lambda token: token.is_for(target))
    if change == "revoke_principal":
        return _revocation(plane, lambda token: token.is_of(target))
    policy = plane.policy()
    if policy.is_forced is (change == "force"):
        return policy.as_facts()
    wanted = "forced" if change == "force" else "normal"
    return {"write_approval": wanted, "since": at, "version": policy.version + 1}


def neighbour(plane: Plane, change: str, target: str) -> str | None:
    """Another object of the same sort: what a wrong one hits."""
    if change in ("disable_tool", "enable_tool"):
        server, tool = named_tool(target)
        entry = plane.server(server)
        names = [str(one.get("name")) for one in entry.tools] if entry else []
        return next((tool_named(server, name) for name in names if name != tool), None)
    if change == "revoke_principal":
        clients = (token.client_id for token in plane.tokens())
        return next((client for client in clients if client != target), None)
    return next((entry.server for entry in plane.servers() if entry.server != target), None)


def reason(status: int) -> str:
    """A body for a bare status: `service_unavailable`."""
    return HTTPStatus(status).phrase.lower().replace(" ", "_") if status in _KNOWN else "error"


def instant(epoch_s: float) -> str:
    return stamp(datetime.fromtimestamp(epoch_s, UTC))


_KNOWN = frozenset(HTTPStatus)


def _revocation(plane: Plane, is_meant: Callable[[Token], bool]) -> Json:
    now = plane.now()
    live = [token for token in plane.tokens() if is_meant(token) and is_live(token, now)]
    return {
        "revoked": [token.id for token in live if token.kind is not TokenKind.JWT],
        "still_valid": [
            {"id": token.id, "expires_at": instant(token.expires_at), "why": OUTLIVES}
            for token in live
            if token.kind is TokenKind.JWT
        ],
    }


def _entry(entry: Entry) -> Facts:
    return {
        "server": entry.server,
        "state": entry.state,
        "environment": entry.environment,
        "fingerprint": entry.fingerprint,
        "tools": [str(tool.get("name")) for tool in entry.tools],
    }


def _token(token: Token, now: float) -> Facts:
    return {
        "id": token.id,
        "audience": list(token.audience),
        "kind": token.kind.value,
        "active": is_live(token, now),
        "expires_at": instant(token.expires_at),
        "client_id": token.client_id,
        "actor": token.actor,
    }
