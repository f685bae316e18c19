"""Rules of a pack are read without Sigma, complained about in one go, and each carries its proof."""

import json
from pathlib import Path

import pytest

from mcpsoar.core.content import CaseKind
from mcpsoar.core.errors import BadContent, Usage
from mcpsoar.detect.prelude import sources
from mcpsoar.kit import yamltext
from mcpsoar.pack import heading, rules, schema

NO_TEXT = ("call_chain_too_deep", "write_by_read_only_principal")  # they ask nothing that can be blank
RISKS = (
    "confused-deputy",
    "data-leak",
    "over-scoped-token",
    "prompt-injection",
    "runaway-chain",
    "shadow-server",
    "tool-poisoning",
)
GOOD = """\
title: A Rule
id: 0b0f1d5e-5d0b-4f27-9a63-0f6a7c6f0a11
status: test
level: low
logsource: {product: mcp, service: audit}
detection:
  selection:
    tool_name: x
  condition: selection
custom:
  risk: none
"""


def pack(tmp_path: Path, **files: str) -> Path:
    folder = tmp_path / "sigma_rules" / "tool"
    folder.mkdir(parents=True)
    for name, text in files.items():
        (folder / f"{name}.yml").write_text(text)
    return tmp_path


def test_a_rule_is_known_by_the_stem_of_its_file(tmp_path: Path) -> None:
    (rule,) = rules.load(pack(tmp_path, some_rule=GOOD))
    assert (rule.id, rule.title, rule.level, rule.status, rule.risk) == (
        "some_rule",
        "A Rule",
        "low",
        "test",
        "none",
    )
    assert rule.text == GOOD
    assert rule.cases == ()
    assert (rule.needs, rule.playbook) == ((), None)


def test_a_rule_says_what_it_needs_and_which_playbook_answers_it(tmp_path: Path) -> None:
    more = "  needs: [tool_name]\n  playbook: "
    other = GOOD.replace("0b0f1d5e", "1b0f1d5e")
    root = pack(tmp_path, aaa=f"{GOOD}{more}contain-server\n", bbb=f"{other}{more}none\n")
    assert [(rule.needs, rule.playbook) for rule in rules.load(root)] == [
        (("tool_name",), "contain-server"),
        (("tool_name",), None),
    ]


def test_a_rule_that_is_not_utf8_is_told_by_its_line(tmp_path: Path) -> None:
    root = pack(tmp_path, old="")
    path = root / "sigma_rules" / "tool" / "old.yml"
    path.write_bytes(GOOD.replace("A Rule", "Caf\xe9").encode("latin-1"))
    with pytest.raises(BadContent) as caught:
        rules.load(root)
    assert str(caught.value) == f"{path}:1: is not UTF-8; save it as UTF-8"


def test_of_a_named_rule_no_other_file_is_read(tmp_path: Path) -> None:
    root = pack(tmp_path, good=GOOD, broken="- not a rule\n")
    assert [rule.id for rule in rules.load(root, ["good"])] == ["good"]
    with pytest.raises(BadContent, match="is no rule"):
        rules.load(root)


def test_the_cases_stand_beside_the_rule(tmp_path: Path) -> None:
    root = pack(tmp_path, some_rule=GOOD)
    case = {"name": "fires", "kind": "positive", "events": [{"tool_name": "x"}]}
    path = root / "sigma_rules" / "tool" / "some_rule.cases.json"
    path.write_text(json.dumps({"cases": [case]}))
    (rule,) = rules.load(root)
    assert [one.name for one in rule.cases] == ["fires"]
    assert rule.cases[0].where == f"{path}:1"


def test_rules_come_by_name_or_all_in_order(tmp_path: Path) -> None:
    other = GOOD.replace("0b0f1d5e", "1b0f1d5e")
    root = pack(tmp_path, bbb=GOOD, aaa=other)
    assert [rule.id for rule in rules.load(root)] == ["aaa", "bbb"]
    assert [rule.id for rule in rules.load(root, ["bbb"])] == ["bbb"]
    with pytest.raises(Usage, match="no rule 'ccc'"):
        rules.load(root, ["ccc"])


@pytest.mark.parametrize(
    ("was", "now", "line", "word"),
    [
        ("title: A Rule\n", "", 1, "title"),
        ("id: 0b0f1d5e-5d0b-4f27-9a63-0f6a7c6f0a11", "id: rule-1", 2, "UUID"),
        ("status: test", "status: shiny", 3, "status is one of"),
        ("level: low", "level: catastrophic", 4, "level is one of"),
        ("  risk: none", "  note: none", 10, "risk"),
        ("detection:\n", "detections:\n", 1, "detection"),
        ("level: low", "level: low\nlevel: high", 5, "twice"),
        ("level: low", "level: [low", 5, "YAML"),
        ("logsource", "correlation: {}\nlogsource", 5, "correlation"),
        ("level: low", "level: low\ntags: atlas.v5.6.0", 5, "tags is a list"),
        ("level: low", "level: low\ntags: [safe.t1001,\n  prompt-injection]", 6, "namespace.name"),
        ("level: low", "level: low\ntags: [safe.t1001,\n  atlas.aml.t051]", 6, "no tag of atlas"),
        ("level: low", "level: low\ntags: [owasp.mcp11-2025-more]", 5, "no tag of owasp"),
        ("level: low", "level: low\ntags: [safe.1001]", 5, "no tag of safe"),
        ("level: low", "level: low\ntags: [safe.t1001, safe.t1001]", 5, "stands twice"),
        ("risk: none", "risk: none\n  needs: tool_name", 12, "needs is a list"),
        ("risk: none", "risk: none\n  needs: [tool_name,\n    tool_nmae]", 13, "nearest is 'tool_name'"),
        ("risk: none", "risk: none\n  needs: [tool_name, tool_name]", 12, "twice"),
        ("risk: none", "risk: none\n  needs: [{}]", 12, "no column"),
        ("risk: none", "risk: none\n  playbook: run-away", 12, "playbook is one of contain-server"),
        ("risk: none", "risk: none\n  playbook: []", 12, "playbook is one of"),
    ],
)
def test_a_broken_rule_is_named_with_its_line(
    tmp_path: Path, was: str, now: str, line: int, word: str
) -> None:
    assert was in GOOD
    with pytest.raises(BadContent, match=word) as complaint:
        rules.load(pack(tmp_path, bad=GOOD.replace(was, now)))
    assert complaint.value.where == f"{tmp_path}/sigma_rules/tool/bad.yml:{line}"


