"""Plug-ins are found by name, without importing their neighbours."""

import sys
from pathlib import Path

import pytest

from mcpsoar.core.errors import Usage
from mcpsoar.kit.find import load, names


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    package = tmp_path / "somewhere" / "pagers"
    package.mkdir(parents=True)
    for name, text in {"__init__": "", "_shared": "", "bell": "SOUND = 'ding'", "broken": "1 / 0"}.items():
        (package / f"{name}.py").write_text(text)
    (tmp_path / "somewhere" / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(str(tmp_path))
    return "somewhere.pagers"


def test_a_listing_imports_nothing_and_hides_what_is_private(folder: str) -> None:
    assert names(folder) == ("bell", "broken")
    assert "somewhere.pagers.broken" not in sys.modules


def test_one_import_for_the_one_asked_for(folder: str) -> None:
    assert load(folder, "bell").SOUND == "ding"


def test_an_unknown_name_lists_the_known(folder: str) -> None:
    with pytest.raises(Usage, match="no pager named 'horn'; there are: bell, broken"):
        load(folder, "horn")
