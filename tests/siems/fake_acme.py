"""A SIEM that there is not: saved queries under names, in rooms. What a plug-in from outside is tried on."""

from copy import deepcopy
from dataclasses import dataclass, field
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.siems.faults import Faults

TOKEN = "acme-token-that-nobody-may-see"


@dataclass
class FakeAcme:
    """`queries` by name; each counts its changes by itself."""

    room: str = "soc"
    queries: dict[str, dict[str, Any]] = field(default_factory=dict)
    faults: Faults = field(default_factory=Faults)

    def asgi(self) -> Starlette:
        async def answer(request: Request) -> Response:
            return await self.faults.through(request, self._answered)

        return Starlette(routes=[Route("/{rest:path}", answer, methods=["GET", "PUT", "PATCH", "DELETE"])])

    def held(self) -> Any:
        return deepcopy(self.queries)

    def hold(self, held: Any) -> None:
        self.queries = deepcopy(held)

    def there(self) -> dict[str, Any]:
        return self.queries

    def edit(self, text: str) -> str:
        """What an analyst does in the browser."""
        name = next(iter(self.queries))
        self.queries[name]["text"] = text
        return name

    async def _answered(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"Bearer {TOKEN}":
            return JSONResponse({"error": "who are you?"}, 401)
        room, _, name = request.path_params["rest"].partition("/queries/")
        if room != f"rooms/{self.room}" or not name:
            return Response("no such page", 404)
        there = self.queries.get(name)
        if request.method == "PUT":
            if there is not None:
                return JSONResponse({"error": "it is there"}, 409)
            self.queries[name] = {"enabled": False, **await request.json(), "revision": 1}
            return JSONResponse(self.queries[name], 201)
        if there is None:
            return JSONResponse({"error": "no such query"}, 404)
        if request.method == "DELETE":
            del self.queries[name]
            return JSONResponse({})
        if request.method == "PATCH":
            there |= {**await request.json(), "revision": there["revision"] + 1}
        return JSONResponse(there)
