"""Faults of a server that is called over HTTP: at the n-th call, before or after it was processed."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

Handler = Callable[[Request], Awaitable[Response]]
BEFORE = "before"  # 503 and nothing done
AFTER = "after"  # done, and 500
BUSY = "busy"  # 429 with a Retry-After, nothing done
CUT = "cut"  # done, and an answer that breaks off
NOWHERE = "nowhere"  # a proxy's or a router's 404, nothing done


@dataclass
class Faults:
    """`at` counts calls from 1; `calls` are (method, path) as they came. `often` is how many calls fail."""

    at: int = 0
    how: str = BEFORE
    often: int = 1
    calls: list[tuple[str, str]] = field(default_factory=list)

    def set(self, at: int, how: str, often: int = 1) -> None:
        self.at, self.how, self.often = at, how, often
        self.calls.clear()

    def writes(self) -> list[tuple[str, str]]:
        """Calls that change something: an export is a POST that does not."""
        return [call for call in self.calls if call[0] != "GET" and not call[1].endswith("_export")]

    async def through(self, request: Request, handle: Handler) -> Response:
        self.calls.append((request.method, request.url.path))
        if not self.at or not self.at <= len(self.calls) < self.at + self.often:
            return await handle(request)
        if self.how == BEFORE:
            return Response("upstream", 503)
        if self.how == NOWHERE:
            return JSONResponse({"statusCode": 404, "error": "Not Found", "message": "Not Found"}, 404)
        if self.how == BUSY:
            return Response("{}", 429, headers={"Retry-After": "0"})
        await handle(request)
        if self.how == AFTER:
            return Response("oops", 500)
        return Response(b'{"entry"', 200, headers={"Content-Length": "4000"})
