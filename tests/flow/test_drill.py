"""The drill passes, and it fails, naming the row, when any one thing it proves is broken."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from mcpsoar.app.drill import drill
from mcpsoar.app.drill_ground import CANARY_TOOL, Settings
from mcpsoar.app.drill_outcome import Outcome
from mcpsoar.cli.main import main
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit.clock import SystemClock
from mcpsoar.pack.locate import FOLDERS, own


def play(
    home: Path, pack: Path | None = None, *, weakness: str | None = None, tool: str = CANARY_TOOL
) -> Outcome:
    settings = Settings(
        home=home,
        pack=pack or own(),
        clock=SystemClock(),
        say=lambda _: None,
        hold_s=1.0,
        every_s=0.25,
        weakness=weakness,
        canary_tool=tool,
    )
    return drill(settings)


def test_the_drill_passes_and_keeps_everything(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    home = tmp_path / "kept"
    assert main(["drill", "--keep", str(home), "--format", "json", "-q"]) == 0
    out, err = capsys.readouterr()
    said = json.loads(out)
    assert said["verdict"] == "passed"
    assert said["failures"] == []
    assert err == ""
    assert [list(one) for one in said["clients"]] == [["client", "before", "contained", "released"]] * 3
    assert all(Path(place).exists() for place in said["files"].values())
    findings = json.loads(Path(said["files"]["findings"]).read_text())
    assert {one["rule"] for one in findings if one["count"]} == {
        rule for attack in said["attacks"] for rule in attack["expected"]["rules"]
    }
    assert {one["rule"] for one in findings if one["not_evaluable"]} == {"registry_changed_without_ticket"}
    assert {one["failed"] for one in findings} == {None}
    assert len(Path(said["files"]["log"]).read_text().splitlines()) > said["benign"]["calls"]


def changed_pack(tmp_path: Path, name: str, change: Callable[[str], str]) -> Path:
    """Our own content with one file changed."""
    root = tmp_path / "pack"
    for folder in FOLDERS:
        shutil.copytree(own() / folder, root / folder)
    (file,) = root.rglob(name)
    text = file.read_text()
    assert change(text) != text
    file.write_text(change(text))
    return root


def test_a_broken_gate_fails_its_row(tmp_path: Path) -> None:
    pack = changed_pack(tmp_path, "quarantine-ratio.sql", lambda text: text.replace("3 %", "95 %"))
    outcome = play(tmp_path / "home", pack)
    assert outcome.verdict is Verdict.NO
    assert "attack secret-in-output" in [check.name for check in outcome.failures]


def test_a_broken_rule_fails_its_row(tmp_path: Path) -> None:
    pack = changed_pack(
        tmp_path,
        "call_chain_too_deep.yml",
        lambda text: text.replace("chain_depth|gte: 8", "chain_depth|gte: 80"),
    )
    outcome = play(tmp_path / "home", pack)
    assert outcome.verdict is Verdict.NO
    assert [check.name for check in outcome.failures] == ["attack tool-loop"]


def test_a_rule_that_fires_beyond_the_table_fails_its_row(tmp_path: Path) -> None:
    pack = changed_pack(
        tmp_path, "foreign_token_accepted.yml", lambda text: text.replace("decision: allow", "decision: deny")
    )
    outcome = play(tmp_path / "home", pack)
    assert [check.name for check in outcome.failures] == ["attack relayed-token"]
    assert "foreign_token_accepted" in outcome.failures[0].saw


def test_a_gateway_that_ignores_the_registry_fails_the_containment(tmp_path: Path) -> None:
    outcome = play(tmp_path / "home", weakness="registry")
    assert outcome.verdict is Verdict.NO
    names = [check.name for check in outcome.failures]
    assert "attack shadow-server" in names
    assert "containment" in names


def test_a_gateway_that_ignores_audiences_fails_its_row(tmp_path: Path) -> None:
    outcome = play(tmp_path / "home", weakness="tokens")
    assert outcome.verdict is Verdict.NO
    assert "attack relayed-token" in [check.name for check in outcome.failures]


def test_a_canary_that_never_worked_proves_no_containment(tmp_path: Path) -> None:
    outcome = play(tmp_path / "home", tool="no_such_tool")
    assert outcome.verdict is Verdict.NO
    assert "containment" in [check.name for check in outcome.failures]
