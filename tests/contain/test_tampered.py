"""Every way to touch one line of a real run's journal, and every tail that can be cut from it, is found.

The journals are real runs', and hold every kind of record; what is done is done to all lines, one by one.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from mcpsoar.app import runs
from mcpsoar.contain.home import Home
from mcpsoar.contain.journal import read
from mcpsoar.core.digest import canonical
from mcpsoar.core.verdict import Verdict
from tests.contain import every_record
from tests.contain.test_power_cut import MEMORY

Lines = list[bytes]
RUNS = (every_record.contained, every_record.released)


@dataclass(frozen=True)
class Ended:
    """A run that is over: its home, its lines without their ends, and the head that was printed."""

    home: Path
    run: str
    lines: Lines
    head: str

    def verdict(self, lines: Lines, *, head: str | None = None, torn: bytes = b"") -> Verdict:
        """What is said of a journal of these lines."""
        Home(self.home).journal(self.run).write_bytes(b"".join(line + b"\n" for line in lines) + torn)
        return runs.verify(self.home, self.run, head).verdict


@pytest.fixture(scope="module", params=RUNS, ids=["resumed", "released"])
def ended(request: pytest.FixtureRequest) -> Iterator[Ended]:
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as made:
        home = Path(made) / "home"
        report = request.param(home)
        lines = Home(home).journal(report.run).read_bytes().split(b"\n")[:-1]
        assert len(lines) > 5  # steps side by side share lines
        yield Ended(home, report.run, lines, report.journal_head)


def test_the_journals_hold_every_kind_of_record(tmp_path: Path) -> None:
    """One that is written and is not among these was tampered with by nobody: make the runs write it."""
    every_record.released(tmp_path)
    kept = [Home(tmp_path).journal(run).read_bytes().splitlines() for run in Home(tmp_path).runs()]
    kinds = {entry["kind"] for lines in kept for line in lines for entry in json.loads(line)["entries"]}
    assert kinds == every_record.KINDS


def test_as_it_was_written_it_is_well(ended: Ended) -> None:
    assert ended.verdict(ended.lines) is Verdict.YES
    assert ended.verdict(ended.lines, head=ended.head) is Verdict.YES


def test_no_byte_of_any_line_can_be_another(ended: Ended) -> None:
    """Each byte, in turn, with its lowest bit turned over; and each with the case of its letter."""
    unseen = []
    for at, line in enumerate(ended.lines):
        for place in range(len(line)):
            for turned in (1, 0x20):
                other = line[:place] + bytes([line[place] ^ turned]) + line[place + 1 :]
                if ended.verdict([*ended.lines[:at], other, *ended.lines[at + 1 :]]) is not Verdict.NO:
                    unseen.append((at, place, turned))
    assert unseen == []


def deleted(lines: Lines, at: int) -> Lines:
    return lines[:at] + lines[at + 1 :]


def doubled(lines: Lines, at: int) -> Lines:
    return [*lines[: at + 1], *lines[at:]]


def swapped(lines: Lines, at: int) -> Lines:
    if at + 1 == len(lines):
        return [lines[-1], *lines[1:-1], lines[0]]
    return [*lines[:at], lines[at + 1], lines[at], *lines[at + 2 :]]


def emptied(lines: Lines, at: int) -> Lines:
    return [*lines[:at], b"", *lines[at + 1 :]]


def parted(lines: Lines, at: int) -> Lines:
    half = len(lines[at]) // 2
    return [*lines[:at], lines[at][:half], lines[at][half:], *lines[at + 1 :]]


def spaced(lines: Lines, at: int) -> Lines:
    return [*lines[:at], lines[at] + b" ", *lines[at + 1 :]]


def returned(lines: Lines, at: int) -> Lines:
    return [*lines[:at], lines[at] + b"\r", *lines[at + 1 :]]


def preceded(lines: Lines, at: int) -> Lines:
    return [*lines[:at], b"{}", *lines[at:]]


@pytest.mark.parametrize("touch", [deleted, doubled, swapped, emptied, parted, spaced, returned, preceded])
def test_no_line_can_be_touched(ended: Ended, touch: Callable[[Lines, int], Lines]) -> None:
    for head in (None, ended.head):
        said = [ended.verdict(touch(ended.lines, at), head=head) for at in range(len(ended.lines))]
        assert said == [Verdict.NO] * len(ended.lines)


@pytest.mark.parametrize("is_noted", [False, True])
def test_no_tail_can_be_cut(ended: Ended, is_noted: bool) -> None:
    """At the end of each line, and amid each: what is left after a cut is a journal that is too short."""
    head = ended.head if is_noted else None
    for left in range(len(ended.lines)):
        assert ended.verdict(ended.lines[:left], head=head) is Verdict.NO, left
        torn = ended.lines[left][: len(ended.lines[left]) // 2]
        assert ended.verdict(ended.lines[:left], head=head, torn=torn) is Verdict.NO, left


def test_with_the_anchor_cut_as_well_the_noted_head_tells(ended: Ended) -> None:
    """Who writes both files leaves a shorter run that is whole: only what was noted elsewhere knows more."""
    home = Home(ended.home)
    anchor = home.anchor(ended.run)
    kept = anchor.read_bytes()
    try:
        for left in range(1, len(ended.lines)):
            ended.verdict(ended.lines[:left])
            shorter = read(home.journal(ended.run), anchor, ended.run)
            anchor.write_bytes(canonical({"count": left, "head": shorter.head}))
            assert ended.verdict(ended.lines[:left], head=ended.head) is Verdict.NO
            assert ended.verdict(ended.lines[:left]) is not Verdict.NO
    finally:
        anchor.write_bytes(kept)


def test_no_byte_of_the_anchor_can_be_another(ended: Ended) -> None:
    anchor = Home(ended.home).anchor(ended.run)
    kept = anchor.read_bytes()
    try:
        for place in range(len(kept)):
            anchor.write_bytes(kept[:place] + bytes([kept[place] ^ 1]) + kept[place + 1 :])
            assert ended.verdict(ended.lines) is Verdict.NO, place
    finally:
        anchor.write_bytes(kept)
