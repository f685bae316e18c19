"""An Elastic to deploy to."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from mcpsoar.core.profile import Binding
from mcpsoar.core.secret import Secret
from mcpsoar.lab.serving import serving
from mcpsoar.siems.objects import Item
from tests.siems import fake_kibana
from tests.siems.fake_kibana import FakeKibana
from tests.siems.site import Site


@contextmanager
def site(home: Path, **options: Any) -> Iterator[Site]:
    fake = FakeKibana(space=options.get("space", "default"))

    def edit(text: str) -> str:
        name = next(iter(fake.rules))
        fake.rules[name]["query"] = text
        return name

    with serving(fake.asgi()) as url:
        said = {"kibana": f"{url}/kibana", "timeout_s": 5, "space": fake.space}
        binding = Binding("elastic", f"{url}/es", Secret(fake_kibana.TOKEN), said)
        yield Site(
            "elastic",
            binding,
            old(),
            new(),
            home,
            fake,
            edit,
            more=("rule-writes", "mcp-fields", "logs-mcp"),
            tenant="org.id",
            wanting="the exception list",
        )


def old() -> tuple[Item, ...]:
    return (
        Item(
            "component_template",
            "mcp-fields",
            {
                "template": {
                    "settings": {"index": {"number_of_replicas": 1}},
                    "mappings": {
                        "dynamic": False,
                        "properties": {"mcp": {"properties": {"tool": {"type": "keyword"}}}},
                    },
                }
            },
        ),
        Item(
            "index_template",
            "logs-mcp",
            {
                "index_patterns": "logs-mcp-*",
                "priority": 220,
                "data_stream": {},
                "composed_of": ["mcp-fields"],
            },
        ),
        Item("ingest_pipeline", "mcp-parse", {"processors": [{"set": {"field": "a", "value": "b"}}]}),
        Item("ingest_pipeline", "mcp-retired", {"processors": []}),
        Item(
            "lookup_index",
            "mcp-approved",
            {"settings": {"index.mode": "lookup"}, "mappings": {"properties": {"name": {"type": "keyword"}}}},
        ),
        Item("lookup_document", "mcp-approved/github", {"name": "github", "since": 1}),
        Item(
            "exception_list",
            "mcp-tuning",
            {"name": "MCP", "description": "Tuning", "type": "detection", "namespace_type": "single"},
        ),
        Item(
            "exception_item",
            "mcp-allow-1",
            {
                "list_id": "mcp-tuning",
                "name": "lab",
                "description": "lab",
                "type": "simple",
                "entries": [{"field": "mcp.tool", "operator": "included", "type": "match", "value": "x"}],
            },
        ),
        _rule("rule-writes", query="FROM logs | WHERE a == 1"),
        _rule("rule-gate", query="FROM logs | STATS n = COUNT(*)"),
        _rule("rule-retired"),
        Item(
            "saved_object",
            "dashboard/mcp-overview",
            {
                "attributes": {
                    "title": "MCP",
                    "panelsJSON": '{"a": 1}',
                    "kibanaSavedObjectMeta": {"searchSourceJSON": '{"query": {"language": "kuery"}}'},
                },
                "references": [],
            },
        ),
    )


def new() -> tuple[Item, ...]:
    kept = [item for item in old() if "retired" not in item.name]
    items = [_next(item) for item in kept]
    return (*items, _rule("rule-new"))


def _next(item: Item) -> Item:
    changed: dict[str, dict[str, Any]] = {
        "rule-gate": {
            "query": "FROM logs | STATS n = COUNT(*) | WHERE n > 3",
            "version": 2,
            "max_signals": 20,
        },
        "mcp-parse": {"processors": [{"set": {"field": "a", "value": "c"}}]},
        "mcp-approved": {
            "mappings": {"properties": {"name": {"type": "keyword"}, "by": {"type": "keyword"}}}
        },
        "mcp-approved/github": {"since": 2},
        "mcp-allow-1": {"name": "lab, renamed"},
        "dashboard/mcp-overview": {"attributes": {"title": "MCP audit", "panelsJSON": '{"a": 2}'}},
    }
    return replace(item, body={**item.body, **changed.get(item.name, {})})


def _rule(name: str, **more: Any) -> Item:
    body = {
        "rule_id": name,
        "name": f"MCP {name}",
        "description": "d",
        "risk_score": 47,
        "severity": "medium",
        "type": "esql",
        "language": "esql",
        "query": "FROM logs",
        "enabled": False,
        "version": 1,
        "exceptions_list": [{"list_id": "mcp-tuning", "type": "detection", "namespace_type": "single"}],
        "threat": [{"framework": "MITRE ATLAS", "technique": [{"id": "AML.T0051"}]}],
    }
    return Item("detection_rule", name, {**body, **more})
