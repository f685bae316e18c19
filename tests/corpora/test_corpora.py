"""The corpora as files: what the manifest says is there, is what it says, and is fit for a scan."""

import json
import shutil
from datetime import date, timedelta
from functools import cache
from pathlib import Path

import pytest

from corpora import manifest
from corpora.manifest import FOLDER
from mcpsoar.app import watch
from mcpsoar.app.watch import Look
from mcpsoar.core.digest import Facts
from mcpsoar.pack.corpora import known

ROOT = Path(__file__).parents[2]
NOW_MS = 1_796_083_200_000  # the beginning of December 2026, after all of them
DATES = [str(date(2026, 9, 28) + timedelta(days=number)) for number in range(12)]
BENIGN = next(one for one in manifest.load() if one.kind == "benign")


@cache
def seen(*files: str) -> Look:
    logs = [str(FOLDER / file) for file in files]
    return watch.look(logs, pack=ROOT, now_ms=NOW_MS, with_rules=True)


def copied(tmp_path: Path) -> Path:
    """The folder with one attack alone, to be broken."""
    one = next(one for one in manifest.load() if one.kind == "attack")
    (tmp_path / "attacks").mkdir()
    shutil.copy(FOLDER / one.file, tmp_path / one.file)
    manifest.save([one], tmp_path)
    return tmp_path


def test_the_files_are_what_the_manifest_says() -> None:
    assert manifest.faults() == []


def test_a_changed_file_is_found(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    (path,) = folder.rglob("*.zst")
    manifest.write(manifest.read(path) * 2, path)
    assert [line.partition(": ")[2] for line in manifest.faults(folder)] == [
        "it is another file than the manifest's (sha256)"
    ]


def test_a_file_that_is_gone_and_one_that_nobody_listed_are_found(tmp_path: Path) -> None:
    folder = copied(tmp_path)
    (path,) = folder.rglob("*.zst")
    path.rename(path.with_name("other.ndjson.zst"))
    assert [line.partition(": ")[2] for line in manifest.faults(folder)] == [
        "it is missing",
        "not in the manifest",
    ]


@pytest.mark.parametrize("change", [{"label": "invented"}, {"risk": None}, {"events": 0}, {"calls": -1}])
def test_a_manifest_that_says_something_else_is_found(tmp_path: Path, change: dict[str, object]) -> None:
    folder = copied(tmp_path)
    said = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    said["corpora"][0] |= change
    (folder / "manifest.json").write_text(json.dumps(said), encoding="utf-8")
    assert len(manifest.faults(folder)) == 1


def test_every_event_of_every_corpus_is_taken_as_it_is() -> None:
    corpora = manifest.load()
    look = watch.look(
        [str(FOLDER / one.file) for one in corpora], pack=ROOT, now_ms=NOW_MS, gates=[], with_rules=False
    )
    assert look.intake.events == sum(one.events for one in corpora)
    assert (look.intake.rejected, look.intake.repeats, dict(look.intake.malformed)) == (0, 0, {})


def test_the_benign_log_is_long_wide_and_at_work_by_night() -> None:
    calls = [event for event in manifest.read(FOLDER / BENIGN.file) if manifest.is_call(event)]
    assert BENIGN.label == "recorded"
    assert len(calls) == BENIGN.calls >= 20_000
    assert len({event.get("actor_id") for event in calls}) >= 8
    assert {event.get("actor_type") for event in calls} == {"human", "service", "agent", None}  # probes
    assert len({event["server_name"] for event in calls}) >= 10
    assert sorted({str(event["event_time"])[:10] for event in calls}) == DATES
    assert {str(event["event_time"])[11:13] for event in calls} == {f"{hour:02}" for hour in range(24)}


def test_the_benign_log_holds_what_rules_trip_over() -> None:
    events = manifest.read(FOLDER / BENIGN.file)
    calls = [event for event in events if manifest.is_call(event)]
    assert sum(event["decision"] == "REQUIRE_APPROVAL" for event in calls) >= 50
    assert sum("approval_id" in event for event in calls) >= 100
    assert sum(event.get("is_error") is True for event in calls) >= 20
    assert sum(event.get("classifier_result") == "REDACT" for event in calls) >= 100
    assert len({event["change_ticket"] for event in events if "change_ticket" in event}) == 5
    assert 0 < sum(event.get("scope_match") is False for event in calls) < len(calls) / 1000
    assert 0 < sum(event.get("classifier_result") == "QUARANTINE" for event in calls) < len(calls) / 100
    assert not [event for event in calls if event["decision"] == "ALLOW" and is_unapproved_write(event)]


def test_no_gate_could_page_at_any_minute_of_the_benign_log() -> None:
    events = manifest.read(FOLDER / BENIGN.file)
    assert {event["registry_status"] for event in events} == {"approved"}
    drifted = [event for event in events if event.get("manifest_match") is False]
    assert drifted
    assert all(event["deploy_window"] and event["change_ticket"] for event in drifted)
    # fewer in the whole log than a page of these two gates needs in one window
    assert sum(event.get("scope_match") is False for event in events) <= 3
    assert len({str(event["event_time"])[:10] for event in events if event.get("scope_match") is False}) == 3
    assert sum(event.get("classifier_result") == "QUARANTINE" for event in events) < 4


def test_what_is_new_after_the_learning_is_judged_and_explained() -> None:
    """Seven days are learned from; whatever fires on the others is counted in known.json, and not nothing."""
    explained = known(FOLDER)
    look = seen(BENIGN.file)
    for one in look.findings:
        if one.rule in ("first_seen_client_on_server", "first_seen_tool_after_retrieval"):
            assert one.count == explained[one.rule].count > 0


def is_unapproved_write(event: Facts) -> bool:
    return event.get("action_class") in ("write", "destructive") and "approval_id" not in event


def test_nothing_in_the_benign_log_is_high_and_no_gate_pages() -> None:
    look = seen(BENIGN.file)
    assert [one.rule for one in look.findings if one.count and one.level in ("high", "critical")] == []
    assert look.pages == ()


def test_no_file_says_where_it_was_recorded() -> None:
    for one in manifest.load():
        text = json.dumps(manifest.read(FOLDER / one.file))
        assert not [word for word in ("/tmp/", "/home/", "/root/", "/work/") if word in text], one.file
        assert "AKIA" not in text, one.file


def test_attacks_have_actors_and_conversations_of_their_own() -> None:
    own = actors_and_conversations(BENIGN.file)
    for one in manifest.load():
        if one.kind == "attack":
            assert not own & actors_and_conversations(one.file), one.file


def actors_and_conversations(file: str) -> set[object]:
    keys = ("actor_id", "conversation_id", "trace_id")
    return {event[key] for event in manifest.read(FOLDER / file) for key in keys if key in event}
