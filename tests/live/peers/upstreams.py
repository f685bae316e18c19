"""Small real MCP servers that stand behind a gateway, with the truth about what they executed."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.live.peers import processes

_PROGRAM = Path(__file__).with_name("upstream_server.py")
READ, WRITE, SLOW = "read_record", "write_record", "write_slowly"


@dataclass(frozen=True, slots=True)
class Upstream:
    """A server on `port`, until `close()`; `runs` has a line for each execution."""

    port: int
    running: processes.Running
    runs: Path

    def url(self, name: str = "ground") -> str:
        """One of its addresses: it has as many as there are names."""
        return f"http://127.0.0.1:{self.port}/{name}/mcp"

    def ran(self, tool: str, note: str | None = None) -> int:
        """How often it executed the tool to its end, with this note or any."""
        return self._count("done", tool, note)

    def began(self, note: str) -> int:
        """How often it began the slow write with this note."""
        return self._count("began", SLOW, note)

    def close(self) -> None:
        """Kill it: from here on its address refuses."""
        self.running.close()

    def _count(self, word: str, tool: str, note: str | None) -> int:
        lines = self.runs.read_text().splitlines() if self.runs.exists() else []
        start = f"{word} {tool} "
        return sum(line.startswith(start) and note in (None, line.removeprefix(start)) for line in lines)


@contextmanager
def upstream(folder: Path) -> Iterator[Upstream]:
    """A server of this folder, which keeps its log and its count."""
    port = processes.free_port()
    runs = folder / f"upstream-{port}.runs"
    command = [sys.executable, str(_PROGRAM), str(port), str(runs)]
    log = folder / f"upstream-{port}.log"
    with processes.running(command, log=log, is_ready=processes.listens(port), within_s=120) as process:
        yield Upstream(port, process, runs)
