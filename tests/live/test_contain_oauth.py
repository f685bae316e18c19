"""Containment by a real OAuth token service: a verdict is held against what servers really executed."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest

from mcpsoar.app import contain, settings
from mcpsoar.app.order import Order
from mcpsoar.core.plan import Direction
from mcpsoar.core.run import Report, StepReport
from mcpsoar.core.verdict import RunVerdict, StepVerdict
from mcpsoar.kit.clock import SystemClock
from mcpsoar.lab.serving import control_plane
from tests.conftest import ROOT
from tests.live.peers import canaille, keycloak, oidc_provider
from tests.live.peers.clients import Client
from tests.live.peers.oidc_provider import JWT, OPAQUE, TokenService
from tests.live.peers.processes import wait_until
from tests.live.peers.resource_servers import Kind, Trust, called, resource_server
from tests.live.peers.upstreams import READ, WRITE, Upstream

_CACHE_S = 15.0  # longer than a busy machine takes from the last look to the first call after it
_PROFILE = """
[profiles.live]
look_s = 120
[profiles.live.registry]
url = "{plane}"
token = {{ env = "PLANE" }}
[profiles.live.policy]
url = "{plane}"
token = {{ env = "PLANE" }}
[profiles.live.tokens]
connector = "oauth"
url = "{service}"
held = {{ file = "{home}/held" }}
introspect = {{ id = "{caller.id}", secret = {{ env = "CALLER" }} }}
clients = [
  {{ id = "agent-a", secret = {{ env = "AGENT_A" }} }},
  {{ id = "agent-b", secret = {{ env = "AGENT_B" }} }},
]
names = {{ crm = "{audience}" }}
propagation_s = {cache_s}
timeout_s = 60
{more}
"""
_CANARY = """
[profiles.live.canary]
url = "http://127.0.0.1:{port}/{{server}}/mcp"
tool = "read_record"
arguments = {{ note = "{{nonce}}" }}
token = {{ env = "CANARY" }}
every_s = 0.5
hold_s = 5
timeout_s = 60
before_s = 120
[profiles.live.canary.control]
server = "files"
tool = "read_record"
arguments = {{ note = "control" }}
token = {{ env = "CONTROL" }}
"""


@dataclass
class Bench:
    """What a run is done with. `held` are the lines of the profile's list."""

    home: Path
    plane: tuple[str, str]
    url: str
    caller: Client
    clients: tuple[Client, Client]
    audience: str
    held: list[dict[str, Any]] = field(default_factory=list)

    def hold(self, token: str, client: Client | None, **more: Any) -> str:
        owner = {"client": client.id} if client else {}
        self.held.append({"token": token, "audience": self.audience, **owner, **more})
        return token

    def run(self, canary: str = "", cache_s: float = 0, **environ: str) -> Report:
        (self.home / "held").write_text("\n".join(map(json.dumps, self.held)))
        path = self.home / "mcpsoar.toml"
        path.write_text(
            _PROFILE.format(
                plane=self.plane[0],
                service=self.url,
                home=self.home,
                caller=self.caller,
                audience=self.audience,
                cache_s=cache_s,
                more=canary,
            )
        )
        secrets = {
            "PLANE": self.plane[1],
            "CALLER": self.caller.secret,
            "AGENT_A": self.clients[0].secret,
            "AGENT_B": self.clients[1].secret,
        }
        found = settings.load(settings.Asked(config=str(path)), secrets | environ)
        said: list[str] = []
        report = contain.execute(
            Order(("crm",), Direction.APPLY),
            profile=found.profile,
            home=self.home / "state",
            pack=ROOT,
            clock=SystemClock(),
            say=said.append,
        )
        texts = [secret for secret in secrets.values() if secret != self.plane[1]]
        texts += [one["token"] for one in self.held]
        written = "".join(one.read_text() for one in (self.home / "state").rglob("*") if one.is_file())
        everything = f"{said}{report}{written}"
        assert not [text for text in texts if text in everything]
        return report


@pytest.fixture
def oidc(tmp_path: Path) -> Iterator[TokenService]:
    if (why := oidc_provider.why_none()) is not None:
        pytest.skip(why)
    with oidc_provider.oidc_provider(tmp_path) as one:
        yield one


