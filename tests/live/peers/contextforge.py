"""The real ContextForge gateway in a venv of its own: either store, one worker or two, limits on or off."""

import secrets
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import httpx
from psycopg import sql

from tests.live.peers import cached, processes
from tests.targets import engines

VERSION = "1.0.7.post20260921"
_START_S = 300  # its migrations run first
_ANSWER_S = 60
_NO_LIMITS = {
    "RATE_LIMIT_LOW_RPM": "100000",  # what has no tier of its own: /v1, /rpc
    "RATE_LIMIT_MEDIUM_RPM": "100000",
    "RATE_LIMIT_HIGH_RPM": "100000",
    "RATE_LIMIT_CRITICAL_RPM": "100000",
    "RATE_LIMIT_LOCKOUT_ENABLED": "false",
}
Store = Literal["sqlite", "postgresql"]


@dataclass(frozen=True, slots=True)
class ContextForge:
    """A gateway that answers at `url`, until `close()`."""

    url: str
    email: str
    password: str
    running: processes.Running

    def ask(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        token: str | None = None,
        accept: str = "application/json",
    ) -> httpx.Response:
        """One answer on a connection of its own, whatever its status."""
        headers = {"Accept": accept} | ({"Authorization": f"Bearer {token}"} if token else {})
        url = f"{self.url}{path}"
        return httpx.request(method, url, json=body, headers=headers, timeout=_ANSWER_S, trust_env=False)

    def close(self) -> None:
        """Kill it, with its workers."""
        self.running.close()


def why_none(store: Store = "sqlite") -> str | None:
    """What is missing for a gateway here; None where nothing is."""
    if store == "postgresql" and (why := engines.why_no_postgres()) is not None:
        return why
    try:
        _programs()
    except cached.NotHere as error:
        return f"no ContextForge: {error}"
    return None


@contextmanager
def contextforge(
    folder: Path, *, store: Store = "sqlite", workers: int = 1, limits: bool = False
) -> Iterator[ContextForge]:
    """A new gateway with an empty store; its log and its SQLite file are in `folder`.

    `limits` leaves its rate limits at their defaults. Several workers share no Redis.
    """
    port = processes.free_port()
    password = f"Aa1-{secrets.token_urlsafe(18)}"
    with ExitStack() as held:
        url = f"sqlite:///{folder}/forge-{port}.db" if store == "sqlite" else held.enter_context(_database())
        command = [str(_programs() / "uvicorn"), "mcpgateway.main:app", "--host", "127.0.0.1"]
        command += ["--port", str(port), "--workers", str(workers)]
        # a worker that is deaf for 5 s (SQLite's switch takes that) is killed by the others' parent
        command += ["--timeout-worker-healthcheck", "300"]
        started = processes.running(
            command,
            log=folder / f"contextforge-{port}.log",
            is_ready=processes.answers(port, "/ready"),
            within_s=_START_S,
            env=_environment(port, url, password) | ({} if limits else _NO_LIMITS),
        )
        process = held.enter_context(started)
        yield ContextForge(f"http://127.0.0.1:{port}", "admin@example.com", password, process)


def _environment(port: int, database: str, password: str) -> dict[str, str]:
    return {
        "HOST": "127.0.0.1",
        "PORT": str(port),
        "DATABASE_URL": database,
        "JWT_SECRET_KEY": secrets.token_urlsafe(40),
        "AUTH_ENCRYPTION_SECRET": secrets.token_urlsafe(40),
        "BASIC_AUTH_PASSWORD": f"Aa1-{secrets.token_urlsafe(18)}",
        "PLATFORM_ADMIN_EMAIL": "admin@example.com",
        "PLATFORM_ADMIN_PASSWORD": password,
        "ADMIN_REQUIRE_PASSWORD_CHANGE_ON_BOOTSTRAP": "false",
        "PASSWORD_CHANGE_ENFORCEMENT_ENABLED": "false",
        "SSRF_ALLOW_LOCALHOST": "true",
        "SSRF_ALLOW_PRIVATE_NETWORKS": "true",
        "MCPGATEWAY_ADMIN_API_ENABLED": "true",
        "MCPGATEWAY_UI_ENABLED": "false",
        "PLUGINS_ENABLED": "false",
        "AUDIT_TRAIL_ENABLED": "true",
    }


@contextmanager
def _database() -> Iterator[str]:
    """A new, empty database of PostgreSQL, gone afterwards; its address as SQLAlchemy says it."""
    name = f"forge_{secrets.token_hex(6)}"
    with engines.postgres() as server:
        server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        at = server.info
        who = at.user + (f":{at.password}" if at.password else "")
        try:
            yield f"postgresql+psycopg://{who}@/{name}?host={at.host}&port={at.port}"
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def _programs() -> Path:
    product = f"mcp-contextforge-gateway=={VERSION}"
    return cached.venv(f"contextforge-{VERSION}", product, "psycopg[binary]>=3.2")
