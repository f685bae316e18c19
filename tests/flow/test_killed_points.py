"""A few points of `python -m tests.killed` in the suite, and the blind repeat that it would tell."""

from pathlib import Path

from mcpsoar.contain.home import Home
from mcpsoar.contain.journal import Journal
from mcpsoar.kit.clock import SystemClock
from mcpsoar.lab.serving import control_plane
from tests.flow.ground import Ground
from tests.killed import __main__ as command
from tests.killed.points import blind_promises, shooting_range

MOMENTS = (3, 16, 29, 42, 55, 68, 81, 94, 107, 120)


def test_ten_points_of_a_run_of_several_servers_on_a_slow_plane() -> None:
    with shooting_range(len(MOMENTS)) as ground:
        points = [ground.kill(moment, at) for at, moment in enumerate(MOMENTS)]
    assert [point for point in points if point.wrong] == []
    assert {point.ended for point in points} <= {"killed", "contained"}
    assert sum(point.ended == "killed" for point in points) > 7


def test_a_blind_promise_is_told(tmp_path: Path) -> None:
    (tmp_path / "plane").mkdir()
    with control_plane(tmp_path / "plane", servers=("github",)) as plane:
        run = Ground(plane, tmp_path / "home").contain("github").run
    home = Home(tmp_path / "home")
    assert list(blind_promises(tmp_path / "home", run)) == []
    path = home.journal(run)
    path.unlink()
    home.anchor(run).unlink()
    journal = Journal(path, home.anchor(run), clock=SystemClock())
    journal.append({"kind": "plan", "run": run})
    for kind in ("intent", "trouble", "intent"):
        journal.append({"kind": kind, "step": "force"})
    journal.close()
    (told,) = blind_promises(tmp_path / "home", run)
    assert told.startswith("force was promised again without a look")


def test_the_command_counts_what_is_wrong() -> None:
    assert command.main(["--points", "1"]) == 0
