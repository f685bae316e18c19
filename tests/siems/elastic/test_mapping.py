"""A pack for a log in its owner's words: its streams, its pipeline, and the README's events."""

import json
from typing import Any

import pytest

from mcpsoar.kit import mapping as kit
from mcpsoar.siems import asked, elastic
from mcpsoar.siems.asked import Content, Options
from mcpsoar.siems.in_elastic.sample import SAMPLES
from tests.siems.elastic import built

MAPPING = """
name: example-gateway
sourcetype: example:gateway
dataset: example.gateway
fields:
  event_time: ts
  event_id: id
  server_name: target.name
  tool_name: tool
  registry_status: target.status
  environment: {constant: production}
  action_class: {from: kind, values: {change: destructive, look: read}}
  decision: {from: outcome, values: {permitted: allow, blocked: deny}}
  token_aud: {from: aud, split: " "}
"""


@pytest.fixture(scope="module")
def content(tmp_path_factory: pytest.TempPathFactory) -> Content:
    path = tmp_path_factory.mktemp("mapping") / "mapping.yml"
    path.write_text(MAPPING)
    return asked.content(built.ROOT, Options(), None, path)


def test_rules_and_template_are_of_the_logs_own_streams(content: Content) -> None:
    items = elastic.make().items(content)
    sources = {
        one["query"].partition(" METADATA ")[0] for one in built.of_kind("detection_rule", items).values()
    }
    assert sources == {"FROM logs-example.gateway-*"}
    (template,) = built.of_kind("index_template", items).values()
    assert template["index_patterns"] == ["logs-example.gateway-*"]


def test_the_pipeline_reads_their_fields_and_is_one_that_elastic_takes(content: Content) -> None:
    (pipeline,) = built.of_kind("ingest_pipeline", elastic.make().items(content)).values()
    assert built.complaints("ingest_pipeline", pipeline) == []
    tables = [
        one["script"].get("params", {}).get("fields") for one in pipeline["processors"] if "script" in one
    ]
    (table,) = [one for one in tables if one]
    assert table["server_name"] == {"paths": ["target.name"]}


def test_an_index_of_ones_own_counts_before_the_mappings(content: Content) -> None:
    items = elastic.make().items(Content(**_with(content, options=built.options(index="audit-*"))))
    (template,) = built.of_kind("index_template", items).values()
    assert template["index_patterns"] == ["audit-*"]


def test_the_readmes_events_are_in_their_words(content: Content) -> None:
    (readme,) = [one.content.decode() for one in elastic.make().files(content) if one.path == "README.md"]
    assert content.mapping
    events = [json.loads(line) for line in readme.splitlines() if '"ts": "NOW"' in line]
    assert len(events) == len(SAMPLES)
    for event, sample in zip(events, SAMPLES, strict=True):
        read = kit.event(event, content.mapping)
        known = {name: sample.event[name] for name in sample.event if name in content.mapping.fields}
        assert read == {"event_time": "NOW", **known, "decision": str(known["decision"]).lower()}
    assert events[0]["outcome"] == "permitted"
    assert events[2]["aud"] == "https://other.example.com"


def _with(content: Content, **more: Any) -> dict[str, Any]:
    return {name: getattr(content, name) for name in Content.__slots__} | more
