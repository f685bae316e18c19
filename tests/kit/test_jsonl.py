"""What is said to be on disk is there after a power loss, its name included."""

import os
from pathlib import Path

import pytest

from mcpsoar.kit import jsonl


@pytest.fixture
def synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[tuple[Path, str]]:
    """Every name that was in a folder when the folder was brought to the disk."""
    found: list[tuple[Path, str]] = []
    fsync = os.fsync

    def noted(fd: int) -> None:
        for place in (tmp_path, *tmp_path.rglob("*/")):
            if os.path.samestat(place.stat(), os.fstat(fd)):
                found.extend((place, entry.name) for entry in place.iterdir())
        fsync(fd)

    monkeypatch.setattr(os, "fsync", noted)
    return found


def test_a_replaced_file_has_its_name_on_disk(tmp_path: Path, synced: list[tuple[Path, str]]) -> None:
    jsonl.replace(tmp_path / "anchor", b"1")
    jsonl.replace(tmp_path / "anchor", b"2")
    assert synced == [(tmp_path, "anchor")] * 2
    assert (tmp_path / "anchor").read_bytes() == b"2"


def test_new_folders_have_their_names_on_disk(tmp_path: Path, synced: list[tuple[Path, str]]) -> None:
    made = jsonl.folder(tmp_path / "a" / "b" / "c")
    assert made.is_dir()
    above = tmp_path / "a" / "b"
    assert set(synced) == {(tmp_path, "a"), (tmp_path / "a", "b"), (above, "c")}
    assert {place.stat().st_mode & 0o777 for place in (above.parent, above, made)} == {0o700}


def test_a_folder_that_is_there_is_not_waited_for(tmp_path: Path, synced: list[tuple[Path, str]]) -> None:
    jsonl.folder(tmp_path)
    assert synced == []
