"""The canary: one harmless tool call on the data plane, made as any client of that server makes it.

Newest revision first (MCP 2026-07-28: stateless, one POST), the `initialize` handshake where a server asks
for it. A refusal counts only when it is explicit; a gateway that is busy, broken or cut off refuses nothing.
"""

import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

from mcpsoar.contain import mcpwire, refusal
from mcpsoar.contain.mcpwire import Heard, Wire
from mcpsoar.core.digest import Facts, Json
from mcpsoar.core.errors import Trouble
from mcpsoar.core.ports import Clock
from mcpsoar.core.profile import CanaryBinding
from mcpsoar.core.run import Passage, Sighting
from mcpsoar.kit.clock import stamp
from mcpsoar.kit.credentials import checked_token, masked
from mcpsoar.kit.http import checked_url, segment

if TYPE_CHECKING:
    import httpx

_DETAIL = 200


class McpCanary:
    """`core.ports.Canary`: every probe has its own connections and its own `{nonce}` in the arguments.

    Raises Usage when made with an address or token that cannot be used; `probe` raises nothing.
    What a result *says* is the suspect's word: EXECUTED needs no words, and of refusals inside a result
    only a known gateway's own sentence counts.
    """

    def __init__(
        self, binding: CanaryBinding, *, clock: Clock, transport: "httpx.BaseTransport | None" = None
    ) -> None:
        self._where = checked_url(binding.url.replace("{server}", "any"))
        self._binding = binding
        for token in binding.tokens:
            checked_token(token, where=self._where)
        self._clock = clock
        self._transport = transport

    def probe(self, server: str) -> Sighting:
        """Call the tool once, within `timeout_s` from the first look-up to the last byte."""
        asked = self._binding.call_on(server)
        token = checked_token(asked.token, where=self._where)
        try:
            url = self._binding.url.replace("{server}", segment(server))
            wire = Wire(
                url,
                token,
                clock=self._clock,
                timeout_s=self._binding.timeout_s,
                network=self._binding.network,
                transport=self._transport,
            )
            try:
                passage, detail = _judged(_heard(wire, asked.tool, asked.arguments))
            finally:
                wire.close()
        except Trouble as trouble:
            passage, detail = Passage.UNCLEAR, str(trouble)
        plain = "".join(char if char.isprintable() else " " for char in str(masked(detail, token)))
        return Sighting(passage, plain[:_DETAIL], stamp(self._clock.now()))


def _heard(wire: Wire, tool: str, arguments: Facts) -> Heard:
    call: Facts = {"name": tool, "arguments": _filled(dict(arguments), secrets.token_hex(8))}
    heard = wire.call(
        "tools/call", {**call, "_meta": mcpwire.meta()}, headers=mcpwire.routing("tools/call", tool)
    )
    if refusal.denial(heard) is None and refusal.wants_handshake(heard):
        return _with_handshake(wire, call)
    return heard


def _judged(heard: Heard) -> tuple[Passage, str]:
    refused = refusal.denial(heard)
    if refused is not None:
        return Passage.DENIED, refused
    if heard.message is None:
        return Passage.UNCLEAR, f"HTTP {heard.status} without an MCP answer"
    if error := heard.message.get("error"):
        said = f"JSON-RPC error {error.get('code')}: {error.get('message')}"
        return Passage.UNCLEAR, f"HTTP {heard.status}, {said}"
    if refusal.is_error(heard.message):
        return Passage.UNCLEAR, f"an error that is no refusal: {refusal.result_text(heard.message)}"
    kind = heard.message["result"].get("resultType", "complete")
    if heard.status != 200 or kind != "complete":
        return Passage.UNCLEAR, f"HTTP {heard.status}, a result of type {kind}"
    return Passage.EXECUTED, "the call was executed"


def _with_handshake(wire: Wire, call: Facts) -> Heard:
    """initialize, then the call in that session; the session is given back, whatever came of it."""
    opened = wire.call("initialize", mcpwire.initialize_params(), headers={})
    if opened.message is None or not isinstance(opened.message.get("result"), dict):
        return opened
    version = opened.message["result"].get("protocolVersion")
    headers = {"MCP-Protocol-Version": version if _fits_header(version) else mcpwire.HANDSHAKE}
    if opened.session is not None and _fits_header(opened.session):
        headers["Mcp-Session-Id"] = opened.session
    wire.notify("notifications/initialized", headers=headers)
    try:
        return wire.call("tools/call", call, headers=headers)
    finally:
        if "Mcp-Session-Id" in headers:
            with suppress(Trouble):  # else the server forgets it in its own time
                wire.end(headers=headers)


def _fits_header(text: Json) -> bool:
    return isinstance(text, str) and text.isascii() and text.isprintable() and 0 < len(text) <= _DETAIL


def _filled(value: Json, nonce: str) -> Json:
    if isinstance(value, str):
        return value.replace("{nonce}", nonce)
    if isinstance(value, dict):
        return {key: _filled(inner, nonce) for key, inner in value.items()}
    return [_filled(inner, nonce) for inner in value] if isinstance(value, list | tuple) else value
