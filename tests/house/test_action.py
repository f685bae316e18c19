"""The GitHub Action and the pre-commit hook: their own words, run as GitHub and pre-commit run them."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
ACTION = yaml.safe_load((ROOT / "action.yml").read_text())
STEPS = {step["name"]: step for step in ACTION["runs"]["steps"]}
(HOOK,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
EXPRESSION = re.compile(r"\$\{\{ (inputs\.(?P<input>[a-z-]+)|github\.action_path) \}\}")
RULE = "foreign_token_accepted"
EVENT = {
    "event_time": "2026-11-27T10:00:00Z",
    "event_id": "::warning::e1",
    "decision": "allow",
    "token_aud": ["https://a.example"],
    "server_audience": "https://b.example",
}
HOSTILE = (
    "$(touch owned)",
    "`touch owned`",
    "x; touch owned",
    "--pack=/",
    "' ; touch owned '",
    '" ; touch owned "',
)


class Ran:
    def __init__(self, done: subprocess.CompletedProcess[str], outputs: str) -> None:
        self.code, self.out, self.outputs = done.returncode, done.stdout, outputs


@pytest.fixture
def work(tmp_path: Path) -> Path:
    """A workspace that holds a pack of its own: one rule and its cases."""
    folder = tmp_path / "work" / "sigma_rules" / "auth"
    folder.mkdir(parents=True)
    for name in (f"{RULE}.yml", f"{RULE}.cases.json"):
        shutil.copy(ROOT / "sigma_rules" / "auth" / name, folder)
    return tmp_path / "work"


@pytest.fixture
def step(work: Path, tmp_path: Path) -> Any:
    """`step(name, input=value)` runs a step's script as a runner does: bash, its inputs as environment."""
    command = tmp_path / "runner" / "mcpsoar" / "bin" / "mcpsoar"
    command.parent.mkdir(parents=True)
    command.symlink_to(Path(sys.executable).parent / "mcpsoar")

    def run(name: str, **inputs: str) -> Ran:
        given = {key: one["default"] for key, one in ACTION["inputs"].items()}
        given |= {key.replace("_", "-"): value for key, value in inputs.items()}
        script, outputs = tmp_path / "script.sh", tmp_path / "outputs"
        script.write_text(STEPS[name]["run"])
        outputs.write_text("")
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
            cwd=work,
            env={
                "PATH": os.environ["PATH"],
                "HOME": str(tmp_path),
                "RUNNER_TEMP": str(tmp_path / "runner"),
                "GITHUB_OUTPUT": str(outputs),
                **{key: evaluated(value, given) for key, value in STEPS[name]["env"].items()},
            },
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=100,
        )
        return Ran(done, outputs.read_text())

    return run


def evaluated(value: str, given: dict[str, str]) -> str:
    found = EXPRESSION.fullmatch(value)
    assert found, value
    return given[found["input"]] if found["input"] else str(ROOT)


def broken(work: Path) -> None:
    path = work / "sigma_rules" / "auth" / f"{RULE}.yml"
    text = path.read_text()
    assert "audience_match: false" in text
    path.write_text(text.replace("audience_match: false", "audience_match: true"))


def test_no_input_is_ever_part_of_a_script() -> None:
    assert ACTION["runs"]["using"] == "composite"
    used = set()
    for one in STEPS.values():
        assert one["shell"] == "bash"
        assert "uses" not in one
        assert "${{" not in one["run"]
        used |= {found["input"] for value in one["env"].values() if (found := EXPRESSION.fullmatch(value))}
        assert all(EXPRESSION.fullmatch(value) for value in one["env"].values())
    used |= set(re.findall(r"inputs\.([a-z-]+) ==", STEPS["Scan the logs"]["if"]))
    assert used - {None} == set(ACTION["inputs"])
    assert all(one["description"] and isinstance(one["default"], str) for one in ACTION["inputs"].values())


def test_outputs_come_from_steps_that_are_there() -> None:
    ids = {one.get("id") for one in STEPS.values()}
    for output in ACTION["outputs"].values():
        found = re.fullmatch(r"\$\{\{ steps\.([a-z]+)\.outputs\.report \}\}", output["value"])
        assert found
        assert found[1] in ids


