"""A Kibana and the Elasticsearch behind it, as their APIs are documented, with Kibana's known bugs.

Kibana API 9: Security Detections (rules), Security Exceptions, Saved objects. Elasticsearch API 9: component
and index templates, ingest pipelines, index, document, optimistic concurrency control. Bugs: an import with
overwrite unlinks exception lists (elastic/kibana#269435); an empty list of actions empties nothing
(elastic/kibana#118166). `/kibana` and `/es` are the two addresses.
"""

import json
from copy import deepcopy
from dataclasses import dataclass, field
from email import message_from_bytes
from email.policy import HTTP
from typing import Any
from urllib.parse import unquote

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from tests.siems.fake_elasticsearch import FakeElasticsearch
from tests.siems.faults import Faults

TOKEN = "elastic-key-that-nobody-may-see"
_NEW_RULE: dict[str, Any] = {
    "enabled": True,
    "actions": [],
    "exceptions_list": [],
    "references": [],
    "tags": [],
    "threat": [],
    "from": "now-6m",
    "interval": "5m",
    "max_signals": 100,
    "false_positives": [],
    "related_integrations": [],
    "version": 1,
}
_NEEDED = ("name", "description", "risk_score", "severity", "type")
_SERVER_S = ("id", "immutable", "revision", "created_at", "updated_at", "rule_source", "execution_summary")


