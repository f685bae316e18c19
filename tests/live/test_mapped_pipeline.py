"""The step of the pipeline that reads a user's own fields, on a real engine: as the plain reader does."""

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

from mcpsoar.kit.mapping import FieldMapping, event
from mcpsoar.targets.es import mapped
from tests.live import held
from tests.live.opensearch import Node
from tests.siems.mapped_events import MAPPINGS, events

PIPELINE = "mcp-audit-mapped"
TIME = "2026-03-01T12:00:00Z"


def made(node: Node, documents: list[Any]) -> list[dict[str, Any]]:
    answer = node.ask(
        "POST", f"/_ingest/pipeline/{PIPELINE}/_simulate", {"docs": [{"_source": one} for one in documents]}
    )
    return [held.values(one["doc"]["_source"]) for one in answer["docs"]]


@pytest.mark.parametrize("mapping", MAPPINGS, ids=[one.name for one in MAPPINGS])
def test_the_pipeline_reads_what_the_plain_reader_reads(node: Node, mapping: FieldMapping) -> None:
    """As lines, and with their fields at the top."""
    held.placed(node)
    node.ask("PUT", f"/_ingest/pipeline/{PIPELINE}", mapped.pipeline(held.COLUMNS, mapping))
    (clock,) = mapping.fields["event_time"].paths

    @seed(20260301)
    @settings(
        max_examples=10,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(st.lists(events(mapping), min_size=30, max_size=100))
    def same(log: list[dict[str, Any]]) -> None:
        log = [{**one, clock: TIME} for one in log]
        want = held.prelude_values([event(one, mapping) for one in log])
        for documents in (held.lines(log), [json.loads(json.dumps(one)) for one in log]):
            wrong = [
                (raw, {name: (got[name], one[name]) for name in one if got[name] != one[name]})
                for raw, got, one in zip(log, made(node, documents), want, strict=True)
                if got != one
            ]
            assert wrong == []

    same()


def test_a_mapped_event_without_its_time_is_rejected_and_kept(node: Node) -> None:
    held.placed(node)
    node.ask("PUT", f"/_ingest/pipeline/{PIPELINE}", mapped.pipeline(held.COLUMNS, MAPPINGS[1]))
    line = json.dumps({"event_time": TIME, "target": {"server": "a"}})
    for document in (
        {"message": line},
        {"message": line, "event_time": TIME},
        {"message": '{"ts":'},
        json.loads(line),
    ):
        answer = node.ask(
            "POST", f"/_ingest/pipeline/{PIPELINE}/_simulate", {"docs": [{"_source": document}]}
        )
        stored = answer["docs"][0]["doc"]["_source"]
        assert stored["event"]["kind"] == "pipeline_error"
        assert "mcp" not in stored
