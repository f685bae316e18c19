"""The attacks, replayed and their log kept: each is what it says, and whoever must see it sees it."""

import json
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.app import watch
from mcpsoar.app.watch import Look

ROOT = Path(__file__).parents[2]
CORPORA = ROOT / "tests" / "data" / "corpora"
ENTRIES: list[dict[str, Any]] = [
    entry
    for entry in json.loads((CORPORA / "manifest.json").read_text(encoding="utf-8"))["corpora"]
    if entry["kind"] == "attack"
]
RULES = {path.stem for path in ROOT.glob("sigma_rules/*/*.yml")}
DETECTIONS = {path.stem for path in ROOT.glob("sql/detections/*.sql")}
RISKS = {
    "tool-poisoning",
    "prompt-injection",
    "over-scoped-token",
    "confused-deputy",
    "shadow-server",
    "runaway-chain",
    "data-leak",
}
NOW_MS = 1_796_083_200_000  # the beginning of December 2026, after all of them
EACH = pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry["name"])


@cache
def seen(name: str) -> Look:
    return watch.look([str(CORPORA / name)], pack=ROOT, now_ms=NOW_MS, gates=[], with_rules=True)


@EACH
def test_an_attack_names_a_risk_a_story_and_content_that_exists(entry: dict[str, Any]) -> None:
    assert entry["risk"] in RISKS
    assert entry["story"]
    assert "\n" not in entry["story"]
    assert set(entry["expect"]) <= RULES | DETECTIONS
    assert len(entry["expect"]) == len(set(entry["expect"]))
    assert entry["expect"] or "blind spot" in entry["story"]


def test_the_manifest_lists_the_files_that_are_there() -> None:
    assert {entry["file"] for entry in ENTRIES} == {
        f"attacks/{path.name}" for path in CORPORA.glob("attacks/*")
    }


def test_every_risk_has_at_least_three_attacks_that_were_played_for_real() -> None:
    played = Counter(entry["risk"] for entry in ENTRIES if entry["label"] == "replayed")
    assert all(played[risk] >= 3 for risk in RISKS), played


def test_every_rule_and_detection_must_see_at_least_one_attack_that_was_played_for_real() -> None:
    expected = {one for entry in ENTRIES if entry["label"] == "replayed" for one in entry["expect"]}
    assert expected == RULES | DETECTIONS


@EACH
def test_whoever_must_see_an_attack_sees_it(entry: dict[str, Any]) -> None:
    look = seen(entry["file"])
    fired = {finding.rule for finding in look.findings if finding.count}
    assert set(entry["expect"]) <= fired
    assert look.intake.events == entry["events"] <= 700
    assert not look.intake.rejected
