"""The power fails at any moment: what was sent was promised on the disk, and a resumed run is contained.

Each fsync is needed: without any one of them something here is false.
"""

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import count, pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, TypeAlias

import pytest

from mcpsoar.app import contain, resuming, runs
from mcpsoar.app.order import Order
from mcpsoar.contain.home import Home
from mcpsoar.contain.journal import read
from mcpsoar.core.errors import Trouble
from mcpsoar.core.plan import Direction
from mcpsoar.core.run import Report
from mcpsoar.core.verdict import RunVerdict, StepVerdict, Verdict
from mcpsoar.kit import jsonl
from tests.contain.disk import Disk, Moment, Survival, boot
from tests.contain.fakes import FakeClock, FakeConnector, FakePlane, station

ROOT = Path(__file__).resolve().parent.parent.parent
SERVER = "s1"
PLACES = {
    "Appender.append",
    "replace",
    "sync_folder of Appender.__init__",
    "sync_folder of folder",
    "sync_folder of replace",
}
MEMORY = Path("/dev/shm")
_FOLDERS = count()
Found: TypeAlias = Callable[[Moment, Survival, Path], Iterator[str]]


@dataclass
class World:
    """The plane, what has been sent to it, and what the run has said at its end."""

    plane: FakePlane = field(default_factory=lambda: FakePlane({SERVER: True}, {SERVER: 1}))
    sent: list[str] = field(default_factory=list)
    ended: list[str] = field(default_factory=list)

    def now(self) -> "World":
        plane = self.plane
        with plane.lock:
            still = FakePlane(dict(plane.servers), dict(plane.tokens), plane.is_forced, plane.version)
        return World(still, list(self.sent), list(self.ended))


@pytest.fixture
def folder() -> Iterator[Path]:
    """On no disk: what is written here has been asked of the model already."""
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as made:
        yield Path(made)


def ordered(
    home: Path,
    connector: FakeConnector,
    clock: FakeClock,
    resumed: str = "",
    direction: Direction = Direction.APPLY,
) -> Report:
    ready = station(home, connector, clock)
    try:
        if resumed:
            return resuming.resume(ready, resumed, ROOT)
        return contain.carry_out(Order((SERVER,), direction), (SERVER,), ready, ROOT)
    finally:
        ready.looks.close()


def run(folder: Path, omitted: str = "", torn: Moment | None = None, made: tuple[str, ...] = ()) -> Disk:
    """One containment on a disk that is watched; or one that is resumed where another was cut off. `made` are
    folders that another process made before it was killed, the last one in no folder that is on the disk.
    """
    root = folder / f"disk-{next(_FOLDERS)}"
    world: World = torn.seen.now() if torn else World()
    boot(torn.trees[Survival.HALF] if torn else {}, root)
    disk = Disk(root, world.now, omitted)
    clock = FakeClock()

    def called(what: str) -> None:
        if what.startswith("apply "):
            world.sent.append(what.removeprefix("apply "))
            disk.mark(what)

    for name in made[:-1]:
        (root / name).mkdir()
    disk.hold()
    with disk.watched():
        for name in made[-1:]:
            (root / name).mkdir()
        begun = Home(root / "home").runs()[0] if torn else ""
        report = ordered(root / "home", FakeConnector(world.plane, clock, called), clock, begun)
        world.ended.append(report.verdict.value)
        disk.mark("end")
    assert report.verdict is RunVerdict.CONTAINED
    return disk


def wrong(disk: Disk, folder: Path, found: Found) -> Iterator[str]:
    """What is false at any moment of a run, whatever the disk has kept: as `found` at boot."""
    asked = set()
    for moment in disk.moments:
        for survival, tree in moment.trees.items():
            world: World = moment.seen
            key = (tuple(sorted(tree.items())), *world.sent, *world.ended, repr(world.plane.servers))
            if key in asked:
                continue
            asked.add(key)
            root = boot(tree, folder / f"boot-{next(_FOLDERS)}")
            for why in found(moment, survival, root / "home"):
                yield f"power cut after {moment.after}, {survival} left: {why}"


