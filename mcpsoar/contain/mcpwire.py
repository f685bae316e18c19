"""As much of MCP over HTTP as one call needs: JSON-RPC out, JSON or an event stream back, all bounded."""

import base64
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from mcpsoar.core.digest import Facts, Json
from mcpsoar.core.errors import Malformed
from mcpsoar.core.ports import Clock
from mcpsoar.core.profile import Network
from mcpsoar.core.secret import Secret
from mcpsoar.kit import strictjson
from mcpsoar.kit.budget import PATIENCE_S, Rank, budget_of
from mcpsoar.kit.exchange import Answer, exchange

if TYPE_CHECKING:
    import httpx

STATELESS = "2026-07-28"
HANDSHAKE = "2025-11-25"  # the newest revision that `initialize` negotiates
_LIMIT_BYTES = 1 << 20
# a client as most are: a suspect that knows a canary could refuse it and nobody else
_EMPTY_LINES = (b"\n\n", b"\r\r", b"\n\r")  # the ends of lines that meet in one, CRLF among them
_CLIENT: Facts = {"name": "mcp", "version": "0.1.0"}
_META = "io.modelcontextprotocol/"  # reserved keys of `_meta` (revision 2026-07-28)


@dataclass(frozen=True, slots=True)
class Heard:
    """An HTTP status and the JSON-RPC message that answers our request; None when there was none.

    `said` is the parsed body where it is plain JSON, an answer to us or not. `session` is Mcp-Session-Id.
    """

    status: int
    message: Facts | None
    said: Json
    session: str | None


class Wire:
    """One conversation with one endpoint within one deadline, on connections of its own.

    The wait for a turn in the network's budget, `patience_s` at most for each call, is not of that time: a
    late probe is still a probe.
    """

    def __init__(
        self,
        url: str,
        token: Secret | None,
        *,
        clock: Clock,
        timeout_s: float,
        patience_s: float = PATIENCE_S,
        network: Network = Network(),  # noqa: B008 (frozen)
        transport: "httpx.BaseTransport | None" = None,
    ) -> None:
        if transport is None:
            from mcpsoar.kit.transport import Transport

            transport = Transport(url, clock=clock, network=network)
        self._url = url
        self._token = token
        self._clock = clock
        self._until = clock.monotonic() + timeout_s
        self._transport = transport
        self._budget = budget_of(network)
        self._patience_s = patience_s
        self._path = urlsplit(url).path
        self._last_id = 0

    def call(self, method: str, params: Facts, *, headers: Mapping[str, str]) -> Heard:
        """One request. Raises Unreachable, Indeterminate, Malformed."""
        self._last_id += 1
        return self._send("POST", _message(method, params, self._last_id), headers, self._last_id)

    def notify(self, method: str, *, headers: Mapping[str, str]) -> Heard:
        """One message that wants no answer."""
        return self._send("POST", _message(method, {}, None), headers, None)

    def end(self, *, headers: Mapping[str, str]) -> Heard:
        """Ask the server to forget the session."""
        return self._send("DELETE", None, headers, None)

    def close(self) -> None:
        self._transport.close()

    def _send(self, method: str, body: Json, headers: Mapping[str, str], our_id: int | None) -> Heard:
        import httpx

        own = {
            "Accept": "application/json, text/event-stream",
            "Accept-Encoding": "identity",
            "User-Agent": f"python-httpx/{httpx.__version__}",
        }
        if body is not None:
            own["Content-Type"] = "application/json"
        if self._token:
            own["Authorization"] = f"Bearer {self._token.reveal()}"
        content = None if body is None else json.dumps(body, allow_nan=False).encode()
        if self._budget:
            patience_s = self._patience_s
            self._until += self._budget.turn(
                self._path, Rank.PROBE, within_s=patience_s, patience_s=patience_s
            )
        answer = exchange(
            self._transport,
            httpx.Request(method, self._url, headers={**own, **headers}, content=content),
            clock=self._clock,
            timeout_s=max(self._until - self._clock.monotonic(), 0.0),
            limit_bytes=_LIMIT_BYTES,
            is_complete=_Ear(our_id).is_done,
        )
        if self._budget:
            self._budget.heard(self._path, answer.status, answer.headers, answer.body, Rank.PROBE)
        return _heard(answer, our_id)


