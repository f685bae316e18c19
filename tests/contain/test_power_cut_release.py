"""The power fails at any moment of a release: resumed it ends released, and remembers nothing before it."""

import copy
from collections.abc import Iterator
from functools import partial
from itertools import count
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from mcpsoar.app import runs
from mcpsoar.contain.commons import Commons
from mcpsoar.contain.home import Home
from mcpsoar.contain.journal import read
from mcpsoar.contain.ledger import fold
from mcpsoar.core.plan import Direction
from mcpsoar.core.verdict import RunVerdict, Verdict
from tests.contain.disk import Disk, Moment, Survival
from tests.contain.fakes import FakeClock, FakeConnector
from tests.contain.test_power_cut import MEMORY, SERVER, World, ordered, wrong

_FOLDERS = count()


@pytest.fixture
def folder() -> Iterator[Path]:
    """On no disk: what is written here has been asked of the model already."""
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as made:
        yield Path(made)


released = partial(ordered, direction=Direction.UNDO)


def run(folder: Path, omitted: str = "") -> Disk:
    """A containment that is on the disk, and a release that is watched."""
    root, world, clock = folder / f"disk-{next(_FOLDERS)}", World(), FakeClock()
    root.mkdir()
    disk = Disk(root, world.now, omitted)

    def called(what: str) -> None:
        if what.startswith("undo "):
            world.sent.append(what.removeprefix("undo "))
            disk.mark(what)

    ordered(root / "home", FakeConnector(world.plane, clock), clock)
    disk.hold()
    with disk.watched():
        report = released(root / "home", FakeConnector(world.plane, clock, called), clock)
        world.ended.append(report.verdict.value)
        disk.mark("end")
    assert report.verdict is RunVerdict.RELEASED
    return disk


def found(moment: Moment, _: Survival, home: Path) -> Iterator[str]:
    """Ask one home as it is found at boot."""
    world: World = moment.seen
    house = Home(home)
    begun = [run_id for run_id in house.runs() if _direction(house, run_id) is Direction.UNDO]
    entries = [
        entry
        for run_id in begun
        for entry in read(house.journal(run_id), house.anchor(run_id), run_id).entries
    ]
    promised = [entry["step"] for entry in entries if entry["kind"] == "intent"]
    yield from (f"{step} was sent and is promised nowhere" for step in world.sent if step not in promised)
    yield from (
        f"a crash is told as tampering of {run_id}"
        for run_id in house.runs()
        if house.has_journal(run_id) and runs.verify(home, run_id).verdict is Verdict.NO
    )
    if world.ended and commons(house, begun[0]).forced_by_others()[0]:
        yield "what was remembered of before the containment is there after its release"
    plane, clock = copy.copy(world.plane), FakeClock()
    report = released(home, FakeConnector(plane, clock), clock, begun[0] if begun else "")
    if report.verdict is not RunVerdict.RELEASED or plane.is_forced or not plane.servers[SERVER]:
        yield f"gone on with it is {report.verdict}"


def _direction(house: Home, run_id: str) -> Direction | None:
    ledger, _ = fold(read(house.journal(run_id), house.anchor(run_id), run_id))
    return ledger.direction if ledger else None


def commons(house: Home, run_id: str) -> Commons:
    ledger, _ = fold(read(house.journal(run_id), house.anchor(run_id), run_id))
    assert ledger is not None
    return Commons(house, ledger.bindings["policy"], FakeClock())


def test_at_every_record_of_a_release_the_truth_is_on_the_disk(folder: Path) -> None:
    disk = run(folder)
    assert len(disk.moments) > 40
    assert any(moment.after.startswith("unlink ") for moment in disk.moments)
    assert not list(wrong(disk, folder, found))


@pytest.mark.parametrize("omitted", ["Appender.append", "replace", "sync_folder of Commons.end"])
def test_no_fsync_of_it_can_be_left_out(folder: Path, omitted: str) -> None:
    assert next(wrong(run(folder, omitted), folder, found), None)
