"""`mcpsoar rules coverage` as a user types it."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.flow.typed import Ran, ran

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    def go(*words: str) -> Ran:
        return ran(capsys, "rules", "coverage", *words)

    return go


def test_the_tables_and_the_blind_spots_are_told(run: Any) -> None:
    done = run()
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    heads = [line.split()[0] for line in lines if line.isupper() or line.startswith(("RISK", "LOG"))]
    assert heads[:2] == ["RISK", "LOG"]
    (risk,) = [line for line in lines if line.startswith("tool-poisoning ")]
    known = json.loads(run("--format", "json").out)["risks"][0]
    assert risk.split()[1:4] == [str(len(known[kind])) for kind in ("event", "window", "gate")]
    (source,) = [line for line in lines if line.startswith("anthropic-activity ")]
    assert "0 of" in source
    assert "BLIND technique: MCP08:2025 Lack of Audit and Telemetry: no rule or detection carries it" in lines
    assert sum(line.startswith("BLIND ") for line in lines) > 20


def test_each_format_is_one_document(run: Any) -> None:
    document = json.loads(run("--format", "json").out)
    assert len(document["risks"]) == 7
    assert len(document["sources"]) == 10
    assert json.loads(run("--format", "navigator").out)["domain"] == "atlas-atlas"
    page = run("--format", "html").out
    assert page.startswith("<!DOCTYPE html>")
    assert page.endswith("</html>\n")


def test_a_log_of_ones_own_takes_the_place_of_the_sources(run: Any, tmp_path: Path) -> None:
    one, two = tmp_path / "one.ndjson", tmp_path / "\u202etwo.ndjson"
    one.write_text(
        '{"event_time": "2026-11-27T10:00:00Z", "decision": "allow", "registry_status": "denied"}\n'
    )
    two.write_text("")
    words = ("--logs", str(one), "--logs", str(two))
    document = json.loads(run(*words, "--format", "json").out)
    assert [source["id"] for source in document["sources"]] == [str(one), str(two)]
    can = {source["id"]: source["answers"]["call_allowed_to_denied_server"] for source in document["sources"]}
    assert can[str(one)]["can"] == "yes"
    assert can[str(two)] == {"can": "no", "lacks": ["registry_status", "decision"], "through": []}
    out = run(*words).out
    assert "\u202e" not in out
    assert f"BLIND log: {one}: it can answer nothing about " in out


@pytest.mark.parametrize(
    ("words", "say"),
    [
        (("--logs", "no_such.ndjson"), "no_such.ndjson"),
        (("--pack", "no/such/place"), "no pack"),
        (("--format", "pdf"), "navigator"),
    ],
)
def test_a_wrong_word_is_a_usage_error(run: Any, words: tuple[str, ...], say: str) -> None:
    done = run(*words)
    assert (done.code, done.out) == (2, "")
    assert say in done.err


def test_known_log_sources_are_told_without_the_converter_and_without_a_web_client() -> None:
    script = "import sys; from mcpsoar.cli.main import main; main(['rules', 'coverage']); print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, cwd=ROOT
    )
    loaded = {name.partition(".")[0] for name in done.stdout.splitlines()[-1].split()}
    assert not {"sigma", "httpx", "mcp"} & loaded
