"""Rules as ES|QL find what the scan finds: every case with its variants, and some of the recorded days."""

import json
import os
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
import zstandard

from mcpsoar.app import variants
from mcpsoar.core.content import CaseKind
from mcpsoar.detect import prelude
from mcpsoar.detect.matching import matches, referenced
from mcpsoar.pack import rules
from mcpsoar.targets import esql, sql
from mcpsoar.targets.es import fields
from tests.languages.esql import elastic_parser
from tests.targets.es import ground

COLUMNS = ground.columns()
RULES = rules.load(ground.ROOT)
PREDICATES = sql.predicates(RULES, COLUMNS)
QUERIES = {rule.id: esql.make(COLUMNS).convert(rule) for rule in RULES}
CORPORA = ground.ROOT / "tests" / "data" / "corpora"


def differences(events: list[dict[str, Any]]) -> dict[str, Any]:
    """By rule: what the scan finds, and what ES|QL finds, where these differ."""
    want = matches(PREDICATES, events, COLUMNS)
    indices = ground.held(events, COLUMNS)
    got = {id_: ground.places(query, indices) for id_, query in QUERIES.items()}
    return {id_: (want[id_], got[id_]) for id_ in QUERIES if want[id_] != got[id_]}


def unique(events: Iterator[dict[str, Any]]) -> list[dict[str, Any]]:
    return list({json.dumps(event, sort_keys=True): event for event in events}.values())


def written() -> Iterator[dict[str, Any]]:
    """The events of every case of every rule, and of their variants."""
    for rule in RULES:
        read = set(referenced([PREDICATES[rule.id]]))
        read |= {name for column in COLUMNS if column.name in read for name in prelude.sources(column)}
        for case in rule.cases:
            yield from (dict(event) for event in case.events)
            if case.kind is CaseKind.POSITIVE:
                for variant in variants.each(case, COLUMNS, read):
                    yield from (dict(event) for event in variant.events)


def test_every_rule_finds_what_the_scan_finds_in_every_case_and_variant() -> None:
    events = unique(written())
    assert len(events) > 1000
    assert differences(events) == {}


def recorded(path: Path, most: int | None = None) -> list[dict[str, Any]]:
    with zstandard.open(path, "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in islice(lines, most)]


def test_every_rule_finds_what_the_scan_finds_in_the_attacks() -> None:
    events = [event for path in sorted((CORPORA / "attacks").iterdir()) for event in recorded(path)]
    assert len(events) > 800
    assert differences(events) == {}


def test_every_rule_finds_what_the_scan_finds_in_some_of_the_benign_week() -> None:
    assert differences(recorded(CORPORA / "benign.ndjson.zst", 500)) == {}


def test_every_query_is_syntax_to_elastics_own_parser() -> None:
    module = os.environ.get("MCPSOAR_ESQL_PARSER")
    if not module:
        pytest.skip("MCPSOAR_ESQL_PARSER names no build of Elastic's parser")
    evals = [f"ROW a = 1 | EVAL {one}" for one in fields.evals(COLUMNS, [column.name for column in COLUMNS])]
    queries = [*QUERIES.values(), *evals]
    assert elastic_parser.complaints(Path(module), queries) == [[] for _ in queries]
