"""What a SIEM has of its own on the command line: refused to another one, or harmless there."""

from pathlib import Path

import pytest

from mcpsoar.cli import pack_content
from mcpsoar.cli.main import main
from mcpsoar.core.errors import Usage

NOTHING = {"index": None, "tenant_field": None, "cluster": None, "tier": "basic", "space": "default"}


@pytest.mark.parametrize("words", [("--space", "soc"), ("--cluster", "eu")])
def test_a_name_of_something_in_another_siem_is_refused(
    words: tuple[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["pack", "build", "splunk", "-o", str(tmp_path / "x"), *words]) == 2
    assert capsys.readouterr().err == f"mcpsoar: {words[0]} is for elastic; splunk has none\n"
    assert not (tmp_path / "x").exists()


def test_a_choice_may_be_said_to_every_siem() -> None:
    assert pack_content.options("splunk", {**NOTHING, "tier": "platinum"}).own == {}


def test_what_nobody_says_is_the_plug_ins_default() -> None:
    assert pack_content.options("elastic", NOTHING).own == {
        "cluster": "",
        "tier": "basic",
        "space": "default",
    }


def test_a_profile_says_what_has_a_key_there() -> None:
    said = {key: value for key, value in NOTHING.items() if key != "space"}
    assert pack_content.options("elastic", said, {"space": "soc"}).own["space"] == "soc"
    assert pack_content.options("elastic", said, {}).own["space"] == "default"


def test_a_choice_that_a_siem_does_not_have_is_refused() -> None:
    with pytest.raises(Usage, match="--tier of elastic is one of: basic, platinum, enterprise"):
        pack_content.options("elastic", {**NOTHING, "tier": "gold"})
