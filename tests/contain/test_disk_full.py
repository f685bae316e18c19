"""A disk that fills up: no call leaves whose promise is not in the journal, and the run says so once."""

import errno
import json
import os
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.contain.home import Home
from mcpsoar.core.errors import Unwritable
from tests.contain.fakes import FakeClock, FakeConnector
from tests.contain.test_power_cut import World, ordered

MOST = 400  # more than a run has of any of them
KINDS = ("open", "write", "fsync", "rename", "mkdir")


class Full:
    """The n-th operation of a kind on this folder fails, and every one after it."""

    def __init__(self, root: Path, kind: str, fatal: int, patch: pytest.MonkeyPatch) -> None:
        self.is_met = False
        self._root = root
        self._left = fatal
        holder: Any = Path if kind in ("rename", "mkdir") else os
        real = getattr(holder, kind)
        patch.setattr(holder, kind, self._failing(real, kind))

    def _failing(self, real: Callable[..., Any], kind: str) -> Callable[..., Any]:
        def failing(subject: Any, *more: Any, **named: Any) -> Any:
            if self._is_ours(subject) and not (kind == "open" and not more[0] & os.O_CREAT):
                self._left -= 1
                if self._left <= 0:
                    self.is_met = True
                    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return real(subject, *more, **named)

        return failing

    def _is_ours(self, subject: Any) -> bool:
        if isinstance(subject, int):
            place = Path(f"/proc/self/fd/{subject}").readlink()
        else:
            place = Path(os.fsdecode(subject))
        return place.is_relative_to(self._root)


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_leaves_that_is_not_promised(
    tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    folder = tmp_path_factory.mktemp("disk")
    sent_before = 0
    for fatal in count(1):
        home = folder / str(fatal)
        world = World()
        with monkeypatch.context() as patch:
            full = Full(home, kind, fatal, patch)
            said = unwritable(home, world)
        if not full.is_met:
            break
        assert said is not None
        # what was sent before is not taken back
        assert "cannot be written, so nothing more is changed: No space left" in str(said)
        assert set(world.sent) <= promised(home), f"{kind} {fatal}: sent without a promise"
        sent_before += bool(world.sent)
        assert fatal < MOST
    assert fatal > 3, "too few moments were tried"
    assert (sent_before > 0) is (kind != "mkdir"), "moments after the first call as well"


def unwritable(home: Path, world: World) -> Unwritable | None:
    """What a containment there ends with."""
    clock = FakeClock()

    def called(what: str) -> None:
        if what.startswith("apply "):
            world.sent.append(what.removeprefix("apply "))

    try:
        ordered(home, FakeConnector(world.plane, clock, called), clock)
    except Unwritable as trouble:
        return trouble
    return None


def promised(home: Path) -> set[str]:
    """By the bytes that are there, read as a person would."""
    found = set()
    for run in Home(home).runs():
        path = Home(home).journal(run)
        lines = path.read_bytes().split(b"\n")[:-1] if path.exists() else []
        entries = [entry for line in lines for entry in json.loads(line)["entries"]]
        found |= {entry["step"] for entry in entries if entry["kind"] == "intent"}
    return found