@dataclass
class FakeKibana:
    space: str = "default"
    rules: dict[str, dict[str, Any]] = field(default_factory=dict)
    lists: dict[str, dict[str, Any]] = field(default_factory=dict)
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    objects: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    elasticsearch: FakeElasticsearch = field(default_factory=FakeElasticsearch)
    faults: Faults = field(default_factory=Faults)

    def there(self) -> dict[Any, Any]:
        held = self.elasticsearch
        own = {"rules": self.rules, "lists": self.lists, "items": self.items, "objects": self.objects}
        return {**own, **held.shelves, "indices": held.indices, "documents": held.documents}

    def held(self) -> Any:
        """All that it holds, for `hold` to put back."""
        return deepcopy((self.rules, self.lists, self.items, self.objects, self.elasticsearch))

    def hold(self, held: Any) -> None:
        self.rules, self.lists, self.items, self.objects, self.elasticsearch = deepcopy(held)

    def asgi(self) -> Starlette:
        async def answer(request: Request) -> Response:
            return await self.faults.through(request, self._answered)

        methods = ["GET", "POST", "PUT", "PATCH", "DELETE"]
        return Starlette(routes=[Route("/{rest:path}", answer, methods=methods)])

    async def _answered(self, request: Request) -> Response:
        if request.headers.get("authorization") != f"ApiKey {TOKEN}":
            return JSONResponse({"statusCode": 401, "error": "Unauthorized", "message": "Unauthorized"}, 401)
        raw = request.scope["raw_path"].decode().partition("?")[0].strip("/").split("/")
        parts = [unquote(part) for part in raw]
        data = await request.body()
        if parts[0] == "es":
            body = json.loads(data) if data else {}
            return self.elasticsearch.answer(request.method, parts[1:], dict(request.query_params), body)
        if request.method != "GET" and "kbn-xsrf" not in request.headers:
            return _bad(400, "Request must contain a kbn-xsrf header.")
        parts = parts[1:]
        if parts[:1] == ["s"]:
            if parts[1] != self.space:
                return JSONResponse({"statusCode": 404, "error": "Not Found", "message": "Not Found"}, 404)
            parts = parts[2:]
        elif self.space != "default":
            return JSONResponse({"statusCode": 404, "error": "Not Found", "message": "Not Found"}, 404)
        routes = {
            "api/detection_engine/rules": lambda: self._rule(request, data),
            "api/detection_engine/rules/_import": lambda: self._import_rules(request, data),
            "api/exception_lists": lambda: self._exception(request, data, self.lists, "list_id"),
            "api/exception_lists/items": lambda: self._exception(request, data, self.items, "item_id"),
            "api/saved_objects/_import": lambda: self._import(request, data),
            "api/saved_objects/_export": lambda: self._export(data),
        }
        route = routes.get("/".join(parts))
        if route is not None:
            return route()
        if parts[:2] == ["api", "saved_objects"] and len(parts) == 4 and request.method == "DELETE":
            gone = self.objects.pop((parts[2], parts[3]), None)
            return JSONResponse({}) if gone else _bad(404, f"Saved object [{parts[2]}/{parts[3]}] not found")
        return JSONResponse({"statusCode": 404, "error": "Not Found", "message": "Not Found"}, 404)

    def _rule(self, request: Request, data: bytes) -> Response:
        body: dict[str, Any] = json.loads(data) if data else {}
        name = body.get("rule_id") or request.query_params.get("rule_id", "")
        there = self.rules.get(name)
        if request.method == "POST":
            if there is not None:
                return _engine(409, f'rule_id: "{name}" already exists')
            missing = [key for key in _NEEDED if key not in body]
            if missing or any(key in body for key in _SERVER_S):
                return _bad(400, f"[request body]: {', '.join(missing)}: Required")
            self.rules[name] = _rule(body, {"id": f"uuid-of-{name}", "revision": 0})
            return JSONResponse(_shown(self.rules[name]))
        if there is None:
            return _engine(404, f'rule_id: "{name}" not found')
        if request.method == "DELETE":
            return JSONResponse(_shown(self.rules.pop(name)))
        if request.method == "GET":
            return JSONResponse(_shown(there))
        if any(key in body for key in _SERVER_S):
            return _bad(400, "[request body]: unrecognized keys")
        if request.method == "PUT":
            missing = [key for key in _NEEDED if key not in body]
            if missing:
                return _bad(400, f"[request body]: {', '.join(missing)}: Required")
            self.rules[name] = _rule(body, {"id": there["id"], "revision": there["revision"] + 1})
        else:
            changed = {key: value for key, value in body.items() if (key, value) != ("actions", [])}
            self.rules[name] = _rule({**there, **changed}, {"revision": there["revision"] + 1})
        return JSONResponse(_shown(self.rules[name]))

    def _import_rules(self, request: Request, data: bytes) -> Response:
        lines = [json.loads(line) for line in _file(request, data).splitlines() if line.strip()]
        for line in lines:
            if line["rule_id"] in self.rules and request.query_params.get("overwrite") != "true":
                return JSONResponse({"success": False, "success_count": 0, "errors": [{}]})
            was = self.rules.get(line["rule_id"], {})
            kept = {"actions": was["actions"]} if was and not line.get("actions") else {}
            made = {"id": "new", "revision": was.get("revision", -1) + 1, **kept}
            # the bug: what the line does not say is unlinked
            self.rules[line["rule_id"]] = _rule(
                line, {**made, "exceptions_list": line.get("exceptions_list", [])}
            )
        return JSONResponse({"success": True, "success_count": len(lines), "errors": []})

    def _exception(
        self, request: Request, data: bytes, shelf: dict[str, dict[str, Any]], key: str
    ) -> Response:
        body: dict[str, Any] = json.loads(data) if data else {}
        name = body.get(key) or request.query_params.get(key, "")
        there = shelf.get(name)
        if request.method == "POST":
            if there is not None:
                return _engine(409, f'exception {key}: "{name}" already exists')
            made: dict[str, Any] = {
                "tags": [],
                "os_types": [],
                **body,
                "id": f"uuid-of-{name}",
                "_version": "v1",
            }
            more: tuple[str, Any] = ("comments", []) if key == "item_id" else ("version", 1)
            made[more[0]] = more[1]
            shelf[name] = made | {"created_by": "elastic", "tie_breaker_id": "t", "immutable": False}
            return JSONResponse(shelf[name])
        if there is None:
            return _engine(404, f'exception {key}: "{name}" does not exist')
        if request.method == "DELETE":
            return JSONResponse(shelf.pop(name))
        if request.method == "GET":
            return JSONResponse(there)
        if any(one not in body for one in ("name", "description", "type")):
            return _bad(400, "[request body]: name, description, type: Required")
        if any(one in body for one in ("created_by", "tie_breaker_id")):
            return _bad(400, "[request body]: invalid keys")
        if body.pop("_version", there["_version"]) != there["_version"]:
            return _engine(409, "version conflict")
        kept = {
            one: there[one] for one in ("id", key, "list_id", "created_by", "tie_breaker_id") if one in there
        }
        said = {"tags": [], "os_types": [], **({"comments": []} if key == "item_id" else {}), **body}
        by_id = {one["id"]: one for one in there.get("comments", [])}
        for one in said.get("comments", []):
            if one.get("id", "") not in by_id or one.keys() - {"id", "comment"}:
                return _bad(400, "comments: an id that is not there, or keys that are not taken")
        if "comments" in said:
            said["comments"] = [{**by_id[one["id"]], **one} for one in said["comments"]]
        shelf[name] = kept | said | {"_version": f"v{int(there['_version'][1:]) + 1}"}
        return JSONResponse(shelf[name])

    def _import(self, request: Request, data: bytes) -> Response:
        lines = [json.loads(line) for line in _file(request, data).splitlines() if line.strip()]
        errors = []
        for line in lines:
            key = (line["type"], line["id"])
            if key in self.objects and request.query_params.get("overwrite") != "true":
                errors.append({"type": key[0], "id": key[1], "error": {"type": "conflict"}})
            elif any(self._is_missing(one) for one in line["references"]):
                errors.append({"type": key[0], "id": key[1], "error": {"type": "missing_references"}})
            else:
                attributes = {name: _laid_out(name, value) for name, value in line["attributes"].items()}
                self.objects[key] = {**line, "attributes": {**attributes, "kibanaAdded": 1}, "managed": False}
        answer = {"success": not errors, "successCount": len(lines) - len(errors)}
        return JSONResponse(answer | ({"errors": errors} if errors else {}))

    def _is_missing(self, reference: dict[str, Any]) -> bool:
        """Kibana asks of data views and searches alone whether they are there."""
        kind, name = reference["type"], reference["id"]
        return kind in ("index-pattern", "search") and (kind, name) not in self.objects

    def _export(self, data: bytes) -> Response:
        asked = json.loads(data)["objects"]
        missing = [
            {**one, "error": {"statusCode": 404, "error": "Not Found", "message": "not found"}}
            for one in asked
            if (one["type"], one["id"]) not in self.objects
        ]
        if missing:
            said = {"statusCode": 400, "error": "Bad Request", "message": "Error fetching objects to export"}
            return JSONResponse(said | {"attributes": {"objects": missing}}, 400)
        lines = [json.dumps(self.objects[one["type"], one["id"]]) for one in asked]
        return Response("\n".join(lines), media_type="application/ndjson")


