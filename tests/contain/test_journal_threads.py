"""Many threads and one journal: who goes on has its own line on the disk, and a broken disk stops them all.

A call leaves when `append` of its promise comes back. Nobody sleeps: who is to wait stands in the queue.
"""

import errno
import json
import os
import threading
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path
from queue import SimpleQueue
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest

from mcpsoar.contain.journal import Journal, read
from mcpsoar.core.errors import Unwritable
from mcpsoar.kit.crew import Crew, wait_for
from mcpsoar.kit.together import Together
from tests.contain.disk import Disk, Tree, boot
from tests.contain.fakes import FakeClock
from tests.contain.test_power_cut import MEMORY

if TYPE_CHECKING:
    from concurrent.futures import Future

LONG_S = 60.0
MANY = 6
TIMES = 4
JOURNAL, ANCHOR = Path("journal"), Path("anchors/r.json")


@pytest.fixture
def folder() -> Iterator[Path]:
    """On no disk: what is written here is asked of a model, or is not waited for."""
    with TemporaryDirectory(dir=MEMORY if MEMORY.is_dir() else None) as made:
        yield Path(made)


def opened(folder: Path) -> Journal:
    (folder / ANCHOR).parent.mkdir(exist_ok=True)
    journal = Journal(folder / JOURNAL, folder / ANCHOR, clock=FakeClock())
    journal.append({"kind": "plan", "run": "r"})
    return journal


def promise(journal: Journal, step: str) -> None:
    journal.append({"kind": "intent", "step": step})


def promised(folder: Path) -> list[str]:
    """In a journal that is as it was written, in its order."""
    chain = read(folder / JOURNAL, folder / ANCHOR, "r")
    assert chain.problem is None
    return [entry["step"] for entry in chain.entries if entry["kind"] == "intent"]


def ended(tasks: Iterable["Future[None]"]) -> list[BaseException | None]:
    tasks = list(tasks)
    assert all(wait_for(task, LONG_S) for task in tasks), "somebody waits for ever"
    return [task.exception() for task in tasks]


def test_at_every_moment_what_was_sent_is_promised_on_the_disk_and_the_chain_is_whole(folder: Path) -> None:
    assert not list(untrue(folder))


@pytest.mark.parametrize("omitted", ["Appender.append", "replace", "sync_folder of replace"])
def test_without_any_fsync_it_is_not(folder: Path, omitted: str) -> None:
    assert next(untrue(folder, omitted), None)


def untrue(folder: Path, omitted: str = "") -> Iterator[str]:
    """What is false if the power fails at some moment of threads that promise and send, side by side."""
    sent: set[str] = set()
    for at, moment in enumerate(watched(folder / "disk", omitted).moments):
        if moment.after.startswith("sent "):
            sent.add(moment.after.removeprefix("sent "))
        for survival, tree in moment.trees.items():
            found = boot(tree, folder / f"boot-{at}-{survival.name}")
            if (problem := read(found / JOURNAL, found / ANCHOR, "r").problem) is not None:
                yield f"after {moment.after}, {survival} left: {problem}"
                continue
            kept = promised(found)
            if not sent <= anchored(tree):
                yield f"after {moment.after}, {survival} left: {sent - anchored(tree)} could be cut unseen"
            for own in (str(n) for n in range(MANY)):
                steps = [step for step in kept if step.partition(".")[0] == own]
                if steps != [f"{own}.{n}" for n in range(len(steps))]:
                    yield f"a thread's lines stand otherwise than it wrote them: {steps}"


def watched(root: Path, omitted: str) -> Disk:
    root.mkdir()
    disk, start, crew = Disk(root, omitted=omitted), threading.Barrier(MANY), Crew(MANY, "steps")

    def work(journal: Journal, own: int) -> None:
        start.wait(LONG_S)
        for n in range(TIMES):
            promise(journal, f"{own}.{n}")
            disk.mark(f"sent {own}.{n}")

    with disk.watched():
        journal = opened(root)
        disk.moments.clear()
        tasks = [crew.submit(partial(work, journal, own)) for own in range(MANY)]
        assert ended(tasks) == [None] * MANY
        journal.close()
    crew.close()
    return disk


def anchored(tree: Tree) -> set[str]:
    count = json.loads(tree[ANCHOR])["count"] if ANCHOR in tree else 0
    lines = tree[JOURNAL].split(b"\n")[:count]
    return {entry["step"] for line in lines for entry in json.loads(line)["entries"] if "step" in entry}


class Crowd:
    """A thread whose line waits for the disk, and as many as there are that stand behind it."""

    def __init__(self, folder: Path, patch: pytest.MonkeyPatch) -> None:
        self.journal = opened(folder)
        self.sent: SimpleQueue[str] = SimpleQueue()
        self._crew = Crew(MANY + 1, "steps")
        self._is_let, begun, queued = threading.Event(), threading.Event(), threading.Semaphore(0)
        add, fsync = Together.add, os.fsync

        def adding(together: Together[Any], items: Iterable[Any]) -> None:
            def noted() -> Iterator[Any]:
                yield from items
                queued.release()  # they stand in the queue, and its lock is ours

            add(together, noted())

        def slow(fd: int) -> None:
            begun.set()
            assert self._is_let.wait(LONG_S)
            fsync(fd)

        patch.setattr(Together, "add", adding)
        with pytest.MonkeyPatch.context() as at_first:
            at_first.setattr(os, "fsync", slow)
            self.first = self._crew.submit(partial(self._step, "first"))
            assert begun.wait(LONG_S)
            self.others = [self._crew.submit(partial(self._step, str(n))) for n in range(MANY)]
            for _ in range(MANY + 1):
                assert queued.acquire(timeout=LONG_S)

    def let(self) -> None:
        """The disk goes on, and everybody comes to an end."""
        self._is_let.set()
        ended([self.first, *self.others])
        self._crew.close()

    def _step(self, name: str) -> None:
        promise(self.journal, name)
        self.sent.put(name)


