"""A SIEM that answers one question at a time by the evaluators, as the documented endpoints do.

Splunk Enterprise 9.4, REST API Reference Manual, "Search endpoint descriptions", search/v2/jobs with
exec_mode=oneshot; Elasticsearch API 9, "Run an ES|QL query".
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.languages import esql, spl

TOKEN = "token-that-nobody-may-see"


@dataclass
class Asked:
    """`broken` changes a query on its way to the engine; the first `silent` of them get no good answer."""

    broken: Callable[[str], str] = str
    silent: int = 0
    queries: list[str] = field(default_factory=list)

    def asgi(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/servicesNS/nobody/mcpsoar/search/v2/jobs", self._splunk, methods=["POST"]),
                Route("/_query", self._elastic, methods=["POST"]),
            ]
        )

    async def _splunk(self, request: Request) -> Response:
        form = {key: one[0] for key, one in parse_qs((await request.body()).decode()).items()}
        if form.get("exec_mode") != "oneshot" or form.get("output_mode") != "json":
            return JSONResponse({"sid": "1.1"}, 201)
        return self._answered(
            request, "Bearer", form["search"], lambda query: {"results": spl.run(query, [], now_ms=0)}
        )

    async def _elastic(self, request: Request) -> Response:
        return self._answered(request, "ApiKey", (await request.json())["query"], _columns)

    def _answered(
        self, request: Request, scheme: str, query: str, run: Callable[[str], dict[str, object]]
    ) -> Response:
        if request.headers.get("authorization") != f"{scheme} {TOKEN}":
            return JSONResponse({"messages": [{"text": "not authenticated"}]}, 401)
        self.queries.append(query)
        if len(self.queries) <= self.silent:
            return JSONResponse({"messages": [{"text": "busy"}]}, 500)
        return JSONResponse(run(self.broken(query)))


def _columns(query: str) -> dict[str, object]:
    rows = esql.run(query, {}, now_ms=0)
    names = list(rows.columns)
    return {
        "columns": [{"name": name, "type": rows.columns[name]} for name in names],
        "values": [[row[name] for name in names] for row in rows],
    }