def test_every_complaint_of_every_file_is_told_at_once(tmp_path: Path) -> None:
    root = pack(tmp_path, one=GOOD.replace("low", "x").replace("test", "y"), two="- not a rule\n")
    with pytest.raises(
        BadContent, match=r"level.*; also .*one.yml:3: status.*; also .*two.yml:1: is no rule"
    ):
        rules.load(root)


def test_two_rules_never_share_an_identity(tmp_path: Path) -> None:
    with pytest.raises(BadContent, match="has the uuid of"):
        rules.load(pack(tmp_path, one=GOOD, two=GOOD))


def test_our_own_rules_watch_seven_risks_and_have_cases_of_every_kind(root: Path) -> None:
    own = rules.load(root)
    assert {rule.risk for rule in own} == set(RISKS)
    assert len(own) == 41
    for rule in own:
        assert {case.kind for case in rule.cases} == set(CaseKind), rule.id


def test_our_own_rules_need_columns_that_they_ask_for(root: Path) -> None:
    """Itself, or one that a column is derived from: a need that is never read would silence for nothing."""
    by_name = {column.name: column for column in schema.load(root)}
    for rule in rules.load(root):
        detection = yamltext.read(rule.path).value["detection"]
        parts = [fields for name, fields in detection.items() if name != "condition"]
        read = {key.partition("|")[0] for fields in parts for key in fields}
        read |= {source for name in read for source in sources(by_name[name])}
        assert rule.needs, rule.id
        assert set(rule.needs) <= read, rule.id
        assert not any(by_name[name].derived for name in rule.needs), rule.id


def test_our_own_rules_name_the_playbook_that_their_response_names(root: Path) -> None:
    for rule in rules.load(root):
        (said,) = rule.text.split("Response:")[1:]
        assert (rule.playbook == "contain-server") == ("playbook contain-server" in " ".join(said.split())), (
            rule.id
        )


def test_our_own_rules_say_what_they_do_why_and_what_they_miss(root: Path) -> None:
    for rule in rules.load(root):
        for words in (
            "What it does:",
            "Why it matters:",
            "What it misses:",
            "Response:",
            "falsepositives:",
            "references:",
        ):
            assert words in rule.text, f"{rule.id}: {words}"
        for tag in ("atlas.v", "atlas.aml.t", "owasp.mcp", "safe.t"):
            assert f"  - {tag}" in rule.text, f"{rule.id}: {tag}"


def test_our_own_tags_are_of_three_catalogues_and_name_each_risk_in_one_way(root: Path) -> None:
    """What `sigma check` cannot know: it has no list of these namespaces and takes none."""
    tags = [tag for rule in rules.load(root) for tag in yamltext.read(rule.path).value["tags"]]
    assert {tag.partition(".")[0] for tag in tags} == set(heading.TAGS)
    assert {tag for tag in tags if tag.startswith("atlas.v")} == {"atlas.v5.6.0"}
    named = {tag.partition("-")[0]: tag for tag in tags if tag.startswith("owasp.")}
    assert all(named[tag.partition("-")[0]] == tag for tag in tags if tag.startswith("owasp."))


SOURCES = {
    "has_ticket": "change_ticket",
    "has_approval": "approval_id",
    "has_injection_label": "classifier_labels",
    "has_personal_label": "classifier_labels",
    "has_secret_label": "classifier_labels",
}


def test_every_negated_field_has_a_case_that_fires_without_it(root: Path) -> None:
    for rule in rules.load(root):
        detection = yamltext.read(rule.path).value["detection"]
        guarded = {
            field for name, fields in detection.items() if name.startswith("filter_") for field in fields
        }
        fired = [event for case in rule.cases if case.kind is CaseKind.POSITIVE for event in case.events]
        for field in guarded:
            names = {field, SOURCES.get(field, field)}
            assert any(not names & set(event) for event in fired), f"{rule.id}: {field}"


def test_our_own_cases_try_null_blank_and_another_case_of_letters(root: Path) -> None:
    for rule in rules.load(root):
        values = [value for case in rule.cases for event in case.events for value in event.values()]
        assert None in values, rule.id
        assert any(isinstance(value, str) and not value.strip() for value in values) or rule.id in NO_TEXT
        assert any(isinstance(value, str) and value.isupper() for value in values) or rule.id in NO_TEXT
