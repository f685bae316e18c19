"""The journal of a run: append-only JSON Lines, each line on disk before anything depends on it.

One line is one durable batch: `{"n", "entries": […], "hash"}`, its hash covering the line before. Entries
that several steps hand in at once share a line and one wait for the disk. The anchor, kept in another folder,
holds {count, head} of the last whole line: a journal one line longer is a crash, a shorter one is a cut.
"""

import errno
import json
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mcpsoar.core.digest import GENESIS, Facts, Json, canonical, chained, sha256
from mcpsoar.core.errors import Tampered, Unwritable
from mcpsoar.core.ports import Clock
from mcpsoar.core.secret import Secret
from mcpsoar.kit import jsonl
from mcpsoar.kit.clock import stamp
from mcpsoar.kit.credentials import masked
from mcpsoar.kit.together import Together


@dataclass(frozen=True, slots=True)
class Chain:
    """A journal as it stands on disk. `problem` says what is not as it was written, with its place.

    `beyond` counts whole lines past the anchor: 1 is a crash between the two. `torn` is the broken last line.
    `is_unanchored`: the chain is whole in itself, and its anchor is gone, which is a problem too.
    """

    entries: tuple[Facts, ...]
    heads: tuple[str, ...]
    length: int
    torn: bytes
    beyond: int
    problem: str | None
    is_unanchored: bool = False

    @property
    def count(self) -> int:
        return len(self.heads)

    @property
    def head(self) -> str:
        return self.heads[-1] if self.heads else GENESIS


class Journal:
    """The one writer of a run's journal; threads may share it. Raises Unwritable, once for all."""

    def __init__(
        self,
        path: Path,
        anchor: Path,
        *,
        clock: Clock,
        hide: Sequence[Secret] = (),
        chain: Chain | None = None,
    ) -> None:
        self.path = path
        self._anchor = anchor
        self._clock = clock
        self._hide = hide
        self._file = jsonl.Appender(path)
        self._count = chain.count if chain else 0
        self._head = chain.head if chain else GENESIS
        self._lines = Together(self._write)
        self._writing = threading.Lock()
        self._broken: Unwritable | None = None

    @property
    def head(self) -> str:
        return self._head

    def append(self, *entries: Facts) -> None:
        """Write entries that belong together; they are on disk, and anchored, when this returns."""
        self._lines.add([self._stamped(entry) for entry in entries])

    def cut(self, chain: Chain) -> None:
        """Drop the torn bytes that a crash left, and write down that it was done."""
        self._file.cut(chain.length)
        self.append({"kind": "cut", "bytes": len(chain.torn), "digest": sha256(chain.torn)})

    def close(self) -> None:
        """Who is still at work writes nothing more: the file's number may be another file's by then."""
        with self._writing:
            self._broken = self._unwritable("the run was left")
            self._file.close()

    def _stamped(self, entry: Facts) -> Facts:
        stamped: Facts = {"at": stamp(self._clock.now()), **entry}
        for secret in self._hide:
            stamped = masked(stamped, secret)
        return stamped

    def _write(self, entries: list[Facts]) -> None:
        with self._writing:
            if self._broken is not None:
                raise self._broken
            body = {"n": self._count, "entries": entries}
            head = chained(self._head, body)
            line = canonical({**body, "hash": head})
            # until it is whole: after a line that an interrupt cut off none can follow
            self._broken = self._unwritable("a line was cut off")
            try:
                self._file.append(line)
                self._head = head
                self._count += 1
                jsonl.replace(self._anchor, canonical({"count": self._count, "head": head}))
            except Unwritable as error:
                self._broken = error
                raise
            self._broken = None

    def _unwritable(self, why: str) -> Unwritable:
        return Unwritable(f"{why}, so nothing more is changed", where=str(self.path))


def read(path: Path, anchor: Path, run: str) -> Chain:
    """Read and check a journal. Raises nothing: what cannot be read is a problem like any other."""
    count, head, anchored = _anchored(anchor)
    try:
        lines = jsonl.read(path)
    except FileNotFoundError:
        gone = "the journal is gone" if anchored else "there is no journal"
        return Chain((), (), 0, b"", 0, f"{path}: {gone}")
    except OSError as error:
        return Chain((), (), 0, b"", 0, f"{path}: the journal cannot be read: {_why(error)}")
    entries: list[Facts] = []
    heads: list[str] = []
    problem: str | None = None
    length = 0
    try:
        for said, link in _links(lines.whole, path, run):
            entries += said
            heads.append(link)
            length += len(lines.whole[len(heads) - 1]) + 1
    except Tampered as found:
        problem = str(found)
    is_unanchored = problem is None and not anchored and len(heads) > 1
    if problem is None:
        problem = _against_anchor(heads, count, head, path, anchored=anchored)
    return Chain(tuple(entries), tuple(heads), length, lines.torn, len(heads) - count, problem, is_unanchored)


def _links(lines: Sequence[bytes], path: Path, run: str) -> Iterator[tuple[list[Facts], str]]:
    previous = GENESIS
    for number, raw in enumerate(lines):
        where = f"{path}:{number + 1}"
        try:
            line = json.loads(raw)
            body = {"n": line["n"], "entries": line["entries"]}
            is_ours = canonical({**body, "hash": line["hash"]}) == raw and _are_entries(line["entries"])
        except (ValueError, KeyError, TypeError, RecursionError):
            raise Tampered("this line is not as it was written", where=where) from None
        if not is_ours or line["n"] != number or line["hash"] != chained(previous, body):
            raise Tampered("this line was edited, or stands in another place", where=where)
        if number == 0 and (not line["entries"] or line["entries"][0].get("run") != run):
            raise Tampered("this journal belongs to another run", where=where)
        previous = line["hash"]
        yield line["entries"], previous


def _are_entries(said: Json) -> bool:
    return isinstance(said, list) and all(isinstance(entry, dict) for entry in said)


def _anchored(anchor: Path) -> tuple[int, str, bool]:
    try:
        said = json.loads(jsonl.regular_bytes(anchor))
        return int(said["count"]), str(said["head"]), True
    except FileNotFoundError:
        return 0, GENESIS, False
    except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
        return -1, "", True


def _why(error: OSError) -> str:
    return "it is a link" if error.errno == errno.ELOOP else str(error.strerror)


def _against_anchor(heads: list[str], count: int, head: str, path: Path, *, anchored: bool) -> str | None:
    if count < 0:
        return f"{path}: the anchor cannot be read"
    if not anchored and len(heads) > 1:
        return f"{path}: the anchor is gone"
    if len(heads) < count:
        return f"{path}:{len(heads) + 1}: cut: {count} lines were written, {len(heads)} are there"
    if count and heads[count - 1] != head:
        return f"{path}:{count}: the chain is not the one that was anchored"
    if len(heads) > count + 1:
        return f"{path}:{count + 2}: {len(heads) - count} lines were added past the anchor"
    return None
