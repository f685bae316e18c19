"""`mcpsoar rules coverage` as a user types it."""

import gzip
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.detect import joined
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
    lacks = ["registry_status", "decision"]
    assert can[str(two)] == {"can": "no", "lacks": lacks, "through": [], "failed": None}
    out = run(*words).out
    assert "\u202e" not in out
    assert f"BLIND log: {one}: it can answer nothing about " in out


EVENT = '{"event_time": "2026-11-27T10:00:00Z", "decision": "allow", "registry_status": "denied"}\n'


def test_a_log_that_was_not_read_whole_or_holds_nothing_leaves_coverage_unknown(
    run: Any, tmp_path: Path
) -> None:
    log, empty, cut = (tmp_path / name for name in ("audit.ndjson", "empty.ndjson", "cut.ndjson.gz"))
    log.write_text(EVENT + "no event\n")
    empty.write_text("")
    cut.write_bytes(gzip.compress(EVENT.encode() * 5000)[:-20])
    done = run("--logs", str(log))
    assert done.code == 0
    assert f"rejected {log}:2" in done.err
    for path, said in ((empty, f"{empty} holds no event"), (cut, f"{cut} broke off")):
        done = run("--logs", str(log), "--logs", str(path))
        assert done.code == 3
        assert f"CANNOT TELL: {said}" in done.out
        done = run("--logs", str(path), "--format", "json")
        assert (done.code, done.document["verdict"]) == (3, "cannot_tell")
        assert f"CANNOT TELL: {said}" in done.err
        assert run("--logs", str(path), "--format", "html").code == 3
    (source,) = done.document["sources"]
    assert source["read"]["cut"] == [str(cut)]
    assert run("--format", "json").document["verdict"] == "yes"


def test_a_log_that_is_not_there_is_asked_for_by_the_option_of_this_command(run: Any, tmp_path: Path) -> None:
    done = run("--logs", str(tmp_path / "nope"))
    assert (done.code, done.out) == (2, "")
    assert done.err.splitlines()[-1] == "  next     mcpsoar rules coverage --logs FILE"
    done = run("--logs", str(tmp_path))
    assert done.err.splitlines()[-1] == f"  next     mcpsoar rules coverage --logs '{tmp_path}/*.ndjson'"


def test_a_log_without_its_option_is_answered_with_the_command_that_has_it(run: Any) -> None:
    done = run("poor.ndjson", "other one.ndjson", "--pack", str(ROOT))
    assert (done.code, done.out) == (2, "")
    said, following = done.err.splitlines()
    assert said == "mcpsoar: a log stands after --logs, as poor.ndjson does not"
    words = "--logs poor.ndjson --logs 'other one.ndjson'"
    assert following == f"  next     mcpsoar rules coverage {words} --pack {ROOT}"


def test_a_detection_that_fails_on_a_log_is_no_blind_spot(
    run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = tmp_path / "audit.ndjson"
    names = '"conversation_id": "c", "tool_name": "t", "status": "ok"'
    log.write_text(EVENT.replace("{", "{" + names + ", ", 1))

    def late(*_: object) -> None:
        raise joined.Unanswered("\x1b[2J<b>out of time")

    monkeypatch.setattr(joined, "answer", late)
    done = run("--logs", str(log))
    assert done.code == 3
    assert f"CANNOT TELL: {log}: error_loop could not be asked: \\x1b[2J<b>out of time" in done.out
    assert "BLIND content: error_loop" not in done.out
    assert "BLIND content: anonymous_call_allowed" in done.out
    assert "\x1b" not in done.out
    told = run("--logs", str(log), "--format", "json")
    assert told.code == 3
    answer = told.document["sources"][0]["answers"]["error_loop"]
    assert (answer["can"], answer["lacks"], answer["failed"]) == ("cannot_tell", [], "\x1b[2J<b>out of time")
    assert "error_loop" not in [spot["what"] for spot in told.document["blind_spots"]]
    page = run("--logs", str(log), "--format", "html").out
    assert "cannot tell</span>" in page
    assert "failed: \\x1b[2J&lt;b&gt;out of time" in page
    assert "\x1b" not in page


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
