"""`mcpsoar rules` as a user types it: list, test, convert, and a pack of one's own."""

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.flow.typed import Ran, ran

ROOT = Path(__file__).resolve().parents[2]
OWN = 41
ONE_MORE = """\
title: One More Rule
id: 5b7f0f3a-90a4-4c9e-9a2b-6d1b4d8f7e10
status: experimental
level: low
logsource: {product: mcp, service: audit}
detection:
  selection:
    tool_name|startswith: get_
    is_error: true
  condition: selection
custom:
  risk: made-up
"""
CASES = {
    "cases": [
        {"name": "fails", "kind": "positive", "events": [{"tool_name": "GET_env", "is_error": True}]},
        {"name": "works", "kind": "negative", "events": [{"tool_name": "get_env", "is_error": False}]},
        {"name": "other", "kind": "benign", "events": [{"tool_name": "forget_it", "is_error": True}]},
    ]
}


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    def go(*words: str) -> Ran:
        return ran(capsys, "rules", *words)

    return go


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """Our own pack and one more rule: one file and its proof."""
    shutil.copytree(ROOT / "sigma_rules", tmp_path / "sigma_rules")
    folder = tmp_path / "sigma_rules" / "tool"
    (folder / "one_more_rule.yml").write_text(ONE_MORE)
    (folder / "one_more_rule.cases.json").write_text(json.dumps(CASES))
    return tmp_path


def one_more(pack: Path, was: str, now: str) -> Path:
    path = pack / "sigma_rules" / "tool" / "one_more_rule.yml"
    assert was in ONE_MORE
    path.write_text(ONE_MORE.replace(was, now))
    return path


def cases(pack: Path, kept: list[Any]) -> Path:
    path = pack / "sigma_rules" / "tool" / "one_more_rule.cases.json"
    path.write_text(json.dumps({"cases": kept}, indent=1))
    return path


def test_our_own_rules_are_listed_and_hold(run: Any) -> None:
    listed = run("list", "--format", "json").document["rules"]
    assert sum(rule["kind"] == "event" for rule in listed) == OWN
    assert {rule["kind"] for rule in listed} == {"event", "window"}
    assert all("atlas.v5.6.0" in rule["tags"] for rule in listed)
    assert all(all(count for count in rule["cases"].values()) for rule in listed)
    told = {rule["id"]: (rule["needs"], rule["playbook"]) for rule in listed}
    assert told["call_chain_too_deep"] == (["chain_depth"], "contain-server")
    assert told["token_with_wildcard_scope"] == (["token_scopes"], None)
    (line,) = [line for line in run("list").out.splitlines() if "write_by_read_only_principal" in line]
    assert line.endswith("actor_tags, action_class")
    proved = run("test")
    assert (proved.code, proved.err) == (0, "")
    assert "0 fail" in proved.out


def test_one_more_rule_is_one_file_and_its_proof(run: Any, pack: Path) -> None:
    rules = run("list", "--pack", str(pack), "--format", "json").document["rules"]
    assert sum(rule["kind"] == "event" for rule in rules) == OWN + 1
    assert {"positive": 1, "negative": 1, "benign": 1} in [rule["cases"] for rule in rules]
    proved = run("test", "--pack", str(pack), "--format", "json")
    assert proved.code == 0
    assert proved.document["verdict"] == "yes"
    assert sum(case["rule"] == "one_more_rule" for case in proved.document["cases"]) == 3
    words = {"splunk": "tool_name", "esql": "STARTS_WITH", "lucene": "mcp.tool_name:/", "sql": "LIKE"}
    for target, word in words.items():
        made = run("convert", target, "one_more_rule", "--pack", str(pack))
        assert made.code == 0
        assert word in made.out
        told = run("convert", target, "--pack", str(pack), "--format", "json").document["rules"]
        assert [one["id"] for one in told] == [rule["id"] for rule in rules]
        refused = [rule["kind"] for one, rule in zip(told, rules, strict=True) if one["query"] is None]
        assert set(refused) == (set() if target in ("splunk", "sql") else {"window"})


def test_a_wrong_rule_fails_at_the_line_of_its_case(run: Any, pack: Path) -> None:
    one_more(pack, "is_error: true", "is_error: false")
    proved = run("test", "one_more_rule", "--pack", str(pack))
    assert proved.code == 1
    path = pack / "sigma_rules" / "tool" / "one_more_rule.cases.json"
    assert f"{path}:1: one_more_rule: positive case 'fails' matches none of its events" in proved.out
    assert "negative case 'works' matches event 0, must match none" in proved.out
    document = run("test", "one_more_rule", "--pack", str(pack), "--format", "json").document
    assert document["verdict"] == "no"
    assert [case["ok"] for case in document["cases"]] == [False, False, True]


