"""Playbooks: the one that comes along, and what is complained about."""

from pathlib import Path

import pytest

from mcpsoar.core.errors import BadContent, Usage
from mcpsoar.pack import playbooks

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


def test_the_playbook_that_comes_along_runs_all_three_at_once(root: Path) -> None:
    playbook = playbooks.load(root, "contain-server")
    assert [(step.id, step.action, step.shared) for step in playbook.steps] == [
        ("disable", "registry.disable", False),
        ("revoke", "tokens.revoke", False),
        ("force", "policy.force_write_approval", True),
    ]
    assert not any(step.after for step in playbook.steps)


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
        (("why: Because.", "why: Because.\n    when: never"), 10, "unknown key 'when'"),
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
