"""One tool in quarantine on a real ContextForge, beside a freeze and its server's own switch."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mcpsoar.app import contain, settings
from mcpsoar.app.order import DEFAULT_PLAYBOOK, Order
from mcpsoar.core.plan import Direction
from mcpsoar.core.run import Report
from mcpsoar.core.verdict import RunVerdict, StepVerdict
from mcpsoar.kit.clock import SystemClock
from tests.conftest import ROOT
from tests.live.peers.contextforge import contextforge, why_none
from tests.live.peers.forge_ground import Behind, Ground, ground
from tests.live.peers.upstreams import READ, WRITE, Upstream, upstream

_PROFILE = """
[profiles.live]
look_s = 120
[profiles.live.plane]
connector = "contextforge"
url = "{url}"
token = {{ env = "FORGE_TOKEN" }}
workers_s = 0
timeout_s = 60
"""
TOOL = f"tool:{WRITE}@crm"
UNDO = Direction.UNDO


class Bench:
    """Two entries whose tools are called alike; `on` is what really executes."""

    def __init__(self, plane: Ground, truth: Upstream, home: Path) -> None:
        self.plane, self.truth, self.home = plane, truth, home
        self.crm, self.files = plane.register("crm", truth), plane.register("files", truth)
        self._count = 0

    def run(
        self,
        name: str,
        direction: Direction = Direction.APPLY,
        playbook: str = DEFAULT_PLAYBOOK,
        *,
        changed_too: bool = False,
    ) -> Report:
        path = self.home / "mcpsoar.toml"
        path.write_text(_PROFILE.format(url=self.plane.forge.url))
        found = settings.load(settings.Asked(config=str(path)), {"FORGE_TOKEN": self.plane.admin})
        return contain.execute(
            Order((name,), direction, playbook, changed_too=changed_too),
            profile=found.profile,
            home=self.home / "state",
            pack=ROOT,
            clock=SystemClock(),
            say=lambda _: None,
        )

    def quarantine(self, name: str = TOOL) -> Report:
        report = self.run(name, playbook="quarantine-tool")
        assert report.verdict is RunVerdict.CONTAINED, told(report)
        return report

    def freeze(self) -> Report:
        return self.run("files", playbook="freeze-writes")

    def release(self, name: str, *, changed_too: bool = False) -> Report:
        report = self.run(name, UNDO, changed_too=changed_too)
        assert report.verdict is RunVerdict.RELEASED, told(report)
        return report

    def call(self, tool: str, name: str) -> None:
        """Give a tool of crm another name."""
        self.plane.said("PUT", f"/v1/tools/{self.crm.tool_ids[tool]}", {"customName": name})

    def on(self, behind: Behind) -> set[str]:
        """Its tools that execute, by any road; all roads agree."""
        return {tool for tool in (READ, WRITE) if self._executes(behind, tool)}

    def _executes(self, behind: Behind, tool: str) -> bool:
        answers = set()
        for road in self.plane.routes(behind).values():
            self._count += 1
            note = f"{behind.name} {self._count}"
            self.plane.call(behind, tool, note, path=road)
            answers.add(self.truth.ran(tool, note) > 0)
        assert len(answers) == 1, f"{tool} of {behind.name} is on by one road and off by another"
        return answers.pop()


def told(report: Report) -> list[tuple[str, str, str]]:
    return [(step.id, step.verdict.value, step.detail) for step in report.steps]


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Bench]:
    if (why := why_none("sqlite")) is not None:
        pytest.skip(why)
    with upstream(tmp_path) as truth, contextforge(tmp_path, store="sqlite") as forge:
        yield Bench(ground(forge), truth, tmp_path)


def test_one_tool_is_off_by_every_road_and_comes_back(there: Bench) -> None:
    there.quarantine()
    assert there.on(there.crm) == {READ}
    assert there.on(there.files) == {READ, WRITE}, "a tool of the same name"
    assert there.quarantine().steps[0].verdict is StepVerdict.ALREADY
    there.release(TOOL)
    assert there.on(there.crm) == {READ, WRITE}


def test_a_freeze_and_a_quarantine_end_each_for_itself(there: Bench) -> None:
    frozen = there.freeze()
    there.quarantine()
    there.release("files")
    assert there.on(there.files) == {READ, WRITE}
    assert there.on(there.crm) == {READ}, "the lift leaves what is in quarantine"
    frozen = there.freeze()
    report = there.release(TOOL)
    assert f"frozen, by {frozen.run}" in " ".join(step.detail for step in report.steps)
    assert there.on(there.crm) == {READ}
    there.release("files")
    assert there.on(there.crm) == {READ, WRITE}


def test_an_entry_and_a_tool_of_it_end_each_for_itself(there: Bench) -> None:
    there.quarantine(f"tool:{READ}@crm")
    there.run("crm")
    assert not there.on(there.crm)
    there.release("crm")
    assert there.on(there.crm) == {WRITE}, "enabling an entry enables all its tools"
    there.run("crm")
    there.release(f"tool:{READ}@crm")
    assert not there.on(there.crm), "a tool that is switched on under an entry that is off executes"
    there.release("crm")
    assert there.on(there.crm) == {READ, WRITE}
    assert there.on(there.files) == {READ, WRITE}


def test_an_entry_that_is_off_while_a_tool_of_it_executes_is_not_contained(there: Bench) -> None:
    there.plane.switch("gateways", there.crm.gateway_id, activate=False)
    there.plane.switch("tools", there.crm.tool_ids[WRITE], activate=True)
    there.plane.switch("gateways", there.crm.gateway_id, activate=False)
    assert there.on(there.crm) == {WRITE}, "so it is with 1.0.7"
    report = there.run("crm")
    disable = next(step for step in report.steps if step.id == "disable:crm")
    assert disable.verdict is StepVerdict.VERIFIED, disable.detail
    assert not there.on(there.crm)
    there.run("crm", UNDO)
    assert there.on(there.crm) == {WRITE}, "as it was before"


def test_a_name_that_went_to_another_tool_is_not_what_comes_back(there: Bench) -> None:
    name = "tool:crm-write-record@crm"
    there.quarantine(name)
    there.call(WRITE, "innocent")
    there.call(READ, "write-record")
    there.plane.switch("tools", there.crm.tool_ids[READ], activate=False)
    report = there.release(name, changed_too=True)
    assert there.crm.tool_ids[WRITE] in report.steps[0].detail
    listed = f"/v1/tools?gateway_id={there.crm.gateway_id}&include_inactive=true&limit=0"
    on = {one["originalName"]: one["enabled"] for one in there.plane.said("GET", listed)}
    assert (on[WRITE], on[READ]) == (True, False)