@pytest.mark.parametrize("kind", ["positive", "negative", "benign"])
def test_a_rule_without_a_case_of_each_kind_fails(run: Any, pack: Path, kind: str) -> None:
    path = cases(pack, [case for case in CASES["cases"] if case["kind"] != kind])
    proved = run("test", "one_more_rule", "--pack", str(pack))
    assert proved.code == 1
    assert f"{path}:1: one_more_rule: {kind} case 'a {kind} case' there is none" in proved.out


def test_a_rule_without_any_case_fails(run: Any, pack: Path) -> None:
    cases(pack, []).unlink()
    proved = run("test", "one_more_rule", "--pack", str(pack))
    assert proved.code == 1
    assert "3 fail" in proved.out


def test_expected_hits_are_compared_exactly(run: Any, pack: Path) -> None:
    two = {
        **CASES["cases"][0],
        "events": [{"tool_name": "get_a", "is_error": True}] * 2,
        "expect": {"hits": [0]},
    }
    cases(pack, [two, *CASES["cases"][1:]])
    proved = run("test", "one_more_rule", "--pack", str(pack))
    assert proved.code == 1
    assert "matches events 0, 1, expected 0" in proved.out


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"events": []}, "no events"),
        ({"expect": {"hits": [7]}}, "hits"),
        ({"expect": {"matches": [0]}}, "hits"),
        ({"kind": "maybe"}, "kind"),
        ({"events": [{"tool_nmae": "get_env", "is_error": True}]}, "nearest is 'tool_name'"),
    ],
    ids=str,
)
def test_a_case_that_says_nothing_is_refused_with_its_line(
    run: Any, pack: Path, change: dict[str, Any], word: str
) -> None:
    path = cases(pack, [{**CASES["cases"][0], **change}, *CASES["cases"][1:]])
    proved = run("test", "one_more_rule", "--pack", str(pack))
    assert proved.code == 2
    assert f"{path}:" in proved.err
    assert word in proved.err
    assert proved.out == ""


@pytest.mark.parametrize(
    ("change", "code", "words"),
    [
        (("tool_name|startswith", "tool_nmae|startswith"), 2, (":8:", "nearest is 'tool_name'")),
        (("condition: selection", "condition: selection and"), 2, (":10:",)),
        (("tool_name|startswith: get_", "tool_name|re: get_(?=x)"), 3, (":8:", "|re", "one_more_rule")),
        (("level: low", "level: awful"), 2, (":4:", "level is one of")),
    ],
)
def test_a_rule_that_cannot_be_run_is_one_line_with_its_place(
    run: Any, pack: Path, change: tuple[str, str], code: int, words: tuple[str, ...]
) -> None:
    path = one_more(pack, *change)
    proved = run("test", "--pack", str(pack))
    assert (proved.code, proved.out) == (code, "")
    assert proved.err.startswith(f"mcpsoar: {path}{words[0]}")
    assert all(word in proved.err for word in words)
    assert len(proved.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("words", "say"),
    [
        (("convert", "klingon"), "esql, lucene, splunk, sql"),
        (("convert", "sql", "--dialect", "klingon"), "duckdb"),
        (("convert", "splunk", "--dialect", "duckdb"), "--dialect is for sql"),
        (("test", "no_such_rule"), "mcpsoar rules list"),
        (("list", "--pack", "no/such/place"), "no pack"),
    ],
)
def test_a_wrong_word_is_answered_with_the_right_ones(run: Any, words: tuple[str, ...], say: str) -> None:
    done = run(*words)
    assert (done.code, done.out) == (2, "")
    assert say in done.err


def test_one_rule_is_printed_bare_and_several_under_their_titles(run: Any) -> None:
    one = run("convert", "esql", "call_chain_too_deep").out
    assert one.startswith("FROM logs-mcp.audit-*")
    assert run("convert", "elastic", "call_chain_too_deep").out == one
    titles = [line for line in run("convert", "sql").out.splitlines() if line.startswith("-- ")]
    assert len(titles) == len(run("list", "--format", "json").document["rules"])


def test_a_detection_is_refused_by_name_where_it_cannot_be_said(run: Any) -> None:
    for dialect in ("duckdb", "spark"):
        made = run("convert", "sql", "error_loop", "--dialect", dialect)
        assert made.code == 0
        assert made.out.startswith("WITH audit_fields AS")
    for words in (("lucene",), ("sql", "--dialect", "mysql"), ("sql", "--dialect", "redshift")):
        done = run("convert", *words, "error_loop")
        assert (done.code, done.out) == (3, "")
        assert "detection error_loop" in done.err
    assert "cannot be said: detection error_loop" in run("convert", "lucene").out


def test_listing_loads_no_converter_and_no_engine() -> None:
    script = "import sys; from mcpsoar.cli.main import main; main(['rules', 'list']); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    loaded = {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()}
    assert "yaml" in loaded
    assert not {"sigma", "sqlglot", "duckdb", "rich", "httpx"} & loaded
