"""The real Keycloak from Maven: a realm with two clients that have tokens, and one that asks about them."""

import os
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

VERSION = "26.7.3"
AUDIENCE = "https://files.example.com/mcp"
_REALM = "peers"
# as it was built: start-dev would build it again, for two tests at once in one folder
_STARTED = ("--optimized", "--http-enabled=true", "--hostname-strict=false", "--http-host=127.0.0.1")
_ANSWER_S = 60
_COORDINATES = f"org.keycloak:keycloak-quarkus-dist:{VERSION}:tar.gz"


@dataclass(frozen=True, slots=True)
class Keycloak:
    """A realm whose tokens come from `issuer`; `clients` get tokens, `runner` may introspect."""

    url: str
    admin: str
    password: str
    clients: tuple[Client, Client]
    runner: Client
    running: processes.Running

    @property
    def issuer(self) -> str:
        """The realm's own address."""
        return f"{self.url}/realms/{_REALM}"

    def post(self, path: str, client: Client, **form: str) -> httpx.Response:
        """A form, sent below the realm's protocol as this client; the answer, whatever its status."""
        return sent(f"{self.issuer}/protocol/openid-connect{path}", client, **form)

    def token(self, client: Client) -> str:
        """An access token of the client's service account, for AUDIENCE."""
        return granted(f"{self.issuer}/protocol/openid-connect/token", client)

    def introspected(self, token: str) -> httpx.Response:
        """What the realm says of a token to the runner's own client."""
        return self.post("/token/introspect", self.runner, token=token)

    def ask(self, method: str, path: str, body: Any = None) -> httpx.Response:
        """One call to the realm's admin API, with a token of its own: they last a minute."""
        return _asked(self.url, (self.admin, self.password), method, f"/{_REALM}{path}", body)

    def close(self) -> None:
        """Kill it."""
        self.running.close()


def why_none() -> str | None:
    """What is missing for it here; None where nothing is."""
    if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
        return "no Keycloak: neither $JAVA_HOME nor java is here"
    try:
        _folder()
    except cached.NotHere as error:
        return f"no Keycloak: {error}"
    return None


@contextmanager
def keycloak(folder: Path) -> Iterator[Keycloak]:
    """A new server with the realm, in memory."""
    port, admin, password = processes.free_port(), "admin", secrets.token_urlsafe(24)
    url = f"http://127.0.0.1:{port}"
    command = [str(_folder() / "bin/kc.sh"), "start", *_STARTED]
    started = processes.running(
        [*command, f"--http-port={port}"],
        log=folder / f"keycloak-{port}.log",
        is_ready=processes.answers(port, "/realms/master"),
        within_s=400,
        env={
            "KC_BOOTSTRAP_ADMIN_USERNAME": admin,
            "KC_BOOTSTRAP_ADMIN_PASSWORD": password,
            "JAVA_OPTS_KC_HEAP": "-Xms64m -Xmx512m",
            "JAVA_OPTS_APPEND": "-XX:TieredStopAtLevel=1",  # it lives for a minute
        },
    )
    with started as process:
        given = {name: secrets.token_urlsafe(24) for name in ("agent-a", "agent-b", "runner")}
        realm = {"realm": _REALM, "enabled": True, "sslRequired": "none"}
        realm["clients"] = [_client(name, secret) for name, secret in given.items()]
        _asked(url, (admin, password), "POST", "", realm).raise_for_status()
        listed = _asked(url, (admin, password), "GET", f"/{_REALM}/clients").raise_for_status().json()
        uuids = {one["clientId"]: one["id"] for one in listed}
        one, two, runner = (Client(name, secret, uuids[name]) for name, secret in given.items())
        yield Keycloak(url, admin, password, (one, two), runner, process)


def _client(name: str, secret: str) -> dict[str, Any]:
    return {
        "clientId": name,
        "secret": secret,
        "publicClient": False,
        "standardFlowEnabled": False,
        "serviceAccountsEnabled": True,
        # who introspects a token must be among its audience: to all others it is inactive
        "protocolMappers": [
            _audience("server", {"included.custom.audience": AUDIENCE}),
            _audience("runner", {"included.client.audience": "runner"}),
        ],
    }


def _audience(name: str, config: dict[str, str]) -> dict[str, Any]:
    return {
        "name": name,
        "protocol": "openid-connect",
        "protocolMapper": "oidc-audience-mapper",
        "config": {**config, "access.token.claim": "true"},
    }


def _asked(url: str, who: tuple[str, str], method: str, path: str, body: Any = None) -> httpx.Response:
    with httpx.Client(base_url=url, timeout=_ANSWER_S, trust_env=False) as client:
        form = {"grant_type": "password", "client_id": "admin-cli", "username": who[0], "password": who[1]}
        answer = client.post("/realms/master/protocol/openid-connect/token", data=form).raise_for_status()
        headers = {"Authorization": f"Bearer {answer.json()['access_token']}"}
        return client.request(method, f"/admin/realms{path}", json=body, headers=headers)


def _folder() -> Path:
    def make(folder: Path) -> None:
        copy = ["mvn", "-q", "-B", "dependency:copy", f"-DoutputDirectory={folder}"]
        cached.done([*copy, f"-Dartifact={_COORDINATES}"], cwd=folder)
        for packed in folder.glob("*.tar.gz"):
            shutil.unpack_archive(packed, folder, filter="data")
            packed.unlink()
        cached.done([str(folder / f"keycloak-{VERSION}/bin/kc.sh"), "build", "--db=dev-mem"])

    return cached.made(f"keycloak-{VERSION}", make) / f"keycloak-{VERSION}"
