"""A peer leaves nothing running: not after a test, and not after a test run that was killed."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.live.peers import processes

_FAMILY = ["sh", "-c", "sleep 600 & echo $! > new; mv new child; wait"]
_KILLED = """
import os, sys
from pathlib import Path
from tests.live.peers.processes import running
folder = Path(sys.argv[1])
with running(sys.argv[2:], log=folder / "log", is_ready=(folder / "child").exists, within_s=20):
    os.kill(os.getpid(), 9)
"""


def _is_gone(process: int) -> bool:
    """Whether it ended; one that ended and was not waited for counts."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def _child(folder: Path) -> int:
    return int((folder / "child").read_text())


def ends(process: int) -> bool:
    by = time.monotonic() + 20
    while not _is_gone(process) and time.monotonic() < by:
        time.sleep(0.05)
    return _is_gone(process)


def test_the_end_of_a_test_ends_what_the_peer_started(tmp_path: Path) -> None:
    ready = (tmp_path / "child").exists
    with processes.running(_FAMILY, log=tmp_path / "log", is_ready=ready, within_s=20) as peer:
        assert peer.rss_bytes() > 0
        assert not _is_gone(_child(tmp_path))
    assert ends(_child(tmp_path))


def test_a_killed_test_run_leaves_no_peer(tmp_path: Path, root: Path) -> None:
    path = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-c", _KILLED, str(tmp_path), *_FAMILY]
    killed = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, check=False)
    assert killed.returncode == -9
    assert ends(_child(tmp_path))


def test_a_peer_that_does_not_start_shows_the_end_of_its_log(tmp_path: Path) -> None:
    command = ["sh", "-c", "echo no such store; exit 3"]
    with (
        pytest.raises(RuntimeError, match=r"ended with 3(?s:.)*no such store"),
        processes.running(command, log=tmp_path / "log", is_ready=lambda: False, within_s=20),
    ):
        raise AssertionError
