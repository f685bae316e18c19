"""A proxy that plays tricks: the faults of networks and middle boxes between a connector and its plane."""

import gzip
import http.client
import json
import socket
import struct
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from enum import StrEnum
from urllib.parse import urlsplit

import h11

_HOST = "127.0.0.1"
_READ = 65536
_SILENCE_S = 60.0
_BOMB_BYTES = 16 << 20


class Trick(StrEnum):
    """What happens to a call. Unless it says so, the plane gets the request and acts on it first."""

    DROP_BEFORE = "drop_before"  # the connection is reset; the plane never hears of it
    DROP_AFTER = "drop_after"  # the connection is reset when the plane has answered
    HANG_UP = "hang_up"  # the connection is closed without an answer
    SILENCE = "silence"  # no answer, and the connection stays open
    DEAF = "deaf"  # the same, and the plane never hears of it
    DRIP = "drip"  # [seconds] the answer comes byte by byte
    HALF = "half"  # the first half of the answer's body, then the end
    HUGE = "huge"  # a body without end
    BOMB = "bomb"  # 16 MiB of blanks, compressed to almost nothing
    GARBLED = "garbled"  # bytes that are no HTTP
    NOT_JSON = "not_json"  # 200 and a page for a browser
    STATUS = "status"  # [status, headers, body] this answer, and the plane never hears of it
    STATUS_AFTER = "status_after"  # [status, headers, body] this answer, when the plane has acted
    LATER = "later"  # [seconds] 202 at once; the plane hears of it so much later
    REPLAY = "replay"  # what the same call was told before; the plane never hears of it
    ECHO = "echo"  # [status] an answer that repeats the request, token and all
    REDIRECT = "redirect"  # [status] to another origin; the plane never hears of it


@dataclass(frozen=True, slots=True)
class Call:
    """One request as it came over the wire. Header names are lower case."""

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes
    trick: Trick | None = None


@dataclass(slots=True)
class _Play:
    trick: Trick
    when: Callable[[Call], bool]
    times: int | None
    seconds: float
    status: int
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class _Answer:
    status: int
    headers: tuple[tuple[str, str], ...]
    body: bytes

    def as_bytes(self, reason: str = "Tricked") -> bytes:
        head = [f"HTTP/1.1 {self.status} {reason}"]
        named = {name.lower() for name, _ in self.headers}
        head += [f"{name}: {value}" for name, value in self.headers]
        if "content-length" not in named:
            head.append(f"content-length: {len(self.body)}")
        return "\r\n".join([*head, "", ""]).encode("latin-1") + self.body


