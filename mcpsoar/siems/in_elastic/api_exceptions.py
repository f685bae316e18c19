"""Exception lists and their items. A list is never deleted: what is in it is the analysts' tuning.

Kibana API 9, Security Exceptions: PUT replaces, wants the type again, and by `_version` refuses to replace
what changed meanwhile. Comments are kept by their ids.
"""

from mcpsoar.core.digest import Facts, Json
from mcpsoar.siems.deploy.live import Change, Found, Traits
from mcpsoar.siems.in_elastic.shelf import Shelf, Space
from mcpsoar.siems.objects import Item

_LIST = ("description", "meta", "name", "namespace_type", "os_types", "tags", "type", "version")
_ITEM = (
    "comments",
    "description",
    "entries",
    "expire_time",
    "meta",
    "name",
    "namespace_type",
    "os_types",
    "tags",
)
_PLACE = frozenset({"list_id", "item_id", "namespace_type", "type"})


class _Exceptions(Shelf):
    """What lists and items share: the id that names them, and how they are replaced."""

    _id: str
    _route: tuple[str, ...]
    _keys: tuple[str, ...]

    def __init__(self, space: Space) -> None:
        self._space = space

    def canonical(self, name: str, body: Facts) -> Facts:
        said = {self._id: name, "namespace_type": "single"} | dict(body)
        known = (*self._keys, *_PLACE)
        return {key: value for key, value in said.items() if key in known and value is not None}

    def find(self, item: Item) -> Facts | None:
        return self._space.find(*self._route, query=self._named(item))

    def create(self, item: Item) -> None:
        self._space.change("POST", *self._route, body=item.body)

    def change(self, item: Item, change: Change, found: Found) -> None:  # noqa: ARG002 (the port's shape)
        whole = {
            key: value for key, value in change.whole.items() if key != "list_id" or self._id == "list_id"
        }
        if "comments" in whole:
            whole["comments"] = _kept(whole["comments"])
        if "_version" in found.raw:
            whole["_version"] = found.raw["_version"]
        self._space.change("PUT", *self._route, body=whole)

    def delete(self, item: Item, found: Found) -> None:  # noqa: ARG002
        self._space.change("DELETE", *self._route, query=self._named(item))

    def _named(self, item: Item) -> dict[str, str]:
        return {
            self._id: str(item.body.get(self._id, item.name)),
            "namespace_type": str(item.body.get("namespace_type", "single")),
        }


class ExceptionLists(_Exceptions):
    kind = "exception_list"
    traits = Traits(along=_PLACE | {"version"}, holds_data=True)
    _id = "list_id"
    _route = ("exception_lists",)
    _keys = _LIST


class ExceptionItems(_Exceptions):
    kind = "exception_item"
    traits = Traits(is_once=frozenset({"comments"}).__contains__, along=_PLACE)
    _id = "item_id"
    _route = ("exception_lists", "items")
    _keys = _ITEM


def _kept(comments: Json) -> Json:
    """Comments that are there, named by their ids."""
    return [
        {key: one[key] for key in ("id", "comment") if key in one}
        for one in comments
        if isinstance(one, dict)
    ]
