"""The doctor on a real ContextForge: what it promises before an incident is so, and it changes nothing."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from mcpsoar.app import doctor, settings
from mcpsoar.app.checkup import Check, State, verdict
from mcpsoar.cli.main import main
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit.clock import SystemClock
from tests.conftest import ROOT
from tests.live.peers.contextforge import contextforge, why_none
from tests.live.peers.forge_ground import Behind, Ground, ground
from tests.live.peers.upstreams import upstream

_PLANE = '[profiles.live.plane]\nconnector = "contextforge"\nurl = "{url}"\n'
_LOGIN = 'login = "{email}"\ntoken = [{{ env = "FORGE_PASSWORD" }}, {{ env = "OLD" }}]\n'
_API = 'token = {{ env = "API_TOKEN" }}\n'


@dataclass
class There:
    plane: Ground
    crm: Behind
    folder: Path

    def settings(self, more: str, top: str = "") -> str:
        forge = self.plane.forge
        text = _PLANE.format(url=forge.url) + more.format(email=forge.email)
        path = self.folder / "mcpsoar.toml"
        path.write_text(f"[profiles.live]\nlook_s = 30\n{top}\n{text}")
        return str(path)

    def told(self, more: str, top: str = "", server: str | None = None) -> tuple[Check, ...]:
        asked = settings.Asked(config=self.settings(more, top))
        made = doctor.doctor(
            settings.load(asked, self.environ),
            home=self.folder / "home",
            pack=ROOT,
            clock=SystemClock(),
            say=lambda _: None,
            server=server,
        )
        return tuple(made)

    @property
    def environ(self) -> dict[str, str]:
        _, api = self.plane.token(f"api-{len(self.tokens())}")
        return {"FORGE_PASSWORD": self.plane.forge.password, "OLD": "an-old-password-1", "API_TOKEN": api}

    def tokens(self) -> dict[str, bool]:
        listed = self.plane.said("GET", "/v1/tokens/admin/all?include_inactive=true&limit=100")["tokens"]
        return {one["id"]: one["is_active"] for one in listed}

    def switches(self) -> dict[str, bool]:
        gateways = self.plane.said("GET", "/v1/gateways?include_inactive=true&limit=0")
        tools = self.plane.said("GET", "/v1/tools?include_inactive=true&limit=0")
        return {one["id"]: one["enabled"] for one in [*gateways, *tools]}


@pytest.fixture
def there(tmp_path: Path) -> Iterator[There]:
    if (why := why_none()) is not None:
        pytest.skip(why)
    with ExitStack() as held:
        truth = held.enter_context(upstream(tmp_path))
        plane = ground(held.enter_context(contextforge(tmp_path)))
        yield There(plane, plane.register("crm", truth), tmp_path)


def words(checks: tuple[Check, ...], state: State) -> str:
    return "\n".join(f"{one.about}: {one.words}" for one in checks if one.state is state)


def test_what_it_says_is_so_and_nothing_is_changed(there: There) -> None:
    before = there.switches()
    told = there.told(_LOGIN, 'protected = ["crm", "cmr"]', server="crm")
    assert verdict(told) is Verdict.NO
    assert "1 gateways, 0 of them off; not in force for crm" in words(told, State.OK)
    assert "crm is known to the registry" in words(told, State.OK)
    assert "its clock" not in words(told, State.BROKEN)
    assert "credential 2 of 2" in words(told, State.BROKEN)
    assert "knows no cmr" in words(told, State.BROKEN)
    assert "cannot list tokens by audience" in words(told, State.LIMIT)

    by_token = there.told(_API)
    assert "an API token lists no tokens" in words(by_token, State.LIMIT)
    refused = [one for one in by_token if one.about == "tokens" and one.state is State.BROKEN]
    assert refused, "the gateway refuses just what the limit says"

    assert there.switches() == before
    assert all(there.tokens().values())


def test_no_name_of_a_protected_gateway_is_a_way_to_it(
    there: There, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    before = there.switches()
    for name, value in there.environ.items():
        monkeypatch.setenv(name, value)
    config = there.settings(_LOGIN, 'protected = ["crm"]')
    group = {"key": there.crm.gateway_id, "state": "page", "numerator": 1, "denominator": None}
    found = there.folder / "found.json"
    found.write_text(json.dumps({"gates": [{"state": "page", "groups": [group]}], "logs": ["a"]}))
    for words_ in (["--from", str(found), "--yes"], [there.crm.gateway_id]):
        home = str(there.folder / "home")
        assert main(["contain", *words_, "--config", config, "--home", home]) == 2
        assert f"'{there.crm.gateway_id}' is protected" in capsys.readouterr().err
    assert there.switches() == before
