"""`mcpsoar rules scan` as a user types it: findings, what is no finding, and which exit code says so."""

import gzip
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.app.coverage import Can, covered
from mcpsoar.app.scanning import Claim, Scanned
from mcpsoar.app.watch import Look
from mcpsoar.cli import scan_text
from mcpsoar.cli.heartbeat import heartbeat
from mcpsoar.core.content import RuleText
from mcpsoar.core.event import Intake
from mcpsoar.core.finding import Finding, Hit
from mcpsoar.detect import joined
from mcpsoar.detect.engines.duckdb import Late
from mcpsoar.kit.clock import SystemClock, now_ms
from mcpsoar.pack.locate import own
from tests.flow.typed import Ran, ran

HOSTILE = 'x"</script>\x1b]0;owned\x07\u202e'
FOREIGN = {"decision": "allow", "token_aud": ["https://a.example"], "server_audience": "https://b.example"}
REFUSED = {"decision": "deny", "token_scopes": ["read"], "required_scopes": ["write"]}
APPROVED = {"decision": "allow", "action_class": "write", "approval_id": "CHG-1"}  # by nobody who is named


def settled(holds: Callable[[], bool]) -> bool:
    """Wait until it holds, or for half a minute."""
    end = time.monotonic() + 30
    never = threading.Event()
    while not holds() and time.monotonic() < end:
        never.wait(0.02)
    return holds()


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Any:
    def go(*words: str) -> Ran:
        return ran(capsys, "rules", "scan", *words)

    return go


@pytest.fixture
def log(tmp_path: Path) -> Any:
    def write(*events: dict[str, Any] | str, name: str = "audit.ndjson") -> str:
        path = tmp_path / name
        rows = [
            one
            if isinstance(one, str)
            else json.dumps({"event_time": f"2026-11-27T10:{at:02}:00Z", "event_id": f"e{at}", **one})
            for at, one in enumerate(events)
        ]
        path.write_text("".join(row + "\n" for row in rows))
        return str(path)

    return write


def test_findings_come_worst_first_with_their_evidence_and_times(run: Any, log: Any) -> None:
    done = run(log(REFUSED, REFUSED, FOREIGN, {"decision": "allow"}), "--format", "json", "-q")
    assert (done.code, done.err) == (0, "")
    found = done.document["findings"]
    worst, *_ = found
    assert (worst["rule"], worst["level"], worst["count"]) == ("foreign_token_accepted", "critical", 1)
    assert worst["risk"] == "confused-deputy"
    assert worst["playbook"] == "contain-server"
    assert [hit["event_id"] for hit in worst["evidence"]] == ["e2"]
    assert worst["first"] == worst["last"] == worst["evidence"][0]["at"] == "2026-11-27T10:02:00Z"
    refused = next(one for one in found if one["rule"] == "scope_mismatch_refused")
    assert (refused["count"], refused["first"], refused["last"]) == (
        2,
        "2026-11-27T10:00:00Z",
        "2026-11-27T10:01:00Z",
    )
    assert found.index(worst) < found.index(refused)
    assert (done.document["events"], done.document["verdict"]) == (4, "yes")


def test_a_finding_fails_the_scan_from_its_level_on(run: Any, log: Any) -> None:
    path, rule = log(REFUSED), ("--rule", "scope_mismatch_refused")
    for level, code in (("informational", 1), ("low", 1), ("medium", 0), ("critical", 0)):
        assert run(path, *rule, "--fail-on", level).code == code, level
    assert run(path, *rule).code == 0
    assert run(log(FOREIGN), "--fail-on", "high").code == 1
    assert run(log(FOREIGN), "--fail-on", "worst").code == 2


