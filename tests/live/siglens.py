"""A real SigLens for tests: an installed one, started on loopback, gone afterwards.

`$MCPSOAR_SIGLENS_HOME` is a folder as its releases have it: the program `siglens`, beside it `static` and
`defaultDBs`. Nothing here fetches one. As of 1.0.56d it asks the network where it is and reports its use,
whatever its settings say (its pkg/ssa/ssa.go): a proxy that is not there keeps that on this machine.
"""

import json
import os
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.live import loopback

_NO_PROXY_IS_HERE = "http://127.0.0.1:0"
_INDEX = "mcp"
_START_S = 60
_STORED_S = 90  # it shows events once it has written them: after 5 s without a new one
_TOGETHER = 500
_FOREVER_MS = 1 << 42
Facts = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Server:
    """A server that listens for events and for searches."""

    events: int
    searches: int

    def stored(self, facts: Sequence[Facts]) -> None:
        """Store events, each with its `place`; every one is found. Raises RuntimeError where not in time."""
        now_ms = time.time_ns() // 1_000_000
        for start in range(0, len(facts), _TOGETHER):
            placed = [
                {**one, "place": at, "timestamp": now_ms}
                for at, one in enumerate(facts[start : start + _TOGETHER], start)
            ]
            pairs = [line for one in placed for line in ({"create": {"_index": _INDEX}}, one)]
            text = "".join(f"{json.dumps(line)}\n" for line in pairs)
            answer = loopback.sent(self.events, "POST", "/elastic/_bulk", text, "application/x-ndjson")
            assert not answer["errors"], answer
        until = time.monotonic() + _STORED_S
        while len(self.found("*")) != len(facts):
            if time.monotonic() > until:
                raise RuntimeError(f"SigLens shows {len(self.found('*'))} of {len(facts)} events")
            time.sleep(0.5)

    def found(self, query: str) -> tuple[int, ...]:
        """The places of the events a search finds. Raises RuntimeError for a refusal, with its words."""
        asked = {
            "searchText": query,
            "indexName": _INDEX,
            "startEpoch": 1,
            "endEpoch": _FOREVER_MS,
            "size": 100_000,
            "queryLanguage": "Splunk QL",
        }
        answer = loopback.sent(self.searches, "POST", "/api/search", json.dumps(asked), "application/json")
        return tuple(sorted(one["place"] for one in answer["hits"]["records"]))


def why_none() -> str | None:
    """What is missing for a server here; None where nothing is."""
    home = os.environ.get("MCPSOAR_SIGLENS_HOME")
    if home is None:
        return "no SigLens: $MCPSOAR_SIGLENS_HOME is not set"
    return None if Path(home, "siglens").is_file() else f"no SigLens: {home} has no program siglens"


@contextmanager
def running() -> Iterator[Server]:
    """A server with no data. Raises RuntimeError, with the end of its log, where it does not start."""
    home = Path(os.environ["MCPSOAR_SIGLENS_HOME"]).resolve()
    with tempfile.TemporaryDirectory(prefix="mcpsoar-siglens-") as name:
        folder = Path(name)
        for part in ("static", "defaultDBs"):
            (folder / part).symlink_to(home / part)
        server = Server(_free(), _free())
        settings = {
            "ingestListenIP": "127.0.0.1",
            "ingestPort": server.events,
            "queryListenIP": "127.0.0.1",
            "queryPort": server.searches,
            "dataPath": "data/",
            "timestampKey": "timestamp",
            "log": {"logPrefix": ""},
        }
        (folder / "server.yaml").write_text(json.dumps(settings))
        # nothing else of the environment: a NO_PROXY, or where to send traces, would undo the proxy
        bare = {"HOME": name, "HTTP_PROXY": _NO_PROXY_IS_HERE, "HTTPS_PROXY": _NO_PROXY_IS_HERE}
        with (folder / "log").open("w+") as log:
            command = [str(home / "siglens"), "--config", "server.yaml"]
            process = subprocess.Popen(command, cwd=folder, env=bare, stdout=log, stderr=log)
            try:
                if not _listens(process, server):
                    log.seek(0)
                    raise RuntimeError(f"SigLens did not start:\n{log.read()[-2000:]}")
                yield server
            finally:
                process.kill()
                process.wait()


def _listens(process: "subprocess.Popen[bytes]", server: Server) -> bool:
    until = time.monotonic() + _START_S
    waited = [server.events, server.searches]
    while waited and process.poll() is None and time.monotonic() < until:
        try:
            socket.create_connection(("127.0.0.1", waited[0]), 1).close()
            waited.pop(0)
        except OSError:
            time.sleep(0.1)
    return not waited


def _free() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
    return port
