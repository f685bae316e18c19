"""The audit log: one `mcp_audit` line per decision, on its way to the disk before the answer leaves."""

import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from threading import Lock

from mcpsoar.core.digest import Json
from mcpsoar.core.ports import Clock
from mcpsoar.kit.clock import stamp

GATEWAY = "mcpsoar-lab"
_TEXT = 1024


class AuditLog:
    """Appends NDJSON to `path`. Absent facts are left out. Thread-safe."""

    def __init__(self, path: Path, clock: Clock) -> None:
        self.path = path
        self._clock = clock
        self._lock = Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        is_torn = path.exists() and not _ends_whole(path)
        self._file = path.open("ab")
        if is_torn:
            self._file.write(b"\n")  # what a killed lab left half written stays one bad line, not two

    def write(self, facts: Mapping[str, Json]) -> None:
        """Stamp and write one event, and hand it to the operating system. Its texts may be anybody's."""
        event = {
            "event_time": stamp(self._clock.now()),
            "event_id": str(uuid.uuid4()),
            **{name: _bounded(value) for name, value in facts.items() if value is not None},
            "gateway": GATEWAY,
        }
        line = json.dumps(event, ensure_ascii=True, allow_nan=False, separators=(",", ":")).encode() + b"\n"
        with self._lock:
            self._file.write(line)
            self._file.flush()

    def close(self) -> None:
        with self._lock:
            self._file.close()


def _bounded(value: Json) -> Json:
    return value[:_TEXT] if isinstance(value, str) else value


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as file:
        size = file.seek(0, 2)
        file.seek(max(size - 1, 0))
        return file.read(1) in (b"", b"\n")
