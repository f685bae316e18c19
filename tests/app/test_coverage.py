"""Coverage: which content can be asked of which log source, and that what is not seen is said."""

import json
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.app.blindspots import BlindSpot, SpotKind, blind_spots, shown
from mcpsoar.app.coverage import Can, Coverage, ItemKind, covered
from mcpsoar.app.coverage_document import document
from mcpsoar.app.navigator import layer
from mcpsoar.core.errors import BadContent
from mcpsoar.pack import content, landscape, schema

NOW_MS = 1_795_795_200_000  # 2026-11-27


@pytest.fixture(scope="module")
def own(root_: Path) -> Coverage:
    return covered(root_, now_ms=NOW_MS)


@pytest.fixture(scope="module")
def root_() -> Path:
    return Path(__file__).resolve().parents[2]


@pytest.fixture
def pack(root_: Path, tmp_path: Path) -> Path:
    """Our own pack, to be changed."""
    for name in ("sigma_rules", "sql"):
        shutil.copytree(root_ / name, tmp_path / name)
    return tmp_path


def change(pack: Path, was: str, now: str) -> Path:
    path = pack / "sql" / "coverage.yml"
    text = path.read_text()
    assert was in text
    path.write_text(text.replace(was, now, 1))
    return path


def answer(coverage: Coverage, source: str, item: str) -> Any:
    (seen,) = [one for one in coverage.seen if one.id == source]
    return seen.answers[item]


def spots(coverage: Coverage, kind: SpotKind) -> dict[str, BlindSpot]:
    return {one.what: one for one in blind_spots(coverage) if one.kind is kind}


def test_all_content_stands_in_it_once_and_under_a_known_risk(own: Coverage, root_: Path) -> None:
    ids = [item.id for item in own.items]
    assert len(ids) == len(set(ids))
    assert {text.id for text in content.load(root_)} < set(ids)
    assert all(item.risks for item in own.items)
    assert [risk.id for risk in own.risks()] == [risk.id for risk in own.field.risks]
    assert all(
        own.of_risk(risk.id, kind) for risk in own.risks() for kind in (ItemKind.EVENT, ItemKind.WINDOW)
    )


def test_every_gate_says_which_risk_it_watches(own: Coverage, root_: Path) -> None:
    gates = {path.stem for path in (root_ / "sql" / "gates").glob("*.sql")}
    assert gates == set(own.field.gates)
    assert all(facts.needs for facts in own.field.gates.values())


def test_the_labs_own_gateway_can_answer_everything(own: Coverage) -> None:
    (seen,) = [one for one in own.seen if one.id == "lab-gateway"]
    assert {answer.can for answer in seen.answers.values()} == {Can.YES}


def test_a_source_answers_by_itself_or_with_help_that_is_named_or_lacks_what_is_named(own: Coverage) -> None:
    assert answer(own, "toolhive", "very_large_output").can is Can.YES
    unapproved = answer(own, "toolhive", "shadow_server_in_production")
    assert unapproved.can is Can.IF
    assert any("looked up in the registry" in one for one in unapproved.through)
    foreign = answer(own, "toolhive", "foreign_token_accepted")
    assert (foreign.can, foreign.lacks) == (Can.NO, ("token_aud",))
    drift = answer(own, "toolhive", "manifest_drift_outside_window")
    assert any(one.startswith("manifest_hash: response bodies") for one in drift.through)


def test_a_look_up_may_need_what_another_look_up_or_an_option_gives(own: Coverage) -> None:
    deep = answer(own, "jsonrpc-tap", "call_chain_too_deep")
    assert deep.can is Can.IF
    assert deep.through == ("chain_depth: looked up in the spans of a trace",)
    assert answer(own, "anthropic-activity", "call_chain_too_deep").lacks == ("chain_depth",)


def test_a_derived_column_comes_from_its_sources(pack: Path) -> None:
    rule = pack / "sigma_rules" / "auth" / "foreign_token_accepted.yml"
    text = re.sub(r"needs: \[.*?\]", "needs: [audience_match, decision]", rule.read_text())
    rule.write_text(text)
    coverage = covered(pack, now_ms=NOW_MS)
    assert answer(coverage, "lab-gateway", "foreign_token_accepted").can is Can.YES
    assert answer(coverage, "toolhive", "foreign_token_accepted").lacks == ("audience_match",)


def test_real_logs_are_judged_by_what_their_events_have(root_: Path, tmp_path: Path) -> None:
    log = tmp_path / "audit.ndjson"
    event = {"event_time": "2026-11-27T10:00:00Z", "decision": "allow", "bytes_out": 10, "status": "ok"}
    log.write_text(json.dumps(event) + "\n")
    coverage = covered(root_, [str(log)], now_ms=NOW_MS)
    assert [seen.id for seen in coverage.seen] == [str(log)]
    assert answer(coverage, str(log), "very_large_output").can is Can.YES
    assert answer(coverage, str(log), "foreign_token_accepted").lacks
    assert "confused-deputy" in spots(coverage, SpotKind.LOG)[str(log)].why
    log.write_text("")
    empty = covered(root_, [str(log)], now_ms=NOW_MS)
    assert "It holds no event." in empty.seen[0].cannot


def test_what_nobody_sees_is_said(own: Coverage) -> None:
    assert "MCP08:2025 Lack of Audit and Telemetry" in spots(own, SpotKind.TECHNIQUE)
    assert "AML.T0104 Publish Poisoned AI Agent Tool" in spots(own, SpotKind.TECHNIQUE)
    assert not [one for one in spots(own, SpotKind.TECHNIQUE) if one.startswith("AML.T0110")]
    assert spots(own, SpotKind.RISK)["runaway-chain"].why == "it has no gate"
    assert "token_jti" in spots(own, SpotKind.COLUMN)
    assert "token_jti" in spots(own, SpotKind.CONTENT)["anonymous_call_allowed"].why
    assert "prompt-injection" in spots(own, SpotKind.LOG)["docker-gateway"].why
    assert any("readOnlyHint" in one for one in spots(own, SpotKind.GAP))


