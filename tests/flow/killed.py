"""A process that contains servers and is killed at the n-th of its moments: python -m tests.flow.killed.

Moments: before, amid and after each write of the journal and its anchor; before and after each call.
Reads lines `[servers, home, n]` (one server may stand alone) and answers each with `killed` or with the
report's verdict. Each order runs in a fork of its own, which kills itself with SIGKILL: nothing is flushed,
closed or unlocked by anybody.
"""

import json
import os
import signal
import sys
import threading
from pathlib import Path
from typing import Any

from mcpsoar.app import beginning, carrier, contain  # noqa: F401 (loaded once, before the forks)
from mcpsoar.app.order import Order
from mcpsoar.core.plan import Direction
from mcpsoar.core.profile import ROLES, Binding, Profile
from mcpsoar.core.secret import Secret
from mcpsoar.kit import jsonl
from mcpsoar.kit.clock import SystemClock
from mcpsoar.kit.http import Edge
from mcpsoar.kit.quick import load_wire

ROOT = Path(__file__).resolve().parent.parent.parent


class Moments:
    """Counts, and strikes at the n-th; the other threads are at any point of theirs."""

    def __init__(self, fatal: int) -> None:
        self._left = fatal
        self._lock = threading.Lock()

    def passes(self) -> None:
        with self._lock:
            self._left -= 1
            if self._left == 0:
                os.kill(os.getpid(), signal.SIGKILL)


def arm(fatal: int) -> None:
    moments = Moments(fatal)
    append, replace, call, write = jsonl.Appender.append, jsonl.replace, Edge._call, os.write

    def torn(fd: int, data: Any) -> int:
        """Half a line first, so that a kill in between leaves it torn."""
        half = len(data) // 2
        if half < 40:
            return write(fd, data)
        done = write(fd, bytes(data[:half]))
        moments.passes()
        return done

    def appending(self: jsonl.Appender, line: bytes) -> None:
        moments.passes()
        append(self, line)
        moments.passes()

    def replacing(path: Path, data: bytes) -> None:
        replace(path, data)
        moments.passes()

    def calling(self: Edge, *args: Any, **kwargs: Any) -> Any:
        moments.passes()
        try:
            return call(self, *args, **kwargs)
        finally:
            moments.passes()

    os.write = torn
    jsonl.Appender.append = appending  # type: ignore[method-assign]
    jsonl.replace = replacing
    Edge._call = calling  # type: ignore[method-assign]


def profile(url: str, token: str) -> Profile:
    binding = Binding("reference", url, Secret(token), {"settle_s": 0.3})
    return Profile("test", dict.fromkeys(ROLES, binding), None, "a test", retry_s=5.0)


def carry_out(url: str, token: str, servers: str | list[str], home: str) -> str:
    report = contain.execute(
        Order((servers,) if isinstance(servers, str) else tuple(servers), Direction.APPLY),
        profile=profile(url, token),
        home=Path(home),
        pack=ROOT,
        clock=SystemClock(),
        say=lambda _: None,
    )
    return report.verdict.value


def main() -> None:
    url, token = sys.argv[1:]
    load_wire()
    for line in sys.stdin:
        servers, home, fatal = json.loads(line)
        reader, writer = os.pipe()
        child = os.fork()
        if child == 0:
            arm(fatal)
            os.write(writer, carry_out(url, token, servers, home).encode())
            os._exit(0)
        os.close(writer)
        with os.fdopen(reader) as said:
            answer = said.read()
        _, status = os.waitpid(child, 0)
        sys.stdout.write(("killed" if os.WIFSIGNALED(status) else answer or "crashed") + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
