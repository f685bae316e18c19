"""Gate files: what their front matter must say, and where it is told what is wrong."""

import shutil
from pathlib import Path

import pytest

from mcpsoar.app.gates import listed, proved
from mcpsoar.core.content import CaseKind, Counts, Ratio
from mcpsoar.core.errors import BadContent, Usage
from mcpsoar.pack import gates
from mcpsoar.pack.locate import own

OURS = own() / "sql" / "gates"
TEXT = (OURS / "scope-mismatch.sql").read_text()


def gate(folder: Path, text: str) -> Path:
    path = folder / "scope-mismatch.sql"
    path.write_text(text)
    return path


def test_a_gate_that_is_named_is_read_and_no_other(tmp_path: Path) -> None:
    home = tmp_path / "sql" / "gates"
    shutil.copytree(OURS, home)
    (home / "registry-drift.sql").write_text("-- nothing: here\n")
    names = ["unapproved-write-calls", "scope-mismatch"]
    assert [one.id for one in gates.load(tmp_path, names)] == names
    with pytest.raises(BadContent, match="registry-drift"):
        gates.load(tmp_path)
    with pytest.raises(Usage, match="no gate 'scope' in") as caught:
        gates.load(tmp_path, ["scope"])
    assert caught.value.next_command == "mcpsoar gates list"


def test_our_gates_are_the_five_of_the_contract() -> None:
    found = {one.id: one for one in gates.load(own())}
    assert {name: (one.window_ms // 60_000, one.owner) for name, one in found.items()} == {
        "unapproved-write-calls": (10, "Governance On-call"),
        "registry-drift": (1440, "Platform Security"),
        "manifest-drift": (1440, "MCP Platform"),
        "scope-mismatch": (15, "Identity Team"),
        "quarantine-ratio": (15, "Safety Team"),
    }
    assert found["scope-mismatch"].page.ratio == Ratio(1, 100)
    assert found["scope-mismatch"].page.inclusive
    assert not found["quarantine-ratio"].page.inclusive
    assert found["quarantine-ratio"].page_when == "ratio > 3 %, denominator >= 50, numerator >= 4"
    assert found["registry-drift"].counts is Counts.SUBJECTS
    assert all(one.runbook and one.false_alarms and one.references for one in found.values())


@pytest.mark.parametrize("name", [one.id for one in gates.load(own())])
def test_every_case_of_every_gate_holds(name: str) -> None:
    results = proved(own(), [name])
    assert [f"{one.where}: {one.name}: {one.why}" for one in results if one.why] == []
    assert {case.kind for case in gates.load(own(), [name])[0].cases} == set(CaseKind)


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("-- owner: Identity Team\n", "", 1, "has no owner"),
        ("-- severity: high", "-- severity: dire", 4, "severity is one of"),
        ("-- window: 15m", "-- window: 15s", 5, "whole minutes or hours"),
        ("-- window: 15m", "-- window: 15m\n-- colour: red", 6, "means nothing here"),
        ("-- window: 15m", "-- window: 15m\n-- lists: [approved]", 6, "means nothing here"),
        ('-- page: ">= 1 %"', '-- page: "= 1 %"', 7, "page is"),
        ('-- page: ">= 1 %"', '-- page: "> 5"', 7, "page is"),
        ('-- page: ">= 1 %"', "-- page: [", 9, "is not YAML"),
        ("-- min_numerator: 3", "-- min_numerator: yes", 10, "whole number"),
        ("-- counts: events", "-- counts: subjects", 6, "a ratio counts events"),
        ("-- counts: events", "-- counts: [events]", 6, "counts is one of"),
        ("-- id: scope-mismatch", "-- id: other", 1, "not the name of its file"),
        ('-- target: "< 0.1 %"', "-- target: 0", 11, "put it in quotes"),
    ],
)
def test_a_mistake_in_the_front_matter_is_told_with_its_line(
    tmp_path: Path, old: str, new: str, line: int, said: str
) -> None:
    assert old in TEXT
    path = gate(tmp_path, TEXT.replace(old, new))
    with pytest.raises(BadContent, match=said) as caught:
        gates.read(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")


def test_a_file_without_front_matter_is_no_gate(tmp_path: Path) -> None:
    with pytest.raises(BadContent, match="no front matter"):
        gates.read(gate(tmp_path, "SELECT 1"))


def test_a_gate_that_is_not_utf8_is_told_by_its_line(tmp_path: Path) -> None:
    path = gate(tmp_path, "")
    path.write_bytes(b"-- id: scope-mismatch\n-- title: caf\xe9\n")
    with pytest.raises(BadContent) as caught:
        gates.read(path)
    assert str(caught.value) == f"{path}:2: is not UTF-8; save it as UTF-8"


def test_an_unknown_gate_is_answered_with_the_command_that_lists_them() -> None:
    with pytest.raises(Usage) as caught:
        gates.load(own(), ["nope"])
    assert caught.value.next_command == "mcpsoar gates list"


def test_a_gate_without_a_kind_of_case_is_not_proved(tmp_path: Path) -> None:
    (tmp_path / "sql" / "gates").mkdir(parents=True)
    gate(tmp_path / "sql" / "gates", TEXT)
    beside = f"{tmp_path}/sql/gates/scope-mismatch.cases.json:1"
    assert [(one.kind, one.why, one.where) for one in proved(tmp_path)] == [
        (kind, "there is none", beside) for kind in CaseKind
    ]
    assert [one.id for one in listed(tmp_path)] == ["scope-mismatch"]


def test_a_case_that_does_not_hold_says_what_it_saw(tmp_path: Path) -> None:
    home = tmp_path / "sql" / "gates"
    home.mkdir(parents=True)
    gate(home, TEXT)
    (home / "scope-mismatch.cases.json").write_text(
        '{"cases": [\n  {"name": "thin", "kind": "positive", "expect": {"state": "page"}, "events": [\n'
        '    {"event_time": "2026-03-01T12:00:00Z", "event_id": "a", "scope_match": false}]}]}'
    )
    failed = next(one for one in proved(tmp_path) if one.name == "thin")
    assert failed.why == "state is warn, not page"
    assert failed.where.endswith("scope-mismatch.cases.json:2")
