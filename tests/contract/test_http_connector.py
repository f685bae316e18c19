"""The generic connector passes the connectors' suite by the profile that the docs show, in each action."""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mcpsoar.app.settings import Asked, load
from mcpsoar.connectors.http import connect
from mcpsoar.core.ports import Connector
from mcpsoar.core.profile import Binding
from mcpsoar.kit.clock import SystemClock
from mcpsoar.lab.serving import Handle, control_plane
from tests.conftest import ROOT
from tests.contract.connector_suite import ConnectorSuite, Subject
from tests.contract.test_reference_suite import STEPS, in_force, restore

TOML = re.compile(r"^```toml\n(.*?)^```", re.MULTILINE | re.DOTALL)
REFERENCE, EACH, STOP = TOML.findall((ROOT / "docs" / "http.md").read_text())
ADDRESS = "https://plane.example.com/api"


@pytest.fixture(scope="module")
def plane(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Handle]:
    home: Path = tmp_path_factory.mktemp("plane")
    with control_plane(home, servers=("github", "jira"), page_size=2) as handle:
        entry = handle.plane.server("github")
        assert entry is not None
        handle.plane.register(replace(entry, tools=({"name": "delete"}, {"name": "list"})))
        yield handle


def bound(folder: Path, toml: str, role: str, token: str) -> Binding:
    """A role as the settings have it."""
    path = folder / "mcpsoar.toml"
    path.write_text(toml)
    names = {"PLANE_TOKEN": token, "IDP_KEY": token}
    return load(Asked(config=str(path)), names).profile.roles[role]


class TestHttp(ConnectorSuite):
    @pytest.fixture(params=sorted(STEPS))
    def subject(self, plane: Handle, request: pytest.FixtureRequest, tmp_path: Path) -> Subject:
        step = STEPS[request.param]

        def connect_at(url: str, timeout_s: float, settle_s: float) -> Connector:
            times = f'"\ntimeout_s = {timeout_s}\nsettle_s = {settle_s}'
            toml = REFERENCE.replace(f'{ADDRESS}"', url + times)
            return connect(bound(tmp_path, toml, step.role, plane.token), clock=SystemClock())

        return Subject(
            base_url=plane.url,
            connect=connect_at,
            step=step,
            is_in_force=lambda: in_force(plane, step.action),
            restore=lambda: restore(plane, step.action),
            secret=plane.token,
        )