@contextmanager
def bench(folder: Path, service: Any, caller: Client, audience: str) -> Iterator[Bench]:
    (folder / "plane").mkdir()
    address = getattr(service, "issuer", service.url)
    with control_plane(folder / "plane", servers=("crm",)) as plane:
        yield Bench(folder, (plane.url, plane.token), address, caller, service.clients, audience)


@contextmanager
def attacked(server: Upstream, token: str) -> Iterator[list[float]]:
    """Somebody who writes all the time with a stolen token, as was seen; when a write was executed."""
    executed: list[float] = []
    over = threading.Event()

    def attack() -> None:
        while not over.is_set():
            note = f"attack {time.monotonic()}"
            with suppress(httpx.TransportError):  # no answer: it may have been executed all the same
                called(server, WRITE, note, token)
            if server.ran(WRITE, note):
                executed.append(time.time())
            over.wait(0.1)

    thread = threading.Thread(target=attack)
    thread.start()
    try:
        wait_until(lambda: bool(executed))
        yield executed
    finally:
        over.set()
        thread.join()


def revoked(report: Report) -> StepReport:
    return next(step for step in report.steps if step.action == "tokens.revoke")


def told(report: Report) -> str:
    return "\n".join(one.what for one in report.remaining_exposure)


@dataclass
class Attack:
    """A server of one kind, a stolen token for it, and the canary beside it."""

    there: Bench
    server: Upstream
    stolen: str
    canary: str
    control: str

    def run(self, cache_s: float = 0) -> Report:
        table = _CANARY.format(port=self.server.port)
        return self.there.run(table, cache_s, CANARY=self.canary, CONTROL=self.control)


@contextmanager
def attack_on(oidc: TokenService, folder: Path, kind: Kind) -> Iterator[Attack]:
    runner = (oidc.runner.id, oidc.runner.secret)
    trust = Trust(oidc.url, OPAQUE, f"{oidc.url}/token/introspection", runner)
    if kind == "local_jwt":
        trust = Trust(oidc.url, JWT, f"{oidc.url}/jwks")
    owner, other = oidc.clients
    with ExitStack() as held:
        there = held.enter_context(bench(folder, oidc, oidc.runner, trust.resource))
        cache_s = _CACHE_S if kind == "caching" else 0
        server = held.enter_context(resource_server(folder, kind, trust, cache_s=cache_s))
        stolen, canary = (there.hold(oidc.token(owner, trust.resource), owner) for _ in range(2))
        control = there.hold(oidc.token(other, trust.resource), other, keep=True)
        yield Attack(there, server, stolen, canary, control)


def test_a_verified_revocation_means_that_a_stolen_token_executes_nothing_any_more(
    oidc: TokenService, tmp_path: Path
) -> None:
    owner = oidc.clients[0]
    with attack_on(oidc, tmp_path, "introspecting") as one:
        refresh = one.there.hold(oidc.refresh_token(owner, OPAQUE), owner, kind="refresh_token")
        bought = oidc.refreshed(owner, refresh)
        one.there.hold(bought["refresh_token"], owner, kind="refresh_token")
        with attacked(one.server, one.stolen) as executed:
            report = one.run()
            told_at = time.time()
            time.sleep(3)
        steps = [(step.id, step.verdict, step.detail) for step in report.steps]
        # no gateway is before this server: that the canary's own token is refused too shows no more than that
        assert report.verdict is RunVerdict.UNVERIFIED, steps
        assert "own token may have gone with the others" in str(steps)
        assert revoked(report).verdict is StepVerdict.VERIFIED, steps
        assert executed, "the attack was seen to work"
        assert max(executed) < told_at, "a write was executed after the verdict"
        assert "issuance goes on; disable the client" in told(report)
        assert called(one.server, READ, "control", one.control).status_code == 200
        assert oidc.introspected(bought["access_token"]).json() == {"active": False}
        again = oidc.post("/token", owner, grant_type="refresh_token", refresh_token=bought["refresh_token"])
        assert again.json()["error"] == "invalid_grant"