def test_a_rule_that_cannot_be_asked_of_a_log_is_named_and_fails_nothing(run: Any, log: Any) -> None:
    path = log({**APPROVED, "token_scopes": ["write"], "required_scopes": ["write"]})
    rule = ("--rule", "approval_without_approver", "--rule", "scope_mismatch_refused")
    done = run(path, *rule, "--format", "json")
    assert (done.code, done.document["undecided"]) == (0, [])
    assert "approval_without_approver" not in [one["rule"] for one in done.document["findings"]]
    (unasked,) = [one for one in done.document["not_evaluable"] if one["rule"] == rule[1]]
    assert (unasked["lacks"], unasked["count"]) == (["approver_id"], 1)
    text = run(path, *rule).out
    assert "not evaluable: approval_without_approver lacks approver_id\n" in text
    assert "approval_without_approver matched 1, which is no finding here" in text
    everything = run(path).out
    (summary,) = [line for line in everything.splitlines() if "not evaluable" in line]
    assert "which is no finding here; names: --format json, or mcpsoar rules coverage" in summary
    assert f"--logs {path}" in summary
    named = log(APPROVED, {**APPROVED, "approver_id": "kim"})
    assert run(named, *rule, "--fail-on", "low").code == 1


def test_a_rule_of_the_failing_level_that_cannot_be_asked_leaves_the_verdict_open(run: Any, log: Any) -> None:
    """A log of a poor source answers few rules: that none of those fires is no all clear."""
    path = log({**APPROVED, "token_scopes": ["write"], "required_scopes": ["write"]})
    rule = ("--rule", "approval_without_approver", "--rule", "scope_mismatch_refused")
    text = run(path, *rule, "--fail-on", "low")
    assert text.code == 3
    assert text.out.splitlines()[-3:] == [
        "CANNOT TELL: 1 rule of level low or above is not evaluable on these logs",
        f"  next      mcpsoar rules coverage --logs {path}",
        "            --evaluable-only judges by the others alone",
    ]
    document = run(path, *rule, "--fail-on", "low", "--format", "json")
    assert (document.code, document.document["verdict"]) == (3, "cannot_tell")
    assert document.document["undecided"] == ["approval_without_approver"]
    for form in ("ndjson", "sarif"):
        done = run(path, *rule, "--fail-on", "low", "--format", form)
        assert (done.code, "CANNOT TELL: 1 rule of level low" in done.err) == (3, True)
    assert run(path, *rule, "--fail-on", "critical").code == 0  # it is below
    assert run(path, *rule).code == 0
    lenient = run(path, *rule, "--fail-on", "low", "--evaluable-only")
    assert lenient.code == 0
    assert "not evaluable: approval_without_approver lacks approver_id" in lenient.out
    assert "CANNOT TELL" not in lenient.out
    assert run(log(FOREIGN), "--fail-on", "high").code == 1  # what was found is known
    assert run(path, "--evaluable-only").code == 2


@pytest.mark.parametrize(
    "events", [(), ("no event",), ({"decision": "allow"},)], ids=["empty", "noise", "unasked"]
)
def test_a_scan_that_could_judge_nothing_is_no_all_clear(run: Any, log: Any, events: Any) -> None:
    done = run(log(*events), "--rule", "scope_mismatch_refused", "--fail-on", "high", "--format", "json")
    assert done.code == 3
    assert done.document["verdict"] == "cannot_tell"


def test_a_log_that_broke_off_is_no_all_clear_but_a_finding_in_it_counts(run: Any, tmp_path: Path) -> None:
    stamp = {"event_time": "2026-11-27T10:00:00Z"}
    path = tmp_path / "cut.ndjson.gz"
    rows = "".join(json.dumps({**stamp, **FOREIGN, "event_id": f"e{at}"}) + "\n" for at in range(5000))
    path.write_bytes(gzip.compress(rows.encode())[:-200])
    assert run(str(path), "--fail-on", "critical").code == 1
    done = run(str(path))
    assert done.code == 3
    assert "CANNOT TELL" in done.out
    lines = run(str(path), "--format", "ndjson")
    assert "CANNOT TELL" in lines.err
    assert all(json.loads(line)["state"] for line in lines.out.splitlines())


def test_what_is_no_event_is_named_and_kept(run: Any, log: Any, tmp_path: Path) -> None:
    path, kept = log(FOREIGN, "no event"), tmp_path / "rejects.ndjson"
    done = run(path, "--rejects", str(kept))
    assert f"rejected {path}:2" in done.err
    assert kept.read_text() == "no event\n"
    assert run(path, "--format", "json").document["rejects"][0]["where"] == f"{path}:2"


