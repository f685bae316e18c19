"""Elastic's APIs as deployment needs them: Kibana in one space, and the Elasticsearch behind it.

    [profiles.prod.elastic]
    kibana = "https://kibana.example.com"
    url = "https://elasticsearch.example.com:9200"
    token = { env = "ELASTIC_API_KEY" }   # an API key, encoded; for both
    space = "default"

Sources: Kibana API 9 (Security Detections, Security Exceptions, Saved objects) and Elasticsearch API 9
(Index, Ingest, Document). Rules are changed one by one: an import with overwrite unlinks exception lists
(elastic/kibana#269435).
"""

from collections.abc import Mapping, Sequence

from mcpsoar.core.digest import Facts, Json
from mcpsoar.core.errors import Malformed, Trouble, Usage
from mcpsoar.core.ports import Clock
from mcpsoar.core.profile import Binding
from mcpsoar.kit.http import TIMEOUT_S, checked_url
from mcpsoar.kit.options import seconds
from mcpsoar.kit.patient import Patient
from mcpsoar.siems.deploy.live import Change, Found, Traits
from mcpsoar.siems.in_elastic.api_exceptions import ExceptionItems, ExceptionLists
from mcpsoar.siems.in_elastic.api_indices import Documents, LookupIndices, Pipelines, Templates
from mcpsoar.siems.in_elastic.api_objects import SavedObjects
from mcpsoar.siems.in_elastic.api_rules import Rules
from mcpsoar.siems.in_elastic.shelf import Shelf, Space
from mcpsoar.siems.objects import Item

_LIMIT_BYTES = 1 << 24


def connect(binding: Binding, *, clock: Clock) -> "Elastic":
    """Sends nothing yet. Raises Usage."""
    said, space = binding.options.get("kibana"), binding.options.get("space", "default")
    if not isinstance(said, str):
        raise Usage("kibana is the address of Kibana, and needed", where=binding.where)
    if not isinstance(space, str) or not space:
        raise Usage("space is the name of a space of Kibana", where=binding.where)
    try:
        kibana = checked_url(said)
    except Trouble as trouble:
        raise Usage(f"kibana: {trouble.message}", where=binding.where) from None
    timeout_s = seconds(binding, "timeout_s", TIMEOUT_S)

    def edge(url: str, headers: Mapping[str, str]) -> Patient:
        return Patient(
            url,
            binding.token,
            clock=clock,
            timeout_s=timeout_s,
            limit_bytes=_LIMIT_BYTES,
            scheme="ApiKey",
            headers=headers,
            reason=_reason,
        )

    # Kibana refuses a change without it: a browser on another page could not send it
    return Elastic(edge(kibana, {"kbn-xsrf": "true"}), edge(binding.base_url, {}), space)


class Elastic:
    """`siems.deploy.live.Live`."""

    def __init__(self, kibana: Patient, elasticsearch: Patient, space: str) -> None:
        self._edges = (kibana, elasticsearch)
        in_space = Space(kibana, space)
        # what others stand on comes first
        shelves: tuple[Shelf, ...] = (
            Templates(elasticsearch, "component_template"),
            Pipelines(elasticsearch),
            Templates(elasticsearch, "index_template"),
            LookupIndices(elasticsearch),
            Documents(elasticsearch),
            ExceptionLists(in_space),
            ExceptionItems(in_space),
            Rules(in_space),
            SavedObjects(in_space),
        )
        self._shelves = {shelf.kind: shelf for shelf in shelves}
        self.kinds: Mapping[str, Traits] = {shelf.kind: shelf.traits for shelf in shelves}
        self.place = f"{kibana.base_url} space {space}, {elasticsearch.base_url}"

    def canonical(self, item: Item) -> Item:
        return Item(item.kind, item.name, self._shelves[item.kind].canonical(item.name, item.body))

    def look(self, items: Sequence[Item]) -> Mapping[tuple[str, str], Found]:
        seen = {(item.kind, item.name): self.one(item) for item in items}
        return {key: found for key, found in seen.items() if found is not None}

    def one(self, item: Item) -> Found | None:
        shelf = self._shelves[item.kind]
        raw = shelf.find(item)
        return None if raw is None else Found(shelf.canonical(item.name, raw), raw)

    def create(self, item: Item) -> None:
        self._shelves[item.kind].create(item)

    def change(self, item: Item, change: Change, found: Found) -> None:
        self._shelves[item.kind].change(item, change, found)

    def delete(self, item: Item, found: Found) -> None:
        self._shelves[item.kind].delete(item, found)

    def ask(self, query: str) -> Sequence[Facts]:
        """The rows of an ES|QL query (Elasticsearch API, "Run an ES|QL query")."""
        _, elasticsearch = self._edges
        reply = elasticsearch.find("_query", absent=lambda *_: False, body={"query": query})
        body = reply.body if reply else None
        columns = body.get("columns") if isinstance(body, dict) else None
        values = body.get("values") if isinstance(body, dict) else None
        if not isinstance(columns, list) or not isinstance(values, list):
            raise Malformed("the answer has no columns and values", where=elasticsearch.where)
        names = [one.get("name") if isinstance(one, dict) else None for one in columns]
        if not all(isinstance(row, list) and len(row) == len(names) for row in values):
            raise Malformed("a row has not as many values as there are columns", where=elasticsearch.where)
        return [dict(zip(map(str, names), row, strict=True)) for row in values]

    def close(self) -> None:
        for edge in self._edges:
            edge.close()


def _reason(said: Json) -> str:
    """Kibana says `message`, Elasticsearch an `error` with a `reason`."""
    if not isinstance(said, dict):
        return ""
    error = said.get("error")
    text = error.get("reason") if isinstance(error, dict) else said.get("message")
    return text if isinstance(text, str) else ""