@dataclass(slots=True)
class Wire:
    """A running proxy at `url`. `calls` is what came, oldest first; `connections` counts clients' sockets.

    `decoy_url` is another origin: whoever follows a redirect is counted in `decoy_connections`.
    """

    url: str
    decoy_url: str
    upstream: str
    calls: list[Call] = field(default_factory=list)
    connections: int = 0
    decoy_connections: int = 0
    _plays: list[_Play] = field(default_factory=list)
    _told: dict[tuple[str, str], _Answer] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _healed: threading.Event = field(default_factory=threading.Event)

    def play(
        self,
        trick: Trick,
        *,
        when: Callable[[Call], bool] = lambda _: True,
        times: int | None = None,
        seconds: float = 0.05,
        status: int = 503,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"{}",
    ) -> None:
        """From now on `trick` happens to calls that `when` picks, `times` times or always."""
        with self._lock:
            self._healed.clear()
            self._plays.append(_Play(trick, when, times, seconds, status, headers or {}, body))

    def heal(self) -> None:
        """No more tricks; whoever waits in silence is let go."""
        with self._lock:
            self._plays.clear()
        self._healed.set()

    def _met(self, call: Call) -> _Play | None:
        with self._lock:
            for play in self._plays:
                if play.times != 0 and play.when(call):
                    play.times = play.times and play.times - 1
                    return play
        return None

    def _serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            rest = b""
            while True:
                call, rest = _request(client, rest)
                if call is None:
                    return
                play = self._met(call)
                with self._lock:
                    self.calls.append(
                        Call(call.method, call.target, call.headers, call.body, play.trick if play else None)
                    )
                if play is not None:
                    self._trick(client, call, play)
                    return
                answer = self._forward(call)
                with self._lock:
                    self._told[call.method, call.target] = answer
                client.sendall(answer.as_bytes("As Is"))

    def _trick(self, client: socket.socket, call: Call, play: _Play) -> None:
        match play.trick:
            case Trick.DROP_BEFORE:
                _reset(client)
            case Trick.STATUS:
                client.sendall(_plain(play.status, play.headers, play.body))
            case Trick.DEAF:
                self._healed.wait(_SILENCE_S)
            case Trick.REDIRECT:
                away = {"location": f"{self.decoy_url}{call.target}"}
                client.sendall(_plain(play.status if 300 <= play.status < 400 else 307, away, b""))
            case Trick.REPLAY:
                with self._lock:
                    told = self._told.get((call.method, call.target))
                client.sendall(told.as_bytes("As Before") if told else _plain(404, {}, b"{}"))
            case Trick.LATER:
                client.sendall(_plain(202, {}, b'{"status": "accepted"}'))
                late = threading.Timer(play.seconds, self._forward, (call,))
                late.daemon = True
                late.start()
            case _:
                self._after(client, call, play, self._forward(call))

    def _after(self, client: socket.socket, call: Call, play: _Play, answer: _Answer) -> None:
        match play.trick:
            case Trick.DROP_AFTER:
                _reset(client)
            case Trick.SILENCE:
                self._healed.wait(_SILENCE_S)
            case Trick.DRIP:
                for byte in answer.as_bytes():
                    client.sendall(bytes([byte]))
                    if self._healed.wait(play.seconds):
                        return
            case Trick.HUGE:
                client.sendall(b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n")
                while not self._healed.is_set():
                    client.sendall(b" " * _READ)
            case _:
                client.sendall(_spoiled(call, play, answer))

    def _forward(self, call: Call) -> _Answer:
        parts = urlsplit(self.upstream)
        there = http.client.HTTPConnection(parts.hostname or _HOST, parts.port, timeout=30)
        try:
            there.putrequest(call.method, call.target, skip_host=True, skip_accept_encoding=True)
            for name, value in call.headers.items():
                there.putheader(name, value)
            there.endheaders(call.body or None)
            response = there.getresponse()
            body = response.read()
            kept = [(name, value) for name, value in response.getheaders() if name.lower() not in _HOP]
            return _Answer(response.status, tuple(kept), body)
        except (OSError, http.client.HTTPException):
            return _Answer(502, (), b'{"error": "bad_gateway"}')
        finally:
            there.close()


_HOP = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding"})


@contextmanager
def wire(upstream: str) -> Iterator[Wire]:
    """Put a wire in front of `upstream` (an http URL), on loopback, for as long as the block lasts."""
    with _listener() as listener, _listener() as decoy:
        proxy = Wire(_url(listener), _url(decoy), upstream.rstrip("/"))
        clients: list[socket.socket] = []

        def accept() -> None:
            with suppress(OSError):
                while True:
                    client, _ = listener.accept()
                    clients.append(client)
                    proxy.connections += 1
                    threading.Thread(target=proxy._serve, args=(client,), daemon=True).start()  # noqa: SLF001

        def count() -> None:
            with suppress(OSError):
                while True:
                    decoy.accept()[0].close()
                    proxy.decoy_connections += 1

        threads = [threading.Thread(target=work, daemon=True) for work in (accept, count)]
        for thread in threads:
            thread.start()
        try:
            yield proxy
        finally:
            proxy.heal()
            for sock in (listener, decoy, *clients):
                with suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.join(5)


def _listener() -> socket.socket:
    return socket.create_server((_HOST, 0))


def _url(listener: socket.socket) -> str:
    return f"http://{_HOST}:{listener.getsockname()[1]}"


def _request(client: socket.socket, rest: bytes) -> tuple[Call | None, bytes]:
    """The next whole request, and the bytes after it; None when the client has left."""
    parser = h11.Connection(h11.SERVER)
    parser.receive_data(rest) if rest else None
    head: h11.Request | None = None
    body = b""
    while True:
        event = parser.next_event()
        if event is h11.NEED_DATA:
            data = client.recv(_READ)
            if not data:
                return None, b""
            parser.receive_data(data)
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in head.headers}
            call = Call(head.method.decode(), head.target.decode("latin-1"), headers, body)
            return call, parser.trailing_data[0]
        else:
            return None, b""


def _spoiled(call: Call, play: _Play, answer: _Answer) -> bytes:
    """What is sent instead of the plane's answer; nothing at all for HANG_UP."""
    match play.trick:
        case Trick.HALF:
            whole = answer.as_bytes()
            return whole[: len(whole) - len(answer.body) // 2 - 1]
        case Trick.BOMB:
            return _plain(200, {"content-encoding": "gzip"}, gzip.compress(b" " * _BOMB_BYTES, 1))
        case Trick.GARBLED:
            return b"\x16\x03\x01 220 mail.example.com ESMTP\r\n"
        case Trick.NOT_JSON:
            return _plain(200, {"content-type": "text/html"}, b"<html>Please sign in</html>")
        case Trick.STATUS_AFTER:
            return _plain(play.status, play.headers, play.body)
        case Trick.ECHO:
            return _echo(call, play.status)
        case _:
            return b""


def _plain(status: int, headers: Mapping[str, str], body: bytes) -> bytes:
    return _Answer(status, (*headers.items(), ("connection", "close")), body).as_bytes()


def _echo(call: Call, status: int) -> bytes:
    """What the request carries, its credentials among it, in every place that somebody may print."""
    kept = [value for name, value in call.headers.items() if name not in ("host", "connection")]
    token = " ".join([*kept, call.body.decode("latin-1")]).replace("\r", " ").replace("\n", " ")
    said = {"error": token, "message": f"bad header {token}", "detail": [token], "state": token, "id": token}
    headers = {"x-request-authorization": token, "www-authenticate": token, "retry-after": token}
    answer = _Answer(status, (*headers.items(), ("connection", "close")), json.dumps(said).encode())
    return answer.as_bytes(f"Bad {token}")


def _reset(client: socket.socket) -> None:
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()