@pytest.mark.parametrize("name", STEPS)
def test_the_scripts_have_no_known_trap(name: str) -> None:
    checker = shutil.which("shellcheck")
    if checker is None:
        pytest.skip("no shellcheck on this machine: apt-get install shellcheck")
    done = subprocess.run(
        [checker, "--shell=bash", "--severity=style", "-"],
        input=STEPS[name]["run"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == ""


def test_the_pack_of_the_workspace_is_tested(step: Any, work: Path) -> None:
    held = step("Test the rules")
    assert held.code == 0, held.out
    assert "0 fail" in held.out
    assert (work / "mcpsoar-rules.txt").read_text() in held.out
    assert held.outputs == "report=mcpsoar-rules.txt\n"
    broken(work)
    failed = step("Test the rules", rules=f"\n{RULE}\n", format="json", report="out.json")
    assert failed.code == 1
    assert json.loads((work / "out.json").read_text())["failed"] > 0
    assert step("Test the rules", rules="no_such_rule").code == 2


def test_a_finding_of_the_named_level_fails_the_job(step: Any, work: Path) -> None:
    (work / "--fail-on").mkdir()
    log = work / "--fail-on" / "a b.ndjson"
    log.write_text(json.dumps(EVENT) + "\n")
    logs = "--fail-on/*.ndjson\n"
    assert step("Scan the logs", logs=logs).code == 0
    failed = step("Scan the logs", logs=logs, fail_on="high", scan_format="ndjson", scan_report="scan.ndjson")
    assert failed.code == 1, failed.out
    assert failed.outputs == "report=scan.ndjson\n"
    assert json.loads((work / "scan.ndjson").read_text().splitlines()[0])["rule"] == RULE
    assert step("Scan the logs", logs="nothing.ndjson").code == 2


def test_a_log_that_lacks_what_a_failing_rule_needs_is_no_all_clear_to_the_job(step: Any, work: Path) -> None:
    (work / "audit.ndjson").write_text(json.dumps(EVENT | {"event_id": "e1", "token_aud": None}) + "\n")
    inputs = {"logs": "audit.ndjson", "pack": ""}
    open_ = step("Scan the logs", **inputs, fail_on="high")
    assert open_.code == 3, open_.out
    assert "are not evaluable on these logs" in open_.out
    assert step("Scan the logs", **inputs, fail_on="high", evaluable_only="true").code == 0
    assert step("Scan the logs", **inputs).code == 0


def test_what_a_log_says_is_no_command_to_the_runner(step: Any, work: Path) -> None:
    (work / "audit.ndjson").write_text(json.dumps(EVENT) + "\n")
    first, *_, last = step("Scan the logs", logs="audit.ndjson").out.splitlines()
    token = first.removeprefix("::stop-commands::")
    assert re.fullmatch("[0-9a-f]{32}", token)
    assert last == f"::{token}::"
    assert step("Scan the logs", logs="audit.ndjson").out.splitlines()[0] != first


@pytest.mark.parametrize("word", HOSTILE)
@pytest.mark.parametrize("name", ["Test the rules", "Scan the logs"])
def test_a_hostile_input_is_a_word_and_nothing_else(step: Any, work: Path, name: str, word: str) -> None:
    inputs = (
        ("rules", "logs", "format", "pack")
        if name == "Test the rules"
        else ("logs", "scan_format", "fail_on")
    )
    for one in inputs:
        assert step(name, **{one: word}).code == 2, one
    assert not list(work.parent.rglob("owned"))


@pytest.mark.parametrize("report", ["", "a\nowned=1"])
@pytest.mark.parametrize(("name", "key"), [("Test the rules", "report"), ("Scan the logs", "scan_report")])
def test_a_report_cannot_write_outputs_of_its_own(step: Any, name: str, key: str, report: str) -> None:
    done = step(name, **{key: report})
    assert (done.code, done.outputs) == (2, "")


def test_the_workspace_runs_no_code_while_the_action_installs(step: Any, work: Path, tmp_path: Path) -> None:
    for module in ("venv", "pip"):
        (work / f"{module}.py").write_text("print('OWNED')\n")
    bare = tmp_path / "python"  # makes environments without pip: the only one there is, is the workspace's
    bare.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@" --without-pip\n')
    bare.chmod(0o755)
    shutil.rmtree(tmp_path / "runner" / "mcpsoar")
    done = step("Install mcpsoar", python=str(bare))
    assert done.code != 0
    assert "OWNED" not in done.out


def test_the_action_installs_itself(step: Any, tmp_path: Path) -> None:
    """Live: it needs a package index, so only MCPSOAR_LIVE=1 asks for it."""
    if not os.environ.get("MCPSOAR_LIVE"):
        pytest.skip("needs a package index: set MCPSOAR_LIVE=1")
    shutil.rmtree(tmp_path / "runner" / "mcpsoar")
    done = step("Install mcpsoar", python=sys.executable)
    assert done.code == 0, done.out
    assert step("Test the rules").code == 0


def test_the_hook_runs_the_cases_of_the_repository_that_uses_it(work: Path) -> None:
    assert HOOK["language"] == "python"
    assert HOOK["pass_filenames"] is False
    words: list[str] = [*HOOK["entry"].split(), *HOOK["args"]]
    argv = [str(Path(sys.executable).parent / words[0]), *words[1:]]
    assert subprocess.run(argv, cwd=work, capture_output=True, check=False).returncode == 0
    broken(work)
    assert subprocess.run(argv, cwd=work, capture_output=True, check=False).returncode == 1


def test_the_hook_wakes_for_content_alone() -> None:
    assert re.search(HOOK["files"], "sigma_rules/auth/foreign_token_accepted.cases.json")
    assert re.search(HOOK["files"], "sql/detections/error_loop.sql")
    assert not re.search(HOOK["files"], "docs/sql/readme.md")
