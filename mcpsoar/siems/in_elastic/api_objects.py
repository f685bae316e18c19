"""Saved objects of Kibana, such as a dashboard, by import and export: the API that stays across versions.

Kibana API 9, Saved objects. An export of what is not there is a 400 that names it; an import answers 200
whatever became of the objects, and says so in its body. Text that holds JSON comes back laid out anew.
"""

import json

from mcpsoar.core.digest import Facts, Json
from mcpsoar.core.errors import Conflict, Denied, Malformed, Unsupported
from mcpsoar.kit import strictjson
from mcpsoar.kit.body import upload
from mcpsoar.siems.deploy.live import Change, Found, Traits
from mcpsoar.siems.in_elastic.shelf import Shelf, Space, an_object
from mcpsoar.siems.objects import Item

_OURS = ("attributes", "references", "coreMigrationVersion", "typeMigrationVersion")


def _title(body: Facts) -> str:
    said = body.get("attributes")
    called = said.get("title") if isinstance(said, dict) else None
    return called if isinstance(called, str) else ""


def _references(body: Facts) -> tuple[str, ...]:
    said = body.get("references")
    named = [one for one in said if isinstance(one, dict)] if isinstance(said, list | tuple) else []
    return tuple(f"{one.get('type')}/{one.get('id')}" for one in named)


class SavedObjects(Shelf):
    """An item's name is TYPE/ID."""

    kind = "saved_object"
    traits = Traits(
        along=frozenset({"coreMigrationVersion", "typeMigrationVersion"}), title=_title, needs=_references
    )

    def __init__(self, space: Space) -> None:
        self._space = space

    def canonical(self, name: str, body: Facts) -> Facts:
        if not all(name.partition("/")[::2]):
            raise Unsupported(f"a saved object is named TYPE/ID, not {name!r}")
        made = {key: body[key] for key in _OURS if key in body}
        if isinstance(made.get("attributes"), dict):
            made["attributes"] = {key: _opened(key, value) for key, value in made["attributes"].items()}
        return made

    def find(self, item: Item) -> Facts | None:
        kind, _, name = item.name.partition("/")
        asked = {
            "objects": [{"type": kind, "id": name}],
            "includeReferencesDeep": False,
            "excludeExportDetails": True,
        }
        path = self._space.path("saved_objects", "_export")
        reply = self._space.edge.find(*path, absent=_is_absent, body=asked)
        if reply is None:
            return None
        found = an_object(reply, self._space.edge)
        if (found.get("type"), found.get("id")) != (kind, name):
            raise Malformed("the export is not the object that was asked for", where=self._space.edge.where)
        return found

    def create(self, item: Item) -> None:
        self._import(item, item.body, is_new=True)

    def change(self, item: Item, change: Change, found: Found) -> None:  # noqa: ARG002 (the port's shape)
        along = {key: value for key, value in item.body.items() if key in self.traits.along}
        self._import(item, {**change.whole, **along}, is_new=False)

    def delete(self, item: Item, found: Found) -> None:  # noqa: ARG002
        kind, _, name = item.name.partition("/")
        self._space.change("DELETE", "saved_objects", kind, name)

    def _import(self, item: Item, body: Facts, *, is_new: bool) -> None:
        kind, _, name = item.name.partition("/")
        attributes = {key: _closed(key, value) for key, value in body.get("attributes", {}).items()}
        line = {"references": [], **body, "type": kind, "id": name, "attributes": attributes}
        reply = self._space.change(
            "POST",
            "saved_objects",
            "_import",
            body=upload("objects.ndjson", json.dumps(line, sort_keys=True).encode() + b"\n"),
            query={"overwrite": "false" if is_new else "true"},
        )
        said, where = an_object(reply, self._space.edge), self._space.edge.where
        if said.get("success") is True and said.get("successCount") == 1:
            return
        why = _why(said)
        if why == "conflict":
            raise Conflict(f"{item.name} is there already", where=where)
        raise Denied(f"{item.name} was not imported: {why}", where=where)


def _why(said: Facts) -> str:
    errors = said.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else None
    error = first.get("error") if isinstance(first, dict) else None
    kind = error.get("type") if isinstance(error, dict) else None
    return kind if isinstance(kind, str) and kind.replace("_", "").isalnum() else "no reason is given"


def _opened(key: str, value: Json) -> Json:
    """Text that holds JSON, as what it holds, however deep it lies."""
    if isinstance(value, dict):
        return {inner: _opened(inner, one) for inner, one in value.items()}
    if not key.endswith("JSON") or not isinstance(value, str):
        return value
    try:
        return strictjson.parse(value.encode("utf-8", "surrogatepass"))
    except Malformed:
        return value


def _closed(key: str, value: Json) -> Json:
    if key.endswith("JSON") and not isinstance(value, str):
        return json.dumps(value, sort_keys=True)
    return {inner: _closed(inner, one) for inner, one in value.items()} if isinstance(value, dict) else value


def _is_absent(status: int, said: Json) -> bool:
    attributes = said.get("attributes") if status == 400 and isinstance(said, dict) else None
    objects = attributes.get("objects") if isinstance(attributes, dict) else None
    errors = [one.get("error") for one in objects or () if isinstance(one, dict)]
    return bool(errors) and all(
        isinstance(error, dict) and error.get("statusCode") == 404 for error in errors
    )
