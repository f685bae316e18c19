"""Real MCP servers that want a token: one that asks about each, one that remembers, one that reads JWTs."""

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any, Literal

import httpx

from tests.live.peers import processes
from tests.live.peers.upstreams import Upstream

_IDS = count(1)
_ROOT = Path(__file__).resolve().parents[3]
Kind = Literal["introspecting", "caching", "local_jwt"]


@dataclass(frozen=True, slots=True)
class Trust:
    """Whose tokens a server takes: its issuer, for which resource, and where it checks them, as whom."""

    issuer: str
    resource: str
    check_url: str
    client: tuple[str, str] = ("", "")


def called(server: Upstream, tool: str, note: str, token: str) -> httpx.Response:
    """The whole answer to one tools/call with this token; 401 is the server's own refusal."""
    params: dict[str, Any] = {"name": tool, "arguments": {"note": note}}
    body = {"jsonrpc": "2.0", "id": next(_IDS), "method": "tools/call", "params": params}
    headers = {"Accept": "application/json, text/event-stream", "Authorization": f"Bearer {token}"}
    return httpx.post(server.url(), json=body, headers=headers, timeout=60, trust_env=False)


@contextmanager
def resource_server(folder: Path, kind: Kind, trust: Trust, *, cache_s: float = 0) -> Iterator[Upstream]:
    """A server of this folder; `cache_s` is how long a caching one believes what it was told."""
    port = processes.free_port()
    runs = folder / f"{kind}-{port}.runs"
    settings = {
        "port": port,
        "runs": str(runs),
        "kind": kind,
        "resource": trust.resource,
        "issuer": trust.issuer,
        "check_url": trust.check_url,
        "client": trust.client,
        "cache_s": cache_s,
    }
    started = processes.running(
        [sys.executable, "-m", "tests.live.peers.resource_server"],
        log=folder / f"{kind}-{port}.log",
        is_ready=processes.listens(port),
        within_s=120,
        env={
            "PEER": json.dumps(settings),
            "PYTHONPATH": f"{_ROOT}{os.pathsep}{os.environ.get('PYTHONPATH', '')}",
        },
        cwd=_ROOT,
    )
    with started as process:
        yield Upstream(port, process, runs)
