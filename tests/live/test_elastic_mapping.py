"""A user's own fields on a real engine: the pipeline reads an event as the plain reader does."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpsoar.kit.mapping import FieldMapping, event
from mcpsoar.targets.es import mapped
from tests.live import held
from tests.live.opensearch import Node
from tests.siems.mapped_events import MAPPINGS, events

_NAME = "mapped"


def read(node: Node, documents: Sequence[Any]) -> list[dict[str, Any]]:
    """The columns that the pipeline finds in them."""
    asked = {"docs": [{"_source": one} for one in documents]}
    answer = node.ask("POST", f"/_ingest/pipeline/{_NAME}/_simulate", asked)
    return [held.values(one["doc"]["_source"]) for one in answer["docs"]]


@pytest.mark.parametrize("mapping", MAPPINGS, ids=[one.name for one in MAPPINGS])
@settings(max_examples=15, deadline=None)
@given(data=st.data())
def test_an_event_is_read_as_the_plain_reader_reads_it(
    node: Node, mapping: FieldMapping, data: st.DataObject
) -> None:
    node.ask("PUT", f"/_ingest/pipeline/{_NAME}", mapped.pipeline(held.COLUMNS, mapping))
    (time,) = mapping.fields["event_time"].paths
    drawn = data.draw(st.lists(events(mapping), min_size=20, max_size=60))
    log = [{**one, time: "2026-03-01T12:00:00Z"} for one in drawn]
    want = held.prelude_values([event(one, mapping) for one in log])
    for form in ([{"message": json.dumps(one)} for one in log], log):
        got = read(node, form)
        assert [
            (raw, name, here[name], there[name])
            for raw, here, there in zip(log, got, want, strict=True)
            for name in there
            if here[name] != there[name]
        ] == []


@pytest.mark.parametrize("mapping", MAPPINGS[1:], ids=[one.name for one in MAPPINGS[1:]])
def test_a_list_in_one_text_may_have_a_million_elements(node: Node, mapping: FieldMapping) -> None:
    """No loop of the script goes over them, so that no limit on loops makes a reject of the event."""
    node.ask("PUT", f"/_ingest/pipeline/{_NAME}", mapped.pipeline(held.COLUMNS, mapping))
    texts = [" " * 2**20, "x" * 2**20, "a " * 600_000 + "b", ";" * 2**20, ",".join(["a"] * 600_000)]
    log = [{"ts": 1772366400, "labels": one, "token": {"scope": one}, "needs": one} for one in texts]
    got = read(node, [{"message": json.dumps(one)} for one in log])
    assert [one["scope_match"] for one in got] == [
        one["scope_match"] for one in held.prelude_values([event(one, mapping) for one in log])
    ]
