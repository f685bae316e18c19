"""What counts as a data plane's refusal: explicit denials in known words, and nothing else.

Not one of them: 429, any 5xx, a tool's own error, a tool or a server that is not found. A restarting server
knows no tools either, and a rate limiter refuses everybody.
"""

import re
from collections.abc import Sequence

from mcpsoar.contain.mcpwire import Heard
from mcpsoar.core.digest import Facts, Json

# code words of an HTTP body (`error`) or of a JSON-RPC error (`data.error`, `data.code`, `data.reason`)
_WORDS = frozenset(
    {
        "access_denied",
        "forbidden",
        "insufficient_scope",  # RFC 6750 §3.1
        "invalid_token",  # RFC 6750 §3.1
        "policy_denied",
        "server_disabled",
        "server_inactive",
        "token_revoked",
        "unauthorized",
    }
)
# messages of a JSON-RPC error: the gateway's own, a tool's failure arrives as a result
_ERROR = re.compile(
    r"(?:server|gateway|tool) .{0,200}?\bis (?:now )?(?:inactive|disabled|quarantined|suspended)\b.{0,200}"
    r"|(?:access|authori[sz]ation|permission) (?:was |is )?denied\b.{0,200}"
    r"|(?:denied|refused|blocked) by (?:the )?(?:gateway|policy|registry)\b.{0,200}"
    r"|token (?:has been|is|was) revoked\b.{0,200}"
    r"|(?:forbidden|unauthori[sz]ed)\b.{0,200}",
    re.IGNORECASE | re.DOTALL,
)
# text of a result: the exact sentence of a known gateway (ContextForge 1.0.7, recorded) of the very tool
_RESULT = "Tool '{}' exists but is inactive"

# by which a server of an older revision, or one that keeps sessions, turns the stateless call away
_HANDSHAKE_STATUS = frozenset({400, 404, 405, 406})
_HANDSHAKE_CODE = frozenset({-32700, -32600, -32601, -32602, -32000, -32020, -32021, -32022})


def denial(heard: Heard, tool: str) -> str | None:
    """The refusal of a call of `tool` in one phrase; None when this is none."""
    if heard.status in (401, 403):
        word = _word(heard.said)
        return f"HTTP {heard.status}" + (f" ({word})" if word else "")
    if heard.status == 429 or heard.status >= 500:
        return None
    if heard.message is None:
        word = _word(heard.said) if heard.status >= 400 else None
        return f"HTTP {heard.status} ({word})" if word else None
    if error := heard.message.get("error"):
        return _error(error)
    text = result_text(heard.message)
    is_refused = is_error(heard.message) and text == _RESULT.format(tool)
    return f"a result that says: {text}" if is_refused else None


def one_of(heard: Heard, messages: Sequence[str]) -> str | None:
    """A JSON-RPC error that says exactly one of these, in one phrase; None when this is none."""
    error = _error_of(heard.message)
    message = error.get("message")
    return f"JSON-RPC error {error.get('code')}: {message}" if message in messages else None


def wants_handshake(heard: Heard) -> bool:
    """Whether this answer is of the protocol and not of the call: another revision may get through."""
    if heard.status == 429 or heard.status >= 500:
        return False
    code = _error_of(heard.message).get("code")
    return heard.status in _HANDSHAKE_STATUS or code in _HANDSHAKE_CODE


def is_error(message: Facts) -> bool:
    result = message.get("result")
    return isinstance(result, dict) and result.get("isError") is True


def result_text(message: Facts) -> str:
    """The text parts of a result, joined."""
    result = message.get("result")
    parts = result.get("content") if isinstance(result, dict) else None
    texts = [part.get("text") for part in parts if isinstance(part, dict)] if isinstance(parts, list) else []
    return " ".join(text for text in texts if isinstance(text, str))


def _error(error: Json) -> str | None:
    data, message, code = error.get("data"), error.get("message"), error.get("code")
    known = _word(data) or (message if isinstance(message, str) and message in _WORDS else None)
    if known is None and isinstance(message, str) and _ERROR.fullmatch(message.strip()):
        known = message.strip()
    return f"JSON-RPC error {code}: {known}" if known else None


def _error_of(message: Facts | None) -> Facts:
    error = message.get("error") if message else None
    return error if isinstance(error, dict) else {}


def _word(said: Json) -> str | None:
    if not isinstance(said, dict):
        return None
    words = [said.get(name) for name in ("error", "code", "reason")]
    return next((word for word in words if isinstance(word, str) and word in _WORDS), None)
