"""What is read of an event stream, however it is cut, and that it costs no more than it is long."""

import json
from collections.abc import Iterator

import httpx
import pytest

from mcpsoar.contain import mcpwire
from mcpsoar.contain.mcpwire import Heard, Wire
from mcpsoar.core.digest import Json
from mcpsoar.kit import strictjson
from mcpsoar.kit.clock import SystemClock

ANSWER = {"jsonrpc": "2.0", "id": 1, "result": {"content": []}}
OTHER = {"jsonrpc": "2.0", "method": "notifications/progress"}


class Chunks(httpx.SyncByteStream):
    """A stream in pieces, and how many of them were taken."""

    def __init__(self, *chunks: bytes) -> None:
        self._chunks = chunks
        self.taken = 0

    def __iter__(self) -> Iterator[bytes]:
        for chunk in self._chunks:
            self.taken += 1
            yield chunk


def heard(stream: Chunks) -> Heard:
    def answer(_: httpx.Request) -> httpx.Response:
        return httpx.Response(200, headers={"content-type": "text/event-stream"}, stream=stream)

    wire = Wire(
        "https://gateway.example.com/mcp",
        None,
        clock=SystemClock(),
        timeout_s=20.0,
        transport=httpx.MockTransport(answer),
    )
    return wire.call("tools/call", {"name": "ping"}, headers={})


def event(said: Json, end: str) -> bytes:
    return f"event: message{end}data: {json.dumps(said)}{end}{end}".encode()


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_the_answer_is_heard_wherever_the_stream_is_cut(end: str) -> None:
    text = event(OTHER, end) + event(ANSWER, end)
    for at in range(1, len(text)):
        stream = Chunks(text[:at], text[at:], b": nobody waits for this\n", b"\n")
        assert heard(stream).message == ANSWER, at
        assert stream.taken < 4, at
    bytewise = Chunks(*(bytes((one,)) for one in text))
    assert heard(bytewise).message == ANSWER


def test_each_event_is_read_once_while_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []

    class Counting:
        @staticmethod
        def parse(data: bytes) -> Json:
            read.append(len(data))
            return strictjson.parse(data)

    monkeypatch.setattr(mcpwire, "strictjson", Counting)
    chunk = event(OTHER, "\n") * 10
    assert heard(Chunks(*[chunk] * 50)).message is None
    assert len(read) <= 2 * 500, "once as it comes, once at the end"
