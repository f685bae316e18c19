"""What a node makes of events by our template and pipeline, and what the scan's prelude makes of them."""

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from mcpsoar.core.event import Column, Kind
from mcpsoar.detect import prelude
from mcpsoar.detect.engines.duckdb import connect, rows
from mcpsoar.detect.matching import place
from mcpsoar.targets.es import fields, ingest, paths
from tests.live.opensearch import Node
from tests.targets.es import ground

COLUMNS = ground.columns()
VALUES = tuple(column for column in COLUMNS if column.kind is not Kind.TIME)
PIPELINE = "mcp-audit"
TEMPLATE = "mcp-audit-fields"
STREAM = "logs-mcp.audit-default"
_TOGETHER = 500
Document = Mapping[str, Any]


def placed(node: Node) -> None:
    """Put template and pipeline, as a pack does; what OpenSearch has by another name is renamed."""
    component = fields.template(COLUMNS)
    arguments = component["template"]["mappings"]["properties"]["mcp"]["properties"]["arguments"]
    assert arguments.pop("type") == "flattened"
    arguments.clear()
    arguments["type"] = "flat_object"
    node.ask("PUT", f"/_component_template/{TEMPLATE}", component)
    node.ask("PUT", f"/_ingest/pipeline/{PIPELINE}", ingest.pipeline(COLUMNS))
    stream = {
        "index_patterns": [paths.INDEX],
        "data_stream": {},
        "composed_of": [TEMPLATE],
        "priority": 500,
        "template": {
            "settings": {"number_of_replicas": 0, "index.default_pipeline": PIPELINE},
        },
    }
    node.ask("PUT", "/_index_template/mcp-audit", stream)


def lines(events: Sequence[Document]) -> list[Document]:
    """Events as a shipper sends them: each a line."""
    return [{"message": json.dumps(one), "agent": {"type": "filebeat"}} for one in events]


def made(node: Node, documents: Sequence[Document]) -> list[dict[str, Any]]:
    """What the pipeline makes of them, without storing."""
    found: list[dict[str, Any]] = []
    for start in range(0, len(documents), _TOGETHER):
        asked = {"docs": [{"_source": one} for one in documents[start : start + _TOGETHER]]}
        answer = node.ask("POST", f"/_ingest/pipeline/{PIPELINE}/_simulate", asked)
        found += [one["doc"]["_source"] for one in answer["docs"]]
    return found


def stored(node: Node, documents: Sequence[Document]) -> None:
    """A new data stream with these documents, each by its place; every one is there."""
    node.ask("DELETE", f"/_data_stream/{STREAM}*")
    for start in range(0, len(documents), _TOGETHER):
        some = enumerate(documents[start : start + _TOGETHER], start)
        answers = node.bulk(STREAM, [(str(number), one) for number, one in some])
        assert [one for one in answers if one["status"] != 201] == []
    node.ask("POST", f"/{STREAM}/_refresh")


def found(node: Node, query: str) -> tuple[int, ...]:
    """The places of the documents that a query string finds."""
    asked = {
        "query": {"query_string": {"query": query, "analyze_wildcard": True}},
        "size": 10_000,
        "_source": False,
    }
    hits = node.ask("POST", f"/{STREAM}/_search", asked)["hits"]["hits"]
    return tuple(sorted(int(one["_id"]) for one in hits))


def values(document: Document) -> dict[str, Any]:
    """The columns of a document in normal form, and `event_ms`."""
    assert document["event"]["kind"] == "event", document
    told: dict[str, Any] = {column.name: _at(document, paths.of(column.name)) for column in VALUES}
    for name in _at(document, paths.EMPTY_LISTS) or []:
        assert told[name] is None
        told[name] = []
    at = datetime.fromisoformat(document["@timestamp"])
    return {**told, "event_ms": round((at - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)}


def prelude_values(events: Sequence[Document]) -> list[dict[str, Any]]:
    """The same by the scan's own prelude."""
    names = [column.name for column in VALUES]
    with connect() as connection:
        place(connection, events, COLUMNS)
        ctes = prelude.relation("given", COLUMNS, names, extra="place AS place")
        asked = ", ".join(["event_ms", *names])
        answer = rows(connection, f"WITH {ctes} SELECT {asked} FROM mcp_audit ORDER BY place")
    told = [dict(zip(["event_ms", *names], row, strict=True)) for row in answer]
    return [{**row, **{one.name: _read(row[one.name], one) for one in VALUES}} for row in told]


def _read(value: Any, column: Column) -> Any:
    return json.loads(value) if column.kind is Kind.TEXTS and value is not None else value


def _at(document: Any, path: str) -> Any:
    for part in path.split("."):
        document = document.get(part) if isinstance(document, dict) else None
    return document