def test_a_risk_that_loses_its_content_becomes_a_blind_spot(pack: Path) -> None:
    change(pack, "risks: [shadow-server]", "risks: [data-leak]")
    for path in (*pack.rglob("*.yml"), *(pack / "sql" / "detections").glob("*.sql")):
        if "risk: shadow-server\n" in path.read_text() and path.name != "coverage.yml":
            path.unlink()
    coverage = covered(pack, now_ms=NOW_MS)
    why = spots(coverage, SpotKind.RISK)["shadow-server: Servers that nobody approved"].why
    assert why == "nothing in this pack watches it"


def test_a_risk_that_only_a_rule_names_is_listed_too(pack: Path) -> None:
    path = pack / "sigma_rules" / "tool" / "very_large_output.yml"
    path.write_text(path.read_text().replace("risk: data-leak", "risk: made-up"))
    coverage = covered(pack, now_ms=NOW_MS)
    assert coverage.risks()[-1].id == "made-up"
    assert "made-up" in spots(coverage, SpotKind.RISK)


def test_a_pack_without_a_landscape_takes_ours(pack: Path) -> None:
    (pack / "sql" / "coverage.yml").unlink()
    assert landscape.load(pack).sources


@pytest.mark.parametrize(
    ("was", "now", "words"),
    [
        ("by: [trace_id, parent_call_id]", "by: [trace_di, parent_call_id]", "no column 'trace_di'"),
        ("evidence: documentation", "evidence: rumour", "evidence is one of"),
        ("risks: [shadow-server]", "risks: [shadow]", "no risk is called 'shadow'"),
        ("id: docker-gateway", "id: docker-governance", "stands twice"),
        ("when: request bodies are captured", "if: request bodies are captured", "opt_in"),
        ("    title: The lab's own gateway\n", "", "sources has the keys"),
        ('atlas_version: "5.6.0"', "atlas_version: 5.6", "quotes"),
        ("gaps:", "holes:", "and no others"),
        ("why: a report over a month, not an alarm about a log", "why: ''", "why is a text"),
    ],
)  # fmt: skip
def test_a_landscape_that_says_nonsense_is_refused_with_its_line(
    pack: Path, was: str, now: str, words: str
) -> None:
    path = change(pack, was, now)
    with pytest.raises(BadContent) as caught:
        landscape.load(pack)
    assert words in str(caught.value)
    assert re.match(rf"{re.escape(str(path))}:\d+$", caught.value.where or "")


def test_options_that_are_no_list_are_refused(pack: Path) -> None:
    path = pack / "sql" / "coverage.yml"
    path.write_text(re.sub(r"opt_in:\n( {6}.*\n)+", "opt_in: 5\n", path.read_text()))
    with pytest.raises(BadContent, match="opt_in holds entries"):
        landscape.load(pack)


def test_techniques_are_written_as_their_own_frameworks_write_them() -> None:
    assert shown("atlas", "t0051.001") == "AML.T0051.001"
    assert shown("owasp", "mcp03") == "MCP03:2025"
    assert shown("safe", "t1001") == "SAFE-T1001"


def test_the_layer_is_one_that_the_navigator_can_read(own: Coverage) -> None:
    """Keys, types and limits of layer format 4.5, sections "Property Table" to "Link Object properties"."""
    made = json.loads(json.dumps(layer(own)))
    assert set(made) <= {
        "name", "versions", "domain", "description", "techniques", "gradient", "legendItems", "metadata",
        "selectSubtechniquesWithParent",
    }  # fmt: skip
    assert made["versions"] == {"navigator": "4.9.0", "layer": "4.5"}
    assert made["domain"] == "atlas-atlas"
    ids = [one["techniqueID"] for one in made["techniques"]]
    assert len(ids) == len(set(ids)) >= 20
    for one in made["techniques"]:
        assert re.fullmatch(r"AML\.T\d{4}(\.\d{3})?", one["techniqueID"])
        assert set(one) <= {"techniqueID", "score", "comment", "enabled", "metadata", "links"}
        assert type(one["score"]) is int
        assert one["score"] == len(one["metadata"])
        assert all(set(pair) == {"name", "value"} and all(pair.values()) for pair in one["metadata"])
        assert all(link["url"].startswith("https://") for link in one["links"])
    scores = {one["techniqueID"]: one["score"] for one in made["techniques"]}
    assert scores["AML.T0104"] == 0
    assert scores["AML.T0110"] == len(own.of_technique("atlas", "t0110")) > 0
    gradient = made["gradient"]
    assert gradient["maxValue"] == max(scores.values()) > gradient["minValue"]
    assert all(re.fullmatch("#[0-9a-f]{6}", color) for color in gradient["colors"])
    assert all(set(item) == {"label", "color"} for item in made["legendItems"])


def test_the_document_says_all_of_it(own: Coverage, root_: Path) -> None:
    made = json.loads(json.dumps(document(own)))
    assert len(made["content"]) == len(own.items)
    assert {len(source["answers"]) for source in made["sources"]} == {len(own.items)}
    assert made["blind_spots"]
    needs = {name for one in made["content"] for name in one["needs"]}
    assert needs <= {column.name for column in schema.load(root_)}
    (risk,) = [one for one in made["risks"] if one["risk"] == "tool-poisoning"]
    assert "manifest_flip_flop" in risk["window"]
    assert "manifest-drift" in risk["gate"]
    assert "AML.T0110" in risk["atlas"]
