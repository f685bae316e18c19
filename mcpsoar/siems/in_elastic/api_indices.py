"""Templates, ingest pipelines, lookup indices and their documents: Elasticsearch's own API.

Elasticsearch API 9. Settings come back as text below `index`, mappings with `dynamic` as text and without
`type: object`; PUT of a template or pipeline replaces it. A lookup index is never deleted: others may have
written to it.
"""

from collections.abc import Mapping

from mcpsoar.core.digest import Facts, Json
from mcpsoar.core.errors import Malformed, Unsupported
from mcpsoar.kit.http import Edge
from mcpsoar.siems.deploy.live import Change, Found, Traits
from mcpsoar.siems.in_elastic.shelf import Shelf, an_object
from mcpsoar.siems.objects import Item

_SERVER_S = ("created_date", "created_date_millis", "modified_date", "modified_date_millis")
# what an existing index takes: anything else needs a new index
_INDEX = ("mappings", "settings")


class _Named(Shelf):
    """What lies under one path by its name, and is replaced as a whole."""

    _path: str

    def __init__(self, edge: Edge) -> None:
        self._edge = edge

    def create(self, item: Item) -> None:
        self._put(item, item.body, {"create": "true"})

    def change(self, item: Item, change: Change, found: Found) -> None:  # noqa: ARG002 (the port's shape)
        self._put(item, change.whole, {})

    def delete(self, item: Item, found: Found) -> None:  # noqa: ARG002
        self._edge.change("DELETE", *self._path.split("/"), item.name)

    def _put(self, item: Item, body: Facts, query: Mapping[str, str]) -> None:
        self._edge.change("PUT", *self._path.split("/"), item.name, body=body, query=query)

    def _body(self, *path: str) -> Facts | None:
        reply = self._edge.find(*path, absent=_is_absent)
        return None if reply is None else an_object(reply, self._edge)


class Templates(_Named):
    """Component templates and index templates; `kind` says which."""

    def __init__(self, edge: Edge, kind: str) -> None:
        super().__init__(edge)
        self.kind = kind
        self._path = f"_{kind}"

    def canonical(self, name: str, body: Facts) -> Facts:  # noqa: ARG002
        made = {key: value for key, value in body.items() if key not in _SERVER_S}
        if isinstance(made.get("index_patterns"), str):
            made["index_patterns"] = [made["index_patterns"]]
        if isinstance(made.get("template"), dict):
            made["template"] = _spelt(made["template"])
        return made

    def find(self, item: Item) -> Facts | None:
        body = self._body(self._path, item.name)
        listed = None if body is None else body.get(f"{self.kind}s")
        for one in listed if isinstance(listed, list) else ():
            if (
                isinstance(one, dict)
                and one.get("name") == item.name
                and isinstance(one.get(self.kind), dict)
            ):
                found: Facts = one[self.kind]
                return found
        if body is not None:
            raise Malformed(f"the answer has no {self.kind} of that name", where=self._edge.where)
        return None


class Pipelines(_Named):
    kind = "ingest_pipeline"
    _path = "_ingest/pipeline"

    def canonical(self, name: str, body: Facts) -> Facts:  # noqa: ARG002
        return {key: value for key, value in body.items() if key not in _SERVER_S}

    def find(self, item: Item) -> Facts | None:
        return _under(self._body("_ingest", "pipeline", item.name), item.name, self._edge)

    def create(self, item: Item) -> None:
        self._put(item, item.body, {})  # it knows no create: it was looked for just before


