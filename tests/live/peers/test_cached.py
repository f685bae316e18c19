"""A peer that cannot be fetched is told once and soon: never a test run that hangs."""

import os
import time
from pathlib import Path

import pytest

from tests.live.peers import cached
from tests.live.peers.test_processes import ends


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MCPSOAR_LIVE_CACHE", str(tmp_path))


@pytest.mark.timeout(60)
def test_a_command_that_does_not_end_is_given_up_with_its_children(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cached, "_MAKE_S", 2)
    with pytest.raises(cached.NotHere, match=r"sleep 600.* not done in 2 s"):
        cached.done(["sh", "-c", "sleep 600 & echo $! > child; wait"], cwd=tmp_path)
    assert ends(int((tmp_path / "child").read_text()))


def test_what_could_not_be_made_is_not_tried_again_for_a_while(tmp_path: Path) -> None:
    tries: list[Path] = []

    def make(folder: Path) -> None:
        tries.append(folder)
        cached.done(["sh", "-c", "echo no such host; exit 1"])

    for _ in range(2):
        with pytest.raises(cached.NotHere, match="no such host"):
            cached.made("peer", make)
    assert len(tries) == 1
    failed = tmp_path / "peer.failed"
    an_hour_ago = time.time() - 3600
    os.utime(failed, (an_hour_ago, an_hour_ago))
    cached.made("peer", tries.append)
    assert len(tries) == 2
    assert not failed.exists()
    cached.made("peer", make)
