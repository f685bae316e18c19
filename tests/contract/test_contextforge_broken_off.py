"""A freeze of many tools that broke off, or whose process was killed, is undone whole all the same."""

import os
import signal
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.app import runs
from mcpsoar.core.plan import Direction
from mcpsoar.core.verdict import RunVerdict, StepVerdict
from mcpsoar.kit.clock import SystemClock
from tests.conftest import ROOT
from tests.contract.forge import Forge
from tests.contract.forge import forge as served
from tests.contract.orders import ordered, profile_of

MANY = {f"t-w{number}": ("g-jira", False) for number in range(6)}


@pytest.fixture
def plane() -> Any:
    with served() as one:
        one.page = 100
        one.tools |= MANY
        yield one


def off(plane: Forge) -> list[str]:
    return [tool for tool in plane.tools if not plane.is_on(tool)]


def test_one_that_broke_off_half_and_was_not_looked_at_before(plane: Forge, tmp_path: Path) -> None:
    answer, switched = plane.answer, [0]

    def failing(method: str, target: str, token: str, body: Any) -> tuple[int, Any]:
        if method == "GET" and target.startswith("/v1/tools?"):
            time.sleep(0.5)  # longer than a look may take
        if method == "POST" and "/tools/" in target:
            switched[0] += 1
            if switched[0] == 4:
                return 503, {"detail": "busy"}
        return answer(method, target, token, body)

    plane.answer = failing  # type: ignore[method-assign]
    report = ordered(plane, tmp_path, "jira", playbook="freeze-writes", look_s=0.3)
    assert [step.verdict for step in report.steps] == [StepVerdict.VERIFIED]
    plane.answer = answer  # type: ignore[method-assign]
    report = ordered(plane, tmp_path, "jira", Direction.UNDO)
    assert (report.verdict, off(plane)) == (RunVerdict.RELEASED, [])


def test_one_whose_process_was_killed(plane: Forge, tmp_path: Path) -> None:
    answer, switched, victim = plane.answer, [0], [0]

    def killing(method: str, target: str, token: str, body: Any) -> tuple[int, Any]:
        said = answer(method, target, token, body)
        if method == "POST" and "/tools/" in target and victim[0]:
            switched[0] += 1
            if switched[0] == 4:
                os.kill(victim[0], signal.SIGKILL)
                victim[0] = 0
        return said

    plane.answer = killing  # type: ignore[method-assign]
    code = (
        "import sys; from pathlib import Path; from tests.contract.forge import Forge;"
        "from tests.contract.orders import ordered;"
        "ordered(Forge(url=sys.argv[1]), Path(sys.argv[2]), 'jira', playbook='freeze-writes')"
    )
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    child = os.spawnve(
        os.P_NOWAIT, sys.executable, [sys.executable, "-c", code, plane.url, str(tmp_path)], environ
    )
    victim[0] = child
    _, status = os.waitpid(child, 0)
    assert os.WTERMSIG(status) == signal.SIGKILL
    assert len(off(plane)) == 4
    run = str(runs.listed(tmp_path)[0]["run"])
    again = runs.resume(
        tmp_path, run, profile=profile_of(plane), pack=ROOT, clock=SystemClock(), say=lambda _: None
    )
    assert [step.verdict for step in again.steps] == [StepVerdict.VERIFIED]
    report = ordered(plane, tmp_path, "jira", Direction.UNDO)
    assert (report.verdict, off(plane)) == (RunVerdict.RELEASED, [])
