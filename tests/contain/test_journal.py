"""Journals that are not what they should be: each is a row with a problem, and none is waited for."""

import os
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from mcpsoar.app import contain, runs
from mcpsoar.app.order import Order
from mcpsoar.contain.home import Home
from mcpsoar.contain.journal import Journal, read
from mcpsoar.core.digest import GENESIS, Facts, canonical, chained
from mcpsoar.core.errors import Tampered, Unwritable
from mcpsoar.core.plan import Direction
from mcpsoar.core.run import Report
from mcpsoar.core.verdict import StepVerdict, Verdict
from tests.contain.fakes import FakeClock, FakeConnector, FakePlane, station

ROOT = Path(__file__).resolve().parent.parent.parent


def ordered(home: Path, server: str, direction: Direction = Direction.APPLY) -> Report:
    clock = FakeClock()
    ready = station(home, FakeConnector(FakePlane({server: True}), clock), clock)
    report = contain.carry_out(Order((server,), direction), (server,), ready, ROOT)
    ready.looks.close()
    return report


def as_link(path: Path) -> None:
    path.rename(path.with_name("elsewhere"))
    path.symlink_to("elsewhere")


def as_broken_link(path: Path) -> None:
    path.unlink()
    path.symlink_to("nowhere")


def as_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


def as_pipe(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


@pytest.mark.parametrize("harm", [as_link, as_broken_link, as_folder, as_pipe])
def test_a_journal_that_is_no_regular_file_is_a_row_with_a_problem(
    tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    other, hurt = ordered(tmp_path, "s1"), ordered(tmp_path, "s2")
    harm(Home(tmp_path).journal(hurt.run))
    rows = {row["run"]: row for row in runs.listed(tmp_path)}
    assert "problem" not in rows[other.run]
    assert "cannot be read" in rows[hurt.run]["problem"]
    assert runs.verify(tmp_path, hurt.run).verdict is Verdict.NO
    with pytest.raises(Tampered, match="cannot be read"):
        runs.show(tmp_path, hurt.run)
    report = ordered(tmp_path, "s1", Direction.UNDO)
    force = next(step for step in report.steps if step.id == "force")
    assert force.verdict is StepVerdict.SKIPPED, "it may need the policy"
    assert "unreadable journal" in force.detail


@pytest.mark.parametrize("harm", [as_link, as_folder, as_pipe])
def test_an_anchor_that_is_no_regular_file_proves_nothing(
    tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    run = ordered(tmp_path, "s1").run
    harm(Home(tmp_path).anchor(run))
    assert "anchor cannot be read" in runs.listed(tmp_path)[0]["problem"]


@pytest.mark.parametrize("text", [b'{"count":1e999,"head":""}', b"[" * 100_000, b"7"])
def test_an_anchor_of_nonsense_proves_nothing(tmp_path: Path, text: bytes) -> None:
    run = ordered(tmp_path, "s1").run
    Home(tmp_path).anchor(run).write_bytes(text)
    assert "anchor cannot be read" in runs.listed(tmp_path)[0]["problem"]


def test_a_lock_that_is_a_folder_is_nobody_s(tmp_path: Path) -> None:
    run = ordered(tmp_path, "s1").run
    shutil.rmtree(tmp_path / "locks")
    lock = tmp_path / "runs" / run / "lock"
    lock.unlink()
    lock.mkdir()
    journal = Home(tmp_path).journal(run)
    *lines, _ = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines))
    assert runs.listed(tmp_path)[0]["verdict"] == "interrupted"


@pytest.mark.parametrize(
    "entry",
    [
        {"kind": "outcome", "step": "force", "verdict": "from a later version", "detail": ""},
        {"step": "force"},
        {"kind": "seen", "step": "force", "at": "2026-03-01T00:00:00Z"},
    ],
)
def test_a_chained_journal_that_makes_no_sense_is_a_row_with_a_problem(tmp_path: Path, entry: Facts) -> None:
    run = ordered(tmp_path, "s2").run
    home = Home(tmp_path)
    path, anchor = home.journal(run), home.anchor(run)
    journal = Journal(path, anchor, clock=FakeClock(), chain=read(path, anchor, run))
    journal.append(entry)
    journal.close()
    assert "not as this version of mcpsoar writes it" in runs.listed(tmp_path)[0]["problem"]
    with pytest.raises(Tampered):
        runs.show(tmp_path, run)
    ordered(tmp_path, "s1")
    report = ordered(tmp_path, "s1", Direction.UNDO)
    assert "unreadable journal" in next(step.detail for step in report.steps if step.id == "force")


@pytest.mark.parametrize("entries", [[7], ["plan"], [None], 7])
def test_a_line_whose_entries_are_none_is_not_as_it_was_written(tmp_path: Path, entries: object) -> None:
    run = ordered(tmp_path, "s1").run
    body = {"n": 0, "entries": entries}
    Home(tmp_path).journal(run).write_bytes(canonical({**body, "hash": chained(GENESIS, body)}) + b"\n")
    assert "journal.jsonl:1" in runs.listed(tmp_path)[0]["problem"]


def test_no_line_follows_one_that_was_cut_off(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C between a line and its fsync: a second line of that number would read as an edit."""
    monkeypatch.setattr(os, "fsync", _interrupted)
    written = Journal(tmp_path / "journal", tmp_path / "anchor", clock=FakeClock())
    with pytest.raises(KeyboardInterrupt):
        written.append({"kind": "plan", "run": "r"})
    monkeypatch.undo()
    with pytest.raises(Unwritable, match="a line was cut off"):
        written.append({"kind": "intent"})
    written.close()
    chain = read(tmp_path / "journal", tmp_path / "anchor", "r")
    assert (chain.count, chain.beyond, chain.problem) == (1, 1, None)


def _interrupted(number: int) -> None:
    if stat.S_ISREG(os.fstat(number).st_mode):
        raise KeyboardInterrupt
