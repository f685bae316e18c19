"""The canary: one harmless tool call on the data plane, made as any client of that server makes it.

Newest revision first (MCP 2026-07-28: stateless, one POST), the `initialize` handshake where a server asks
for it. A refusal counts only when it is explicit; a gateway that is busy, broken or cut off refuses nothing.
"""

import secrets
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from mcpsoar.contain import mcpwire, refusal
from mcpsoar.contain.mcpwire import Heard, Wire
from mcpsoar.core.digest import Facts, Json
from mcpsoar.core.errors import Trouble
from mcpsoar.core.ports import Clock
from mcpsoar.core.profile import CanaryBinding
from mcpsoar.core.run import Passage, Sighting
from mcpsoar.kit.budget import PATIENCE_S, budget_of
from mcpsoar.kit.clock import stamp
from mcpsoar.kit.credentials import checked_token, masked
from mcpsoar.kit.http import checked_url, segment

if TYPE_CHECKING:
    import httpx

_DETAIL = 200
_FAREWELL_S = 1.0
_FAREWELLS_S = 5.0  # for all of them


class McpCanary:
    """`core.ports.Canary`: every probe has its own connections and its own `{nonce}` in the arguments.

    Where a server keeps sessions, the first that a call was executed in stays open: from then on each probe
    tries it too, for who was inside before a change may still be. What is open the longest counts.
    Where one wants a handshake and keeps no sessions, what was agreed holds for later probes: a gateway that
    counts calls sees one for each instead of four. There the first probe of all goes alone.
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
        self._inside: dict[str, Mapping[str, str]] = {}
        self._agreed: Mapping[str, str] | None = None
        budget = budget_of(binding.network)
        self._first = threading.Lock() if budget and budget.tiers else None
        self._is_known = threading.Event()

    def probe(self, server: str) -> Sighting:
        """Call the tool, each time within `timeout_s` from the first look-up to the last byte."""
        was_inside = server in self._inside
        with self._in_turn():
            passage, detail = self._tried(server, self._afresh)
        if was_inside and passage is not Passage.EXECUTED:
            inside, said = self._tried(server, self._as_before)
            if inside is Passage.EXECUTED or passage is Passage.DENIED is not inside:
                passage, detail = inside, f"{said}, in a session opened before"
        token = self._binding.call_on(server).token
        plain = "".join(char if char.isprintable() else " " for char in str(masked(detail, token)))
        return Sighting(passage, plain[:_DETAIL], stamp(self._clock.now()))

    def close(self) -> None:
        """Give sessions back; a server that does not answer, or not soon, forgets them in its own time."""
        until = self._clock.monotonic() + _FAREWELLS_S
        for server, session in self._inside.items():
            if self._clock.monotonic() >= until:
                break
            with suppress(Trouble), self._wire(server, _FAREWELL_S, _FAREWELL_S) as wire:
                wire.end(headers=session)

    @contextmanager
    def _in_turn(self) -> Iterator[None]:
        if self._first is None or not self._first.acquire(blocking=False):
            if self._first is not None:
                self._is_known.wait(self._binding.timeout_s)
            yield
            return
        try:
            yield
        finally:
            self._is_known.set()  # the lock stays: nobody is first again

    def _tried(self, server: str, call: Callable[[Wire, str], tuple[Passage, str]]) -> tuple[Passage, str]:
        try:
            with self._wire(server, self._binding.timeout_s) as wire:
                return call(wire, server)
        except Trouble as trouble:
            return Passage.UNCLEAR, str(trouble)

    def _afresh(self, wire: Wire, server: str) -> tuple[Passage, str]:
        call, tool = self._call(server)
        if self._agreed is not None:
            heard = wire.call("tools/call", call, headers=self._agreed)
            if self._refusal(heard, tool) is not None or not refusal.wants_handshake(heard):
                return self._judged(heard, tool)
        heard = wire.call(
            "tools/call", {**call, "_meta": mcpwire.meta()}, headers=mcpwire.routing("tools/call", tool)
        )
        if self._refusal(heard, tool) is not None or not refusal.wants_handshake(heard):
            return self._judged(heard, tool)
        session, opened = _opened(wire)
        if session is None:
            return self._judged(opened, tool)
        is_kept = False
        try:
            passage, detail = self._judged(wire.call("tools/call", call, headers=session), tool)
            if passage is Passage.EXECUTED and "Mcp-Session-Id" not in session:
                self._agreed = session
            is_kept = (
                passage is Passage.EXECUTED and "Mcp-Session-Id" in session and server not in self._inside
            )
        finally:
            if is_kept:
                self._inside[server] = session
            elif "Mcp-Session-Id" in session:
                with suppress(Trouble):  # else the server forgets it in its own time
                    wire.end(headers=session)
        return passage, detail

    def _as_before(self, wire: Wire, server: str) -> tuple[Passage, str]:
        call, tool = self._call(server)
        heard = wire.call("tools/call", call, headers=self._inside[server])
        # a server that has ended the session says so with 404 (MCP 2025-11-25, Streamable HTTP)
        return (Passage.DENIED, "HTTP 404") if heard.status == 404 else self._judged(heard, tool)

    def _judged(self, heard: Heard, tool: str) -> tuple[Passage, str]:
        refused = self._refusal(heard, tool)
        return _judged(heard) if refused is None else (Passage.DENIED, refused)

    def _refusal(self, heard: Heard, tool: str) -> str | None:
        own = [message.replace("{tool}", tool) for message in self._binding.refusals]
        return refusal.denial(heard, tool) or refusal.one_of(heard, own)

    def _call(self, server: str) -> tuple[Facts, str]:
        asked = self._binding.call_on(server)
        tool = asked.tool.replace("{server}", self._binding.name_of(server))
        return {"name": tool, "arguments": _filled(dict(asked.arguments), secrets.token_hex(8))}, tool

    @contextmanager
    def _wire(self, server: str, timeout_s: float, patience_s: float = PATIENCE_S) -> Iterator[Wire]:
        wire = Wire(
            self._binding.url.replace("{server}", segment(self._binding.name_of(server))),
            checked_token(self._binding.call_on(server).token, where=self._where),
            clock=self._clock,
            timeout_s=timeout_s,
            patience_s=patience_s,
            network=self._binding.network,
            transport=self._transport,
        )
        try:
            yield wire
        finally:
            wire.close()


def _opened(wire: Wire) -> tuple[dict[str, str] | None, Heard]:
    """What calls in a session of our own carry, None where none is opened; and what `initialize` heard."""
    opened = wire.call("initialize", mcpwire.initialize_params(), headers={})
    if opened.message is None or not isinstance(opened.message.get("result"), dict):
        return None, opened
    version = opened.message["result"].get("protocolVersion")
    headers = {"MCP-Protocol-Version": version if _fits_header(version) else mcpwire.HANDSHAKE}
    if opened.session is not None and _fits_header(opened.session):
        headers["Mcp-Session-Id"] = opened.session
    wire.notify("notifications/initialized", headers=headers)
    return headers, opened


def _judged(heard: Heard) -> tuple[Passage, str]:
    """What an answer amounts to that is no refusal."""
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


def _fits_header(text: Json) -> bool:
    return isinstance(text, str) and text.isascii() and text.isprintable() and 0 < len(text) <= _DETAIL


def _filled(value: Json, nonce: str) -> Json:
    if isinstance(value, str):
        return value.replace("{nonce}", nonce)
    if isinstance(value, dict):
        return {key: _filled(inner, nonce) for key, inner in value.items()}
    return [_filled(inner, nonce) for inner in value] if isinstance(value, list | tuple) else value