class _Ear:
    """Whether an event stream has brought the answer yet: each finished event is read once as it comes."""

    def __init__(self, our_id: int | None) -> None:
        self._our_id = our_id
        self._read = 0
        self._seen = 0

    def is_done(self, headers: Mapping[str, str], sofar: bytes) -> bool:
        if not _is_stream(headers):
            return False
        # an empty line may have begun in the piece before
        end = max(sofar.rfind(mark, max(self._read, self._seen - 1)) for mark in _EMPTY_LINES) + 2
        self._seen = len(sofar)
        if end < 2:
            return False
        fresh, self._read = sofar[self._read : end], end
        return _answer_in(fresh, self._our_id) is not None


def meta() -> Facts:
    """What each request of the stateless revision says of its client."""
    return {
        f"{_META}protocolVersion": STATELESS,
        f"{_META}clientInfo": _CLIENT,
        f"{_META}clientCapabilities": {},
    }


def initialize_params() -> Facts:
    return {"protocolVersion": HANDSHAKE, "capabilities": {}, "clientInfo": _CLIENT}


def routing(method: str, name: str) -> dict[str, str]:
    """The headers that a stateless request repeats for gateways that do not read bodies."""
    return {"MCP-Protocol-Version": STATELESS, "Mcp-Method": method, "Mcp-Name": _header_text(name)}


def _header_text(text: str) -> str:
    if text.isascii() and text.isprintable() and text == text.strip() and not text.startswith("=?"):
        return text
    return f"=?base64?{base64.b64encode(text.encode()).decode()}?="


def _message(method: str, params: Facts, our_id: int | None) -> Json:
    message = {"jsonrpc": "2.0", "method": method}
    return message | ({"params": params} if params else {}) | ({} if our_id is None else {"id": our_id})


def _heard(answer: Answer, our_id: int | None) -> Heard:
    session = answer.headers.get("mcp-session-id")
    if _is_stream(answer.headers):
        message = _answer_in(answer.body, our_id)
        return Heard(answer.status, message, message, session)
    try:
        said = strictjson.parse(answer.body)
    except Malformed:
        said = None
    return Heard(answer.status, said if _answers(said, our_id) else None, said, session)


def _is_stream(headers: Mapping[str, str]) -> bool:
    return headers.get("content-type", "").split(";")[0].strip().lower() == "text/event-stream"


def _answers(said: Json, our_id: int | None) -> bool:
    """A JSON-RPC answer to our request; an error about a request that could not be read has a null id."""
    if our_id is None or not isinstance(said, dict) or said.get("jsonrpc") != "2.0":
        return False
    if isinstance(said.get("error"), dict):
        return said.get("id") in (our_id, None)
    return said.get("id") == our_id and isinstance(said.get("result"), dict)


def _answer_in(body: bytes, our_id: int | None) -> Facts | None:
    """The answer to our request in an event stream, whole events only; the rest is passed over."""
    for event in _events(body):
        try:
            said = strictjson.parse(event)
        except Malformed:
            continue
        if _answers(said, our_id):
            answer: Facts = said
            return answer
    return None


def _events(body: bytes) -> Iterator[bytes]:
    """The data of each finished event (an event ends with an empty line; the last one may be cut)."""
    whole, mark, _ = body.replace(b"\r\n", b"\n").replace(b"\r", b"\n").rpartition(b"\n\n")
    for block in (whole + mark).split(b"\n\n"):
        lines = [line[5:].removeprefix(b" ") for line in block.split(b"\n") if line.startswith(b"data:")]
        if lines:
            yield b"\n".join(lines)
