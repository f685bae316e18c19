"""Issuance stopped on a real Keycloak: its token endpoint and its introspection tell, not what a PUT said."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from mcpsoar.app import contain, settings
from mcpsoar.app.order import Order
from mcpsoar.core.plan import Direction
from mcpsoar.core.run import Report, StepReport
from mcpsoar.core.verdict import StepVerdict
from mcpsoar.kit.clock import SystemClock
from mcpsoar.lab.serving import control_plane
from tests.conftest import ROOT
from tests.live.peers import keycloak
from tests.live.peers.clients import Client
from tests.live.peers.processes import wait_until

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
url = "{realm}"
held = {{ file = "{home}/held" }}
introspect = {{ id = "runner", secret = {{ env = "RUNNER" }} }}
clients = [
  {{ id = "agent-a", secret = {{ env = "A" }}, audiences = ["{audience}"] }},
  {{ id = "agent-c", secret = {{ env = "C" }}, audiences = ["{audience}"] }},
]
names = {{ crm = "{audience}" }}
timeout_s = 60
[profiles.live.tokens.issuance]
token = {{ env = "ADMIN" }}
names = {names}
unknown = {{ status = 404, pointer = "/error", is = "Could not find client" }}
[profiles.live.tokens.issuance.look]
path = "admin/realms/peers/clients/{{principal}}"
in_force = {{ pointer = "/enabled", is = false }}
not_in_force = {{ pointer = "/enabled", is = true }}
[profiles.live.tokens.issuance.do]
method = "PUT"
path = "admin/realms/peers/clients/{{principal}}"
body = {body}
done = {{ status = 204 }}
[profiles.live.tokens.issuance.undo]
method = "PUT"
path = "admin/realms/peers/clients/{{principal}}"
body = {{ enabled = true }}
done = {{ status = 204 }}
"""
_OFF = "{ enabled = false }"
_OFF_AND_OLD = '{ enabled = false, notBefore = "{now+1}" }'


@dataclass
class Site:
    """A realm, the registry beside it, and where runs are kept. `late` is disabled from the beginning."""

    realm: keycloak.Keycloak
    plane: tuple[str, str]
    late: Client
    home: Path

    @property
    def owner(self) -> Client:
        return self.realm.clients[0]

    def hold(self) -> tuple[str, str]:
        """A token that is to go, and one that stays."""
        ours, kept = (self.realm.token(client) for client in self.realm.clients)
        held: list[dict[str, Any]] = [{"token": ours, "client": "agent-a"}]
        held.append({"token": kept, "client": "agent-b", "keep": True})
        lines = (json.dumps({**one, "audience": keycloak.AUDIENCE}) for one in held)
        (self.home / "held").write_text("\n".join(lines))
        return ours, kept

    def run(self, direction: Direction, body: str, *names: str, playbook: str = "contain-server") -> Report:
        rows = {client.id: client.row for client in (*self.realm.clients, self.late)}
        named = ", ".join(f'{name} = "{row}"' for name, row in rows.items())
        text = _PROFILE.format(
            plane=self.plane[0],
            realm=self.realm.issuer,
            home=self.home,
            audience=keycloak.AUDIENCE,
            names=f"{{ {named} }}",
            body=body,
        )
        path = self.home / "mcpsoar.toml"
        path.write_text(text)
        secrets = {
            "PLANE": self.plane[1],
            "RUNNER": self.realm.runner.secret,
            "A": self.owner.secret,
            "C": self.late.secret,
            "ADMIN": self._admin(),
        }
        found = settings.load(settings.Asked(config=str(path)), secrets)
        report = contain.execute(
            Order(names, direction, playbook=playbook),
            profile=found.profile,
            home=self.home / "state",
            pack=ROOT,
            clock=SystemClock(),
            say=lambda _: None,
        )
        written = "".join(one.read_text() for one in (self.home / "state").rglob("*") if one.is_file())
        assert not [name for name, secret in secrets.items() if name != "PLANE" and secret in written]
        return report

    def refusal(self, client: Client) -> int:
        """The status of its token endpoint."""
        return self.realm.post("/token", client, grant_type="client_credentials").status_code

    def is_active(self, token: str) -> bool:
        return bool(self.realm.introspected(token).json()["active"])

    def _admin(self) -> str:
        """A minute of an administrator."""
        form = {"grant_type": "password", "client_id": "admin-cli"}
        form |= {"username": self.realm.admin, "password": self.realm.password}
        url = f"{self.realm.url}/realms/master/protocol/openid-connect/token"
        with httpx.Client(timeout=60, trust_env=False) as client:
            token: str = client.post(url, data=form).raise_for_status().json()["access_token"]
            return token


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    if (why := keycloak.why_none()) is not None:
        pytest.skip(why)
    home = tmp_path_factory.mktemp("keycloak")
    (home / "plane").mkdir()
    with keycloak.keycloak(home) as realm, control_plane(home / "plane", servers=("crm",)) as plane:
        late = {"clientId": "agent-c", "secret": "of-a-client-that-is-off", "serviceAccountsEnabled": True}
        realm.ask("POST", "/clients", {**late, "enabled": False}).raise_for_status()
        (row,) = realm.ask("GET", "/clients?clientId=agent-c").json()
        yield Site(realm, (plane.url, plane.token), Client("agent-c", late["secret"], row["id"]), home)  # type: ignore[arg-type]


