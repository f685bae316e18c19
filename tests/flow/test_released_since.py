"""A containment that was released since says so, and offers no second release."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcpsoar.app import runs
from mcpsoar.cli.main import main
from mcpsoar.cli.report_text import lines
from mcpsoar.core.plan import Direction
from mcpsoar.core.verdict import RunVerdict
from mcpsoar.lab.faults import Fault
from mcpsoar.lab.serving import Handle, control_plane
from tests.flow.ground import Ground

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def plane(tmp_path: Path) -> Iterator[Handle]:
    (tmp_path / "plane").mkdir()
    with control_plane(tmp_path / "plane", servers=("github", "jira")) as handle:
        yield handle


@pytest.fixture
def ground(plane: Handle, tmp_path: Path) -> Ground:
    return Ground(plane, tmp_path / "home")


def shown(ground: Ground, run: str) -> list[str]:
    return list(lines(runs.show(ground.home, run)))


def starting(words: str, found: list[str]) -> list[str]:
    return [line.strip() for line in found if line.strip().startswith(words)]


def test_a_released_containment_names_the_run_that_released_it(ground: Ground, capsys: Captured) -> None:
    run = ground.contain("github").run
    assert starting("released since", shown(ground, run)) == []
    assert starting("to undo", shown(ground, run))
    assert "released_by" not in runs.listed(ground.home)[0]
    release = ground.release("github")
    found = shown(ground, run)
    assert found[:2] == [
        "CONTAINED: github",
        f"  released since by run {release.run} at {release.extra['finished_at']}",
    ]
    assert starting("to undo", found) == []
    assert starting("to prove", found)
    released_by = [{"run": release.run, "at": release.extra["finished_at"], "servers": ["github"]}]
    assert runs.show(ground.home, run).extra["released_by"] == released_by
    last, first = runs.listed(ground.home)
    assert (first["verdict"], first["released_by"]) == ("contained", released_by)
    assert "released_by" not in last
    assert main(["runs", "list", "--home", str(ground.home), "--format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["runs"] == [last, first]
    assert main(["runs", "list", "--home", str(ground.home)]) == 0
    assert "contained, released since" in capsys.readouterr().out
    assert main(["runs", "show", run, "--home", str(ground.home)]) == 0


def test_what_is_left_of_a_containment_can_still_be_undone(ground: Ground, capsys: Captured) -> None:
    run = ground.contain("github", "jira").run
    release = ground.release("jira")
    found = shown(ground, run)
    assert starting("released since", found) == [
        f"released since by run {release.run} at {release.extra['finished_at']}: jira"
    ]
    assert starting("to undo", found) == ["to undo  mcpsoar release github --yes"]
    assert main(["runs", "list", "--home", str(ground.home)]) == 0
    assert "contained, released in part" in capsys.readouterr().out


def test_a_run_that_was_released_is_not_to_be_resumed(ground: Ground) -> None:
    ground.plane.faults.set(Fault.STATUS, "registry.disable", status=403)
    report = ground.contain("github")
    ground.plane.faults.clear()
    assert report.verdict is RunVerdict.NOT_CONTAINED
    assert starting("next", shown(ground, report.run))
    ground.release("github")
    assert starting("next", shown(ground, report.run)) == []


def test_a_dry_release_released_nothing(ground: Ground) -> None:
    run = ground.contain("github").run
    ground.order("github", direction=Direction.UNDO, dry_run=True)
    assert starting("released since", shown(ground, run)) == []
