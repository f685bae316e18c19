"""What can do nothing at all is said before a run is made of it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mcpsoar.app import contain, settings
from mcpsoar.app.order import Order
from mcpsoar.core.errors import Usage
from mcpsoar.core.plan import Direction
from mcpsoar.core.profile import Network, Profile
from mcpsoar.kit.clock import SystemClock
from tests.conftest import ROOT
from tests.contract.forge import Forge
from tests.contract.forge import forge as served
from tests.contract.orders import profile_of

ONLY_TOOLS = """\
[profiles.tools.plane]
connector = "http"
url = "{url}"
[profiles.tools.plane.actions."registry.disable_tool"]
do = {{ method = "POST", path = "v1/tools/{{tool}}/state" }}
"""


@pytest.fixture
def plane() -> Iterator[Forge]:
    with served() as one:
        yield one


def contained(profile: Profile, home: Path, name: str, playbook: str) -> None:
    contain.execute(
        Order((name,), Direction.APPLY, playbook=playbook),
        profile=profile,
        home=home,
        pack=ROOT,
        clock=SystemClock(),
        say=lambda _: None,
    )


def test_an_authority_that_is_none(plane: Forge, tmp_path: Path) -> None:
    authority = tmp_path / "authority.pem"
    authority.write_text("no PEM", encoding="utf-8")
    profile = profile_of(plane)
    network = Network(ca=str(authority))
    roles = {
        role: replace(bound, base_url="https://gateway.example.com", network=network)
        for role, bound in profile.roles.items()
    }
    home = tmp_path / "home"
    with pytest.raises(Usage, match="no authority can be read") as raised:
        contained(replace(profile, roles=roles), home, "github", "contain-server")
    assert raised.value.where == str(authority)
    assert not (home / "runs").exists()


def test_a_playbook_of_which_nothing_can_be_done(plane: Forge, tmp_path: Path) -> None:
    config = tmp_path / "mcpsoar.toml"
    config.write_text(ONLY_TOOLS.format(url=plane.url), encoding="utf-8")
    profile = settings.load(settings.Asked(config=str(config)), {}).profile
    with pytest.raises(Usage, match=r"no connector of profile tools can do policy\.force_write_approval"):
        contained(profile, tmp_path, "github", "freeze-writes")
    assert not (tmp_path / "runs").exists()
    assert not plane.off
