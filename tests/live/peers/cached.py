"""What a peer is made of, made once: in the user's cache folder, behind a lock, whole or not there.

What could not be made is not tried again for a while, so that a suite without network waits once for each
peer and not once for each test.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

import platformdirs

_MAKE_S = 300  # of each command; the slowest took 70 on an idle machine
_AGAIN_S = 900
_TOLD = 400  # characters of what a command said last


class NotHere(Exception):
    """What a peer needs is not to be had; says the command and its error."""


def made(name: str, make: Callable[[Path], None]) -> Path:
    """The folder `name`, made where it is not whole. Others who want it wait. Raises NotHere."""
    folder = _cache() / name
    failed = folder.with_name(f"{name}.failed")
    with _alone(folder.with_name(f"{name}.lock")):
        if not (folder / "whole").is_file():
            if failed.is_file() and time.time() - failed.stat().st_mtime < _AGAIN_S:
                raise NotHere(failed.read_text())
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            try:
                make(folder)
            except NotHere as error:
                failed.write_text(str(error))
                raise
            (folder / "whole").touch()
            failed.unlink(missing_ok=True)
    return folder


def venv(name: str, *requirements: str) -> Path:
    """A virtual environment with these distributions; its folder of programs."""

    def make(folder: Path) -> None:
        done([sys.executable, "-m", "venv", str(folder / "venv")])
        done([str(folder / "venv/bin/python"), "-m", "pip", "install", "-q", *requirements])

    return made(name, make) / "venv" / "bin"


def done(command: Sequence[str], *, cwd: Path | None = None) -> None:
    """Run it to its end. Raises NotHere, with its words, where it is missing, fails or lasts too long."""
    shown = " ".join(command)
    with tempfile.TemporaryFile("w+", errors="replace") as said:
        try:
            process = subprocess.Popen(
                command,
                cwd=cwd,
                stdin=subprocess.DEVNULL,
                stdout=said,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        except OSError as error:
            raise NotHere(f"{shown}: {error}") from error
        try:
            code = process.wait(_MAKE_S)
        except subprocess.TimeoutExpired as error:
            raise NotHere(f"{shown}: not done in {_MAKE_S} s") from error
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)  # whatever it started, too
            process.wait()
        if code:
            said.seek(0)
            raise NotHere(f"{shown}: exit {code}: {' '.join(said.read().split())[-_TOLD:]}")


def _cache() -> Path:
    folder = Path(os.environ.get("MCPSOAR_LIVE_CACHE") or platformdirs.user_cache_dir("mcpsoar-live"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
