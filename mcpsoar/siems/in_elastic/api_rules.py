"""Detection rules, one by one: what a person links to a rule or switches on it is never sent.

Kibana API 9, Security Detections: PATCH changes the keys that it names, PUT replaces and needs all of them.
"""

from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Conflict
from mcpsoar.core.siem import Item
from mcpsoar.siems.deploy.live import Change, Found, Traits
from mcpsoar.siems.in_elastic.shelf import Shelf, Space

# what Kibana adds to a rule and takes from nobody
_KIBANA_S = frozenset(
    {
        "id",
        "created_at",
        "created_by",
        "execution_summary",
        "immutable",
        "outcome",
        "alias_target_id",
        "alias_purpose",
        "revision",
        "rule_source",
        "updated_at",
        "updated_by",
    }
)
_ONCE = frozenset({"enabled", "exceptions_list", "actions", "throttle"})
_ROUTE = ("detection_engine", "rules")


class Rules(Shelf):
    """By `rule_id`, which is the item's name unless its body says another."""

    kind = "detection_rule"
    traits = Traits(
        is_once=_ONCE.__contains__, switches=frozenset({"enabled"}), along=frozenset({"version", "rule_id"})
    )

    def __init__(self, space: Space) -> None:
        self._space = space
        self._lists: dict[tuple[str, str], str] = {}

    def canonical(self, name: str, body: Facts) -> Facts:
        return {"rule_id": name} | {key: value for key, value in body.items() if key not in _KIBANA_S}

    def find(self, item: Item) -> Facts | None:
        return self._space.find(*_ROUTE, query={"rule_id": _rule_id(item)})

    def create(self, item: Item) -> None:
        self._space.change("POST", *_ROUTE, body=self._linked(item.body))

    def change(self, item: Item, change: Change, found: Found) -> None:  # noqa: ARG002 (the port's shape)
        along = {key: item.body[key] for key in ("version",) if key in item.body}
        named = {"rule_id": _rule_id(item), **along}
        if change.unset:
            self._space.change("PUT", *_ROUTE, body={**change.whole, **named})
        else:
            self._space.change("PATCH", *_ROUTE, body={**change.keys, **named})

    def delete(self, item: Item, found: Found) -> None:  # noqa: ARG002
        self._space.change("DELETE", *_ROUTE, query={"rule_id": _rule_id(item)})

    def _linked(self, body: Facts) -> Facts:
        """The same, its exception lists by the ids that Kibana gave them: a pack knows `list_id` alone."""
        lists = body.get("exceptions_list")
        if not isinstance(lists, list | tuple):
            return body
        return {**body, "exceptions_list": [{**one, "id": self._list(one)} for one in lists]}

    def _list(self, link: Facts) -> str:
        named = {key: str(link.get(key, "single")) for key in ("list_id", "namespace_type")}
        key = (named["list_id"], named["namespace_type"])
        if key not in self._lists:
            found = self._space.find("exception_lists", query=named)
            if found is None or not isinstance(found.get("id"), str):
                # a rule is linked once: to nothing would be for good
                where = self._space.edge.where
                raise Conflict(f"the exception list {key[0]!r} of the rule is not there", where=where)
            self._lists[key] = found["id"]
        return self._lists[key]


def _rule_id(item: Item) -> str:
    return str(item.body.get("rule_id", item.name))
