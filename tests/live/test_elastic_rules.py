"""Every rule as Lucene, on a real engine: it finds the events that the scan finds."""

from contextlib import suppress

from mcpsoar.core.errors import Unsupported
from mcpsoar.targets import lucene
from tests.equality import asked
from tests.equality.languages import in_sql
from tests.live import held
from tests.live.opensearch import Node


def test_every_rule_finds_what_the_scan_finds(node: Node) -> None:
    """Cases in every spelling and a sample of the corpora; in through the pipeline, into the data stream."""
    events = asked.events()
    held.placed(node)
    held.stored(node, held.lines(events))
    want = in_sql(asked.RULES, events)
    target = lucene.make(held.COLUMNS)
    got: dict[str, object] = {}
    for rule in asked.RULES:
        with suppress(Unsupported):  # a named refusal: tests/equality lists them
            got[rule.id] = held.found(node, target.convert(rule))
    assert {name: (told, want[name]) for name, told in got.items() if told != want[name]} == {}
    assert len(got) > len(asked.RULES) * 3 // 4
    assert sum(map(bool, got.values())) > len(got) * 3 // 4
