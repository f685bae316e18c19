"""Rules in SPL: the events that Splunk finds are those of the scan, for every case, spelling and corpus."""

import io
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import zstandard
from sqlglot import exp

from mcpsoar.app import variants
from mcpsoar.core.content import RuleText
from mcpsoar.core.event import Kind
from mcpsoar.detect import matching, prelude
from mcpsoar.detect.matching import referenced
from mcpsoar.pack import corpora, rules
from mcpsoar.targets import splunk, sql
from mcpsoar.targets.bridge import tree
from mcpsoar.targets.bridge.table import normal
from mcpsoar.targets.rule import reading
from tests.languages.spl import run
from tests.targets.evaluator import rule
from tests.targets.spl.splunk import COLUMNS, EXTRACTIONS, ROOT, Extraction, event

MACROS = {"mcp_audit_events": 'index="mcp"'}
LISTS = [column.name for column in COLUMNS if column.kind is Kind.TEXTS]
RULES = rules.load(ROOT)
Facts = Mapping[str, Any]


def found_in_spl(query: str, events: Sequence[Mapping[str, Any]]) -> list[int]:
    """The places of the events that a search finds."""
    placed = [{**one, "index": "mcp", "place": str(at)} for at, one in enumerate(events)]
    return sorted(int(row["place"]) for row in run(query, placed, now_ms=0, macros=MACROS))


def found_in_sql(predicate: exp.Expression, events: Sequence[Facts]) -> list[int]:
    """The places of the events that a scan finds."""
    asked: Any = predicate.transform(_as_list)
    return list(matching.matches({"asked": asked}, events, COLUMNS)["asked"])


def _as_list(node: exp.Expr) -> exp.Expr:
    """A scan has lists as JSON text, a SIEM has lists."""
    is_list = isinstance(node, exp.Column) and node.name in LISTS
    return exp.cast(exp.cast(node.copy(), "json"), "varchar[]", dialect="duckdb") if is_list else node


def read(predicate: exp.Expression) -> frozenset[str]:
    """The columns that a rule reads, and those that they are derived from."""
    names = referenced([predicate])
    return names | {word for one in COLUMNS if one.name in names for word in prelude.sources(one)}


@pytest.mark.parametrize("extraction", EXTRACTIONS, ids=["nulls absent", "nulls text"])
@pytest.mark.parametrize("text", RULES, ids=lambda text: text.id)
def test_every_case_in_every_spelling_is_found_as_the_scan_finds_it(
    text: RuleText, extraction: Extraction
) -> None:
    predicate = sql.predicate(text, COLUMNS)
    events = [one for case in text.cases for one in case.events]
    for case in text.cases:
        for variant in variants.each(case, COLUMNS, read(predicate)):
            events += [*variant.events, *variant.like]
    events = list({json.dumps(one): one for one in events}.values())
    extracted = [event(one, extraction=extraction, wanted=referenced([predicate])) for one in events]
    want = found_in_sql(predicate, events)
    assert want
    assert found_in_spl(splunk.make(COLUMNS).convert(text), extracted) == want