def test_ndjson_is_one_object_a_line_whatever_the_log_says(run: Any, log: Any) -> None:
    done = run(log({**FOREIGN, "event_id": HOSTILE + "\nnext"}, REFUSED), "--format", "ndjson")
    rows = [json.loads(line) for line in done.out.splitlines()]
    assert {"found", "not_evaluable"} == {row["state"] for row in rows}
    assert rows[0]["evidence"][0]["event_id"] == HOSTILE + "\nnext"
    assert done.out.isascii()


def test_sarif_names_rule_log_and_event_and_what_was_not_asked(run: Any, log: Any) -> None:
    path = log({**FOREIGN, "event_id": HOSTILE + "[a](b)", "server_name": "crm"}, REFUSED, FOREIGN)
    done = run(path, "--format", "sarif", "--fail-on", "high")
    assert done.code == 1
    assert done.out.isascii()
    assert done.document["version"] == "2.1.0"
    (sarif,) = done.document["runs"]
    rules = sarif["tool"]["driver"]["rules"]
    for result in sarif["results"]:
        rule = rules[result["ruleIndex"]]
        assert rule["id"] == result["ruleId"]
        assert result["level"] == rule["defaultConfiguration"]["level"]
        (place,) = result["locations"]
        assert place["physicalLocation"]["artifactLocation"] == {"uri": Path(path).as_uri(), "index": 0}
    newest, oldest = [one for one in sarif["results"] if one["ruleId"] == "foreign_token_accepted"]
    assert newest["level"] == "error"
    assert newest["properties"]["eventId"] == "e2"
    assert oldest["properties"]["server"] == "crm"
    assert oldest["properties"]["eventId"] == HOSTILE + "[a](b)"
    assert "\\[a\\](b)" in oldest["message"]["text"]  # brackets would make a link
    assert "\x1b" not in oldest["message"]["text"]
    assert newest["partialFingerprints"] != oldest["partialFingerprints"]
    levels = {one["ruleId"]: one["level"] for one in sarif["results"]}
    assert levels["scope_mismatch_refused"] == "note"
    (invocation,) = sarif["invocations"]
    assert invocation["executionSuccessful"] is True
    unasked = {one["associatedRule"]["id"] for one in invocation["toolConfigurationNotifications"]}
    assert "call_chain_too_deep" in unasked
    assert not unasked & set(levels)
    again = run(path, "--format", "sarif").document["runs"][0]["results"]
    assert [one["partialFingerprints"] for one in again] == [
        one["partialFingerprints"] for one in sarif["results"]
    ]


def test_sarif_says_that_one_of_several_logs_holds_the_event(run: Any, log: Any, tmp_path: Path) -> None:
    log(REFUSED, name="a.ndjson")
    log({"event_time": "2026-11-27T10:30:00Z", "event_id": "b0", **FOREIGN}, name="b.ndjson")
    (tmp_path / "c.ndjson").write_bytes(gzip.compress(b"no event\n" * 5000)[:-20])
    done = run(str(tmp_path / "*.ndjson"), "--rule", "scope_mismatch_refused", "--format", "sarif")
    assert done.code == 3
    (sarif,) = done.document["runs"]
    uris = [one["location"]["uri"] for one in sarif["artifacts"]]
    assert [uri.rpartition("/")[2] for uri in uris] == ["a.ndjson", "b.ndjson", "c.ndjson"]
    (result,) = sarif["results"]
    assert result["message"]["text"].endswith(" in one of 3 logs")
    assert len(result["relatedLocations"]) == 2
    assert sarif["invocations"][0]["executionSuccessful"] is False
    (broken,) = sarif["invocations"][0]["toolExecutionNotifications"]
    assert "c.ndjson" in broken["message"]["text"]
    assert "CANNOT TELL" in done.err


@pytest.mark.parametrize(
    ("events", "said"),
    [((), "the logs hold no event"), ((REFUSED,), "no rule could be asked of the logs")],
)
def test_sarif_says_why_a_scan_is_no_answer(run: Any, log: Any, events: Any, said: str) -> None:
    done = run(log(*events), "--rule", "call_chain_too_deep", "--format", "sarif")
    assert done.code == 3
    (invocation,) = done.document["runs"][0]["invocations"]
    assert invocation["executionSuccessful"] is False
    assert [one["message"]["text"] for one in invocation["toolExecutionNotifications"]] == [said]


