"""A release brings back what was before: where that is no freedom, its report says so first."""

from collections.abc import Callable
from pathlib import Path

import pytest

from mcpsoar.app import contain
from mcpsoar.app.order import Order
from mcpsoar.app.report import document
from mcpsoar.cli.report_text import lines
from mcpsoar.core.errors import Unreachable
from mcpsoar.core.plan import Direction
from mcpsoar.core.run import Report
from mcpsoar.core.verdict import RunVerdict
from tests.contain.fakes import FakeClock, FakeConnector, FakePlane, station

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture
def plane() -> FakePlane:
    return FakePlane({"github": True, "jira": True})


def quiet(_: str) -> None:
    """No trouble."""


def ordered(
    home: Path, plane: FakePlane, direction: Direction, *servers: str, trouble: Callable[[str], None] = quiet
) -> Report:
    clock = FakeClock()
    ready = station(home, FakeConnector(plane, clock, trouble), clock)
    report = contain.carry_out(Order(servers, direction), servers, ready, ROOT)
    ready.looks.close()
    return report


def contained(home: Path, plane: FakePlane, *servers: str, trouble: Callable[[str], None] = quiet) -> str:
    return ordered(home, plane, Direction.APPLY, *servers, trouble=trouble).run


def released(home: Path, plane: FakePlane, *servers: str) -> tuple[list[str], list[tuple[str, str]]]:
    """Of a release that went well: the lines that begin with `still`, and step and reason in the document."""
    report = ordered(home, plane, Direction.UNDO, *servers)
    assert report.verdict is RunVerdict.RELEASED
    shown = list(lines(report))
    still = [line.strip() for line in shown if line.startswith("  still")]
    assert [line.strip() for line in shown[1 : 1 + len(still)]] == still
    return still, [(said["step"], said["why"]) for said in document(report)["still_in_force"]]


def test_where_all_is_back_nothing_is_said(tmp_path: Path, plane: FakePlane) -> None:
    contained(tmp_path, plane, "github")
    assert released(tmp_path, plane, "github") == ([], [])


def test_what_another_home_had_disabled_is_still_disabled(tmp_path: Path, plane: FakePlane) -> None:
    contained(tmp_path / "h2", plane, "jira")
    contained(tmp_path / "h3", plane, "jira", "github")
    shown, said = released(tmp_path / "h3", plane, "jira", "github")
    assert shown == [
        "still disabled, as before the run: jira",
        "still forced, not by these runs: approval of writes",
    ]
    assert said == [("disable:jira", "as before the run"), ("force", "not by these runs")]


def test_what_others_enabled_since_is_not_said_to_be_disabled(tmp_path: Path, plane: FakePlane) -> None:
    plane.servers["jira"] = False
    contained(tmp_path, plane, "jira")
    plane.servers["jira"] = True
    assert released(tmp_path, plane, "jira") == ([], [])


def test_what_others_disabled_since_is_still_disabled(tmp_path: Path, plane: FakePlane) -> None:
    def lost(call: str) -> None:
        if call == "apply disable:jira":
            raise Unreachable("no connection")

    contained(tmp_path, plane, "jira", trouble=lost)
    plane.servers["jira"] = False
    assert released(tmp_path, plane, "jira")[0] == ["still disabled, not by these runs: jira"]


def test_a_policy_forced_before_the_first_run_is_still_forced(tmp_path: Path, plane: FakePlane) -> None:
    plane.force(is_forced=True)
    contained(tmp_path, plane, "github")
    assert released(tmp_path, plane, "github")[0] == ["still forced, not by these runs: approval of writes"]


def test_a_policy_that_another_run_needs_names_that_run(tmp_path: Path, plane: FakePlane) -> None:
    contained(tmp_path, plane, "github")
    other = contained(tmp_path, plane, "jira")
    shown, said = released(tmp_path, plane, "github")
    assert shown == [f"still forced, needed by {other} (jira): approval of writes"]
    assert said == [("force", f"needed by {other} (jira)")]