class LookupIndices(_Named):
    """An index in mode lookup. Its mapping grows; what an index in use cannot change is refused there."""

    kind = "lookup_index"
    traits = Traits(holds_data=True, can_unset=False)

    def canonical(self, name: str, body: Facts) -> Facts:  # noqa: ARG002
        strange = [key for key in body if key not in _INDEX]
        if strange:
            raise Unsupported(f"a lookup index has mappings and settings, not {', '.join(strange)}")
        return _spelt({key: body[key] for key in _INDEX if key in body})

    def find(self, item: Item) -> Facts | None:
        found = _under(self._body(item.name), item.name, self._edge)
        return None if found is None else {key: found[key] for key in _INDEX if key in found}

    def create(self, item: Item) -> None:
        self._edge.change("PUT", item.name, body=item.body)

    def change(self, item: Item, change: Change, found: Found) -> None:
        for key, path in (("mappings", "_mapping"), ("settings", "_settings")):
            if key in change.keys:
                self._edge.change("PUT", item.name, path, body=_differing(item.body[key], found, key))

    def delete(self, item: Item, found: Found) -> None:  # noqa: ARG002
        raise Unsupported(f"index {item.name!r} is not deleted: others may have written to it")


class Documents(_Named):
    """One document of a lookup index; its name is INDEX/ID."""

    kind = "lookup_document"

    def canonical(self, name: str, body: Facts) -> Facts:
        if not all(name.partition("/")[::2]):
            raise Unsupported(f"a lookup document is named INDEX/ID, not {name!r}")
        return {key: value for key, value in body.items() if not key.startswith("_")}

    def find(self, item: Item) -> Facts | None:
        index, _, name = item.name.partition("/")
        body = self._body(index, "_doc", name)
        if body is None:
            return None
        source = body.get("_source")
        if not isinstance(source, dict):
            raise Malformed("the document has no _source", where=self._edge.where)
        return {**source, "_seq_no": body.get("_seq_no"), "_primary_term": body.get("_primary_term")}

    def create(self, item: Item) -> None:
        index, _, name = item.name.partition("/")
        self._edge.change("PUT", index, "_create", name, body=item.body)

    def change(self, item: Item, change: Change, found: Found) -> None:
        index, _, name = item.name.partition("/")
        self._edge.change("PUT", index, "_doc", name, body=change.whole, query=_as_seen(found))

    def delete(self, item: Item, found: Found) -> None:
        index, _, name = item.name.partition("/")
        self._edge.change("DELETE", index, "_doc", name, query=_as_seen(found))


def _as_seen(found: Found) -> dict[str, str]:
    """Optimistic concurrency control: a document that changed meanwhile is a conflict."""
    return {f"if{key}": str(found.raw[key]) for key in ("_seq_no", "_primary_term")}


def _under(body: Facts | None, name: str, edge: Edge) -> Facts | None:
    if body is None:
        return None
    if not isinstance(body.get(name), dict):
        raise Malformed("the answer has nothing of that name", where=edge.where)
    found: Facts = body[name]
    return found


def _differing(wanted: Json, found: Found, key: str) -> Json:
    """Of settings those that differ: one that is final is refused even where it is the same."""
    if key == "mappings":
        return wanted
    there = found.body.get(key, {})
    return {name: value for name, value in wanted.items() if str(there.get(name)) != str(value)}


def _spelt(template: Facts) -> Facts:
    made = dict(template)
    if isinstance(made.get("settings"), dict):
        made["settings"] = _settings(made["settings"])
    if isinstance(made.get("mappings"), dict):
        made["mappings"] = _mapping(made["mappings"])
    return made


def _settings(settings: Facts) -> dict[str, Json]:
    flat: dict[str, Json] = {}

    def put(path: str, value: Json) -> None:
        if isinstance(value, dict):
            for key, inner in value.items():
                put(f"{path}.{key}" if path else key, inner)
        else:
            flat[path if path.startswith("index.") else f"index.{path}"] = value

    put("", settings)
    return flat


def _mapping(mapping: Json) -> Json:
    if isinstance(mapping, list):
        return [_mapping(one) for one in mapping]
    if not isinstance(mapping, dict):
        return mapping
    return {
        key: _mapping(value)
        for key, value in mapping.items()
        if not (key == "type" and value == "object" and "properties" in mapping)
    }


def _is_absent(status: int, said: Json) -> bool:
    """Elasticsearch's own 404: an error with a type, a document that was not found, or no pipeline at all."""
    if status != 404 or not isinstance(said, dict):
        return False
    error = said.get("error")
    return not said or said.get("found") is False or (isinstance(error, dict) and "type" in error)
