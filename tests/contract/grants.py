"""A stand-in for a token service of one's own: a list by links, two a page, and one call to end a grant."""

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from tests.contract.loopback import listening

KEY = "key-of-the-token-service"
EXP = 1_893_456_000  # 2030-01-01T00:00:00Z


@dataclass
class Grants:
    """The state, by id; tests look at it and change it past the API. `link` is to the next page, after an id.

    `refusing` ids answer with that status; `heard` are the calls that came, with their headers.
    """

    servers: dict[str, Any] = field(default_factory=lambda: {"g-1": "srv-17", "g-other": "srv-18"})
    revoked: set[str] = field(default_factory=set)
    refusing: dict[str, int] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)
    link: Any = "?after={after}"
    heard: list[tuple[str, str, Mapping[str, str]]] = field(default_factory=list)
    url: str = ""

    @property
    def deleted(self) -> list[str]:
        return [unquote(path.rpartition("/")[2]) for method, path, _ in self.heard if method == "DELETE"]

    def answer(self, method: str, target: str, headers: Mapping[str, str]) -> tuple[int, Any]:
        self.heard.append((method, target, headers))
        parts = urlsplit(target)
        path = [unquote(part) for part in parts.path.split("/")][1:]
        if headers.get("x-api-key") != KEY or "authorization" in headers:
            return 401, {"error": "who"}
        match method, path:
            case "GET", ["servers", _, "grants"]:
                return 200, self._page(parse_qs(parts.query).get("after", [""])[0])
            case "DELETE", ["grants", one]:
                if one in self.refusing:
                    return self.refusing[one], {"error": "no_grant" if self.refusing[one] == 404 else "no"}
                if one not in self.servers:
                    return 404, {"error": "no_grant"}
                self.revoked.add(one)
                return 204, None
        return 404, {"error": "no_page"}

    def _page(self, after: str) -> Any:
        names = list(self.servers)
        begin = names.index(after) + 1 if after else 0
        page = names[begin : begin + 2]
        said = {"data": [self._grant(one) for one in page]}
        more = begin + 2 < len(names)
        return said | ({"links": {"next": self._link(page[-1])}} if more else {})

    def _link(self, after: str) -> Any:
        port = urlsplit(self.url).port
        filled = isinstance(self.link, str)
        return self.link.format(url=self.url, port=port, after=after) if filled else self.link

    def _grant(self, one: str) -> dict[str, Any]:
        ended = "2026-11-28T03:00:00Z" if one in self.revoked else None
        return {"id": one, "server": self.servers[one], "revoked_at": ended, "exp": EXP, **self.extra}


@contextmanager
def grants() -> Iterator[Grants]:
    """The service on loopback, in threads of this process."""
    plane = Grants()
    with served(lambda method, target, headers, _: plane.answer(method, target, headers)) as plane.url:
        yield plane


@contextmanager
def served(answer: Callable[[str, str, Mapping[str, str], Any], tuple[int, Any]]) -> Iterator[str]:
    """What `answer(method, target, headers, body)` says, on loopback; header names are lower case."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            sent = self.rfile.read(int(self.headers.get("content-length", 0)))
            headers = {name.lower(): value for name, value in self.headers.items()}
            status, said = answer(self.command, self.path, headers, json.loads(sent) if sent else None)
            content = b"" if said is None else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = do_DELETE = _answer  # noqa: N815 (the library's names)

        def log_message(self, *_: object) -> None: ...

    with listening(Handler) as port:
        yield f"http://127.0.0.1:{port}"
