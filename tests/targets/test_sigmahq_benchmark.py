"""The benchmark over a checkout of rules says what it could not ask."""

import json
from pathlib import Path

import pytest
import yaml

from benchmarks import sigmahq
from tests.targets.evaluator import rule


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """One rule and its log, laid out as SigmaHQ lays them out."""
    made = rule({"a": {"Image|re": r"\\[\x63]md\.exe$"}, "condition": "a"})
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "one.yml").write_text(made.text)
    log = tmp_path / "regression_data" / "one"
    log.mkdir(parents=True)
    (log / "info.yml").write_text(yaml.safe_dump({"rule_metadata": [{"id": made.uuid}]}))
    (log / "one.json").write_text(json.dumps({"Image": "C:\\cmd.exe"}))
    return tmp_path


def test_a_missing_postgres_is_a_doubt(
    checkout: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sigmahq, "why_no_postgres", lambda: "no PostgreSQL")
    assert sigmahq.main(checkout) == 3
    said = capsys.readouterr().out
    assert "positives hit: 1 of 1" in said
    assert said.endswith("cannot tell: postgres was not asked: no PostgreSQL\n")


def test_a_rule_that_differs_outranks_the_doubt(checkout: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sigmahq, "why_no_postgres", lambda: "no PostgreSQL")
    monkeypatch.setattr(sigmahq, "holds", lambda *_: False)
    assert sigmahq.main(checkout) == 1