def test_hostile_text_is_shown_by_its_numbers(run: Any, log: Any) -> None:
    out = run(log({**FOREIGN, "event_id": HOSTILE})).out
    assert "\x1b" not in out
    assert "\u202e" not in out
    assert "\\x1b" in out


@pytest.mark.parametrize(
    ("words", "say"),
    [(("--rule", "no_such_rule"), "mcpsoar rules list"), (("--rejects", "/no/such/place"), "cannot be")],
)
def test_a_wrong_word_is_answered_with_the_right_ones(run: Any, log: Any, words: Any, say: str) -> None:
    done = run(log(FOREIGN), *words)
    assert (done.code, done.out) == (2, "")
    assert say in done.err


def test_a_log_that_is_not_there_is_a_usage_error(run: Any, tmp_path: Path) -> None:
    assert run(str(tmp_path / "none.ndjson")).code == 2


def test_evidence_says_on_which_server_and_whom_a_detection_blames(run: Any, log: Any) -> None:
    call = {"decision": "allow", "conversation_id": "c1", "status": "ok", "actor_id": "kim"}
    read = {**call, "server_name": "web", "tool_name": "fetch", "action_class": "read", "open_world": True}
    write = {**call, "server_name": "files", "tool_name": "save", "action_class": "write"}
    path = log(read, write, {**FOREIGN, "server_name": "crm"})
    rules = ("--rule", "retrieval_then_write", "--rule", "foreign_token_accepted")
    found = {one["rule"]: one for one in run(path, *rules, "--format", "json").document["findings"]}
    (hit,) = found["foreign_token_accepted"]["evidence"]
    assert (hit["server"], hit["subject"]) == ("crm", None)
    (hit,) = found["retrieval_then_write"]["evidence"]
    assert (hit["event_id"], hit["server"], hit["subject"]) == ("e1", "web", "web")
    out = run(path, *rules).out
    assert "next      mcpsoar contain web --dry-run" in out
    assert "contain files" not in out


