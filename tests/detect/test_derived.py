"""Derived columns: an expression that the engine refuses is named with its line, whoever meets it first."""

from pathlib import Path

import pytest

from mcpsoar.cli.main import main
from mcpsoar.core.errors import BadContent
from mcpsoar.detect import derived
from mcpsoar.pack import schema
from mcpsoar.pack.locate import FOLDERS, own

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


def test_our_own_derived_columns_are_accepted() -> None:
    derived.check(schema.load(own()))


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
