"""What a peer is made of, made once: in the user's cache folder, behind a lock, whole or not there."""

import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import platformdirs

_MAKE_S = 900


class NotHere(Exception):
    """What a peer needs is not to be had; says the command and its error."""


def made(name: str, make: Callable[[Path], None]) -> Path:
    """The folder `name`, made where it is not whole. Others who want it wait. Raises NotHere."""
    folder = _cache() / name
    with _alone(folder.with_name(f"{name}.lock")):
        if not (folder / "whole").is_file():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            make(folder)
            (folder / "whole").touch()
    return folder


def venv(name: str, *requirements: str) -> Path:
    """A virtual environment with these distributions; its folder of programs."""

    def make(folder: Path) -> None:
        done([sys.executable, "-m", "venv", str(folder / "venv")])
        done([str(folder / "venv/bin/python"), "-m", "pip", "install", "-q", *requirements])

    return made(name, make) / "venv" / "bin"


def done(command: Sequence[str], *, cwd: Path | None = None) -> str:
    """What the command printed. Raises NotHere where it is missing or fails."""
    shown = " ".join(command)
    try:
        ended = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False, timeout=_MAKE_S)
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotHere(f"{shown}: {error}") from error
    if ended.returncode:
        told = " ".join((ended.stderr or ended.stdout).split())
        raise NotHere(f"{shown}: exit {ended.returncode}: {told[:400]}")
    return ended.stdout


def _cache() -> Path:
    folder = Path(os.environ.get("MCPSOAR_LIVE_CACHE") or platformdirs.user_cache_dir("mcpsoar-live"))
    folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield
