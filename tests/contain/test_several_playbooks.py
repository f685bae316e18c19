"""Several playbooks on one server: a release undoes what all of them did, and goes by the journals."""

from pathlib import Path
from shutil import copytree

import pytest

from mcpsoar.app import contain
from mcpsoar.app.order import DEFAULT_PLAYBOOK, Order
from mcpsoar.cli.report_text import lines
from mcpsoar.core.errors import Usage
from mcpsoar.core.plan import Direction
from mcpsoar.core.run import Passage, Report
from mcpsoar.core.verdict import RunVerdict, StepVerdict
from tests.contain.fakes import FakeCanary, FakeClock, FakeConnector, FakePlane, station

ROOT = Path(__file__).resolve().parent.parent.parent
FREEZE = "freeze-writes"


class Scene:
    def __init__(self, folder: Path) -> None:
        self.pack, self.home = folder / "pack", folder / "home"
        copytree(ROOT / "playbooks", self.pack / "playbooks")
        self.clock = FakeClock()
        self.plane = FakePlane({"a": True, "b": True}, {"a": 2, "b": 2})

    def contain(self, server: str, playbook: str = DEFAULT_PLAYBOOK) -> Report:
        return self._order(Order((server,), Direction.APPLY, playbook))

    def release(self, *servers: str, playbook: str = DEFAULT_PLAYBOOK) -> Report:
        return self._order(Order(servers, Direction.UNDO, playbook))

    def _order(self, order: Order) -> Report:
        canary = FakeCanary(self.clock, Passage.EXECUTED)
        connector = FakeConnector(self.plane, self.clock)
        ready = station(self.home, connector, self.clock, canary=canary)
        try:
            return contain.carry_out(order, order.servers, ready, self.pack)
        finally:
            ready.looks.close()


def steps(report: Report) -> dict[str, StepVerdict]:
    return {step.id: step.verdict for step in report.steps}


def test_a_freeze_holds_writes_alone_calls_no_canary_and_says_what_goes_on(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    report = scene.contain("a", FREEZE)
    assert steps(report) == {"force": StepVerdict.VERIFIED}
    assert report.verdict is RunVerdict.CONTAINED
    (left,) = report.remaining_exposure
    assert left.what == "calls to a that do not write: this playbook does not end them"
    said = list(lines(report))
    assert said[0] == "WRITES ARE HELD, for: a"
    assert not any("nothing that these systems know of" in line for line in said)
    assert scene.plane.calls == ["apply force"]
    assert scene.plane.is_forced


def test_a_freeze_is_lifted_by_the_release_of_the_server_that_needed_it(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.contain("a", FREEZE)
    report = scene.release("a")
    assert steps(report) == {"force": StepVerdict.VERIFIED}
    assert report.verdict is RunVerdict.RELEASED
    assert not scene.plane.is_forced


def test_a_freeze_for_one_server_outlives_the_release_of_another(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    freeze = scene.contain("b", FREEZE)
    scene.contain("a")
    report = scene.release("a")
    assert steps(report)["force"] is StepVerdict.SKIPPED
    assert freeze.run in next(step.detail for step in report.steps if step.id == "force")
    assert scene.plane.is_forced
    scene.release("b")
    assert not scene.plane.is_forced


@pytest.mark.parametrize("order", [(FREEZE, DEFAULT_PLAYBOOK), (DEFAULT_PLAYBOOK, FREEZE)])
def test_one_release_undoes_all_playbooks_of_a_server(tmp_path: Path, order: tuple[str, str]) -> None:
    scene = Scene(tmp_path)
    for playbook in order:
        scene.contain("a", playbook)
    report = scene.release("a")
    assert report.playbook == "+".join(order)
    assert report.verdict is RunVerdict.RELEASED
    assert steps(report)["disable:a"] is StepVerdict.VERIFIED
    assert scene.plane.servers["a"]
    assert not scene.plane.is_forced


def test_servers_of_different_playbooks_are_released_together(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.contain("a")
    scene.contain("b", FREEZE)
    report = scene.release("a", "b")
    assert report.verdict is RunVerdict.RELEASED
    assert scene.plane.servers == {"a": True, "b": True}
    assert "undo disable:b" not in scene.plane.calls
    assert not scene.plane.is_forced


def test_a_playbook_that_lacks_what_was_done_is_no_release(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.contain("a")
    with pytest.raises(Usage, match=r"freeze-writes has no \w+:a, which run"):
        scene.release("a", playbook=FREEZE)
    assert not scene.plane.servers["a"]
    assert scene.release("a").verdict is RunVerdict.RELEASED


def test_a_playbook_that_is_gone_stops_no_release(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    digest = scene.contain("a").playbook_digest
    (scene.pack / "playbooks" / f"{DEFAULT_PLAYBOOK}.yml").unlink()
    report = scene.release("a")
    assert report.verdict is RunVerdict.RELEASED
    assert (report.playbook, report.playbook_digest) == (DEFAULT_PLAYBOOK, digest)


def test_one_id_that_means_two_things_is_refused_before_anything_is_sent(tmp_path: Path) -> None:
    scene = Scene(tmp_path)
    scene.contain("a")
    text = (scene.pack / "playbooks" / f"{DEFAULT_PLAYBOOK}.yml").read_text()
    swapped = text.replace("id: disable", "id: x").replace("id: revoke", "id: disable")
    (scene.pack / "playbooks" / "other.yml").write_text(swapped)
    scene.contain("a", "other")
    calls = list(scene.plane.calls)
    with pytest.raises(Usage, match="both have a step 'disable'"):
        scene.release("a")
    assert scene.plane.calls == calls
