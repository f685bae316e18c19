"""`mcpsoar rules test` as a user types it: variants, recorded logs, logs of one's own, and four formats."""

import gzip
import json
import re
import shutil
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree

import pytest

from mcpsoar.detect import joined, scan
from mcpsoar.detect.engines import ndjson
from mcpsoar.pack import corpora
from mcpsoar.pack.locate import own
from tests.flow.typed import Ran, ran

ROOT = Path(__file__).resolve().parents[2]
RULE = """\
title: Tool Failed
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
  needs: [tool_name, is_error]
"""
CASES: list[dict[str, Any]] = [
    {"name": "fails", "kind": "positive", "events": [{"tool_name": "get_env", "is_error": True}]},
    {"name": "works", "kind": "negative", "events": [{"tool_name": "get_env", "is_error": False}]},
    {"name": "other", "kind": "benign", "events": [{"tool_name": "forget_it", "is_error": True}]},
]
HIT = {"tool_name": "get_env", "is_error": True}
QUIET = {"tool_name": "get_env", "is_error": False}


class Pack:
    """A user's own pack: one rule, and nothing else that we ship."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.rule = root / "sigma_rules" / "tool_failed.yml"
        self.corpora = root / "corpora"
        self.rule.parent.mkdir()
        self.write(RULE, CASES)

    def write(self, rule: str, cases: Sequence[Any]) -> None:
        self.rule.write_text(rule)
        self.rule.with_suffix(".cases.json").write_text(json.dumps({"cases": list(cases)}, indent=1))

    def log(self, path: Path, *events: dict[str, Any], gateway: str = "gw") -> Path:
        path.parent.mkdir(exist_ok=True)
        lines = [
            {
                "event_time": f"2026-10-05T00:{at // 60:02}:{at % 60:02}Z",
                "event_id": f"{path.stem}-{at}",
                "gateway": gateway,
            }
            for at, _ in enumerate(events)
        ]
        path.write_text(
            "".join(json.dumps(line | one) + "\n" for line, one in zip(lines, events, strict=True))
        )
        return path

    def corpus(self, *corpora: dict[str, Any], known: dict[str, Any] | None = None) -> None:
        """Each with its events, and from which gateway."""
        told = []
        for one in corpora:
            file = f"{one['name']}.ndjson"
            self.log(self.corpora / file, *one.pop("holds"), gateway=one.pop("gateway", "gw"))
            told.append({"file": file, "story": "a story", "expect": [], **one})
        (self.corpora / "manifest.json").write_text(json.dumps({"corpora": told}, indent=1))
        if known is not None:
            (self.corpora / "known.json").write_text(json.dumps(known))


def benign(*events: dict[str, Any]) -> dict[str, Any]:
    return {"name": "calm", "kind": "benign", "label": "recorded", "holds": events or (QUIET,)}


def attack(name: str = "raid", *events: dict[str, Any], **more: Any) -> dict[str, Any]:
    made = {"name": name, "kind": "attack", "label": "replayed", "risk": "made-up", "holds": events or (HIT,)}
    return made | {"expect": ["tool_failed"]} | more


@pytest.fixture
def pack(tmp_path: Path) -> Pack:
    return Pack(tmp_path)


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], pack: Pack) -> Any:
    def go(*words: str) -> Ran:
        return ran(capsys, "rules", "test", "--pack", str(pack.root), *words)

    return go


def failures(ran: Ran) -> list[str]:
    results = ran.document["corpus_results"]
    return [f"{one['case']}: {one['why']}" for one in results if not one["ok"]]


def test_a_pack_of_one_rule_needs_no_corpora_no_schema_and_no_playbooks(run: Any) -> None:
    ran = run()
    assert (ran.code, ran.err) == (0, "")
    assert re.search(r"^ok +tool_failed +low +3/3 +7/7$", ran.out, re.MULTILINE)
    assert ran.out.endswith("3 cases hold, 7 variants hold, 0 fail\n")


def test_every_one_of_our_own_rules_turns_red_when_its_condition_is_turned_round(
    run: Any, pack: Pack
) -> None:
    shutil.rmtree(pack.root / "sigma_rules")
    shutil.copytree(ROOT / "sigma_rules", pack.root / "sigma_rules")
    rules = sorted((pack.root / "sigma_rules").rglob("*.yml"))
    for path in rules:
        text = path.read_text()
        path.write_text(re.sub(r"^  condition: (.+)$", r"  condition: not (\1)", text, flags=re.MULTILINE))
    ran = run("--format", "json")
    assert ran.code == 1
    assert {one["rule"] for one in ran.document["cases"] if not one["ok"]} == {path.stem for path in rules}


def test_a_variant_that_is_answered_otherwise_fails_at_the_line_of_its_case(run: Any, pack: Pack) -> None:
    schema = (ROOT / "sql" / "schema.sql").read_text()
    counted = "len(list_distinct(token_aud)) > 1"
    assert counted in schema
    (pack.root / "sql").mkdir()
    (pack.root / "sql" / "schema.sql").write_text(schema.replace(counted, "len(token_aud) > 1"))
    one = {"token_aud": ["crm"]}
    rule = RULE.replace("tool_name|startswith: get_", "has_many_audiences: false").replace(
        "is_error: true", ""
    )
    cases = [
        {"name": "one", "kind": "positive", "events": [one]},
        {"name": "two", "kind": "negative", "events": [{"token_aud": ["crm", "github"]}]},
        {"name": "none", "kind": "benign", "events": [{"token_aud": None}]},
    ]
    pack.write(rule, cases)
    ran = run()
    assert ran.code == 1
    where = f"{pack.rule.with_suffix('.cases.json')}:3"
    said = "tool_failed: case 'one, variant: token_aud named twice' matches events none, and 0 where"
    assert f"{where}: {said}" in ran.out
    (failed,) = run("--format", "json").document["variants"]["failed"]
    assert failed["where"] == where


def test_a_rule_that_fires_on_its_attack_and_on_nothing_else_holds(run: Any, pack: Pack) -> None:
    pack.corpus(benign(), attack(), attack("made", label="synthetic"))
    ran = run()
    assert ran.code == 0
    row = next(line for line in ran.out.splitlines() if "tool_failed" in line)
    assert "1 replayed: raid; 1 synthetic: made" in row
    assert "corpora: 1 recorded benign logs, 1 replayed attacks, 1 synthetic attacks" in ran.out
    (rule,) = run("--format", "json").document["rules"]
    assert rule["fires_on"] == {"recorded": {}, "replayed": {"raid": 1}, "synthetic": {"made": 1}}
    assert rule["false_alarms"] == {}
    assert run("--no-corpora").out.endswith("3 cases hold, 7 variants hold, 0 fail\n")


def test_an_attack_that_passes_unseen_fails_where_it_is_expected(run: Any, pack: Pack) -> None:
    pack.corpus(benign(), attack(), attack("missed", QUIET))
    ran = run()
    assert ran.code == 1
    manifest = (pack.corpora / "manifest.json").read_text().splitlines()
    line = next(at for at, text in enumerate(manifest, 1) if '"missed.ndjson"' in text) - 1
    assert (
        f"{pack.corpora}/manifest.json:{line}: tool_failed: case 'fires on missed' does not fire" in ran.out
    )


def test_an_attack_that_was_only_made_up_proves_no_rule(run: Any, pack: Pack) -> None:
    pack.corpus(benign(), attack(label="synthetic"))
    ran = run("--format", "json")
    assert ran.code == 1
    assert failures(ran) == ["fires on some attack: fires on no recorded and on no replayed attack"]


@pytest.mark.parametrize(
    ("level", "known", "why"),
    [
        ("low", None, "2 false alarms on benign logs: none is explained in known.json"),
        ("low", {"count": 1, "why": "polling"}, "2 false alarms on benign logs: known.json explains 1"),
        ("low", {"count": 2, "why": "polling"}, None),
        ("low", {"count": 3, "why": "polling"}, None),
        (
            "high",
            {"count": 2, "why": "polling"},
            "2 false alarms on benign logs: of level high, it may have none",
        ),
    ],
)
def test_a_false_alarm_is_explained_or_fails_and_of_a_high_rule_it_fails(
    run: Any, pack: Pack, level: str, known: dict[str, Any] | None, why: str | None
) -> None:
    pack.write(RULE.replace("level: low", f"level: {level}"), CASES)
    pack.corpus(benign(HIT, QUIET, HIT), attack(), known={"tool_failed": known} if known else None)
    ran = run("--format", "json")
    assert failures(ran) == ([f"is quiet on benign logs: {why}"] if why else [])
    assert ran.code == (1 if why else 0)
    assert ran.document["rules"][0]["false_alarms"] == {"recorded": 2}
    assert ("tool_failed: 2 of 2 explained alarms: polling" in run().out) is (
        known == {"count": 2, "why": "polling"}
    )


@pytest.mark.parametrize("is_ours", [True, False])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_of_our_own_pack_the_count_of_explained_alarms_is_exact_on_our_own_corpora_alone(
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    pack: Pack,
    count: int,
    *,
    is_ours: bool,
) -> None:
    hit = {"decision": "deny", "token_scopes": ["notes:read"], "required_scopes": ["notes:write"]}
    explained = {"scope_mismatch_refused": {"count": count, "why": "mistakes"}}
    pack.corpus(benign(hit, hit), attack("raid", hit, expect=["scope_mismatch_refused"]), known=explained)
    if is_ours:
        monkeypatch.setattr(corpora, "beside", lambda root: pack.corpora if root == own() else None)
    words = ("rules", "test", "scope_mismatch_refused", "--corpora", str(pack.corpora), "--format", "json")
    said = ran(capsys, *words)
    whys = {1: "2 false alarms on benign logs: known.json explains 1"}
    if is_ours:
        whys[3] = "2 alarms on benign logs: known.json explains 3, so it misses what it saw"
    assert failures(said) == ([f"is quiet on benign logs: {whys[count]}"] if count in whys else [])
    assert said.code == (1 if count in whys else 0)


def test_a_log_whose_gateway_writes_no_needed_column_is_not_evaluable_and_proves_nothing(
    run: Any, pack: Pack
) -> None:
    bare = attack("bare", {"tool_name": "get_env"}, gateway="other")
    pack.corpus(benign(), attack(), bare)
    ran = run("--format", "json")
    assert ran.document["rules"][0]["not_evaluable"] == {"bare": ["is_error"]}
    assert failures(ran) == ["fires on bare: cannot be asked of bare, which has no is_error"]


def test_a_cut_without_a_column_is_evaluable_where_its_gateway_writes_it(run: Any, pack: Pack) -> None:
    pack.corpus(benign(), attack(), attack("cut", {"tool_name": "get_env"}, expect=[]))
    ran = run("--format", "json")
    assert ran.code == 0
    assert ran.document["rules"][0]["not_evaluable"] == {}


def test_a_log_that_is_not_there_is_asked_for_by_the_option_of_this_command(run: Any, pack: Pack) -> None:
    done = run("--no-corpora", "--logs", "nope")
    assert done.code == 2
    assert done.err.splitlines()[-1] == f"  next     mcpsoar rules test --logs FILE --pack {pack.root}"


def test_the_logs_of_a_user_are_told_and_hits_there_are_no_failure(run: Any, pack: Pack) -> None:
    log = pack.log(pack.root / "mine.ndjson", HIT, QUIET, HIT)
    ran = run("--logs", str(log))
    assert ran.code == 0
    assert re.search(r"tool_failed +low +3/3 +7/7 +2$", ran.out, re.MULTILINE)
    (rule,) = run("--logs", str(log), "--format", "json").document["rules"]
    assert rule["logs"] == {"count": 2, "evidence": ["mine-2", "mine-0"], "lacks": [], "failed": None}


def test_logs_of_which_no_rule_can_be_asked_are_no_answer(run: Any, pack: Pack) -> None:
    log = pack.log(pack.root / "mine.ndjson", {"tool_name": "get_env"})
    ran = run("--logs", str(log))
    assert ran.code == 3
    assert "not evaluable: no is_error" in ran.out
    (skipped,) = ElementTree.fromstring(run("--logs", str(log), "--format", "junit").out).iter("skipped")
    assert skipped.get("message") == "not evaluable: no is_error"
    assert run("--logs", str(pack.root / "none.ndjson")).code == 2


def test_junit_and_sarif_name_what_fails_with_its_place(run: Any, pack: Pack) -> None:
    pack.write(RULE, [{**CASES[0], "events": [QUIET]}, *CASES[1:]])
    path = str(pack.rule.with_suffix(".cases.json"))
    xml = run("--format", "junit")
    assert xml.code == 1
    cases = list(ElementTree.fromstring(xml.out).iter("testcase"))
    (failed,) = [one for one in cases if one.find("failure") is not None]
    assert (failed.get("file"), failed.get("line"), failed.get("name")) == (path, "3", "positive: fails")
    sarif = run("--format", "sarif")
    assert sarif.code == 1
    (told,) = sarif.document["runs"]
    (result,) = told["results"]
    place = result["locations"][0]["physicalLocation"]
    assert place["artifactLocation"]["uri"] == Path(path).as_uri()
    assert place["region"] == {"startLine": 3}
    assert told["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"] == "tool_failed"
    assert result["level"] == "error"
    assert "positive fails: matches none of its events" in result["message"]["text"]


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"label": "invented"}, "label is one of recorded, replayed, synthetic"),
        ({"kind": "odd"}, "kind is one of"),
        ({"file": "gone.ndjson"}, "there is no"),
        ({"file": "../mine.ndjson"}, "outside the folder"),
        ({"expect": "tool_failed"}, "expect is a list"),
        ({"name": "calm"}, "two corpora are called 'calm'"),
    ],
    ids=str,
)
def test_a_manifest_that_cannot_be_meant_is_refused_at_its_line(
    run: Any, pack: Pack, change: dict[str, Any], word: str
) -> None:
    pack.corpus(benign(), attack())
    path = pack.corpora / "manifest.json"
    told = json.loads(path.read_text())
    told["corpora"][1].update(change)
    path.write_text(json.dumps(told, indent=1))
    ran = run()
    assert (ran.code, ran.out) == (2, "")
    assert re.match(rf"mcpsoar: {re.escape(str(path))}:1[01]: ", ran.err)
    assert word in ran.err


def test_corpora_that_are_not_there_or_not_wanted_are_a_mistake(run: Any, pack: Pack) -> None:
    ran = run("--corpora", str(pack.root))
    assert ran.code == 2
    assert "manifest.json" in ran.err
    assert run("--corpora", str(pack.root), "--no-corpora").code == 2


def test_an_event_that_could_be_of_two_logs_is_refused(run: Any, pack: Pack) -> None:
    pack.corpus(
        benign(), attack("raid", {**HIT, "event_id": "same"}), attack("rain", {**QUIET, "event_id": "same"})
    )
    ran = run()
    assert (ran.code, ran.out) == (2, "")
    assert "same" in ran.err


def test_a_detection_that_fails_on_the_logs_is_told_of_in_every_format(
    run: Any, pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = pack.root / "sql" / "detections"
    folder.mkdir(parents=True)
    for name in ("error_loop.sql", "error_loop.cases.json"):
        shutil.copy(ROOT / "sql" / "detections" / name, folder)
    event = {"conversation_id": "c", "status": "ok", "server_name": "s"}
    log = str(pack.log(pack.root / "mine.ndjson", HIT | event))
    assert run("--logs", log).code == 0

    def late(*_: object) -> None:
        raise joined.Unanswered("\x1b[2Jout of time")

    on_logs = SimpleNamespace(**{**vars(joined), "answer": late})  # of cases it is asked all the same
    monkeypatch.setattr(scan, "joined", on_logs)
    text = run("--logs", log)
    assert text.code == 3
    assert re.search(r"^cannot tell +error_loop .* failed: .*out of time$", text.out, re.MULTILINE)
    assert re.search(r"^ok +tool_failed .* 1$", text.out, re.MULTILINE)
    assert "CANNOT TELL: error_loop could not be asked: " in text.out
    assert "\x1b" not in text.out
    json_ = run("--logs", log, "--format", "json")
    assert (json_.code, json_.document["verdict"]) == (3, "cannot_tell")
    told = {rule["rule"]: rule["logs"] for rule in json_.document["rules"]}
    assert told["error_loop"]["count"] is None
    assert "out of time" in told["error_loop"]["failed"]
    assert told["tool_failed"]["failed"] is None
    xml = run("--logs", log, "--format", "junit")
    assert xml.code == 3
    root = ElementTree.fromstring(xml.out)
    assert (root.get("errors"), root.get("failures")) == ("1", "0")
    (error,) = root.iter("error")
    assert "out of time" in (error.get("message") or "")
    (sarif,) = run("--logs", log, "--format", "sarif").document["runs"]
    (invocation,) = sarif["invocations"]
    assert invocation["executionSuccessful"] is False
    (notification,) = invocation["toolExecutionNotifications"]
    assert notification["associatedRule"] == {"id": "error_loop"}
    assert "out of time" in notification["message"]["text"]


def test_logs_that_broke_off_or_hold_what_is_no_event_are_no_all_clear(run: Any, pack: Pack) -> None:
    log = pack.log(pack.root / "mine.ndjson", HIT, QUIET)
    log.write_text(log.read_text() + "no event\n")
    told = run("--logs", str(log))
    assert (told.code, f"rejected {log}:3" in told.err) == (0, True)
    assert run("--logs", str(log), "--format", "json").document["read"]["rejected"] == 1
    assert run("--format", "json").document["read"] is None
    cut = pack.root / "cut.ndjson.gz"
    cut.write_bytes(gzip.compress(log.read_bytes() * 5000)[:-20])
    told = run("--logs", str(cut))
    assert told.code == 3
    assert f"CANNOT TELL: {cut} broke off" in told.out
    (sarif,) = run("--logs", str(cut), "--format", "sarif").document["runs"]
    assert sarif["invocations"][0]["executionSuccessful"] is False
    errors = list(ElementTree.fromstring(run("--logs", str(cut), "--format", "junit").out).iter("error"))
    assert any("broke off" in (one.get("message") or "") for one in errors)


def test_recorded_logs_are_read_once_whenever_a_column_turns_up(
    run: Any, pack: Pack, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The engine learns keys from the first lines of a log, and had to read it all over for a later one."""
    late = [*[QUIET] * 3000, QUIET | {"change_ticket": "CHG-1"}, QUIET, QUIET | {"session_id": "s"}]
    pack.corpus(benign(*late), attack())

    def again(*_: object) -> None:
        raise AssertionError

    monkeypatch.setattr(ndjson, "seed", again)
    monkeypatch.setattr(ndjson, "lines", again)
    told = run("--format", "json")
    assert (told.code, failures(told)) == (0, [])


@pytest.mark.parametrize(("text", "line"), [("no event\n", 2), ('\n{"event_id": "calm-1", "a": 1}', 3)])
def test_what_is_no_event_of_a_recorded_log_is_named_with_its_place(
    run: Any, pack: Pack, text: str, line: int
) -> None:
    pack.corpus(attack(), benign())
    path = pack.corpora / "calm.ndjson"
    path.write_text(path.read_text() + text)
    told = run()
    assert told.code == 2
    assert f"{path}:{line}: " in told.err


def test_a_recorded_log_that_broke_off_is_refused(run: Any, pack: Pack) -> None:
    pack.corpus(benign(), attack())
    path = pack.corpora / "raid.ndjson"
    path.write_bytes(gzip.compress(path.read_bytes())[:-4])
    told = run()
    assert told.code == 2
    assert f"{path} broke off: the gzip data ends early" in told.err