def sample() -> list[Facts]:
    """Every 200th event of the benign week and the beginning of each attack."""
    folder = corpora.beside(ROOT)
    assert folder is not None
    lines: list[str] = []
    for path in [folder / "benign.ndjson.zst", *sorted((folder / "attacks").iterdir())]:
        whole = _lines(path)
        lines += whole[:: max(1, len(whole) // 500)] if path.parent == folder else whole[:80]
    return [json.loads(line) for line in lines]


def _lines(path: Path) -> list[str]:
    with zstandard.open(path, "rb") as file:
        return io.TextIOWrapper(file, "utf-8").read().splitlines()


def test_the_corpora_are_found_as_the_scan_finds_them() -> None:
    events = sample()
    predicates = sql.predicates(RULES, COLUMNS)
    wanted = referenced(predicates.values())
    extracted = [event(one, wanted=wanted) for one in events]
    want = {name: list(places) for name, places in matching.matches(predicates, events, COLUMNS).items()}
    made = splunk.make(COLUMNS)
    assert {text.id: found_in_spl(made.convert(text), extracted) for text in RULES} == want
    assert sum(map(bool, want.values())) > len(RULES) // 2


TEXTS = [
    None,
    *("x", "X", "fetch", "Fetch", "a*b", "aXb", "a?b", "ab", "a\\b", 'a"b', "a|b", "a\nb", "10.0.0.0/8"),
    *("10.1.2.3", "11.1.2.3", "fe80::1", "7", "7.0", "é", "abcb", "a%b", "a_b", "x\n", "null", "*"),
]
EVENTS: list[Facts] = [
    *({"tool_name": one, "server_name": "fetch", "chain_depth": 7} for one in TEXTS),
    *({"tool_name": "x", "server_name": one, "actor_tags": ["a", "B", "a*b"]} for one in TEXTS),
    *({"actor_tags": one} for one in ([], ["x"], ["X", "y"], [""], "x", ["a?b"], ["x1", "1y"], [1])),
    *({"chain_depth": one, "latency_ms": one} for one in (7, "7", "007", 7.0, "7.00", 8, "x", -1, 0, 7.5)),
    *({"audience_match": one, "action_class": "WRITE"} for one in (True, "FALSE", 1, "maybe", None)),
]


def text_of(*items: Any, condition: str = "s0") -> RuleText:
    return rule({**{f"s{at}": one for at, one in enumerate(items)}, "condition": condition})


@pytest.mark.parametrize(
    "text",
    [
        text_of({"tool_name|cased": "Fetch"}),
        text_of({"tool_name|cased|startswith": "Fe"}, condition="not s0"),
        text_of({"tool_name|cased": ["x", "a*b"]}),
        text_of({"tool_name|re": "^a.b$"}),
        text_of({"tool_name|re": "^x$"}),
        text_of({"tool_name|re|i": "FETCH"}, condition="not s0"),
        text_of({"tool_name|re": "^x"}, {"server_name": "fetch"}, condition="s0 or s1"),
        text_of({"tool_name|re": "^x"}, {"server_name": "fetch"}, condition="s1 and not s0"),
        text_of({"tool_name|fieldref": "server_name"}),
        text_of({"tool_name|fieldref": "server_name"}, {"chain_depth": 7}, condition="s0 or s1"),
        text_of({"tool_name|fieldref": "server_name"}, condition="not s0"),
        text_of({"tool_name|fieldref|startswith": "server_name"}),
        text_of({"tool_name": "a\\*b"}),
        text_of({"tool_name": "a\\?b"}),
        text_of({"tool_name": "a?b"}),
        text_of({"tool_name": "a?"}),
        text_of({"tool_name": "?"}, condition="not s0"),
        text_of({"tool_name": "a*b"}),
        text_of({"tool_name|contains": "a\\*"}, condition="not s0"),
        text_of({"tool_name": ["x", "a?b"]}, {"server_name": "fetch"}, condition="s0 and s1"),
        text_of({"tool_name": "a\\\\b"}),
        text_of({"tool_name": 'a"b'}),
        text_of({"tool_name": "a|b"}),
        text_of({"tool_name": "a\nb"}),
        text_of({"tool_name": "`x`"}),
        text_of({"tool_name": "a%b"}),
        text_of({"tool_name|contains": "_"}),
        text_of({"tool_name": "10.0.0.0/8"}),
        text_of({"tool_name": ["10.0.0.0/8", "x"]}),
        text_of({"tool_name|cidr": "10.0.0.0/8"}),
        text_of({"tool_name|cidr": "fe80::/10"}),
        text_of({"tool_name": "null"}),
        text_of({"tool_name|cased": "é"}),
        text_of({"tool_name": None}),
        text_of({"tool_name": ""}),
        text_of({"tool_name": " "}),
        text_of({"tool_name": "*"}, condition="not s0"),
        text_of({"tool_name|exists": True}),
        text_of({"tool_name": 7}),
        text_of({"tool_name": "x"}, condition="not s0"),
        text_of({"tool_name": "x"}, {"server_name": None}, condition="not (s0 or s1)"),
        text_of({"tool_name": "x"}, {"server_name": "x"}, {"chain_depth": 7}, condition="s0 and s1 or s2"),
        text_of({"tool_name": "x"}, {"server_name": "x"}, {"chain_depth": 7}, condition="(s0 or s1) and s2"),
        text_of({"actor_tags": "x"}),
        text_of({"actor_tags": "b"}, condition="not s0"),
        text_of({"actor_tags|cased": "B"}),
        text_of({"actor_tags": "a?b"}),
        text_of({"actor_tags": "a\\*b"}),
        text_of({"actor_tags|contains|all": ["x", "y"]}),
        text_of({"actor_tags|startswith": "x"}),
        text_of({"actor_tags": None}),
        text_of({"actor_tags": ""}),
        text_of({"actor_tags|exists": True}),
        text_of({"actor_tags": "*"}, condition="not s0"),
        text_of({"chain_depth": 7}),
        text_of({"chain_depth": [7, 8]}, condition="not s0"),
        text_of({"chain_depth|gte": 7}),
        text_of({"chain_depth|neq": 7}),
        text_of({"latency_ms": 7}),
        text_of({"latency_ms": 7.5}),
        text_of({"latency_ms|lt": 7.5}),
        text_of({"audience_match": False}),
        text_of({"audience_match": True}, condition="not s0"),
        text_of({"action_class": "write"}),
        text_of({"action_class|cased": "write"}),
    ],
    ids=lambda text: text.text.partition("detection")[2][:90] or text.text[-90:],
)
@pytest.mark.parametrize("extraction", EXTRACTIONS, ids=["nulls absent", "nulls text"])
def test_every_trap_is_found_as_the_scan_finds_it(text: RuleText, extraction: Extraction) -> None:
    asked = reading.read(text).conditions
    predicate = tree.joined([tree.condition(one, normal(COLUMNS)) for one in asked])
    extracted = [event(one, extraction=extraction, wanted=referenced([predicate])) for one in EVENTS]
    want = found_in_sql(predicate, EVENTS)
    query = splunk.make(COLUMNS).convert(text)
    assert found_in_spl(query, extracted) == want, query
