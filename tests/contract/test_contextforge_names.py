"""A release acts on the entry that was contained, whatever its name means then; two names are one server."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mcpsoar.connectors.contextforge import connect
from mcpsoar.core.errors import Held, Trouble, Usage
from mcpsoar.core.plan import Direction, Step, Undo
from mcpsoar.core.run import Baseline
from mcpsoar.core.verdict import RunVerdict, Verdict
from mcpsoar.kit.clock import SystemClock
from tests.contract.forge import Forge
from tests.contract.forge import forge as served
from tests.contract.orders import ordered, profile_of

DISABLE = Step("disable", "disable", "registry.disable", "registry", "github", Undo.EXACT, ())


@pytest.fixture
def plane() -> Iterator[Forge]:
    with served() as one:
        one.page = 100
        yield one


def moved(plane: Forge) -> None:
    """The name goes to an entry that somebody else had switched off."""
    plane.gateways |= {"g-github": "github-old", "g-bad": "github"}
    plane.tools["t-bad"] = ("g-bad", False)
    plane.off.add("g-bad")


def test_a_name_that_moved_releases_nobody(plane: Forge, tmp_path: Path) -> None:
    ordered(plane, tmp_path, "github")
    moved(plane)
    with pytest.raises(Usage, match=r"github was g-github when run .* contained it, and is g-bad now"):
        ordered(plane, tmp_path, "github", Direction.UNDO)
    assert {"g-bad", "g-github"} <= plane.off


def test_nor_does_the_connector_that_knows_the_entry(plane: Forge) -> None:
    moved(plane)
    connector = connect(profile_of(plane).roles["registry"], clock=SystemClock())
    was = Baseline(False, {"gateway": "g-github", "tools_off": []}, "2026-11-23T15:48:33Z")
    with pytest.raises(Usage, match=r"g-github before .* g-bad now"):
        connector.rollback(DISABLE, was, "key")
    assert connector.verify_rollback(DISABLE, was).verdict is Verdict.CANNOT_TELL
    connector.close()
    assert "g-bad" in plane.off


@pytest.mark.parametrize(("first", "second"), [("github", "g-github"), ("g-github", "github")])
def test_two_names_are_released_together(plane: Forge, tmp_path: Path, first: str, second: str) -> None:
    ordered(plane, tmp_path, first)
    report = ordered(plane, tmp_path, second)
    assert report.servers == (first,)
    report = ordered(plane, tmp_path, second, Direction.UNDO)
    assert (report.verdict, plane.off) == (RunVerdict.RELEASED, set())
    with pytest.raises(Usage, match="nothing to release"):
        ordered(plane, tmp_path, first, Direction.UNDO)


def test_two_names_are_not_worked_on_at_the_same_time(plane: Forge, tmp_path: Path) -> None:
    held: list[Trouble] = []

    def say(line: str) -> None:
        if "begins" in line and not held:
            with pytest.raises(Held) as raised:
                ordered(plane, tmp_path, "g-github")
            held.append(raised.value)

    ordered(plane, tmp_path, "github", say=say)
    assert held
