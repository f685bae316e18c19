"""A peer's process: a group of its own with a log, ready by a condition, ended with all that it started."""

import http.client
import os
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_TOLD = 3000  # characters of a log that a failure shows
_GRACE_S = 10


@dataclass(frozen=True, slots=True)
class Running:
    """A process that was ready after `start_s`; its output is in `log`."""

    process: "subprocess.Popen[bytes]"
    log: Path
    start_s: float

    def rss_bytes(self) -> int:
        """Resident memory of the whole group."""
        group, page = self.process.pid, os.sysconf("SC_PAGE_SIZE")
        total = 0
        for one in Path("/proc").glob("[0-9]*"):
            with suppress(OSError):
                after_name = (one / "stat").read_text().rpartition(")")[2].split()
                total += page * int((one / "statm").read_text().split()[1]) * (int(after_name[2]) == group)
        return total

    def close(self) -> None:
        """End the group: asked first, killed after a while. Closing twice is harmless."""
        _signal(self.process.pid, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            self.process.wait(_GRACE_S)
        _signal(self.process.pid, signal.SIGKILL)
        self.process.wait()


@contextmanager
def running(
    command: Sequence[str],
    *,
    log: Path,
    is_ready: Callable[[], bool],
    within_s: float,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> Iterator[Running]:
    """The process, once it is ready. Raises RuntimeError, with the end of its log, where it never is."""
    began = time.monotonic()
    with log.open("ab") as out:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            cwd=cwd or log.parent,
            env={**os.environ, **(env or {})},
            start_new_session=True,
        )
    watch = _end_with_us(process.pid)
    try:
        while not is_ready():
            ended, late = process.poll() is not None, time.monotonic() - began > within_s
            if ended or late:
                why = f"ended with {process.returncode}" if ended else f"was not ready in {within_s:.0f} s"
                told = log.read_text(errors="replace")[-_TOLD:]
                raise RuntimeError(f"{command[0]} {why}; {log} ends:\n{told}")
            time.sleep(0.1)
        yield Running(process, log, time.monotonic() - began)
    finally:
        Running(process, log, 0).close()
        watch.kill()
        watch.communicate()


def free_port() -> int:
    """A port of loopback that nobody listens on now."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


def answers(port: int, path: str, *, status: int = 200) -> Callable[[], bool]:
    """Whether loopback answers GET `path` with this status."""

    def ask() -> bool:
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", path)
            return connection.getresponse().status == status
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()

    return ask


def listens(port: int) -> Callable[[], bool]:
    """Whether anybody takes connections on this port of loopback."""

    def ask() -> bool:
        with socket.socket() as one:
            return one.connect_ex(("127.0.0.1", port)) == 0

    return ask


def wait_until(is_so: Callable[[], bool], within_s: float = 180) -> None:
    """Return once it is so. Raises AssertionError where it never is."""
    began = time.monotonic()
    while not is_so():
        assert time.monotonic() - began < within_s, f"it was not so within {within_s:.0f} s"
        time.sleep(0.1)


def _end_with_us(group: int) -> "subprocess.Popen[bytes]":
    """Kills the group when this process is gone, however it went: it holds the other end of the pipe."""
    command = ["sh", "-c", 'read -r _; kill -KILL "-$1"', "sh", str(group)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True)


def _signal(group: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(group, number)
