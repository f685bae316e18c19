"""What the pack puts into Elasticsearch, on a real engine: it takes the templates and the pipeline."""

import copy
import json
from typing import Any

from mcpsoar.targets.es import fields
from tests.live.opensearch import Node
from tests.siems.elastic import built

_PATHS = {
    "component_template": "_component_template",
    "ingest_pipeline": "_ingest/pipeline",
    "index_template": "_index_template",
}
_FLATTENED = json.dumps({"type": "flattened", "ignore_above": fields.LONGEST})


def test_the_packs_templates_and_pipeline_are_taken_and_hold_an_event(node: Node) -> None:
    """In the pack's order. OpenSearch asks for the user's own template, and has no type flattened."""
    put = set[str]()
    for item in built.items():
        if item.kind in _PATHS:
            body: dict[str, Any] = copy.deepcopy(dict(item.body))
            for missing in body.pop("ignore_missing_component_templates", []):
                body["composed_of"] = [one for one in body["composed_of"] if one != missing]
            text = json.dumps(body).replace(
                '{"type": "flattened", "ignore_above": 8191}', '{"type": "flat_object"}'
            )
            assert "flattened" not in text or item.kind == "ingest_pipeline"
            node.ask("PUT", f"/{_PATHS[item.kind]}/{item.name}", json.loads(text))
            put.add(item.kind)
    assert put == set(_PATHS)
    stream = "logs-mcp.audit-pack"
    line = json.dumps({"event_time": "2026-03-01T12:00:00Z", "tool_name": "t", "actor_tags": ["read_only"]})
    (answer,) = node.bulk(stream, [("0", {"message": line})])
    assert answer["status"] == 201, answer
    node.ask("POST", f"/{stream}/_refresh")
    query = {"query_string": {"query": "mcp.actor_is_read_only:true AND event.kind:event"}}
    (hit,) = node.ask("POST", f"/{stream}/_search", {"query": query})["hits"]["hits"]
    assert hit["_source"]["event"]["original"] == line
    node.ask("DELETE", f"/_data_stream/{stream}")