def spent(crowd: Crowd) -> list[str]:
    return [crowd.sent.get() for _ in range(crowd.sent.qsize())]


Place = tuple[str, Callable[[Path], bool]]


def is_journal(path: Path) -> bool:
    return path.name == "journal"


def is_anchor(path: Path) -> bool:
    return path.name.startswith(".r.json")


PLACES = {
    "the line is written in part": ("write", is_journal),
    "the line is not brought to the disk": ("fsync", is_journal),
    "the anchor is not written": ("write", is_anchor),
    "the anchor is not brought to the disk": ("fsync", is_anchor),
    "the anchor's name is not": ("fsync", lambda path: path.name == "anchors"),
}


def broken(patch: pytest.MonkeyPatch, place: Place, error: BaseException, lets: int) -> None:
    """From now on: `lets` of these come through, and no other."""
    name, is_it = place
    real, left = getattr(os, name), threading.Semaphore(lets)

    def failing(fd: int, *more: Any) -> Any:
        if is_it(Path(f"/proc/self/fd/{fd}").readlink()) and not left.acquire(blocking=False):
            if more and isinstance(error, OSError):
                real(fd, bytes(more[0][:20]))  # what there was room for
            raise error
        return real(fd, *more)

    patch.setattr(os, name, failing)


@pytest.mark.parametrize("number", [errno.EIO, errno.ENOSPC])
@pytest.mark.parametrize("place", PLACES)
def test_a_disk_that_fails_one_stops_all_who_wait_and_all_who_come(
    folder: Path, monkeypatch: pytest.MonkeyPatch, place: str, number: int
) -> None:
    crowd = Crowd(folder, monkeypatch)
    lets = int(PLACES[place][1] is not is_journal)  # the first line is at its fsync: its anchor follows
    with monkeypatch.context() as patch:
        broken(patch, PLACES[place], OSError(number, os.strerror(number)), lets)
        crowd.let()
    why = [task.exception() for task in crowd.others]
    assert all(isinstance(error, Unwritable) and os.strerror(number) in str(error) for error in why), why
    with pytest.raises(Unwritable):  # though there is room again: what the disk holds nobody knows
        promise(crowd.journal, "later")
    crowd.journal.close()
    assert set(spent(crowd)) <= {"first"}
    assert len(promised(folder)) == len({*promised(folder)}), "a crash is no tampering"


def test_an_interrupt_amid_the_line_of_many_stops_them_all(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = Crowd(folder, monkeypatch)
    with monkeypatch.context() as patch:
        broken(patch, PLACES["the line is not brought to the disk"], KeyboardInterrupt(), 0)
        crowd.let()
    assert {type(task.exception()) for task in crowd.others} == {KeyboardInterrupt}
    with pytest.raises(Unwritable, match="a line was cut off"):
        promise(crowd.journal, "later")
    assert spent(crowd) == ["first"]
    assert len(promised(folder)) == len({*promised(folder)})


def test_many_who_wait_share_a_line_and_a_disk_that_takes_a_few_bytes_at_a_time_gets_all(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    crowd = Crowd(folder, monkeypatch)
    write = os.write
    with monkeypatch.context() as patch:
        patch.setattr(os, "write", lambda fd, data: write(fd, bytes(data[:7])))
        crowd.let()
    crowd.journal.close()
    assert sorted(spent(crowd)) == sorted(promised(folder)) == ["0", "1", "2", "3", "4", "5", "first"]
    assert len((folder / JOURNAL).read_bytes().splitlines()) == 3, "plan, the first, and all others"


def test_what_no_line_can_hold_breaks_no_journal(folder: Path) -> None:
    journal = opened(folder)
    with pytest.raises(ValueError, match="JSON"):
        journal.append({"kind": "intent", "step": float("nan")})
    promise(journal, "later")
    assert promised(folder) == ["later"]


def test_a_thread_that_is_left_behind_writes_into_no_other_file(folder: Path) -> None:
    """Ctrl-C closes the journal while others are at work, and its number is soon another file's."""
    journal = opened(folder)
    journal.close()
    other = os.open(folder / "other", os.O_RDWR | os.O_CREAT)
    try:
        with pytest.raises(Unwritable, match="the run was left"):
            promise(journal, "late")
        assert os.fstat(other).st_size == 0
    finally:
        os.close(other)


def test_a_journal_is_closed_after_the_line_that_is_being_written(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Or its fsync would be another file's: the line said to be on the disk, and it is not."""
    crowd = Crowd(folder, monkeypatch)
    closer = Crew(1, "closer")
    closed = closer.submit(crowd.journal.close)
    assert not wait_for(closed, 0.05)
    crowd.let()
    assert ended([closed]) == [None]
    closer.close()
    assert crowd.first.exception() is None
    assert set(spent(crowd)) == {*promised(folder)}