def test_what_a_cache_remembers_is_not_contained_until_it_has_forgotten(
    oidc: TokenService, tmp_path: Path
) -> None:
    with attack_on(oidc, tmp_path, "caching") as one:
        with attacked(one.server, one.stolen) as executed:
            first = one.run(cache_s=_CACHE_S + 1)
            second = one.run(cache_s=_CACHE_S + 1)
            told_at = time.time()
            time.sleep(3)
        steps = [[(step.id, step.verdict, step.detail) for step in run.steps] for run in (first, second)]
        assert revoked(first).verdict is StepVerdict.VERIFIED, steps
        assert first.verdict is RunVerdict.NOT_CONTAINED, steps
        assert "calls still executed" in str(steps[0])
        assert second.verdict is RunVerdict.UNVERIFIED, steps
        assert "own token may have gone with the others" in str(steps[1])
        assert executed
        assert max(executed) < told_at, "a write was executed after the verdict"


def test_a_jwt_that_servers_read_alone_is_told_with_its_end_and_never_contained(
    oidc: TokenService, tmp_path: Path
) -> None:
    with attack_on(oidc, tmp_path, "local_jwt") as one:
        with attacked(one.server, one.stolen) as executed:
            report = one.run()
            told_at = time.time()
            wait_until(lambda: max(executed) > told_at)  # it still executes, as was said
        steps = [(step.id, step.verdict, step.detail) for step in report.steps]
        assert revoked(report).verdict is StepVerdict.VERIFIED, steps
        assert report.verdict is RunVerdict.NOT_CONTAINED, steps
        open_ = [
            one for one in report.remaining_exposure if "a JWT which this service does not revoke" in one.what
        ]
        assert len(open_) == 2
        for exposure in open_:
            assert exposure.until is not None
            left_s = datetime.fromisoformat(exposure.until).timestamp() - told_at
            assert 3000 < left_s <= 3600


def test_canailles_tokens_are_found_by_its_command_line_and_ended_by_their_clients(tmp_path: Path) -> None:
    if (why := canaille.why_none()) is not None:
        pytest.skip(why)
    with canaille.canaille(tmp_path) as service, bench(tmp_path, service, service.rs, "rs") as there:
        tokens = [service.token(one) for one in service.clients]
        listed = service.command("get", "token", "--audience", service.rs.row)
        for one in listed:
            there.hold(one["access_token"], None)
        assert {one["token"] for one in there.held} == set(tokens)
        report = there.run()
        assert revoked(report).verdict is StepVerdict.VERIFIED, revoked(report).detail
        assert report.verdict is RunVerdict.UNVERIFIED, "no canary saw the data plane refuse"
        assert [service.introspected(one).json() for one in tokens] == [{"active": False}] * 2


def test_of_a_caller_outside_the_audience_canaille_proves_nothing(tmp_path: Path) -> None:
    if (why := canaille.why_none()) is not None:
        pytest.skip(why)
    with canaille.canaille(tmp_path) as service, bench(tmp_path, service, service.lone, "rs") as there:
        there.hold(service.token(service.clients[0]), service.clients[0])
        report = there.run()
        assert revoked(report).verdict is StepVerdict.CANNOT_TELL, revoked(report).detail
        assert report.verdict is RunVerdict.UNVERIFIED


def test_keycloaks_jwts_are_revoked_and_told_for_servers_that_read_them_alone(tmp_path: Path) -> None:
    if (why := keycloak.why_none()) is not None:
        pytest.skip(why)
    with (
        keycloak.keycloak(tmp_path) as realm,
        bench(tmp_path, realm, realm.runner, keycloak.AUDIENCE) as there,
    ):
        owner, other = realm.clients
        ours = there.hold(realm.token(owner), owner)
        kept = there.hold(realm.token(other), other, keep=True)
        report = there.run()
        assert revoked(report).verdict is StepVerdict.VERIFIED, revoked(report).detail
        assert report.verdict is RunVerdict.UNVERIFIED, "no canary saw the data plane refuse"
        assert "a JWT revoked: a server that reads it alone takes it until its end" in told(report)
        assert [realm.introspected(one).json()["active"] for one in (ours, kept)] == [False, True]
        # to a stranger of their audience good tokens are inactive
        stranger = replace(there, caller=owner, home=tmp_path / "stranger", held=[])
        stranger.home.mkdir()
        stranger.hold(realm.token(other), other)
        stranger.hold(realm.token(owner), owner)
        assert revoked(stranger.run()).verdict is StepVerdict.CANNOT_TELL
