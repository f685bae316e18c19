"""What a build leaves in its folder: its own files, and nothing of an earlier build that it does not hold."""

from pathlib import Path

import pytest

from mcpsoar.app import packing
from mcpsoar.core.errors import Usage
from mcpsoar.siems.objects import PackFile

OLD = (PackFile("a/rules.ndjson", b"1\n"), PackFile("a/approved.ndjson", b"github\n"))


def there(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if path.is_file()} - {packing.LIST}


def test_a_list_that_is_no_part_of_the_pack_any_more_is_taken_away(tmp_path: Path) -> None:
    packing.write(OLD, tmp_path)
    (tmp_path / "a" / "mine.txt").write_text("x")
    assert packing.write(OLD[:1], tmp_path) == ()
    assert there(tmp_path) == {"a/rules.ndjson", "a/mine.txt"}


def test_what_somebody_changed_stays_and_is_named(tmp_path: Path) -> None:
    packing.write(OLD, tmp_path)
    (tmp_path / "a" / "approved.ndjson").write_text("crm\n")
    assert packing.write(OLD[:1], tmp_path) == ("a/approved.ndjson",)
    assert "a/approved.ndjson" in there(tmp_path)


def test_a_list_of_files_leads_nowhere_else(tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes(b"x")
    folder = tmp_path / "pack"
    packing.write(OLD, folder)
    listed = (folder / packing.LIST).read_text().replace("a/approved.ndjson", "../outside")
    (folder / packing.LIST).write_text(listed)
    packing.write(OLD[:1], folder)
    assert (tmp_path / "outside").exists()


@pytest.mark.parametrize("said", ["", "[]", "{}", '{"files": 1}'])
def test_a_list_that_is_none_is_a_mistake(tmp_path: Path, said: str) -> None:
    (tmp_path / packing.LIST).write_text(said)
    with pytest.raises(Usage, match="is no list of a pack's files"):
        packing.write(OLD, tmp_path)