def found(moment: Moment, survival: Survival, home: Path) -> Iterator[str]:
    """Ask one home as it is found at boot."""
    world: World = moment.seen
    house = Home(home)
    known = house.runs()
    promised = [
        entry["step"]
        for run_id in known
        for entry in read(house.journal(run_id), house.anchor(run_id), run_id).entries
        if entry["kind"] == "intent"
    ]
    yield from (f"{step} was sent and is promised nowhere" for step in world.sent if step not in promised)
    if not promised and not world.ended:
        return
    if not known:
        yield "the run is not known"
        return
    (run_id,) = known
    check = runs.verify(home, run_id)
    if check.verdict is Verdict.NO:
        yield f"a crash is told as tampering: {check}"
        return
    try:
        shown = runs.show(home, run_id)
    except Trouble as trouble:
        yield f"it cannot be shown: {trouble}"
        return
    if world.ended and shown.verdict.value != world.ended[0]:
        yield f"it is shown as {shown.verdict}, and was {world.ended[0]}"
    for step in shown.steps:
        if step.verdict is StepVerdict.VERIFIED and not true(world.plane, step.id):
            yield f"{step.id} is shown as verified"
    plane = copy.copy(world.plane)
    clock = FakeClock()
    try:
        report = ordered(home, FakeConnector(plane, clock), clock, run_id)
    except Trouble as trouble:
        yield f"it cannot be resumed: {trouble}"
        return
    if report.verdict is not RunVerdict.CONTAINED or not all(map(true_of(plane), report.steps)):
        yield f"resumed it is {report.verdict}"
    if runs.verify(home, run_id, report.journal_head).verdict is not Verdict.YES:
        yield f"resumed after {survival} its journal is not whole"
    yield from blind(home, run_id)


def true(plane: FakePlane, step: str) -> bool:
    match step.partition(":")[0]:
        case "disable":
            return not plane.servers[SERVER]
        case "revoke":
            return not plane.tokens[SERVER]
        case _:
            return plane.is_forced


def true_of(plane: FakePlane) -> Callable[[Any], bool]:
    return lambda step: true(plane, step.id)


def blind(home: Path, run_id: str) -> Iterator[str]:
    """A second promise of a step that follows no read-back of it."""
    house = Home(home)
    entries = read(house.journal(run_id), house.anchor(run_id), run_id).entries
    for step in {entry["step"] for entry in entries if "step" in entry}:
        kinds = [entry["kind"] for entry in entries if entry.get("step") == step]
        promised = [at for at, kind in enumerate(kinds) if kind == "intent"]
        for first, second in pairwise(promised):
            if not {"seen", "look"} & set(kinds[first:second]):
                yield f"{step} was repeated blindly: {kinds}"


def test_at_every_record_the_truth_is_on_the_disk(folder: Path) -> None:
    disk = run(folder)
    assert disk.places == PLACES, "an fsync of another place: try to do without it below"
    assert len(disk.moments) > 60
    assert not list(wrong(disk, folder, found))


@pytest.mark.parametrize("omitted", sorted(PLACES))
def test_no_fsync_can_be_left_out(folder: Path, omitted: str) -> None:
    assert next(wrong(run(folder, omitted), folder, found), None)


def test_a_run_that_is_resumed_is_cut_off_as_safely(folder: Path) -> None:
    """From a line that was half written, after something was sent."""
    torn = next(one for one in run(folder).moments if one.after == "write" and one.seen.sent and is_torn(one))
    disk = run(folder, torn=torn)
    assert disk.places == {
        "Appender.append",
        "Appender.cut",
        "replace",
        "sync_folder of folder",
        "sync_folder of replace",
    }
    assert not list(wrong(disk, folder, found))


@pytest.mark.parametrize("made", [("home",), ("home", "home/runs"), ("home", "home/locks")])
def test_what_a_killed_process_made_is_brought_to_the_disk_by_the_next(
    folder: Path, made: tuple[str, ...]
) -> None:
    assert not list(wrong(run(folder, made=made), folder, found))


def is_torn(moment: Moment) -> bool:
    return any(
        path.name == "journal.jsonl" and not data.endswith(b"\n")
        for path, data in moment.trees[Survival.HALF].items()
    )


def test_what_was_cut_is_gone_when_it_is_said_to_be(folder: Path) -> None:
    """A cut comes with its record; the shorter file is there before that is written."""
    for omitted, left in (("", b"whole\n"), ("Appender.cut", b"whole\ntorn")):
        root = folder / f"disk{omitted}"
        root.mkdir()
        (root / "journal").write_bytes(b"whole\ntorn")
        disk = Disk(root, omitted=omitted)
        disk.hold()
        with disk.watched():
            appender = jsonl.Appender(root / "journal")
            appender.cut(len(b"whole\n"))
            appender.close()
        assert disk.moments[-1].trees[Survival.NOTHING] == {Path("journal"): left}