def _rule(body: dict[str, Any], more: dict[str, Any]) -> dict[str, Any]:
    made = {**_NEW_RULE, **body, **more}
    made["threat"] = [
        {**one, "technique": [{"subtechnique": [], **what} for what in one.get("technique", [])]}
        for one in made["threat"]
    ]
    return made


def _shown(rule: dict[str, Any]) -> dict[str, Any]:
    return {
        **rule,
        "immutable": False,
        "rule_source": {"type": "internal"},
        "created_at": "2026-03-01T10:00:00.000Z",
        "updated_at": "2026-03-01T10:00:00.000Z",
        "execution_summary": {"last_execution": {"status": "succeeded"}},
    }


def _laid_out(name: str, value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _laid_out(key, inner) for key, inner in value.items()}
    if not name.endswith("JSON"):
        return value
    said = json.loads(value)
    more = [{**one, "addedByKibana": True} for one in said] if isinstance(said, list) else None
    return json.dumps(more or {**said, "addedByKibana": True} if said else said, indent=1)


def _file(request: Request, data: bytes) -> bytes:
    """The one part of a multipart body, by the standard library's reader of mail."""
    whole = b"Content-Type: " + request.headers["content-type"].encode() + b"\r\n\r\n" + data
    (part,) = message_from_bytes(whole, policy=HTTP).iter_parts()
    assert part.get_param("name", header="content-disposition") == "file"
    content = part.get_payload(decode=True)
    assert isinstance(content, bytes)
    return content


def _engine(status: int, message: str) -> Response:
    return JSONResponse({"message": message, "status_code": status}, status)


def _bad(status: int, message: str) -> Response:
    return JSONResponse({"statusCode": status, "error": "Bad Request", "message": message}, status)
