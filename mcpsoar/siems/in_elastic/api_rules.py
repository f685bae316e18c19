"""Detection rules, one by one: what a person switches on a rule is never sent, what one links to it stays.

Kibana API 9, Security Detections: PATCH changes the keys that it names, PUT replaces and needs all of them.
"""

from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Conflict
from mcpsoar.siems.deploy.live import Change, Found, Traits
from mcpsoar.siems.in_elastic.shelf import Shelf, Space
from mcpsoar.siems.objects import Item

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
_ONCE = frozenset({"enabled", "actions", "throttle"})
_LISTS = "exceptions_list"
_ROUTE = ("detection_engine", "rules")


class Rules(Shelf):
    """By `rule_id`, which is the item's name unless its body says another."""

    kind = "detection_rule"
    traits = Traits(
        is_once=_ONCE.__contains__,
        switches=frozenset({"enabled"}),
        is_on=lambda key, body: key == "enabled" and body.get(key) is True,
        along=frozenset({"version", "rule_id"}),
        shared=frozenset({_LISTS}),
    )

    def __init__(self, space: Space) -> None:
        self._space = space
        self._lists: dict[tuple[str, str], str] = {}

    def canonical(self, name: str, body: Facts) -> Facts:
        """Links to exception lists by `list_id`: ours and the analysts' stand side by side."""
        made = {"rule_id": name} | {key: value for key, value in body.items() if key not in _KIBANA_S}
        if isinstance(links := made.get(_LISTS), list | tuple):
            made[_LISTS] = {
                str(link.get("list_id")): {key: value for key, value in link.items() if key != "id"}
                for link in links
                if isinstance(link, dict)
            }
        return made

    def find(self, item: Item) -> Facts | None:
        return self._space.find(*_ROUTE, query={"rule_id": _rule_id(item)})

    def create(self, item: Item) -> None:
        self._space.change("POST", *_ROUTE, body=self._linked(item.body, {}))

    def change(self, item: Item, change: Change, found: Found) -> None:
        along = {key: item.body[key] for key in ("version",) if key in item.body}
        named = {"rule_id": _rule_id(item), **along}
        method, said = ("PUT", change.whole) if change.unset else ("PATCH", change.keys)
        self._space.change(method, *_ROUTE, body=self._linked({**said, **named}, found.raw))

    def delete(self, item: Item, found: Found) -> None:  # noqa: ARG002
        self._space.change("DELETE", *_ROUTE, query={"rule_id": _rule_id(item)})

    def _linked(self, body: Facts, raw: Facts) -> Facts:
        """The same with its exception lists as Kibana takes them: with the ids that it gave them."""
        links = body.get(_LISTS)
        if not isinstance(links, dict):
            return body
        there = raw.get(_LISTS)
        known = {str(one.get("list_id")): one.get("id") for one in there} if isinstance(there, list) else {}
        ids = {name: known.get(name) or self._id(link) for name, link in links.items()}
        return {**body, _LISTS: [{**link, "id": ids[name]} for name, link in links.items()]}

    def _id(self, link: Facts) -> str:
        """The id of a list. Raises Conflict where there is none: a rule would be linked to nothing."""
        named = {key: str(link.get(key, "single")) for key in ("list_id", "namespace_type")}
        key = (named["list_id"], named["namespace_type"])
        if key not in self._lists:
            found = self._space.find("exception_lists", query=named)
            if found is None or not isinstance(found.get("id"), str):
                where = self._space.edge.where
                raise Conflict(f"the exception list {key[0]!r} of the rule is not there", where=where)
            self._lists[key] = found["id"]
        return self._lists[key]


def _rule_id(item: Item) -> str:
    return str(item.body.get("rule_id", item.name))
