"""An Elasticsearch of templates, pipelines, indices and documents (Elasticsearch API 9)."""

from dataclasses import dataclass, field
from typing import Any

from starlette.responses import JSONResponse, Response

_FINAL = ("index.mode", "index.number_of_shards")


@dataclass
class FakeElasticsearch:
    """`shelves` by path: _component_template, _index_template, _ingest/pipeline."""

    shelves: dict[str, dict[str, Any]] = field(default_factory=dict)
    indices: dict[str, dict[str, Any]] = field(default_factory=dict)
    documents: dict[tuple[str, str], dict[str, Any]] = field(default_factory=dict)
    sequence: int = 0

    def answer(self, method: str, parts: list[str], query: dict[str, str], body: Any) -> Response:
        if parts[0] in ("_component_template", "_index_template"):
            return self._template(method, parts[0], parts[1], query, body)
        if parts[:2] == ["_ingest", "pipeline"]:
            return self._pipeline(method, parts[2], body)
        if len(parts) == 1:
            return self._index(method, parts[0], body)
        if parts[1] in ("_mapping", "_settings"):
            return self._grown(parts[0], parts[1], body)
        return self._document(method, parts, query, body)

    def _template(self, method: str, path: str, name: str, query: dict[str, str], body: Any) -> Response:
        shelf, kind = self.shelves.setdefault(path, {}), path[1:]
        if method == "PUT":
            if name in shelf and query.get("create") == "true":
                return _error(400, "illegal_argument_exception", f"{kind} [{name}] already exists")
            shelf[name] = _stored(body)
            return JSONResponse({"acknowledged": True})
        if name not in shelf:
            return _error(404, "resource_not_found_exception", f"{kind} matching [{name}] not found")
        if method == "DELETE":
            del shelf[name]
            return JSONResponse({"acknowledged": True})
        return JSONResponse({f"{kind}s": [{"name": name, kind: shelf[name]}]})

    def _pipeline(self, method: str, name: str, body: Any) -> Response:
        shelf = self.shelves.setdefault("_ingest/pipeline", {})
        if method == "PUT":
            shelf[name] = {**body, "created_date_millis": 1, "modified_date_millis": 2}
            return JSONResponse({"acknowledged": True})
        if name not in shelf:
            return JSONResponse({}, 404)
        if method == "DELETE":
            del shelf[name]
            return JSONResponse({"acknowledged": True})
        return JSONResponse({name: shelf[name]})

    def _index(self, method: str, name: str, body: Any) -> Response:
        if method == "PUT":
            if name in self.indices:
                return _error(400, "resource_already_exists_exception", f"index [{name}] already exists")
            settings = _flat(body.get("settings", {})) | {"index.uuid": "u", "index.provided_name": name}
            self.indices[name] = {"settings": settings, "mappings": body.get("mappings", {})}
            return JSONResponse({"acknowledged": True, "index": name})
        if name not in self.indices:
            return _error(404, "index_not_found_exception", f"no such index [{name}]")
        assert method == "GET", "nobody deletes an index"
        there = self.indices[name]
        shown = {"aliases": {}, "mappings": there["mappings"], "settings": _nested(there["settings"])}
        return JSONResponse({name: shown})

    def _grown(self, name: str, what: str, body: Any) -> Response:
        there = self.indices[name]
        if what == "_settings":
            said = _flat(body)
            if any(key in _FINAL for key in said):
                return _error(400, "illegal_argument_exception", "final index setting")
            there["settings"] |= said
        else:
            fields = there["mappings"].setdefault("properties", {})
            for key, value in body.get("properties", {}).items():
                if key in fields and fields[key]["type"] != value["type"]:
                    return _error(400, "illegal_argument_exception", f"mapper [{key}] cannot be changed")
                fields[key] = value
        return JSONResponse({"acknowledged": True})

    def _document(self, method: str, parts: list[str], query: dict[str, str], body: Any) -> Response:
        index, how, name = parts
        there = self.documents.get((index, name))
        if method == "GET":
            if there is None:
                return JSONResponse({"_index": index, "_id": name, "found": False}, 404)
            return JSONResponse({"_index": index, "_id": name, "found": True, **there})
        if how == "_create" and there is not None:
            return _error(409, "version_conflict_engine_exception", "document already exists")
        if there and query.get("if_seq_no", str(there["_seq_no"])) != str(there["_seq_no"]):
            return _error(409, "version_conflict_engine_exception", "required seqNo is another")
        self.sequence += 1
        if method == "DELETE":
            del self.documents[index, name]
        else:
            document = {"_seq_no": self.sequence, "_primary_term": 1, "_source": body}
            self.documents[index, name] = document
        return JSONResponse({"result": "updated"}, 201 if there is None else 200)


def _stored(template: dict[str, Any]) -> dict[str, Any]:
    made = dict(template)
    if "template" in made:
        made["template"] = dict(made["template"])
        if "settings" in made["template"]:
            made["template"]["settings"] = _nested(_flat(made["template"]["settings"]))
    if "data_stream" in made:
        made["data_stream"] = {"hidden": False, "allow_custom_routing": False}
    return made


def _flat(settings: dict[str, Any], head: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in settings.items():
        if isinstance(value, dict):
            flat |= _flat(value, f"{head}{key}.")
        else:
            path = f"{head}{key}"
            text = str(value).lower() if isinstance(value, bool) else str(value)
            flat[path if path.startswith("index.") else f"index.{path}"] = text
    return flat


def _nested(settings: dict[str, str]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for key, value in settings.items():
        at = made
        *parents, last = key.split(".")
        for parent in parents:
            at = at.setdefault(parent, {})
        at[last] = value
    return made


def _error(status: int, kind: str, reason: str) -> Response:
    return JSONResponse({"error": {"type": kind, "reason": reason}, "status": status}, status)
