"""The real Canaille in a venv of its own: a token service that lists by audience, on the command line."""

import json
import os
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.live.peers import cached, processes
from tests.live.peers.clients import Client, granted, sent

VERSION = "0.3.6"
_COMMAND_S = 120


@dataclass(frozen=True, slots=True)
class Canaille:
    """A token service at `url`. Tokens of `clients` are for the server `rs`; those of `lone` for nobody."""

    url: str
    clients: tuple[Client, Client]
    rs: Client
    lone: Client
    config: Path
    running: processes.Running

    def post(self, path: str, client: Client, **form: str) -> httpx.Response:
        """A form, sent as this client; the answer, whatever its status."""
        return sent(f"{self.url}{path}", client, **form)

    def token(self, client: Client) -> str:
        """An access token of this client, by client credentials."""
        return granted(f"{self.url}/oauth/token", client, scope="profile")

    def introspected(self, token: str) -> httpx.Response:
        """What the service says of a token to the resource server."""
        return self.post("/oauth/introspect", self.rs, token=token)

    def command(self, *arguments: str) -> Any:
        """What its command line says, as JSON: tokens are in it in clear. Raises RuntimeError."""
        return _said(self.config, *arguments)

    def close(self) -> None:
        """Kill it."""
        self.running.close()


def why_none() -> str | None:
    """What is missing for it here; None where nothing is."""
    try:
        _program()
    except cached.NotHere as error:
        return f"no Canaille: {error}"
    return None


@contextmanager
def canaille(folder: Path) -> Iterator[Canaille]:
    """A new service; its configuration, its SQLite file and its log are in `folder`."""
    port = processes.free_port()
    config = _configured(folder, port)
    _run(config, "install")
    rs = _client(config, "rs")
    one, two = (_client(config, name, "--audience", "rs") for name in ("agent-a", "agent-b"))
    lone = _client(config, "agent-alone")
    started = processes.running(
        [str(_program()), "run", "--bind", f"127.0.0.1:{port}"],
        log=folder / f"canaille-{port}.log",
        is_ready=processes.answers(port, "/.well-known/oauth-authorization-server"),
        within_s=120,
        env={"CANAILLE_CONFIG": str(config)},
    )
    with started as process:
        yield Canaille(f"http://127.0.0.1:{port}", (one, two), rs, lone, config, process)


def _configured(folder: Path, port: int) -> Path:
    config = folder / f"canaille-{port}.toml"
    empty = folder / f"canaille-{port}.empty.toml"
    empty.touch()
    key = " ".join(_run(empty, "jwk", "create", "rsa", "--format", "toml").split())
    lines = [
        f'SECRET_KEY = "{secrets.token_urlsafe(40)}"',
        f'SERVER_NAME = "127.0.0.1:{port}"',
        'PREFERRED_URL_SCHEME = "http"',
        "[CANAILLE_SQL]",
        f'DATABASE_URI = "sqlite:///{folder}/canaille-{port}.db"',
        "[CANAILLE_OIDC]",
        f"ACTIVE_JWKS = [{key}]",
    ]
    config.write_text("\n".join([*lines, ""]))
    return config


def _client(config: Path, name: str, *more: str) -> Client:
    secret = secrets.token_urlsafe(24)
    asked = ["--client-id", name, "--client-name", name, "--client-secret", secret, "--scope", "profile"]
    asked += ["--grant-types", "client_credentials", "--token-endpoint-auth-method", "client_secret_basic"]
    return Client(name, secret, _said(config, "create", "client", *asked, *more)["id"])


def _said(config: Path, *arguments: str) -> Any:
    return json.loads(_run(config, *arguments))


def _run(config: Path, *arguments: str) -> str:
    done = subprocess.run(
        [str(_program()), *arguments],
        env={**os.environ, "CANAILLE_CONFIG": str(config)},
        cwd=config.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=_COMMAND_S,
    )
    if done.returncode:
        raise RuntimeError(f"canaille {' '.join(arguments[:2])}: {done.stderr[-1500:]}")
    return done.stdout


def _program() -> Path:
    product = f"canaille[front,oidc,sqlite,server]=={VERSION}"
    return cached.venv(f"canaille-{VERSION}", product) / "canaille"
