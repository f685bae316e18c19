"""Rules as Lucene query strings find what the scan finds: every case with its variants, and recorded days."""

from typing import Any

from mcpsoar.detect.matching import matches
from mcpsoar.targets import lucene
from tests.targets.es import ground
from tests.targets.es.test_rules import COLUMNS, CORPORA, PREDICATES, RULES, recorded, unique, written
from tests.targets.lucene.index import places

QUERIES = {rule.id: lucene.make(COLUMNS).convert(rule) for rule in RULES}


def differences(events: list[dict[str, Any]]) -> dict[str, Any]:
    """By rule: what the scan finds, and what Lucene finds, where these differ."""
    want = matches(PREDICATES, events, COLUMNS)
    indices = ground.held(events, COLUMNS)
    got = {id_: places(query, indices) for id_, query in QUERIES.items()}
    return {id_: (want[id_], got[id_]) for id_ in QUERIES if want[id_] != got[id_]}


def test_every_rule_finds_what_the_scan_finds_in_every_case_and_variant() -> None:
    events = unique(written())
    assert len(events) > 1000
    assert differences(events) == {}


def test_every_rule_finds_what_the_scan_finds_in_the_attacks() -> None:
    events = [event for path in sorted((CORPORA / "attacks").iterdir()) for event in recorded(path)]
    assert len(events) > 800
    assert differences(events) == {}


def test_every_rule_finds_what_the_scan_finds_in_some_of_the_benign_week() -> None:
    assert differences(recorded(CORPORA / "benign.ndjson.zst", 500)) == {}
