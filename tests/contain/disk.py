"""A disk that loses power: what a folder would hold if everything after the last fsync were gone.

Real files are written; beside them a model keeps, for each file, what was brought to the disk, and for each
folder which names were. After every change of either, a `Moment` holds what would be found at boot.
"""

import os
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

import pytest

Tree = dict[Path, bytes]  # of a folder, by path below it


class Survival(StrEnum):
    """What a power cut leaves of that which no fsync has covered. Disks may do any of these."""

    NOTHING = "nothing"
    NAMES = "names alone"  # a file that was put in place, and has no bytes
    HALF = "half of the bytes"  # and all names


@dataclass(frozen=True, slots=True)
class Moment:
    """`after` is the change that was made last; `seen` is what the watch said then."""

    after: str
    trees: dict[Survival, Tree]
    seen: Any


@dataclass(slots=True)
class _File:
    data: bytearray = field(default_factory=bytearray)
    durable: bytes = b""


@dataclass(slots=True)
class Disk:
    """`omitted` is a place that forgets its fsync, named as by `place_of`; `places` are the others."""

    root: Path
    watch: Callable[[], Any] = lambda: None
    omitted: str = ""
    moments: list[Moment] = field(default_factory=list)
    places: set[str] = field(default_factory=set)
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _open: dict[int, Path | _File] = field(default_factory=dict)
    _names: dict[Path, _File | None] = field(default_factory=dict)  # None: a folder
    _durable: dict[Path, _File | None] = field(default_factory=dict)

    @contextmanager
    def watched(self) -> Iterator["Disk"]:
        """The process writes to this disk while the block lasts."""
        with pytest.MonkeyPatch.context() as patch:
            self._patch(patch)
            yield self

    def mark(self, what: str) -> None:
        """A moment without a change of the disk."""
        with self._lock:
            trees = {survival: self._left(survival) for survival in Survival}
            self.moments.append(Moment(what, trees, self.watch()))

    def _patch(self, patch: pytest.MonkeyPatch) -> None:
        opened, write, fsync, cut, close = os.open, os.write, os.fsync, os.ftruncate, os.close
        rename, mkdir, unlink = Path.rename, Path.mkdir, Path.unlink

        def opening(path: Any, flags: int, *more: Any, **named: Any) -> int:
            with self._lock:
                fd = opened(path, flags, *more, **named)
                place = Path(os.fsdecode(path))
                if place.is_relative_to(self.root):
                    if place.is_dir():
                        self._open[fd] = place
                    elif flags & os.O_CREAT:
                        self._open[fd] = self._names.setdefault(place, _File()) or place
                        self.mark(f"open {place.name}")
                return fd

        def writing(fd: int, data: Any) -> int:
            with self._lock:
                done = write(fd, data)
                if isinstance(file := self._open.get(fd), _File):
                    file.data += bytes(data[:done])
                    self.mark("write")
                return done

        def syncing(fd: int) -> None:
            with self._lock:
                if (file := self._open.get(fd)) is None:
                    return fsync(fd)
                place = place_of()
                if place == self.omitted:
                    return None
                self.places.add(place)
                if isinstance(file, _File):
                    file.durable = bytes(file.data)
                else:
                    own = {path: one for path, one in self._names.items() if path.parent == file}
                    self._durable = {
                        **{path: one for path, one in self._durable.items() if path.parent != file},
                        **own,
                    }
                self.mark(f"fsync by {place}")
                return None

        def cutting(fd: int, length: int) -> None:
            with self._lock:
                cut(fd, length)
                if isinstance(file := self._open.get(fd), _File):
                    del file.data[length:]
                    self.mark("truncate")

        def closing(fd: int) -> None:
            with self._lock:
                self._open.pop(fd, None)
                close(fd)

        def renaming(old: Path, new: Any) -> Path:
            with self._lock:
                moved = rename(old, new)
                if old in self._names:
                    self._names[Path(new)] = self._names.pop(old)
                    self.mark(f"rename to {Path(new).name}")
                return moved

        def making(path: Path, *more: Any, **named: Any) -> None:
            with self._lock:
                mkdir(path, *more, **named)
                if path.is_relative_to(self.root) and path != self.root:
                    self._names.setdefault(path, None)
                    self.mark(f"mkdir {path.name}")

        def unlinking(path: Path, *more: Any, **named: Any) -> None:
            with self._lock:
                unlink(path, *more, **named)
                if path in self._names:
                    del self._names[path]
                    self.mark(f"unlink {path.name}")

        patched = {
            "open": opening,
            "write": writing,
            "fsync": syncing,
            "ftruncate": cutting,
            "close": closing,
        }
        for name, act in patched.items():
            patch.setattr(os, name, act)
        patch.setattr(Path, "rename", renaming)
        patch.setattr(Path, "mkdir", making)
        patch.setattr(Path, "unlink", unlinking)

    def hold(self) -> None:
        """All that is there now is on the disk."""
        for path in sorted(self.root.rglob("*")):
            file = None if path.is_dir() else _File(bytearray(path.read_bytes()), path.read_bytes())
            self._names[path] = self._durable[path] = file

    def _left(self, survival: Survival) -> Tree:
        names = self._durable if survival is Survival.NOTHING else self._names
        kept: Tree = {}
        for path, file in names.items():
            if file is not None and self._is_reached(path, names):
                kept[path.relative_to(self.root)] = _bytes(file, survival)
        return kept

    def _is_reached(self, path: Path, names: dict[Path, _File | None]) -> bool:
        above = path.parent
        return above == self.root or (above in names and self._is_reached(above, names))


def _bytes(file: _File, survival: Survival) -> bytes:
    if survival is not Survival.HALF or not file.data.startswith(file.durable):
        return file.durable
    more = len(file.data) - len(file.durable)
    return bytes(file.data[: len(file.durable) + more // 2])


def place_of() -> str:
    """Which fsync this is: the function that asked for it, and who asked that one."""
    frame = sys._getframe(2)
    asked = frame.f_code.co_qualname
    if asked == "sync_folder" and frame.f_back is not None:
        return f"{asked} of {frame.f_back.f_code.co_qualname}"
    return asked


def boot(tree: Tree, folder: Path) -> Path:
    """A folder that holds just this."""
    folder.mkdir()
    for path, data in tree.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(data)
    return folder
