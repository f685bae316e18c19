"""Rules in the languages of SIEMs: goldens for every rule and target, meaning kept or refused by name."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.core.content import RuleText
from mcpsoar.core.errors import BadContent, Unsupported, Usage
from mcpsoar.kit import find
from mcpsoar.pack import rules, schema
from mcpsoar.targets import esql as elastic
from mcpsoar.targets import lucene as query_strings
from mcpsoar.targets import splunk
from tests.targets.evaluator import COLUMNS, rule

ROOT = Path(__file__).resolve().parents[2]
OWN = rules.load(ROOT)
TARGETS = find.names("mcpsoar.targets")


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("text", OWN, ids=lambda text: text.id)
def test_a_rule_reads_in_every_language_as_its_golden_says(target: str, text: RuleText, golden: Any) -> None:
    made = find.load("mcpsoar.targets", target).make(schema.load(ROOT), None)
    golden(ROOT / "tests" / "golden" / "rules" / target / f"{text.id}.txt", made.convert(text) + "\n")


def test_every_golden_belongs_to_a_rule_and_a_target() -> None:
    home = ROOT / "tests" / "golden" / "rules"
    there = {path.relative_to(home).with_suffix("") for path in home.rglob("*.txt")}
    assert there == {Path(target) / text.id for target in TARGETS for text in OWN}


def test_the_folder_lists_plug_ins_alone() -> None:
    assert TARGETS == ("esql", "lucene", "splunk", "sql")


def spl(detection: dict[str, Any]) -> str:
    return splunk.make(COLUMNS).convert(rule(detection)).removeprefix("`mcp_audit_events` ")


def esql(detection: dict[str, Any]) -> str:
    return elastic.make(COLUMNS).convert(rule(detection)).partition("| WHERE ")[2]


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"tool_name": "Fetch"}, 'TO_LOWER(mcp.tool_name) == "fetch"'),
        ({"tool_name|cased": "Fetch"}, 'mcp.tool_name == "Fetch"'),
        ({"tool_name|startswith": "Get_"}, 'STARTS_WITH(TO_LOWER(mcp.tool_name), "get_")'),
        ({"tool_name|endswith": "_X"}, 'ENDS_WITH(TO_LOWER(mcp.tool_name), "_x")'),
        ({"tool_name|contains": "A"}, 'TO_LOWER(mcp.tool_name) LIKE "*a*"'),
        ({"tool_name": ["A", "B"]}, 'TO_LOWER(mcp.tool_name) IN ("a", "b")'),
        ({"tool_name": 404}, 'TO_LOWER(mcp.tool_name) == "404"'),
        ({"chain_depth": [7, 9]}, "mcp.chain_depth == 7 OR mcp.chain_depth == 9"),
        ({"tool_name": None}, '(mcp.tool_name IS NULL OR TRIM(mcp.tool_name) == "")'),
        ({"tool_name": " "}, '(mcp.tool_name IS NULL OR TRIM(mcp.tool_name) == "")'),
        ({"tool_name": "*"}, '(mcp.tool_name IS NOT NULL AND TRIM(mcp.tool_name) != "")'),
        ({"chain_depth|exists": False}, "mcp.chain_depth IS NULL"),
        ({"event_time|exists": True}, "@timestamp"),
    ],
    ids=str,
)
def test_esql_folds_case_and_knows_blanks(item: dict[str, Any], expected: str) -> None:
    assert expected in esql({"a": item, "condition": "a"})


@pytest.mark.parametrize(
    "item",
    [
        {"tool_name": "x"},
        {"tool_name": ["x", "y"]},
        {"audience_match": True},
        {"chain_depth|gte": 8},
        {"tool_name|contains": "x"},
    ],
    ids=str,
)
def test_esql_never_negates_what_may_be_null(item: dict[str, Any]) -> None:
    assert esql({"a": item, "condition": "not a"}).startswith("NOT COALESCE(")
    assert "NOT COALESCE(" in esql({"a": item, "b": {"server_name": "y"}, "condition": "b and not (a or b)"})


def test_esql_leaves_a_null_test_bare_under_not() -> None:
    assert "COALESCE" not in esql({"a": {"chain_depth": None}, "condition": "not a"})


def lucene(detection: dict[str, Any]) -> str:
    return query_strings.make(COLUMNS).convert(rule(detection))


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"tool_name": "Fetch"}, "mcp.tool_name:/[fF][eE][tT][cC][hH]/"),
        ({"tool_name|cased": "Fetch"}, "mcp.tool_name:Fetch"),
        ({"tool_name|cased": ["a b", "AND"]}, 'mcp.tool_name:("a b" OR "AND")'),
        ({"tool_name|cased": "a<b"}, r"mcp.tool_name:/a\<b/"),
        ({"tool_name|startswith": "Get_"}, "mcp.tool_name:/[gG][eE][tT]_.*/"),
        ({"tool_name|contains": "\\/"}, r"mcp.tool_name:/.*[\\]\/.*/"),
        ({"tool_name": "a?\\*"}, r"mcp.tool_name:/[aA].\*/"),
        ({"tool_name": 404}, "mcp.tool_name:404"),
        ({"action_class": ["Write", "read"]}, "mcp.action_class:(write OR read)"),
        ({"action_class|contains": "Write"}, "mcp.action_class:/.*write.*/"),
        ({"chain_depth": [7, -9]}, "mcp.chain_depth:7 OR mcp.chain_depth:[-9 TO -9]"),
        ({"chain_depth|gt": -1}, "mcp.chain_depth:{-1 TO *}"),
        ({"latency_ms|lte": 2.5}, "mcp.latency_ms:[* TO 2.5]"),
        ({"audience_match": False}, "mcp.audience_match:false"),
        ({"tool_name|exists": True}, "_exists_:mcp.tool_name AND NOT mcp.tool_name:/ */"),
        ({"chain_depth|exists": False}, "_exists_:@timestamp AND NOT _exists_:mcp.chain_depth"),
        ({"actor_tags": "*"}, "_exists_:mcp.actor_tags OR mcp.empty_lists:actor_tags"),
    ],
    ids=str,
)
def test_lucene_spells_out_case_and_escapes_nothing_that_cannot_be(
    item: dict[str, Any], expected: str
) -> None:
    assert lucene({"a": item, "condition": "a"}) == expected


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("not a", "_exists_:@timestamp AND NOT mcp.chain_depth:1"),
        ("not not a", "mcp.chain_depth:1"),
        ("a and not b", "mcp.chain_depth:1 AND NOT mcp.fan_out:2"),
        ("a or not b", "mcp.chain_depth:1 OR (_exists_:@timestamp AND NOT mcp.fan_out:2)"),
        ("not a and not b", "_exists_:@timestamp AND NOT mcp.chain_depth:1 AND NOT mcp.fan_out:2"),
        ("not (a or b)", "_exists_:@timestamp AND NOT (mcp.chain_depth:1 OR mcp.fan_out:2)"),
        ("a or b and c", "mcp.chain_depth:1 OR (mcp.fan_out:2 AND mcp.bytes_out:3)"),
        (
            "(a or b) and not (b and c)",
            "(mcp.chain_depth:1 OR mcp.fan_out:2) AND NOT (mcp.fan_out:2 AND mcp.bytes_out:3)",
        ),
    ],
)
def test_lucene_never_relies_on_precedence_nor_on_a_lone_not(condition: str, expected: str) -> None:
    parts = {"a": {"chain_depth": 1}, "b": {"fan_out": 2}, "c": {"bytes_out": 3}}
    made = query_strings.make(schema.load(ROOT)).convert(rule({**parts, "condition": condition}))
    assert made == expected


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"tool_name": "Fetch"}, 'tool_name="Fetch"'),
        ({"actor_tags": "x"}, 'actor_tags="x"'),
        ({"tool_name": None}, "NOT tool_name=*"),
        ({"tool_name": " "}, "NOT tool_name=*"),
        ({"tool_name|exists": True}, "tool_name=*"),
        ({"audience_match": False}, "audience_match=false"),
        ({"tool_name|cased": "Fetch"}, '*\n| where tool_name="Fetch"'),
        ({"tool_name": "a\\*"}, '*\n| where lower(tool_name)="a*"'),
        ({"tool_name|fieldref": "server_name"}, "*\n| where lower(tool_name)=lower(server_name)"),
    ],
    ids=str,
)
def test_spl_keeps_names_and_says_in_where_what_search_cannot(item: dict[str, Any], expected: str) -> None:
    assert spl({"a": item, "condition": "a"}) == expected


def test_spl_leaves_in_search_what_it_can() -> None:
    parts = {"a": {"tool_name": "a?"}, "b": {"chain_depth": 1}, "c": {"server_name": "x"}}
    assert spl({**parts, "condition": "b and not a and c"}) == (
        'chain_depth=1 server_name="x"\n'
        r'| where isnull(tool_name) OR NOT match(lower(tool_name), "^a[\\s\\S]$(?!\\n)")'
    )


def test_spl_never_relies_on_which_operator_binds_tighter() -> None:
    made = spl(
        {
            "a": {"tool_name": "a"},
            "b": {"chain_depth": 1},
            "c": {"audience_match": True},
            "condition": "a and (b or c) or b and c",
        }
    )
    assert (
        made
        == '(tool_name="a" (chain_depth=1 OR audience_match=true)) OR (chain_depth=1 audience_match=true)'
    )


@pytest.mark.parametrize(
    ("target", "item", "word"),
    [
        ("splunk", {"tool_name|fieldref|contains": "server_name"}, "StrPosition has no word"),
        ("splunk", {"tool_name": "stra\u00dfe"}, "outside ASCII.*cased"),
        ("splunk", {"event_time|exists": True}, "event_time"),
        ("splunk", {"event_time|hour": 3}, "parts of a time"),
        ("splunk", ["keyword"], "keywords"),
        ("splunk", {"tool_name|expand": "%x%"}, "expand"),
        ("esql", {"tool_name|re": "x.*"}, "re"),
        ("esql", {"tool_name|fieldref": "server_name"}, "fieldref"),
        ("esql", {"actor_tags|contains": "x"}, "element"),
        ("esql", {"actor_tags": 5}, "quotes"),
        ("esql", {"event_time": "x"}, "time"),
        ("esql", {"server_name|cidr": "10.0.0.0/8"}, "cidr"),
        ("esql", {"tool_name": "stra\u00dfe"}, "cased"),
        ("esql", {"chain_depth|gt": 2**63}, "64 bits"),
        ("esql", {"tool_name|expand": "%x%"}, "expand"),
        ("esql", ["keyword"], "keyword"),
        ("lucene", {"tool_name|fieldref": "server_name"}, "fieldref"),
        ("lucene", {"actor_tags": 5}, "quotes"),
        ("lucene", {"event_time": "x"}, "time"),
        ("lucene", {"event_time|hour": 3}, "parts of a time"),
        ("lucene", {"server_name|cidr": "10.0.0.0/8"}, "cidr"),
        ("lucene", {"chain_depth|gt": 2**63}, "64 bits"),
        ("lucene", {"chain_depth|gt": 1.5}, "fraction"),
        ("lucene", {"tool_name": "a" * 300}, "longer than 1000"),
        ("lucene", {"tool_name": "*a" + "?" * 9}, "states"),
        ("lucene", {"tool_name|re": "(?=a)b"}, "lookaround"),
        ("lucene", {"tool_name|expand": "%x%"}, "expand"),
        ("lucene", ["keyword"], "keyword"),
    ],
    ids=str,
)
def test_what_a_target_cannot_say_is_refused_with_its_line(target: str, item: Any, word: str) -> None:
    made = find.load("mcpsoar.targets", target).make(COLUMNS, None)
    with pytest.raises(Unsupported, match=word) as refusal:
        made.convert(rule({"a": item, "condition": "a"}))
    assert refusal.value.where
    assert refusal.value.where.rpartition(":")[2].isdigit()
    assert target in refusal.value.message


@pytest.mark.parametrize("target", TARGETS)
def test_no_target_converts_a_dead_rule(target: str) -> None:
    made = find.load("mcpsoar.targets", target).make(COLUMNS, None)
    with pytest.raises(BadContent, match="tool_name"):
        made.convert(rule({"a": {"tool_nam": "x"}, "condition": "a"}))


@pytest.mark.parametrize("target", TARGETS)
def test_a_heading_is_a_comment_of_the_language(target: str) -> None:
    made = find.load("mcpsoar.targets", target).make(COLUMNS, None)
    mark = {"esql": "// x", "lucene": "# x", "splunk": "``` x ```", "sql": "-- x"}[target]
    assert made.comment.format("x") == mark


@pytest.mark.parametrize("target", ["splunk", "esql", "lucene"])
def test_a_dialect_is_for_sql_alone(target: str) -> None:
    with pytest.raises(Usage, match="--dialect"):
        find.load("mcpsoar.targets", target).make(COLUMNS, "duckdb")


def test_sigmas_own_checker_has_no_complaint() -> None:
    """Offline: the validators that download lists of tags are left out.

    So is the one of namespaces, which knows neither ATLAS nor OWASP nor SAFE and cannot be told of them: its
    part is done where a pack's rules are read.
    """
    sigma = Path(sys.executable).with_name("sigma")
    skipped = ["attacktag", "d3_fendtag", "cartag", "namespace_tag"]
    command = [str(sigma), "check", str(ROOT / "sigma_rules"), "--fail-on-issues"]
    command += [word for name in skipped for word in ("-x", name)]
    nowhere = dict.fromkeys(("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"), "http://127.0.0.1:9")
    done = subprocess.run(
        command, check=False, capture_output=True, text=True, env={**os.environ, **nowhere}, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 errors, 0 condition errors and 0 issues" in done.stdout + done.stderr
