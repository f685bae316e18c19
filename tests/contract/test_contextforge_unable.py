"""What can do nothing at all is said before a run is made of it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mcpsoar.app import contain
from mcpsoar.app.order import Order
from mcpsoar.core.errors import Usage
from mcpsoar.core.plan import Direction
from mcpsoar.core.profile import Network, Profile
from mcpsoar.kit.clock import SystemClock
from tests.conftest import ROOT
from tests.contract.forge import Forge
from tests.contract.forge import forge as served
from tests.contract.orders import profile_of


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
    with pytest.raises(Usage, match="no connector of profile forge can do"):
        contained(profile_of(plane), tmp_path, "tool:t-write@github", "quarantine-tool")
    assert not (tmp_path / "runs").exists()
    assert not plane.off
