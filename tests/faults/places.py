"""The control planes of the table, by the connector that is asked: each started when it is."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from mcpsoar.lab.serving import control_plane
from tests.contract.forge import forge
from tests.contract.token_service import token_service
from tests.faults.on_forge import OnForge
from tests.faults.on_lab import InToml, OnLab
from tests.faults.place import CONTROL, SERVER, Place
from tests.faults.with_oauth import WithOAuth


@contextmanager
def on_lab(folder: Path) -> Iterator[Place]:
    with control_plane(folder, servers=(SERVER, CONTROL), page_size=2) as plane:
        yield OnLab(plane)


@contextmanager
def in_toml(folder: Path) -> Iterator[Place]:
    with control_plane(folder, servers=(SERVER, CONTROL), page_size=2) as plane:
        yield InToml(plane, folder)


@contextmanager
def on_forge(folder: Path) -> Iterator[Place]:  # noqa: ARG001
    with forge() as plane:
        # a second tool that no disabled gateway switches off along with itself
        plane.tools["t-another"] = ("g-jira", False)
        yield OnForge(plane)


@contextmanager
def with_oauth(folder: Path) -> Iterator[Place]:
    with control_plane(folder, servers=(SERVER, CONTROL), page_size=2) as plane, token_service() as service:
        yield WithOAuth(plane, service)


PLACES = {"reference": on_lab, "http": in_toml, "contextforge": on_forge, "oauth": with_oauth}
