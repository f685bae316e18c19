"""The generic connector stops issuance as the docs show, and passes the connectors' suite by that."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.connectors.http import connect
from mcpsoar.core.plan import Step, Undo
from mcpsoar.core.ports import Connector
from mcpsoar.kit.clock import SystemClock
from tests.contract.connector_suite import ConnectorSuite, Subject
from tests.contract.grants import KEY, served
from tests.contract.test_http_connector import STOP, bound

ADDRESS = "https://idp.example.com/v2"
SERVER = Step("stop", "stop", "tokens.stop_issuance", "tokens", "github", Undo.EXACT, ())
AGENT = Step("who", "who", "tokens.stop_issuance_principal", "tokens", "principal:agent-7", Undo.EXACT, ())


class Issuing:
    """Whether tokens are issued for a server, or to a client of its own name for it."""

    def __init__(self) -> None:
        self.stopped: dict[str, bool] = {"servers/srv-17": False, "clients/row-7": False}

    def answer(self, method: str, target: str, headers: Mapping[str, str], body: Any) -> tuple[int, Any]:
        if headers.get("x-api-key") != KEY:
            return 401, {"error": "who"}
        name = target.removeprefix("/").removesuffix("/issuance")
        if name not in self.stopped:
            return 404, {"error": "no_such"}
        if method == "PUT":
            self.stopped[name] = body["stopped"]
        return 200, {"stopped": self.stopped[name]}


@pytest.fixture
def plane() -> Issuing:
    return Issuing()


@pytest.fixture
def url(plane: Issuing) -> Iterator[str]:
    with served(plane.answer) as address:
        yield address


def of_clients(toml: str) -> str:
    """The same description, of clients."""
    names = toml.replace("stop_issuance", "stop_issuance_principal").replace(
        'names = { github = "srv-17" }', 'names = { "principal:agent-7" = "row-7" }'
    )
    return names.replace("servers/{server}", "clients/{principal}")


class TestStop(ConnectorSuite):
    @pytest.fixture(params=["server", "principal"])
    def subject(self, plane: Issuing, url: str, tmp_path: Path, request: pytest.FixtureRequest) -> Subject:
        is_server = request.param == "server"
        shown = STOP if is_server else of_clients(STOP)
        name = "servers/srv-17" if is_server else "clients/row-7"

        def at(address: str, timeout_s: float, settle_s: float) -> Connector:
            times = f'{address}"\ntimeout_s = {timeout_s}\nsettle_s = {settle_s}'
            toml = shown.replace(f'{ADDRESS}"', times)
            return connect(bound(tmp_path, toml, "tokens", KEY), clock=SystemClock())

        def restore() -> None:
            plane.stopped[name] = False

        step = SERVER if is_server else AGENT
        return Subject(url, at, step, lambda: plane.stopped[name], restore, KEY)
