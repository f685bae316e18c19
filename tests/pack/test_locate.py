"""Which pack is used."""

from pathlib import Path

import pytest

from mcpsoar.core.errors import Usage
from mcpsoar.pack.locate import folder, locate, own


def test_an_option_beats_the_environment_and_both_beat_our_own(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name / "sql").mkdir(parents=True)
    environ = {"MCPSOAR_PACK": str(tmp_path / "b")}
    assert locate(str(tmp_path / "a"), environ) == tmp_path / "a"
    assert locate(None, environ) == tmp_path / "b"
    assert locate(None, {}) == own()


def test_what_a_users_pack_does_not_hold_is_our_own(tmp_path: Path) -> None:
    (tmp_path / "sigma_rules").mkdir()
    assert folder(tmp_path, "sigma_rules") == tmp_path / "sigma_rules"
    assert folder(tmp_path, "playbooks") == own() / "playbooks"


def test_a_folder_that_is_no_pack_is_said_to_be_none(tmp_path: Path) -> None:
    with pytest.raises(Usage, match="no pack at"):
        locate(str(tmp_path), {})
