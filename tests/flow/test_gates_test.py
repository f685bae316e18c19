"""`mcpsoar gates test`: the cases of our own gates, and of somebody's own."""

import json
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.cli.main import main
from mcpsoar.core.content import CaseKind
from mcpsoar.pack.locate import own

EVENT = {"event_time": "2026-03-01T12:00:00Z", "event_id": "a", "server_name": "crm", "scope_match": False}
CASES: list[dict[str, Any]] = [
    {"name": "thin", "kind": "positive", "expect": {"state": "warn"}, "events": [EVENT]},
    {"name": "nobody", "kind": "negative", "expect": {"state": "no_data"}, "events": []},
    {
        "name": "granted",
        "kind": "benign",
        "expect": {"state": "ok"},
        "events": [{**EVENT, "scope_match": True}],
    },
]


def pack(root: Path, cases: list[dict[str, Any]]) -> Path:
    """A pack of one gate; where its cases stand."""
    home = root / "sql" / "gates"
    home.mkdir(parents=True)
    (home / "scope-mismatch.sql").write_text((own() / "sql" / "gates" / "scope-mismatch.sql").read_text())
    path = home / "scope-mismatch.cases.json"
    path.write_text('{"cases": [\n' + ",\n".join(json.dumps(case) for case in cases) + "]}\n")
    return path


def test_our_own_gates_hold(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["gates", "test"]) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert "ok   registry-drift  " in said.out
    assert said.out.endswith("cases hold, 0 fail\n")


def test_one_gate_is_tested_by_name(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = pack(tmp_path, CASES)
    asked = ["gates", "test", "scope-mismatch", "--pack", str(tmp_path), "--format", "json"]
    assert main(asked) == 0
    said = json.loads(capsys.readouterr().out)
    assert (said["verdict"], said["passed"], said["failed"]) == ("yes", 3, 0)
    assert said["cases"][0] == {
        "gate": "scope-mismatch",
        "case": "thin",
        "kind": "positive",
        "ok": True,
        "where": f"{path}:2",
        "why": None,
    }


@pytest.mark.parametrize(
    ("case", "why"),
    [
        ({**CASES[0], "expect": {"state": "page"}}, "state is warn, not page"),
        (
            {**CASES[0], "expect": {"state": "warn", "subjects": ["jira"]}},
            "subjects is ['crm'], not ['jira']",
        ),
        ({**CASES[2], "kind": "positive"}, "a positive case pages or warns; it is ok"),
    ],
)
def test_a_case_that_fails_is_named_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], case: dict[str, Any], why: str
) -> None:
    path = pack(tmp_path, [*CASES, case])
    assert main(["gates", "test", "--pack", str(tmp_path)]) == 1
    said = capsys.readouterr().out
    assert f"{path}:5: scope-mismatch: {case['kind']} case '{case['name']}' {why}" in said
    assert "3 cases hold, 1 fail" in said


@pytest.mark.parametrize("kind", list(CaseKind))
def test_a_gate_without_a_kind_of_case_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: CaseKind
) -> None:
    path = pack(tmp_path, [case for case in CASES if case["kind"] != kind])
    assert main(["gates", "test", "--pack", str(tmp_path)]) == 1
    assert f"{path}:1: scope-mismatch: {kind} case 'a {kind} case' there is none" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"expect": {}}, "state is one of ok, warn, page, no_data"),
        ({"expect": {"state": ["page"]}}, "state is one of"),
        ({"expect": {"state": "page", "hits": [0]}}, "'hits', which no gate says"),
        ({"expect": {"state": "page", "as_of": 5}}, "as_of '5' is no time"),
        ({"expect": {"state": "page", "approved": "crm"}}, "approved is a list"),
        ({"events": [{**EVENT, "decison": "allow"}]}, "nearest is 'decision'"),
    ],
    ids=str,
)
def test_a_case_that_says_nothing_is_refused_with_its_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], change: dict[str, Any], word: str
) -> None:
    path = pack(tmp_path, [*CASES, {**CASES[0], **change}])
    assert main(["gates", "test", "--pack", str(tmp_path)]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"mcpsoar: {path}:5: ")
    assert word in said.err


@pytest.mark.parametrize("argv", [["nope"], ["--pack", "nowhere"], ["--pack", "EMPTY"]])
def test_no_gate_to_test_is_a_users_mistake(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], argv: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "EMPTY" / "sql").mkdir(parents=True)
    assert main(["gates", "test", *argv]) == 2
    assert capsys.readouterr().out == ""
