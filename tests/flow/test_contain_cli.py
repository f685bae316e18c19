"""`contain`, `release`, `runs` and `playbooks` as they are typed."""

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcpsoar.cli.main import main
from mcpsoar.lab.faults import Fault
from mcpsoar.lab.serving import Handle, control_plane
from tests.flow.ground import ROOT

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def plane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Handle]:
    """A control plane, named in the environment as the script's users do; nothing else is configured."""
    folder = tmp_path / "plane"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    for name in ("MCPSOAR_API", "MCPSOAR_CONFIG", "MCPSOAR_PACK"):
        monkeypatch.delenv(name, raising=False)
    with control_plane(folder, servers=[f"s{n}" for n in range(12)] + ["github"]) as handle:
        monkeypatch.setenv("API", handle.url)
        monkeypatch.setenv("MCPSOAR_TOKEN", handle.token)
        monkeypatch.setenv("MCPSOAR_HOME", str(tmp_path / "home"))
        yield handle


def writes(plane: Handle) -> list[str]:
    return [line["path"] for line in plane.ledger() if line["method"] != "GET"]


def test_the_script_s_users_change_one_word(plane: Handle, capsys: Captured) -> None:
    assert main(["contain", "github", "--ticket", "INC-7", "--reason", "it listens"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("CONTAINED: github\n")
    assert "INC-7" in out
    assert "mcpsoar runs verify" in out
    assert err.startswith("plan sha256:")
    assert plane.token not in out + err
    run = out.split("runs verify ")[1].split()
    assert main(["runs", "verify", run[0], "--head", run[2]]) == 0
    assert main(["release", "github", "--yes"]) == 0
    assert capsys.readouterr().out.count("RELEASED: github") == 1
    assert main(["runs", "list", "--format", "json"]) == 0
    listed = json.loads(capsys.readouterr().out)["runs"]
    assert [row["verdict"] for row in listed] == ["released", "contained"]
    assert set(listed[0]) >= {"run", "servers", "verdict", "started_at"}


def test_the_document_is_the_contract_s(plane: Handle, capsys: Captured) -> None:
    assert main(["contain", "github", "--format", "json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert set(report) >= {
        "run",
        "playbook",
        "playbook_digest",
        "servers",
        "verdict",
        "steps",
        "remaining_exposure",
        "journal",
    }
    assert set(report["steps"][0]) == {
        "id",
        "server",
        "action",
        "verdict",
        "attempts",
        "started_at",
        "finished_at",
        "detail",
        "evidence",
        "affects",
    }
    assert report["journal"]["head"].startswith("sha256:")
    assert main(["runs", "show", report["run"], "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out) == report
    assert writes(plane)


@pytest.mark.parametrize("name", ["../x", 'a"b', "", "a\x1b[31mb", "a/b", "a\nb"])
def test_an_odd_name_is_told_and_nothing_is_sent(plane: Handle, capsys: Captured, name: str) -> None:
    assert main(["contain", "--", "github", name]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "\x1b" not in err
    assert "is no server name" in err
    assert plane.ledger() == []


@pytest.mark.parametrize("token", ["github", "registry", "verified"])
def test_a_token_that_stands_in_the_plan_is_refused_and_nothing_is_sent(
    plane: Handle, capsys: Captured, monkeypatch: pytest.MonkeyPatch, token: str
) -> None:
    monkeypatch.setenv("MCPSOAR_TOKEN", token)
    assert main(["contain", "github"]) == 2
    assert "the text of a token stands in" in capsys.readouterr().err
    assert writes(plane) == []


def test_what_is_to_be_pasted_is_never_cut(plane: Handle, capsys: Captured, tmp_path: Path) -> None:
    names = [f"a-server-with-a-rather-long-name-{number:03}" for number in range(90)]
    (tmp_path / "names").write_text("\n".join(names))
    main(["contain", "--from", "names", "--yes", "github"])
    undo = next(line for line in capsys.readouterr().out.splitlines() if line.startswith("  to undo"))
    assert undo.count("a-server-with") == len(names)
    assert f"--yes --api {plane.url}" in undo


def test_with_nothing_configured_nothing_is_pretended(
    plane: Handle, capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.delenv("API")
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert main(["contain", "github"]) == 2
    assert "give --api URL" in capsys.readouterr().err
    assert main(["contain", "github", "--dry-run"]) == 0
    assert capsys.readouterr().out.startswith("PLANNED, nothing was sent")
    assert plane.ledger() == []


def test_a_dry_run_looks_and_changes_nothing(plane: Handle, capsys: Captured) -> None:
    assert main(["contain", "github", "--dry-run", "--format", "json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["verdict"] == "planned"
    assert {step["verdict"] for step in report["steps"]} == {"planned"}
    assert plane.ledger()
    assert writes(plane) == []
    assert main(["contain", "githb", "--dry-run"]) == 0
    assert "unknown_server" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "why"),
    [
        (["--ticket", "INC\x1b[31m-7"], "\\x1b"),
        (["--ticket", "INC-7\u202e"], "\\u202e"),
        (["--reason", "one\ntwo"], "\\x0a"),
        (["--reason", "x" * 1001], "1001 characters, 1000 are the most"),
        (["--ticket", "x" * 129], "129 characters, 128 are the most"),
        (["--reason", os.fsdecode(b"\xff")], "\\udcff"),
    ],
)
def test_a_ticket_and_a_reason_are_one_plain_line(
    plane: Handle, capsys: Captured, words: list[str], why: str
) -> None:
    assert main(["contain", "github", *words]) == 2
    out, err = capsys.readouterr()
    assert why in err
    assert err.isascii()
    assert out == ""
    assert plane.ledger() == []


def test_a_blank_ticket_is_none(plane: Handle, capsys: Captured) -> None:
    assert main(["contain", "github", "--ticket", "  ", "--reason", " it listens ", "--format", "json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert (report.get("ticket"), report["reason"]) == (None, "it listens")
    assert plane.ledger()


@pytest.mark.parametrize("head", ["sha256:" + "0" * 63, "0" * 64, "sha256:" + "g" * 64, ""])
def test_a_mistyped_head_is_usage_and_no_tampering(plane: Handle, capsys: Captured, head: str) -> None:
    assert main(["contain", "github", "-q", "--format", "json"]) == 0
    run = json.loads(capsys.readouterr().out)["run"]
    assert main(["runs", "verify", run, "--head", head]) == 2
    assert "64 hexadecimal digits" in capsys.readouterr().err
    assert main(["runs", "verify", run, "--head", "sha256:" + "0" * 64]) == 1
    assert plane.ledger()


def test_release_and_many_servers_want_a_yes(plane: Handle, capsys: Captured, tmp_path: Path) -> None:
    many = [f"s{n}" for n in range(11)]
    source = tmp_path / "names"
    source.write_text("  # ours\ns1\n", "utf-8-sig")
    for words in (["release", "github"], ["contain", *many], ["contain", "--from", str(source)]):
        assert main(words) == 2
        assert "--yes" in capsys.readouterr().err
    assert plane.ledger() == []
    assert main(["contain", "--from", str(source), "--yes"]) == 0
    assert main(["contain", *many, "--yes"]) == 0


def test_what_nobody_contained_cannot_be_released(plane: Handle, capsys: Captured) -> None:
    assert main(["release", "github", "--yes"]) == 2
    assert "nothing to release" in capsys.readouterr().err
    assert plane.ledger() == []


def test_a_second_run_on_one_server_does_not_wait(plane: Handle, capsys: Captured) -> None:
    plane.faults.delay_s = 1.0
    with subprocess.Popen(
        [sys.executable, "-m", "mcpsoar", "contain", "github", "s1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as first:
        assert first.stderr is not None
        run = next(line for line in first.stderr if " begins" in line).split()[2]
        assert main(["contain", "github", "--format", "json"]) == 1
        held = json.loads(capsys.readouterr().out)
        assert held["error"] == "held"
        assert held["run"] == run
        assert set(held) == {"error", "by", "run", "since"}
        assert main(["runs", "list", "--format", "json"]) == 0
        assert json.loads(capsys.readouterr().out)["runs"][0]["verdict"] == "running"
        first.communicate()
        assert first.returncode == 0


def test_a_killed_run_holds_nothing_up_and_is_told_of(plane: Handle, capsys: Captured) -> None:
    plane.faults.delay_s = 2.0
    with subprocess.Popen(
        [sys.executable, "-c", HEARS_CTRL_C, "contain", "github"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as first:
        assert first.stderr is not None
        run = next(line for line in first.stderr if " begins" in line).split()[2]
        first.kill()
    plane.faults.clear()
    assert main(["runs", "list"]) == 0
    assert "interrupted" in capsys.readouterr().out
    assert main(["contain", "github"]) == 0
    assert f"run {run} on github was interrupted; this one takes its place\n" in capsys.readouterr().err
    assert main(["runs", "resume", run]) == 2
    assert "github was contained again since" in capsys.readouterr().err


# a shell starts what runs in the background with Ctrl-C ignored, and children inherit that
HEARS_CTRL_C = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from mcpsoar.__main__ import run
run()
"""


def test_ctrl_c_leaves_a_run_that_can_be_resumed(plane: Handle, capsys: Captured) -> None:
    plane.faults.delay_s = 2.0
    with subprocess.Popen(
        [sys.executable, "-c", HEARS_CTRL_C, "contain", "github"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as first:
        assert first.stderr is not None
        line = next(line for line in first.stderr if " begins" in line)
        first.send_signal(signal.SIGINT)
        rest = first.stderr.read()
        assert first.wait() == 130
    assert "Traceback" not in rest
    plane.faults.clear()
    assert main(["runs", "resume", line.split()[2]]) == 0
    capsys.readouterr()


def test_a_home_that_cannot_be_written_means_no_write(
    plane: Handle, capsys: Captured, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    assert main(["contain", "github", "--home", str(tmp_path / "file" / "home")]) == 3
    err = capsys.readouterr().err
    assert "--home" in err
    assert "Traceback" not in err
    assert writes(plane) == []


def test_everything_is_for_the_owner_alone(plane: Handle, tmp_path: Path) -> None:
    assert main(["contain", "github", "-q"]) == 0
    for path in (tmp_path / "home").rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path
    assert writes(plane)


def test_an_edited_journal_is_found_and_told_by_its_line(
    plane: Handle, capsys: Captured, tmp_path: Path
) -> None:
    assert main(["contain", "github", "-q", "--format", "json"]) == 0
    run = json.loads(capsys.readouterr().out)["run"]
    path = tmp_path / "home" / "runs" / run / "journal.jsonl"
    path.write_bytes(path.read_bytes().replace(b"verified", b"falsified", 1))
    assert main(["runs", "verify", run]) == 1
    assert "journal.jsonl:" in capsys.readouterr().out
    assert main(["runs", "show", run]) == 1
    assert main(["runs", "verify", "20200101T000000Z-000000"]) == 2
    assert writes(plane)


def test_playbooks_are_listed_shown_and_linted(capsys: Captured, tmp_path: Path) -> None:
    assert main(["playbooks", "list"]) == 0
    assert "contain-server" in capsys.readouterr().out
    assert main(["playbooks", "show", "contain-server"]) == 0
    assert "undo exact" in capsys.readouterr().out
    assert main(["playbooks", "lint"]) == 0
    bad = tmp_path / "bad.yml"
    bad.write_text("title: T\nsteps:\n  - id: x\n")
    assert main(["playbooks", "lint", str(bad)]) == 2
    assert f"{bad}:3" in capsys.readouterr().err


def test_the_schema_is_printed_and_a_step_s_terms_are_shown(
    capsys: Captured, tmp_path: Path, root: Path
) -> None:
    assert main(["playbooks", "schema"]) == 0
    printed = json.loads(capsys.readouterr().out)
    assert printed == json.loads((root / "playbooks" / "schema.json").read_text())
    (tmp_path / "playbooks").mkdir()
    step = "{id: %s, title: T, action: registry.disable, role: registry, undo: exact, why: W, after: [%s]%s}"
    more = ", when: {step: a, verdict: [failed]}, retry: {attempts: 2, seconds: 9}, limit_s: 30"
    text = f"title: T\nsteps:\n  - {step % ('a', '', '')}\n  - {step % ('b', 'a', more)}\n"
    (tmp_path / "playbooks" / "p.yml").write_text(text)
    assert main(["playbooks", "show", "p", "--pack", str(tmp_path)]) == 0
    said = "only if a ended failed, 2 attempts, tried for 9 s, not sent again after 30 s"
    assert said in capsys.readouterr().out
    assert main(["playbooks", "show", "p", "--pack", str(tmp_path), "--format", "json"]) == 0
    shown = json.loads(capsys.readouterr().out)["steps"][1]
    assert shown["when"] == {"step": "a", "verdict": ["failed"]}
    assert (shown["attempts"], shown["retry_s"], shown["limit_s"]) == (2, 9.0, 30.0)


def test_containing_loads_no_converter_no_engine_and_no_sdk(plane: Handle) -> None:
    script = (
        "import sys; from mcpsoar.cli.main import main; code = main(['contain', 'github', '-q']);"
        "print(code, *sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    code, *loaded = done.stderr.split()
    assert code == "0"
    assert not {
        "sigma",
        "sqlglot",
        "duckdb",
        "mcp",
        "rich",
        "tenacity",
        "platformdirs",
        "cryptography",
    } & set(loaded)
    assert writes(plane)


def test_two_processes_at_once_leave_the_policy_as_it_is_needed(plane: Handle, tmp_path: Path) -> None:
    """One goes on containing and releasing s1, the other s2; at the end s2 is contained."""
    loop = (
        "import sys; from mcpsoar.cli.main import main\n"
        "name, last = sys.argv[1:]\n"
        "for _ in range(6):\n"
        "    assert main(['contain', name, '-q']) == 0\n"
        "    assert main(['release', name, '-q', '--yes']) == 0\n"
        "if last == 'contain': assert main(['contain', name, '-q']) == 0\n"
    )
    for last, expected in (("contain", True), ("release", False)):
        env = {**os.environ, "MCPSOAR_HOME": str(tmp_path / f"home-{last}")}
        both = [
            subprocess.Popen(
                [sys.executable, "-c", loop, name, word],
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                env=env,
            )
            for name, word in (("s1", "release"), ("s2", last))
        ]
        for process in both:
            _, err = process.communicate(timeout=100)
            assert process.returncode == 0, err.decode()
        assert plane.plane.policy().is_forced is expected
        if expected:
            assert main(["release", "s2", "-q", "--yes", "--home", env["MCPSOAR_HOME"]]) == 0
            assert not plane.plane.policy().is_forced


def test_a_slow_canary_does_not_delay_a_write(plane: Handle, tmp_path: Path, capsys: Captured) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        config = tmp_path / "mcpsoar.toml"
        config.write_text(
            f'[profiles.p]\napi = "{plane.url}"\ntoken = {{ env = "MCPSOAR_TOKEN" }}\n'
            f'[profiles.p.canary]\nurl = "http://127.0.0.1:{silent.getsockname()[1]}/mcp/{{server}}"\n'
            'tool = "ping"\nhold_s = 0.2\nevery_s = 0.1\ntimeout_s = 3\nbefore_s = 0.3\n'
        )
        start = time.time()
        assert main(["contain", "github", "--config", str(config), "--format", "json"]) == 3
        report = json.loads(capsys.readouterr().out)
    assert report["verdict"] == "unverified"
    assert {step["verdict"] for step in report["steps"][:-1]} == {"verified"}
    sent = [line["at"] for line in plane.ledger() if line["method"] == "POST"]
    from datetime import datetime

    assert max(datetime.fromisoformat(at).timestamp() for at in sent) - start < 2.0


def test_v_tells_every_call_and_no_secret(plane: Handle, capsys: Captured) -> None:
    assert main(["contain", "github"]) == 0
    assert "GET " not in capsys.readouterr().err
    assert main(["release", "github", "--yes", "-v"]) == 0
    err = capsys.readouterr().err
    calls = [line for line in err.splitlines() if re.fullmatch(r"(GET|POST|DELETE) \S+: \w+ in \d+ ms", line)]
    sent = [line for line in plane.ledger() if line["method"] != "GET"][3:]
    for line in sent:
        assert any(f"{line['method']} " in call and f"{line['path']}: 200 in " in call for call in calls)
    assert plane.token not in err
    assert "audience" not in err
    plane.faults.set(Fault.STATUS, "registry.disable", nth=(1,))
    assert main(["contain", "github", "-vv"]) == 0
    err = capsys.readouterr().err
    assert "POST" in err
    assert re.search(r"attempt 1: .*; the next in \d\.\d s", err), err


def test_nobody_listening_to_progress_stops_no_write(plane: Handle) -> None:
    with Path("/dev/full").open("w") as full:
        done = subprocess.run(
            [sys.executable, "-m", "mcpsoar", "contain", "github", "--format", "json"],
            stdout=subprocess.PIPE,
            stderr=full,
            check=False,
        )
    assert (done.returncode, json.loads(done.stdout)["verdict"]) == (0, "contained")
    entry = plane.plane.server("github")
    assert entry is not None
    assert not entry.is_enabled