def step(report: Report, action: str) -> StepReport:
    return next(one for one in report.steps if one.action == action)


def test_no_token_comes_after_and_the_release_lets_in_whom_the_run_had_stopped(site: Site) -> None:
    ours, kept = site.hold()
    assert urlsplit(site.realm.issuer).path == "/realms/peers"
    assert (site.refusal(site.owner), site.refusal(site.late)) == (200, 401)
    report = site.run(Direction.APPLY, _OFF_AND_OLD, "crm")
    stopped = step(report, "tokens.stop_issuance")
    assert stopped.verdict is StepVerdict.VERIFIED, stopped.detail
    assert stopped.evidence["before"]["facts"]["open"] == ["agent-a"]
    assert site.refusal(site.owner) == 401
    assert [site.is_active(one) for one in (ours, kept)] == [False, True]
    revoked = step(report, "tokens.revoke")
    assert revoked.verdict in (StepVerdict.VERIFIED, StepVerdict.ALREADY), revoked.detail
    back = step(site.run(Direction.UNDO, _OFF_AND_OLD, "crm"), "tokens.stop_issuance")
    assert back.verdict is StepVerdict.VERIFIED, back.detail
    assert (site.refusal(site.owner), site.refusal(site.late)) == (200, 401)
    assert not site.is_active(ours), "it was issued before the new notBefore"
    wait_until(lambda: site.is_active(site.realm.token(site.owner)))


def test_without_a_new_not_before_old_tokens_come_back_with_their_client_and_that_is_told(site: Site) -> None:
    who = "principal:agent-a"
    wait_until(lambda: site.is_active(site.hold()[0]))  # the notBefore of the test above is past
    ours = json.loads((site.home / "held").read_text().splitlines()[0])["token"]
    report = site.run(Direction.APPLY, _OFF, who, playbook="contain-token")
    stopped = step(report, "tokens.stop_issuance_principal")
    assert stopped.verdict is StepVerdict.VERIFIED, stopped.detail
    assert (site.refusal(site.owner), site.is_active(ours)) == (401, False)
    told = [one for one in report.remaining_exposure if "was not seen revoked" in one.what]
    assert [one.until is not None for one in told] == [True], report.remaining_exposure
    back = step(site.run(Direction.UNDO, _OFF, who), "tokens.stop_issuance_principal")
    assert back.verdict is StepVerdict.VERIFIED, back.detail
    assert "1 held tokens of them are active: they were never revoked" in back.detail
    assert site.is_active(ours)
