"""`mcpsoar lab up`: what it prints, how it ends, and that the script's drop-in works against it."""

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

BARE = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}


@contextmanager
def up(home: Path, *more: str) -> Iterator[tuple["subprocess.Popen[str]", list[str]]]:
    """A lab in a process of its own, and the lines that it printed before it was ready."""
    command = [sys.executable, "-m", "mcpsoar", "lab", "up", "--home", str(home), *more]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=BARE,
    ) as process:
        assert process.stdout
        assert process.stderr
        try:
            said = process.stderr.readline()  # it talks when it has printed everything
            assert said.startswith("the lab is up at http://127.0.0.1:"), said + process.stderr.read()
            os.set_blocking(process.stdout.fileno(), False)
            yield process, process.stdout.read().splitlines()
        finally:
            if process.poll() is None:
                process.kill()


def exported(lines: list[str]) -> tuple[str, str]:
    """API and token as a shell that evaluates the lines would have them."""
    script = "\n".join([*lines, 'printf "%s %s" "$MCPSOAR_API" "$MCPSOAR_TOKEN"'])
    done = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True)
    api, token = done.stdout.split()
    return api, token


def test_it_prints_what_a_shell_can_evaluate_and_keeps_tokens_off_the_screen(tmp_path: Path) -> None:
    home = tmp_path / "it's here"
    with up(home) as (process, lines):
        api, token = exported(lines)
        assert token not in "\n".join(lines)
        headers = {"Authorization": f"Bearer {token}"}
        assert httpx.get(f"{api}/registry/github", headers=headers).json()["state"] == "enabled"
        assert httpx.get(f"{api}/registry/github").status_code == 401
        files = list((home / "lab" / "tokens").iterdir())
        assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
        agent = (home / "lab" / "tokens" / "agent-github").read_text().strip()
        answer = httpx.post(
            f"{api}/mcp/github",
            json={
                "jsonrpc": "2.0",
                "id": 1,
                "method": "tools/call",
                "params": {"name": "list_issues", **_META},
            },
            headers={
                "Authorization": f"Bearer {agent}",
                "Accept": "application/json, text/event-stream",
                "MCP-Protocol-Version": "2026-07-28",
                "Mcp-Method": "tools/call",
                "Mcp-Name": "list_issues",
            },
        )
        assert "Login is slow" in answer.text
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
        assert process.stderr
        assert "Traceback" not in process.stderr.read()


def test_a_restart_on_the_same_home_and_port_knows_the_old_token(tmp_path: Path) -> None:
    with up(tmp_path) as (process, lines):
        api, token = exported(lines)
        headers = {"Authorization": f"Bearer {token}"}
        assert httpx.post(f"{api}/registry/github/disable", headers=headers).status_code == 200
        process.send_signal(signal.SIGTERM)
        assert process.wait(20) == 143
    port = api.rpartition(":")[2]
    with up(tmp_path, "--port", port) as (_, lines):
        assert exported(lines)[0] == api
        assert httpx.get(f"{api}/registry/github", headers=headers).json()["state"] == "disabled"


def run(*argv: str, **env: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "mcpsoar", *argv],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=BARE | env,
    )


def test_the_script_s_api_variable_and_a_token_contain_a_server_of_the_lab(tmp_path: Path) -> None:
    with up(tmp_path / "lab") as (_, lines):
        api, token = exported(lines)
        done = run(
            "contain",
            "github",
            "--home",
            str(tmp_path / "runs"),
            "--format",
            "json",
            API=api,
            MCPSOAR_TOKEN=token,
        )
        report = json.loads(done.stdout)
        assert (done.returncode, report["verdict"]) == (0, "contained"), done.stderr
        assert {step["verdict"] for step in report["steps"]} <= {"verified", "already"}
        headers = {"Authorization": f"Bearer {token}"}
        assert httpx.get(f"{api}/registry/github", headers=headers).json()["state"] == "disabled"
        assert token not in done.stdout + done.stderr


def test_a_second_lab_on_one_home_is_told_where_the_first_is(tmp_path: Path) -> None:
    with up(tmp_path) as (process, lines):
        api, _ = exported(lines)
        done = run("lab", "up", "--home", str(tmp_path))
        assert (done.returncode, done.stdout) == (2, "")
        told, next_command = done.stderr.splitlines()
        assert f"a lab is up in {tmp_path / 'lab'} already, at {api}" in told
        assert "--home ANOTHER_DIR" in next_command
        assert exported(lines)[0] == api
        process.send_signal(signal.SIGKILL)
        process.wait(20)
    with up(tmp_path):
        pass  # the lock died with its holder


def test_json_is_one_document(tmp_path: Path) -> None:
    with up(tmp_path, "--format", "json") as (_, lines):
        said = json.loads("\n".join(lines))
        assert re.fullmatch(r"http://127\.0\.0\.1:\d+", said["url"])
        assert said["mcp"]["github"] == f"{said['url']}/mcp/github"
        assert Path(said["token_file"]).read_text().strip()


def test_a_taken_port_is_a_usage_error(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = run("lab", "up", "--home", str(tmp_path), "--port", str(taken.getsockname()[1]))
    assert done.returncode == 2
    assert "cannot be used" in done.stderr
    assert "Traceback" not in done.stderr
    assert not done.stdout


def test_a_home_that_is_a_file_is_a_usage_error(tmp_path: Path) -> None:
    (tmp_path / "lab").write_text("")
    done = run("lab", "up", "--home", str(tmp_path))
    assert done.returncode == 2
    assert "--home ANOTHER_DIR" in done.stderr


def test_without_the_extra_it_exits_2_with_the_line_that_installs_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from mcpsoar.app import lab
    from mcpsoar.cli.main import main

    monkeypatch.setattr(lab, "find_spec", lambda name: None if name == "mcp" else object())
    assert main(["lab", "up", "--home", str(tmp_path)]) == 2
    assert "pip install 'mcpsoar[lab]'" in capsys.readouterr().err


_META = {
    "_meta": {
        "io.modelcontextprotocol/protocolVersion": "2026-07-28",
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
        "io.modelcontextprotocol/clientCapabilities": {},
    }
}
