"""Hostile events in the pipeline: Lucene finds what the scan finds, or the document says what is lost."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from mcpsoar.targets import lucene
from tests.live import held
from tests.live.opensearch import Node
from tests.siems.hostile import HOSTILITIES, RULES, Hostility
from tests.siems.test_hostile import lines, scanned

QUERIES = {rule.id: lucene.make(held.COLUMNS).convert(rule) for rule in RULES}
# the node goes by its own clock
PLANTED = [one for one in HOSTILITIES if one.name != "a stamp two hours ahead"]
TOLD = "event.kind:pipeline_error OR mcp.truncated:*"


@pytest.fixture(scope="module", autouse=True)
def _placed(node: Node) -> None:
    held.placed(node)


@pytest.mark.parametrize("hostility", PLANTED, ids=lambda one: one.name)
def test_a_hostile_event_is_found_as_the_scan_finds_it_or_is_named(
    node: Node, hostility: Hostility, tmp_path: Path
) -> None:
    log = lines(hostility)
    want = scanned(log, tmp_path)
    held.stored(node, [{"message": line} for line in log.values()])
    told = found(node, TOLD, log)
    wrong = {name: (found(node, query, log) ^ want.verdicts[name]) - told for name, query in QUERIES.items()}
    assert {name: some for name, some in wrong.items() if some} == {}
    assert want.told <= told


def found(node: Node, query: str, log: Mapping[str, str]) -> frozenset[str]:
    names = list(log)
    return frozenset(names[at] for at in held.found(node, query))
