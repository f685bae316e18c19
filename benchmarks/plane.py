"""A control plane for benchmarks: the reference API, every call answered after the same time.

    python -I benchmarks/plane.py SERVERS DELAY_S

Prints its address, and when its input ends what came: one JSON list of [method, path, arrived_s, answered_s],
oldest first. The times are of the monotonic clock, which all processes of a machine share: when the whole
request was there, and when the whole answer was handed to the system. The delay lies between, so it is
time of processing; connections are accepted at once, and no call waits for another.
The standard library alone, and all of it in memory: what is measured is who calls.
"""

import json
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar
from urllib.parse import parse_qs, unquote, urlsplit


class State:
    """Registry, tokens and policy, and the calls so far."""

    def __init__(self, servers: int) -> None:
        self.states = {f"server-{n}": "enabled" for n in range(servers)}
        self.active = {f"{name}/{n}" for name in self.states for n in range(2)}
        self.approval = "normal"
        self.calls: list[tuple[str, str, float, float]] = []
        self.unanswered = 0
        self.change = threading.Condition()

    def answer(self, method: str, path: str, query: dict[str, list[str]], body: bytes) -> tuple[int, Any]:
        match method, [unquote(part) for part in path.strip("/").split("/")]:
            case "GET", ["registry"]:
                return 200, {"servers": [self._entry(name) for name in self.states], "next": None}
            case "GET", ["registry", name] if name in self.states:
                return 200, self._entry(name)
            case "POST", ["registry", name, "disable"] if name in self.states:
                self.states[name] = "disabled"
                return 200, {"server": name, "state": "disabled"}
            case "GET", ["tokens"]:
                return 200, {"tokens": [_token(one) for one in self._of(query["audience"][0])], "next": None}
            case "POST", ["tokens", "revoke"]:
                revoked = self._of(json.loads(body)["audience"])
                self.active -= set(revoked)
                return 200, {"revoked": revoked, "still_valid": []}
            case "GET", ["policy"]:
                return 200, {"write_approval": self.approval}
            case "POST", ["policy", "emergency-write-approval"]:
                self.approval = "forced"
                return 200, {"write_approval": "forced"}
        return 404, {"error": "unknown_server"}

    def _entry(self, name: str) -> dict[str, str]:
        return {"server": name, "state": self.states[name], "environment": "production"}

    def _of(self, audience: str) -> list[str]:
        return [one for one in (f"{audience}/0", f"{audience}/1") if one in self.active]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1  # head and body leave in one piece
    state: ClassVar[State]
    delay_s: ClassVar[float]

    def do_GET(self) -> None:
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        arrived_s = time.monotonic()
        with self.state.change:
            self.state.unanswered += 1
        time.sleep(self.delay_s)
        said = urlsplit(self.path)
        with self.state.change:
            status, answer = self.state.answer(self.command, said.path, parse_qs(said.query), body)
        sent = json.dumps(answer).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(sent)))
        self.end_headers()
        self.wfile.write(sent)
        self.wfile.flush()
        answered_s = time.monotonic()
        with self.state.change:
            self.state.calls.append((self.command, self.path, arrived_s, answered_s))
            self.state.unanswered -= 1
            self.state.change.notify()

    do_POST = do_GET  # noqa: N815 (its name there)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (its name there)
        """The calls are told at the end."""


class Server(ThreadingHTTPServer):
    request_queue_size = 128
    daemon_threads = True


def main() -> None:
    Handler.state = State(int(sys.argv[1]))
    Handler.delay_s = float(sys.argv[2])
    with Server(("127.0.0.1", 0), Handler) as server:
        print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        sys.stdin.read()
        with Handler.state.change:
            # who called last may have gone before its call was noted
            Handler.state.change.wait_for(lambda: not Handler.state.unanswered)
            print(json.dumps(sorted(Handler.state.calls, key=lambda call: call[2])))


def _token(one: str) -> dict[str, Any]:
    audience = one.rpartition("/")[0]
    return {"id": one, "audience": [audience], "kind": "opaque", "active": True, "expires_at": None}


if __name__ == "__main__":
    main()
