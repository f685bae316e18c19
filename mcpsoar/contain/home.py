"""Where runs live: `runs/ID/journal.jsonl`, `anchors/ID.json` apart from it, and `locks/`."""

import hashlib
import re
from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path

from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Held, Unwritable, Usage
from mcpsoar.core.ports import Clock
from mcpsoar.kit.jsonl import folder
from mcpsoar.kit.lock import FileLock

_ID = re.compile(r"[0-9]{8}T[0-9]{6}Z-[0-9a-f]{6}")


class Home:
    """The user's state folder (`--home`). Nothing is made before it is needed; all of it 0700 and 0600."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def journal(self, run: str) -> Path:
        return self.path / "runs" / run / "journal.jsonl"

    def anchor(self, run: str) -> Path:
        return self.path / "anchors" / f"{run}.json"

    def lock(self, name: str, subject: str) -> Path:
        """The lock file of a subject whose name may be anything."""
        folder(self.path)
        hashed = hashlib.sha256(subject.encode("utf-8", "surrogatepass")).hexdigest()[:32]
        return folder(self.path / "locks") / f"{name}-{hashed}.lock"

    def run_lock(self, run: str) -> FileLock:
        """Held for as long as the run's process lives."""
        return FileLock(self.path / "runs" / run / "lock")

    def is_live(self, run: str) -> bool:
        """Whether a process is at work on this run; a lock that cannot be opened is nobody's."""
        if not (self.path / "runs" / run / "lock").is_file():
            return False
        try:
            with self.run_lock(run) as lock:
                return not lock.take()
        except Unwritable:
            return False

    def has_journal(self, run: str) -> bool:
        """Whether anything is there by that name, whatever it is."""
        try:
            self.journal(run).lstat()
        except (FileNotFoundError, NotADirectoryError):
            return False
        except OSError:
            return True
        return True

    def runs(self) -> tuple[str, ...]:
        """Ids of all runs, oldest first; a run whose journal is gone is known by its anchor."""
        found: set[str] = set()
        for place, suffix in ((self.path / "runs", ""), (self.path / "anchors", ".json")):
            if place.is_dir():
                found |= {entry.name.removesuffix(suffix) for entry in place.iterdir()}
        return tuple(sorted(name for name in found if _ID.fullmatch(name)))

    def make(self, at: datetime, random_hex: Callable[[int], str]) -> str:
        """A new run's id and folders. Raises Unwritable."""
        folder(self.path)
        folder(self.path / "anchors")
        while True:
            run = f"{at:%Y%m%dT%H%M%SZ}-{random_hex(3)}"
            if not self.journal(run).parent.exists():
                folder(self.path / "runs")
                folder(self.journal(run).parent)
                return run

    def named(self, run: str) -> str:
        """A run's id, or the only one that begins or ends so. Raises Usage when there is no such run."""
        found = [known for known in self.runs() if run and (known.startswith(run) or known.endswith(run))]
        if run in found:
            return run
        if len(found) == 1:
            return found[0]
        why = f"{len(found)} runs match {run!r}" if found else f"there is no run {run!r}"
        raise Usage(why, where=str(self.path), next_command="mcpsoar runs list")


class ServerLocks:
    """The locks of all servers of one run: all of them or none, and nobody waits."""

    def __init__(self, home: Home, servers: Sequence[str], clock: Clock) -> None:
        self._locks = [(name, FileLock(home.lock("server", name))) for name in sorted(servers)]
        self._clock = clock

    def take(self) -> None:
        """Raises Held when another live run has one of them."""
        for server, lock in self._locks:
            if not lock.take():
                by = lock.holder(self._clock)
                self.free()
                raise Held(
                    f"{server} is held by run {by.get('run', 'unknown')}, at work since "
                    f"{by.get('since', 'an unknown time')}",
                    by=str(by.get("by", "unknown")),
                    run=str(by.get("run", "unknown")),
                    since=str(by.get("since", "unknown")),
                )

    def sign(self, holder: Facts) -> None:
        for _, lock in self._locks:
            lock.sign(holder)

    def free(self) -> None:
        for _, lock in self._locks:
            lock.free()
