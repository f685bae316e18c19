"""`mcpsoar gates` as a user meets it: words, documents, exit codes."""

import gzip
import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.cli.main import main
from mcpsoar.pack.locate import own

WRITE = {
    "event_time": "2026-03-01T12:00:30.250Z",
    "event_id": "w1",
    "server_name": "crm",
    "action_class": "write",
    "decision": "ALLOW",
    "registry_status": "approved",
    "scope_match": True,
    "classifier_result": "CLEAN",
}


def log(path: Path, *events: dict[str, Any] | str) -> str:
    lines = [event if isinstance(event, str) else json.dumps(event) for event in events]
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def document(capsys: pytest.CaptureFixture[str], *argv: str) -> tuple[int, dict[str, Any], str]:
    code = main(["gates", *argv, "--format", "json"])
    said = capsys.readouterr()
    return code, json.loads(said.out) if said.out else {}, said.err


def test_the_document_of_a_check_is_the_contracts(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = log(tmp_path / "log", WRITE, WRITE, {**WRITE, "latency_ms": "slow"}, "{")
    code, said, _ = document(capsys, "check", path)
    assert code == 1
    gates = said.pop("gates")
    assert said == {
        "as_of": "2026-03-01T12:01:00Z",
        "approved": None,
        "logs": [path],
        "events": 1,
        "rejected": 1,
        "rejects": [{"where": f"{path}:4", "why": "the line is not JSON"}],
        "repeats": 2,
        "conflicts": [],
        "conflict_count": 0,
        "malformed": {"latency_ms": 1},
        "cut": [],
    }
    paged = next(gate for gate in gates if gate["gate"] == "unapproved-write-calls")
    assert paged == {
        "gate": "unapproved-write-calls",
        "state": "page",
        "value": 1,
        "numerator": 1,
        "denominator": None,
        "target": "0",
        "page_when": "numerator > 0",
        "owner": "Governance On-call",
        "severity": "critical",
        "warned": 0,
        "coverage": 1.0,
        "window": {"from": "2026-03-01T11:51:00Z", "to": "2026-03-01T12:01:00Z"},
        "evidence": ["w1"],
        "groups": [{"key": "crm", "state": "page", "numerator": 1, "denominator": None}],
    }


@pytest.mark.parametrize(
    ("event", "gates", "code"),
    [
        (WRITE, (), 1),
        ({**WRITE, "approval_id": "ap-1"}, (), 0),
        ({**WRITE, "approval_id": "ap-1", "scope_match": None}, (), 3),
        ({**WRITE, "scope_match": None}, (), 1),
        (WRITE, ("registry-drift", "manifest-drift"), 0),
        ({**WRITE, "environment": "dev", "registry_status": "pending"}, ("registry-drift",), 0),
    ],
)
def test_the_exit_code_is_the_worst_state(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    event: dict[str, Any],
    gates: tuple[str, ...],
    code: int,
) -> None:
    asked = [part for gate in gates for part in ("--gate", gate)]
    got, said, _ = document(capsys, "check", log(tmp_path / "log", event), *asked)
    assert got == code
    assert [gate["gate"] for gate in said["gates"]] == list(gates) or not gates


def test_an_empty_log_is_no_data(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "log").write_text("")
    code, said, _ = document(capsys, "check", str(tmp_path / "log"))
    assert code == 3
    assert {gate["state"] for gate in said["gates"]} == {"no_data"}
    assert {gate["value"] for gate in said["gates"]} == {None}


def test_the_tick_and_the_approved_list_are_the_users(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = log(tmp_path / "log", WRITE)
    names = log(tmp_path / "names", "files", "", " github ")
    asked = ("check", path, "--gate", "registry-drift", "--approved", names)
    assert document(capsys, *asked)[0] == 1
    code, said, _ = document(capsys, *asked, "--as-of", "2026-03-01T12:00:00Z")
    assert (code, said["gates"][0]["state"], said["as_of"]) == (3, "no_data", "2026-03-01T12:00:00Z")
    (tmp_path / "names").write_text("crm\n")
    assert document(capsys, *asked)[0] == 0


def test_an_approved_list_from_any_editor_is_the_same_list(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ("check", log(tmp_path / "log", WRITE), "--gate", "registry-drift")
    (tmp_path / "names").write_bytes(b"\xef\xbb\xbfcrm\r\n# added in March\r\ngithub\r\n")
    code, said, _ = document(capsys, *asked, "--approved", str(tmp_path / "names"))
    assert (code, said["approved"]) == (0, 2)
    assert main(["gates", *asked, "--approved", str(tmp_path / "names")]) == 0
    assert "names on the approved list: 2" in capsys.readouterr().out


@pytest.mark.parametrize("text", [b"", b"# nobody yet\n", b"crm\n\xff\xfe\n"])
def test_an_approved_list_that_names_nobody_is_no_list(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: bytes
) -> None:
    (tmp_path / "names").write_bytes(text)
    asked = ("check", log(tmp_path / "log", WRITE), "--approved", str(tmp_path / "names"))
    code, said, err = document(capsys, *asked)
    assert (code, said) == (2, {})
    assert err.startswith(f"mcpsoar: {tmp_path / 'names'}")


@pytest.mark.parametrize(
    "argv",
    [
        ["check"],
        ["check", "nowhere.ndjson"],
        ["check", "LOG", "--gate", "nope"],
        ["check", "LOG", "--as-of", "2026-03-01T12:00:30Z"],
        ["check", "LOG", "--as-of", "noon"],
        ["check", "LOG", "--as-of", "0001-01-01T00:00:00+14:00"],
        ["check", "LOG", "--as-of", "9999-12-31T23:59:00-14:00"],
        ["check", "LOG", "--as-of", "1999-12-31T23:59:00Z"],
        ["check", "LOG", "--as-of", "2100-01-01T00:01:00Z"],
        ["check", "LOG", "--as-of", "2026-03-01T12:00:00.000001Z"],
        ["sql", "registry-drift", "--as-of", "0001-01-01T00:00:00+14:00"],
        ["check", "LOG", "--approved", "nowhere"],
        ["check", "-", "--approved", "-"],
        ["check", "LOG", "--approved", "/dev/zero"],
        ["check", "LOG", "--rejects", "no/such/folder"],
        ["check", "LOG", "--rejects", "."],
        ["check", "LOG", "--pack", "nowhere"],
        ["sql", "nope"],
        ["sql", "registry-drift", "--dialect", "klingon"],
        ["replay", "LOG"],
    ],
)
def test_a_users_mistake_is_one_line_and_exit_2(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], argv: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    log(tmp_path / "LOG", WRITE)
    assert main(["gates", *argv]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("mcpsoar: ")
    assert "Traceback" not in said.err


def test_people_read_who_when_why_and_what_next(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    hostile = {**WRITE, "event_id": "\x1b[31mred\u202e", "server_name": "crm\n[bold]x"}
    assert main(["gates", "check", log(tmp_path / "log", hostile), "--no-color"]) == 1
    said = capsys.readouterr().out
    for part in ("as of 2026-03-01T12:01:00Z", "PAGE unapproved-write-calls", "Governance On-call", "next "):
        assert part in said
    assert "\x1b[31mred" not in said
    assert "\\x1b[31mred\\u202e" in said
    assert "crm\\x0a[bold]x" in said


def test_rejects_are_talk_and_the_rest_is_kept(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = log(tmp_path / "log", {**WRITE, "approval_id": "a"}, *["{"] * 12)
    assert main(["gates", "check", path, "--rejects", str(tmp_path / "kept")]) == 0
    said = capsys.readouterr()
    assert f"rejected {path}:2: the line is not JSON" in said.err
    assert "rejected 2 more" in said.err
    assert (tmp_path / "kept").read_text() == "{\n" * 12


def test_standard_input_is_a_log(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    given = io.TextIOWrapper(io.BytesIO(json.dumps(WRITE).encode()))
    monkeypatch.setattr(sys, "stdin", given)
    assert document(capsys, "check", "-")[1]["events"] == 1


def test_the_list_says_owner_window_and_target(capsys: pytest.CaptureFixture[str]) -> None:
    code, said, _ = document(capsys, "list")
    assert code == 0
    assert {gate["id"] for gate in said["gates"]} >= {"registry-drift", "scope-mismatch"}
    assert all(gate["owner"] and gate["runbook"] and gate["cases"] >= 3 for gate in said["gates"])
    assert main(["gates", "list"]) == 0
    heads, *rows = capsys.readouterr().out.splitlines()
    assert heads.split() == ["GATE", "WINDOW", "TARGET", "PAGES", "WHEN", "SEVERITY", "OWNER"]
    assert len(rows) == len(said["gates"])  # a line a gate: grep finds the whole of it


def test_a_sixth_gate_is_one_file_and_its_cases(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "pack" / "sql" / "gates"
    home.mkdir(parents=True)
    for path in (own() / "sql" / "gates").iterdir():
        (home / path.name).write_text(path.read_text())
    (home / "deep-chains.sql").write_text(
        "-- id: deep-chains\n-- title: Chains of calls grow deep\n-- owner: Agents Team\n-- severity: low\n"
        '-- window: 5m\n-- counts: events\n-- page: "> 0"\n-- target: "0"\n-- why: Loops begin like this.\n'
        "-- runbook: [Look at the trace.]\n-- false_alarms: [A planner.]\n-- references: [none]\n"
        "SELECT event_ms, event_key, tool_name AS subject,\n"
        "  CASE WHEN chain_depth >= 8 THEN 1 ELSE 0 END AS hit,\n"
        "  CASE WHEN chain_depth IS NOT NULL THEN 1 ELSE 0 END AS judged\nFROM mcp_audit\n"
    )
    pack = str(tmp_path / "pack")
    events = log(tmp_path / "log", {**WRITE, "approval_id": "a", "chain_depth": 8, "tool_name": "t"})
    code, said, _ = document(capsys, "check", events, "--pack", pack)
    assert (code, len(said["gates"])) == (1, 6)
    assert said["gates"][0]["groups"][0]["key"] == "t"
    assert main(["gates", "sql", "deep-chains", "--dialect", "postgres", "--pack", pack]) == 0


def test_a_gate_that_cannot_be_used_names_its_file_and_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    home = tmp_path / "sql" / "gates"
    home.mkdir(parents=True)
    text = (own() / "sql" / "gates" / "registry-drift.sql").read_text()
    (home / "registry-drift.sql").write_text(
        text.replace("server_name AS subject", "sneaky(server_name) AS subject")
    )
    assert main(["gates", "check", log(tmp_path / "log", WRITE), "--pack", str(tmp_path)]) == 2
    assert "registry-drift.sql:25: the function sneaky" in capsys.readouterr().err


def test_checking_as_a_program_writes_one_document(tmp_path: Path) -> None:
    path = log(tmp_path / "log", WRITE)
    argv = [sys.executable, "-m", "mcpsoar", "gates", "check", path, "--format", "json"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False, env={**os.environ})
    assert done.returncode == 1
    assert json.loads(done.stdout)["events"] == 1


def test_rejects_never_overwrite_the_log_or_an_older_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path(log(tmp_path / "log", WRITE))
    before = path.read_bytes()
    assert main(["gates", "check", str(path), "--rejects", str(path)]) == 2
    assert path.read_bytes() == before
    assert main(["gates", "check", str(tmp_path / "mistyped"), "--rejects", str(path)]) == 2
    assert path.read_bytes() == before
    assert "Traceback" not in capsys.readouterr().err


def test_a_folder_is_answered_with_the_command_for_the_logs_in_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "march logs"
    folder.mkdir()
    log(folder / "a.ndjson", {**WRITE, "approval_id": "a"})
    assert main(["gates", "check", f"{folder}/"]) == 2
    said = capsys.readouterr().err.splitlines()
    assert said == [
        f"mcpsoar: {folder}/ is a folder; name the logs in it",
        f"  next     mcpsoar gates check '{folder}/*.ndjson'",
    ]
    assert (
        subprocess.run(
            ["sh", "-c", f"{sys.executable} -m {said[1].partition('next')[2].strip()}"],
            capture_output=True,
            check=False,
        ).returncode
        == 0
    )


def test_rejects_take_their_place_only_when_the_look_is_over(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    kept = tmp_path / "kept"
    kept.write_text("of yesterday\n")
    path = log(tmp_path / "log", "{", WRITE)
    (tmp_path / "broken.parquet").write_bytes(b"PAR1 and no more")
    assert main(["gates", "check", path, str(tmp_path / "broken.parquet"), "--rejects", str(kept)]) == 2
    assert kept.read_text() == "of yesterday\n"
    link = tmp_path / "link"
    link.symlink_to(kept)
    assert main(["gates", "check", path, "--rejects", str(link)]) == 1
    assert (link.is_symlink(), kept.read_text()) == (True, "{\n")
    assert main(["gates", "check", path, "--rejects", "/dev/null"]) == 1
    assert not Path("/dev/null").is_file()
    assert sorted(one.name for one in tmp_path.iterdir()) == ["broken.parquet", "kept", "link", "log"]
    assert "Traceback" not in capsys.readouterr().err


def test_a_log_that_broke_off_is_no_all_clear(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    calm = b"".join(
        json.dumps({**WRITE, "event_id": f"e{n}", "approval_id": "ap"}).encode() + b"\n" for n in range(300)
    )
    path = tmp_path / "log.gz"
    path.write_bytes(gzip.compress(calm)[:-400])
    code = main(["gates", "check", str(path), "--gate", "unapproved-write-calls"])
    assert code == 3
    assert f"CANNOT TELL: {path} broke off" in capsys.readouterr().out
    assert document(capsys, "check", str(path))[1]["cut"] == [str(path)]


def test_a_log_in_another_layout_is_checked_by_its_mapping(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = log(tmp_path / "log", {"at": WRITE["event_time"], "id": "w1", "call": {"sort": "W", "said": "ok"}})
    fields = """
  event_time: at
  event_id: id
  action_class: {from: call.sort, values: {w: write}}
  decision: {from: call.said, values: {ok: allow}}
"""
    mapping = tmp_path / "mapping.yml"
    mapping.write_text(f"name: g\nfields:{fields}")
    code, said, _ = document(capsys, "check", path, "--mapping", str(mapping))
    assert code == 1
    paged = next(gate for gate in said["gates"] if gate["gate"] == "unapproved-write-calls")
    assert (paged["state"], paged["evidence"]) == ("page", ["w1"])
    mapping.write_text(f"name: g\nfields:{fields}  sever_name: x\n")
    assert main(["gates", "check", path, "--mapping", str(mapping)]) == 2
    complaint = capsys.readouterr().err
    assert f"{mapping}:7: 'sever_name' means nothing here; the nearest is 'server_name'" in complaint