@pytest.mark.parametrize(
    ("server", "shown"),
    [
        ("github", "mcpsoar contain github --dry-run"),
        ("a; rm -rf ~", "mcpsoar contain 'a; rm -rf ~' --dry-run"),
        ("--yes", "mcpsoar contain SERVER --dry-run"),
        ("files\u202e", "mcpsoar contain SERVER --dry-run"),
    ],
)
def test_a_name_from_the_log_is_a_quoted_word_or_none(
    server: str, shown: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """The next command is pasted by a tired person: a server must not be able to write it."""
    text = RuleText("r", "", "T", "high", "test", "x", Path("r.yml"), "", (), playbook="contain-server")
    claim = Claim(Finding("r", "T", "high", 1, (Hit("e", 0, None, server),), 0, 0), text)
    intake = Intake(1, 0, 0, (), 0, {}, (), 0, 0)
    look = Look(intake, (), 0, None, (), (), (claim.finding,), ())
    scan_text.tell(Scanned(look, (claim,), (), ()), lambda text: text, is_kept=False, no_color=True)
    (line,) = [line for line in capsys.readouterr().out.splitlines() if "next" in line]
    assert line.strip() == f"next      {shown}"


def test_long_work_says_that_it_goes_on_and_short_work_nothing() -> None:
    said: list[str] = []
    heard = threading.Event()

    def talk(text: str) -> None:
        said.append(text)
        heard.set()

    with heartbeat(talk, "reading audit.ndjson", first_s=0.001):
        assert heard.wait(30)
    assert said[0].startswith("reading audit.ndjson: ")
    with heartbeat(talk, "nothing"):
        said.clear()
    assert not said


def test_evidence_is_labelled_cut_and_counted_by_server(run: Any, log: Any) -> None:
    forged = {**FOREIGN, "event_id": 'e server="github"' + "x" * 200, "server_name": "crm"}
    path = log({**FOREIGN, "server_name": "real"}, *[{**FOREIGN, "server_name": "decoy"}] * 30, forged)
    rule = ("--rule", "foreign_token_accepted")
    text = run(path, *rule).out
    (first, *_) = [line for line in text.splitlines() if "  evidence  " in line]
    assert ' server="crm" event="e server=\\"github\\"xxx' in first
    assert len(first) < 200
    assert '  oldest    2026-11-27T10:00:00Z server="real" event="e0"' in text
    assert '  servers   "decoy" 30, "crm" 1, "real" 1' in text
    assert "mcpsoar contain real --dry-run" in text
    for words, shown in (((), 20), (("--evidence", "2"), 2), (("--evidence", "0"), 32)):
        (found,) = run(path, *rule, *words, "--format", "json").document["findings"]
        assert (found["count"], len(found["evidence"])) == (32, shown)


def test_an_event_without_an_id_is_evidence_by_its_time_and_server(run: Any, log: Any) -> None:
    path = log({**FOREIGN, "event_id": None, "server_name": "crm"})
    rule = ("--rule", "foreign_token_accepted")
    (found,) = run(path, *rule, "--format", "json").document["findings"]
    assert found["without_id"] == 1
    assert found["evidence"] == [
        {"event_id": None, "at": "2026-11-27T10:00:00Z", "server": "crm", "subject": None}
    ]
    text = run(path, *rule).out
    assert "1 without an id" in text
    assert 'evidence  2026-11-27T10:00:00Z server="crm"\n' in text


def test_one_id_for_two_contents_is_no_all_clear(run: Any, log: Any) -> None:
    """Whoever writes an event first hides the second of its name."""
    stamp = {"event_time": "2026-11-27T10:00:00Z", "event_id": "one"}
    path = log({**stamp, "decision": "deny"}, {**stamp, **FOREIGN})
    rule = ("--rule", "foreign_token_accepted")
    done = run(path, *rule)
    assert done.code == 3
    assert (
        'CANNOT TELL: 1 ids stand for events of other content or times; the first counted: "one"' in done.out
    )
    (sarif,) = run(path, *rule, "--format", "sarif").document["runs"]
    (told,) = sarif["invocations"][0]["toolExecutionNotifications"]
    assert "of which the first counted: one" in told["message"]["text"]


def test_a_detection_that_fails_is_told_of_and_the_others_answer(
    run: Any, log: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rules = ("--rule", "error_loop", "--rule", "foreign_token_accepted")
    path = log({**FOREIGN, "conversation_id": "c", "tool_name": "t", "status": "ok"})

    def late(*_: object) -> None:
        raise Late

    monkeypatch.setattr(joined, "within", late)
    done = run(path, *rules)
    assert done.code == 3
    assert "CANNOT TELL: error_loop could not be asked: " in done.out
    assert "CRITICAL foreign_token_accepted" in done.out
    document = run(path, *rules, "--format", "json").document
    assert document["verdict"] == "cannot_tell"
    assert ["out of time" in one["why"] for one in document["failed"]] == [True]
    lines = [json.loads(line) for line in run(path, *rules, "--format", "ndjson").out.splitlines()]
    assert {line["state"] for line in lines} == {"found", "failed"}
    (sarif,) = run(path, *rules, "--format", "sarif").document["runs"]
    (told,) = sarif["invocations"][0]["toolExecutionNotifications"]
    assert told["associatedRule"] == {"id": "error_loop"}
    assert run(path, *rules, "--fail-on", "high").code == 1
    (seen,) = covered(own(), [path], now_ms=now_ms(SystemClock())).seen
    assert (seen.answers["error_loop"].can, seen.answers["foreign_token_accepted"].can) == (
        Can.CANNOT_TELL,
        Can.YES,
    )
    assert "error_loop.sql:" in seen.cannot


def test_a_scan_that_is_told_to_end_leaves_nothing_behind(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "mcpsoar", "rules", "scan", "-"]
    scan = subprocess.Popen(words, stdin=subprocess.PIPE, env={**os.environ, "TMPDIR": str(tmp_path)})
    try:
        assert settled(lambda: bool(list(tmp_path.glob("mcpsoar-*/spooled-0"))))
        scan.terminate()
        assert scan.wait(30) == 128 + signal.SIGTERM
    finally:
        scan.kill()
        scan.communicate()
    assert not list(tmp_path.iterdir())


def test_a_missing_log_is_answered_with_the_command_that_was_used(run: Any, tmp_path: Path) -> None:
    for name in (str(tmp_path), str(tmp_path / "none"), "postgresql://db"):
        assert "next     mcpsoar rules scan " in run(name).err
