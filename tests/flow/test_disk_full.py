"""`contain` on a full disk, as it is typed: one line, exit 3, and the plane has heard of nothing."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcpsoar.lab.serving import Handle, control_plane
from tests.contain.test_disk_full import KINDS, Full
from tests.flow.typed import ran

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def plane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Handle]:
    for name in ("MCPSOAR_API", "MCPSOAR_CONFIG", "MCPSOAR_PACK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "plane").mkdir()
    with control_plane(tmp_path / "plane", servers=("github", "jira")) as handle:
        monkeypatch.setenv("API", handle.url)
        monkeypatch.setenv("MCPSOAR_TOKEN", handle.token)
        yield handle


@pytest.mark.parametrize("kind", [*KINDS, "pwrite", "ftruncate"])
def test_it_says_so_in_a_line_and_sends_nothing(
    plane: Handle, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    home = tmp_path / "home"
    with monkeypatch.context() as patch:
        full = Full(home, kind, 1, patch)
        told = ran(capsys, "contain", "github", "-q", "--home", str(home))
    assert full.is_met
    assert told.code == 3
    assert told.out == ""
    assert "No space left on device" in told.err
    assert "Traceback" not in told.err
    first, *more = told.err.splitlines()
    assert first.startswith("mcpsoar: ")
    assert all("mcpsoar contain" in line for line in more)
    assert len(more) <= 1
    assert [line for line in plane.ledger() if line["method"] != "GET"] == []
    assert os.environ["MCPSOAR_TOKEN"] not in told.err


def test_with_room_again_the_run_is_finished(
    plane: Handle, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = str(tmp_path / "home")
    with monkeypatch.context() as patch:
        full = Full(tmp_path / "home", "fsync", 16, patch)
        assert ran(capsys, "contain", "github", "-q", "--home", home).code == 3
        assert full.is_met
    (run,) = (tmp_path / "home" / "runs").iterdir()
    shown = ran(capsys, "runs", "show", run.name, "--format", "json", "--home", home)
    assert shown.document["verdict"] == "interrupted"
    resumed = ran(capsys, "runs", "resume", run.name, "-q", "--home", home)
    assert resumed.code == 0, resumed
    assert "CONTAINED" in resumed.out
    assert plane.plane.policy().is_forced
