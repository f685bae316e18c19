"""Detections of a pack: the front matter of a rule above SQL, in one namespace with the rules."""

from pathlib import Path
from shutil import copytree

import pytest

from mcpsoar.core.content import DetectionText, RuleText
from mcpsoar.core.errors import BadContent, Usage
from mcpsoar.pack import content, detections

ROOT = Path(__file__).resolve().parents[2]
GOOD = """\
-- title: Called Twice
-- id: 2b8a5d0e-7a54-4b57-9d40-3d5b3f0a1c11
-- status: experimental
-- level: medium
-- description: What it does.
-- tags: [atlas.aml.t0029]
-- falsepositives: [People who call twice]
-- custom: {risk: runaway-chain, needs: [tool_name], subject: tool, playbook: contain-server}
SELECT event_ms, event_key, tool_name AS subject
FROM mcp_audit
"""


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    for name in ("sigma_rules", "playbooks"):
        copytree(ROOT / name, tmp_path / name)
    (tmp_path / "sql" / "detections").mkdir(parents=True)
    (tmp_path / "sql" / "detections" / "called_twice.sql").write_text(GOOD)
    return tmp_path


def test_a_detection_is_known_by_what_a_rule_is(pack: Path) -> None:
    (found,) = detections.load(pack)
    assert (found.id, found.title, found.level, found.risk) == (
        "called_twice",
        "Called Twice",
        "medium",
        "runaway-chain",
    )
    assert (found.needs, found.playbook, found.tags) == (
        ("tool_name",),
        "contain-server",
        ("atlas.aml.t0029",),
    )
    assert found.subject == "tool"
    assert found.false_alarms == ("People who call twice",)
    assert found.sql.startswith("SELECT event_ms")
    assert found.sql_line == 9
    assert found.path.read_text().splitlines()[found.sql_line - 1].startswith("SELECT")


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("-- title: Called Twice\n", "", 1, "has no title"),
        ("level: medium", "level: urgent", 4, "level is one of"),
        ("2b8a5d0e-7a54-4b57-9d40-3d5b3f0a1c11", "twice", 2, "id is no UUID"),
        ("status: experimental", "status: new", 3, "status is one of"),
        ("description: What it does.", "description: ''", 5, "has no description"),
        ("falsepositives", "false_positives", 7, "the nearest is 'falsepositives'"),
        ("tool_name]", "tool_nam]", 8, "the nearest is 'tool_name'"),
        ("contain-server", "contain-everything", 8, "playbook is one of"),
        ("subject: tool, ", "", 8, "has no custom: {subject: …}: one of server, conversation"),
        ("subject: tool", "subject: whoever", 8, "subject: …}: one of"),
        ("t0029", "0029", 6, "is no tag of atlas"),
        ("-- ", "", 1, "has no front matter"),
    ],
)
def test_a_front_matter_that_cannot_be_meant_is_named_with_its_line(
    pack: Path, old: str, new: str, line: int, said: str
) -> None:
    path = pack / "sql" / "detections" / "called_twice.sql"
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(BadContent, match=said) as error:
        detections.load(pack)
    assert f"{path}:{line}" in str(error.value)


def test_rules_and_detections_are_asked_by_one_set_of_names(pack: Path) -> None:
    found = content.load(pack, ["called_twice", "call_chain_too_deep"])
    assert [type(text) for text in found] == [DetectionText, RuleText]
    everything = content.load(pack)
    assert everything[-1].id == "called_twice"
    assert len({text.id for text in everything}) == len(everything) > 40
    with pytest.raises(Usage, match="no rule or detection 'called_thrice'"):
        content.load(pack, ["called_twice", "called_thrice"])
    with pytest.raises(Usage, match="no detection 'call_chain_too_deep'"):
        detections.load(pack, ["call_chain_too_deep"])


def test_asking_for_one_reads_no_other_file(pack: Path) -> None:
    (pack / "sql" / "detections" / "broken.sql").write_text("-- : :\n")
    assert [text.id for text in content.load(pack, ["called_twice"])] == ["called_twice"]
    assert [text.id for text in detections.load(pack, ["called_twice"])] == ["called_twice"]
    with pytest.raises(BadContent, match=r"broken\.sql:1"):
        content.load(pack)


def test_a_detection_may_not_take_the_name_or_the_uuid_of_a_rule(pack: Path) -> None:
    (rule,) = content.load(pack, ["call_chain_too_deep"])
    there = pack / "sql" / "detections"
    (there / "call_chain_too_deep.sql").write_text(GOOD)
    with pytest.raises(BadContent, match="has the id of"):
        content.load(pack, ["call_chain_too_deep"])
    (there / "call_chain_too_deep.sql").unlink()
    (there / "called_twice.sql").write_text(GOOD.replace("2b8a5d0e-7a54-4b57-9d40-3d5b3f0a1c11", rule.uuid))
    with pytest.raises(BadContent, match="has the uuid of"):
        content.load(pack)
