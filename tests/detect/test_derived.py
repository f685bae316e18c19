"""Derived columns: an expression that the engine refuses is named with its line, whoever meets it first."""

from pathlib import Path
from typing import Any

import pytest

from mcpsoar.cli.main import main
from mcpsoar.core.errors import BadContent
from mcpsoar.detect import derived, prelude
from mcpsoar.detect.engines.duckdb import connect, rows
from mcpsoar.detect.matching import TABLE, place
from mcpsoar.pack import schema
from mcpsoar.pack.locate import FOLDERS, own

COLUMNS = schema.load(own())
FACTS: list[tuple[str, dict[str, Any], Any, Any]] = [
    (
        "audience_match",
        {"token_aud": ["https://a.example"], "server_audience": "https://b.example"},
        False,
        True,
    ),
    ("scope_match", {"token_scopes": ["r"], "required_scopes": ["r", "w"]}, False, True),
    ("scope_match", {"token_scopes": ["r"], "required_scopes": ["r", "w"]}, False, "TRUE"),
    ("manifest_match", {"manifest_hash": "h1", "pinned_manifest_hash": "h2"}, False, 1),
    ("has_approval", {"approval_id": " "}, False, True),
    ("has_ticket", {}, False, True),
    ("actor_is_read_only", {"actor_tags": ["read_only"]}, True, False),
    ("has_secret_label", {"classifier_labels": ["secret.api_key"]}, True, False),
    ("has_injection_label", {"classifier_labels": ["injection.x"]}, True, 0),
    ("has_personal_label", {"classifier_labels": ["pii.email"]}, True, False),
    ("has_many_audiences", {"token_aud": ["a", "b"]}, True, False),
    ("has_wildcard_scope", {"token_scopes": ["mail:*"]}, True, False),
    ("token_scope_count", {"token_scopes": ["r", "w"]}, 2, 1),
    ("is_self_approved", {"approver_id": "kim", "actor_id": "kim"}, True, False),
]
AGAINST: list[tuple[str, dict[str, Any], Any, Any]] = [
    ("audience_match", {"token_aud": ["b"], "server_audience": "b"}, True, 0),
    ("scope_match", {"token_scopes": ["r"], "required_scopes": []}, True, "FALSE"),
    ("manifest_match", {"manifest_hash": "h", "pinned_manifest_hash": "h"}, True, False),
    ("actor_is_read_only", {"actor_tags": []}, False, True),
    ("has_secret_label", {"classifier_labels": []}, False, True),
    ("has_injection_label", {"classifier_labels": ["pii.email"]}, False, 1),
    ("has_personal_label", {"classifier_labels": []}, False, True),
    ("has_many_audiences", {"token_aud": ["a", "a"]}, False, True),
    ("has_wildcard_scope", {"token_scopes": ["r"]}, False, True),
    ("is_self_approved", {"approver_id": "kim", "actor_id": "lee"}, False, True),
]
EVENT = '{"event_time":"2026-03-01T12:00:00Z"}\n'


def pack(root: Path, expression: str) -> Path:
    for folder in FOLDERS:
        (root / folder).symlink_to(own() / folder)
    (root / "sql").unlink()
    (root / "sql").mkdir()
    (root / "sql" / "gates").symlink_to(own() / "sql" / "gates")
    text = (own() / "sql" / "schema.sql").read_text()
    for own_one in ("approval_id IS NOT NULL", "list_has_all(token_scopes, required_scopes)"):
        text = text.replace(f":= {own_one}", f":= {expression}")
    (root / "sql" / "schema.sql").write_text(text)
    return root


def read(name: str, event: dict[str, Any]) -> Any:
    """What a column holds for one event."""
    with connect() as connection:
        place(connection, [event], COLUMNS)
        ctes = prelude.relation(TABLE, COLUMNS, [name])
        return rows(connection, f"WITH {ctes} SELECT {name} FROM mcp_audit")[0][0]


@pytest.mark.parametrize(("name", "facts", "value", "said"), FACTS)
def test_what_an_event_says_of_itself_never_beats_the_facts_beside_it(
    name: str, facts: dict[str, Any], value: object, said: object
) -> None:
    assert read(name, facts) == value
    assert read(name, {**facts, name: said}) == value


@pytest.mark.parametrize(("name", "facts", "value", "said"), AGAINST)
def test_what_an_event_says_against_itself_counts_whatever_the_facts(
    name: str, facts: dict[str, Any], value: bool, said: object
) -> None:
    assert read(name, facts) is value
    assert read(name, {**facts, name: said}) is not value
    assert {one for one, *_ in AGAINST} == {column.name for column in COLUMNS if column.worse is not None}


def test_every_derived_column_is_tried_against_its_facts() -> None:
    assert {name for name, *_ in FACTS} == {column.name for column in COLUMNS if column.derived}


@pytest.mark.parametrize(
    "facts",
    [{}, {"token_aud": ["a"]}, {"token_aud": []}, {"token_aud": 5, "server_audience": "a"}],
)
def test_without_the_facts_what_an_event_says_of_itself_counts(facts: dict[str, Any]) -> None:
    assert read("audience_match", facts) is None
    assert read("audience_match", {**facts, "audience_match": "FALSE"}) is False


def test_our_own_derived_columns_are_accepted() -> None:
    derived.check(COLUMNS)


@pytest.mark.parametrize(
    "expression",
    ["approval_id +", "nonsense(approval_id)", "no_such_column IS NULL", "approval_id > 5 days", "1)"],
)
def test_a_refused_expression_names_its_line(tmp_path: Path, expression: str) -> None:
    root = pack(tmp_path, expression)
    lines = (root / "sql" / "schema.sql").read_text().splitlines()
    (number,) = (place for place, line in enumerate(lines, 1) if line.startswith("  scope_match "))
    with pytest.raises(BadContent, match="scope_match") as caught:
        derived.check(schema.load(root))
    assert caught.value.where == f"{root / 'sql' / 'schema.sql'}:{number}"
    assert "\n" not in caught.value.message


@pytest.mark.parametrize(
    "argv", [["rules", "test"], ["gates", "test"], ["gates", "check", "LOG"]], ids=" ".join
)
def test_every_command_that_reads_events_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], argv: list[str]
) -> None:
    log = tmp_path / "log"
    log.write_text(EVENT)
    home = tmp_path / "pack"
    home.mkdir()
    argv = [str(log) if word == "LOG" else word for word in argv]
    assert main([*argv, "--pack", str(pack(home, "nonsense(approval_id)"))]) == 2
    assert "schema.sql:" in capsys.readouterr().err
