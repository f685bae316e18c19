"""Playbooks: those that come along, and what is complained about; the schema says the same."""

import json
from pathlib import Path

import pytest
import yaml
from jsonschema import Draft202012Validator

from mcpsoar.core.errors import BadContent, Usage
from mcpsoar.pack import playbooks

DIGEST = "sha256:ab5718c31cce861058a9a71de6b4b032610740a1c0be8290e82fa42b590d5072"
STEP = """
  - id: disable
    title: Switch off
    action: registry.disable
    role: registry
    undo: exact
    after: []
    why: Because.
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "p.yml"
    path.write_text(text)
    return path


def test_in_the_playbook_that_comes_along_revocation_alone_waits_for_the_end_of_issuance(root: Path) -> None:
    playbook = playbooks.load(root, "contain-server")
    assert [(step.id, step.action, step.shared) for step in playbook.steps] == [
        ("disable", "registry.disable", False),
        ("stop-issuance", "tokens.stop_issuance", False),
        ("revoke", "tokens.revoke", False),
        ("force", "policy.force_write_approval", True),
    ]
    assert [step.after for step in playbook.steps] == [(), (), ("stop-issuance",), ()]
    assert [step.id for step in playbook.steps if step.optional] == ["stop-issuance"]


def test_an_unknown_playbook_names_those_that_are_there(root: Path) -> None:
    with pytest.raises(Usage, match="contain-server"):
        playbooks.load(root, "contain-everything")


def test_layout_and_comments_do_not_change_the_digest(tmp_path: Path) -> None:
    one = playbooks.read(written(tmp_path, f"title: T\nsteps:{STEP}"))
    two = playbooks.read(written(tmp_path, f"# a word\nsteps:{STEP}\ntitle: T\n"))
    three = playbooks.read(written(tmp_path, f"title: T\nsteps:{STEP.replace('exact', 'none')}"))
    assert one.digest == two.digest != three.digest


@pytest.mark.parametrize(
    ("change", "line", "words"),
    [
        (("action: registry.disable", "action: registry.drop"), 5, "unknown action"),
        (("role: registry", "role: gateway"), 6, "unknown role"),
        (("undo: exact", "undo: maybe"), 7, "undo is one of"),
        (("why: Because.", "why: Because.\n    unless: never"), 10, "unknown key 'unless'"),
        (("why: Because.", "why: Because.\n    when: never"), 10, "when must be a mapping"),
        (("why: Because.", "why: Because.\n    limit_s: 0"), 10, "limit_s is more than 0"),
        (("why: Because.", "why: Because.\n    retry:\n      attempts: 2.5"), 11, "must be a whole number"),
        (("why: Because.", "why: Because.\n    retry: {}"), 10, "attempts, seconds or both"),
        (("after: []", "after: [later]"), 8, "no step"),
        (("after: []", "after: [disable]"), 8, "wait for each other"),
        (("after: []", "after: [[x]]"), 8, "list of step ids"),
        (("after: []", "after: []\n    shared: true"), 9, "shared exactly"),
        (("id: disable", "id: canary"), 3, "taken by the canary"),
        (("id: disable", "id: a:b"), 3, "an id is made of"),
        (("    title: Switch off\n", ""), 3, "title is missing"),
        (("id: disable", "id: 7"), 3, "must be a text"),
    ],
)
def test_a_mistake_is_told_with_its_place(
    tmp_path: Path, change: tuple[str, str], line: int, words: str
) -> None:
    path = written(tmp_path, f"title: T\nsteps:{STEP.replace(*change)}")
    with pytest.raises(BadContent) as caught:
        playbooks.read(path)
    assert words in str(caught.value)
    assert caught.value.where == f"{path}:{line}"


def test_an_id_that_stands_twice_and_a_ring_are_found(tmp_path: Path) -> None:
    with pytest.raises(BadContent, match="stands twice"):
        playbooks.read(written(tmp_path, f"title: T\nsteps:{STEP}{STEP}"))
    ring = STEP.replace("after: []", "after: [b]") + STEP.replace("id: disable", "id: b").replace(
        "after: []", "after: [disable]"
    )
    with pytest.raises(BadContent, match="wait for each other: disable, b"):
        playbooks.read(written(tmp_path, f"title: T\nsteps:{ring}"))


@pytest.mark.parametrize("text", ["", "- a", "title: T", "title: T\nsteps: []", "title: T\nsteps: [1]"])
def test_what_is_no_playbook_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(BadContent):
        playbooks.read(written(tmp_path, text))


SECOND = STEP.replace("id: disable", "id: b").replace("after: []", "after: [disable]")


def twice(more: str) -> str:
    """A playbook of two steps; the second says `more`."""
    indented = more.replace("\n", "\n    ")
    return f"title: T\nsteps:{STEP}{SECOND}    {indented}\n"


GOOD = [
    "when: {step: disable, verdict: [verified, already]}",
    "when: {step: disable, verdict: [failed]}\nretry: {attempts: 1}\nlimit_s: 0.5",
    "retry: {attempts: 20, seconds: 600}",
    "retry: {attempts: 4.0}",
    "retry: {seconds: 0.1}",
    "limit_s: 3600",
    "shared: false",
    "optional: true",
]
BAD = [
    "when: []",
    "when: {}",
    "when: {step: disable}",
    "when: {verdict: [verified]}",
    "when: {step: disable, verdict: verified}",
    "when: {step: disable, verdict: []}",
    "when: {step: disable, verdict: [skipped]}",
    "when: {step: disable, verdict: [planned]}",
    "when: {step: disable, verdict: [fine]}",
    "when: {step: disable, verdict: [[verified]]}",
    "when: {step: '', verdict: [verified]}",
    "when: {step: disable, verdict: [verified], or: else}",
    "retry: 4",
    "retry: {}",
    "retry: {attempts: 0}",
    "retry: {attempts: 21}",
    "retry: {attempts: 1.5}",
    "retry: {attempts: true}",
    "retry: {attempts: four}",
    "retry: {seconds: 0}",
    "retry: {seconds: -1}",
    "retry: {seconds: 601}",
    "retry: {seconds: .inf}",
    "retry: {seconds: 1, jitter: 1}",
    "limit_s: 0",
    "limit_s: 3601",
    "limit_s: true",
    "limit_s: 1 h",
    "shared: true",
    "shared: 'false'",
    "optional: 1",
    "unless: never",
]
# what only the loader can say: the schema knows no other step
NAMES = [
    "when: {step: b, verdict: [verified]}",
    "when: {step: later, verdict: [verified]}",
]
WHOLE = [
    "",
    "[]",
    "title: T",
    "title: T\nsteps: []",
    "title: T\nsteps: {}",
    "title: ''\nsteps: []",
    "title: T\nsteps: [1]",
    "title: 2026-03-01\nsteps: []",
]
CHANGED = [
    ("id: disable", "id: canary"),
    ("id: disable", "id: a:b"),
    ("id: disable", "id: --"),
    ("id: disable", "id: 7"),
    ("title: Switch off", "title: ''"),
    ("action: registry.disable", "action: registry.drop"),
    ("action: registry.disable", "action: policy.force_write_approval"),
    ("action: registry.disable", "action: [registry.disable]"),
    ("role: registry", "role: canary"),
    ("undo: exact", "undo: maybe"),
    ("after: []", "after: disable"),
    ("after: []", "after: [[x]]"),
    ("    why: Because.\n", ""),
]


def verdicts(tmp_path: Path, text: str) -> tuple[bool, bool]:
    """What the loader and the schema say: whether it is a playbook."""
    try:
        playbooks.read(written(tmp_path, text))
    except BadContent:
        by_loader = False
    else:
        by_loader = True
    said = Draft202012Validator(json.loads(playbooks.schema()))
    return by_loader, said.is_valid(yaml.safe_load(text))


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(json.loads(playbooks.schema()))


def test_loader_and_schema_take_every_playbook_that_comes_along(root: Path, tmp_path: Path) -> None:
    found = playbooks.paths(root)
    assert found
    for path in found:
        assert verdicts(tmp_path, path.read_text()) == (True, True), path


@pytest.mark.parametrize("more", GOOD)
def test_loader_and_schema_agree_on_what_is_good(tmp_path: Path, more: str) -> None:
    assert verdicts(tmp_path, twice(more)) == (True, True)


@pytest.mark.parametrize(
    "text",
    [*map(twice, BAD), *WHOLE, *(f"title: T\nsteps:{STEP.replace(*change)}" for change in CHANGED)],
)
def test_loader_and_schema_agree_on_what_is_bad(tmp_path: Path, text: str) -> None:
    assert verdicts(tmp_path, text) == (False, False)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            twice("when: {step: disable, verdict: [verified]}").replace(
                "    why", "    optional: true\n    why", 1
            ),
            "optional",
        ),
        (f"title: T\nsteps:{STEP}    optional: true\n", "may contain nothing"),
    ],
)
def test_what_an_optional_step_may_not_bear_is_refused(tmp_path: Path, text: str, words: str) -> None:
    assert verdicts(tmp_path, text) == (False, True)
    with pytest.raises(BadContent, match=words):
        playbooks.read(written(tmp_path, text))


@pytest.mark.parametrize("more", NAMES)
def test_a_condition_on_a_step_that_is_not_waited_for_is_refused(tmp_path: Path, more: str) -> None:
    assert verdicts(tmp_path, twice(more)) == (False, True)
    with pytest.raises(BadContent, match="does not wait for") as caught:
        playbooks.read(written(tmp_path, twice(more)))
    assert caught.value.where == f"{tmp_path}/p.yml:18"


def test_schema_and_loader_know_the_same_words() -> None:
    said = json.loads(playbooks.schema())["$defs"]["step"]["properties"]
    assert tuple(said["action"]["enum"]) == playbooks.ACTIONS
    assert set(said["when"]["properties"]["verdict"]["items"]["enum"]) == set(playbooks.VERDICTS)


def test_conditions_and_limits_are_part_of_the_digest(tmp_path: Path) -> None:
    digests = {playbooks.read(written(tmp_path, twice(more))).digest for more in GOOD}
    assert len(digests) == len(GOOD)


def test_the_digest_of_a_playbook_without_them_is_what_it_always_was(root: Path, tmp_path: Path) -> None:
    said = yaml.safe_load((root / "playbooks" / "contain-server.yml").read_text())
    said["steps"] = [{**step, "after": []} for step in said["steps"] if not step.get("optional")]
    path = tmp_path / "contain-server.yml"
    path.write_text(yaml.safe_dump(said))
    assert playbooks.read(path).digest == DIGEST
