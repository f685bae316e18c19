"""A freeze holds what may write: what calls itself read-only stays on, is told, and is no doubt."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from mcpsoar.core.run import Exposure
from mcpsoar.core.verdict import RunVerdict
from tests.contract.forge import Forge
from tests.contract.forge import forge as served
from tests.contract.orders import ordered

ON = Exposure("1 tool calls itself read-only and stays on", None, is_beside=True)


@pytest.fixture
def plane() -> Iterator[Forge]:
    with served() as one:
        one.page = 100
        yield one


def test_a_freeze_is_contained_and_says_what_stays_on(plane: Forge, tmp_path: Path) -> None:
    report = ordered(plane, tmp_path, "github", playbook="freeze-writes")
    assert (report.verdict, plane.off) == (RunVerdict.CONTAINED, {"t-write", "t-other"})
    assert ON in report.remaining_exposure


def test_a_token_that_outlives_it_is_a_doubt_as_before(plane: Forge, tmp_path: Path) -> None:
    plane.tools["t-safe"] = ("g-jira", True)
    report = ordered(plane, tmp_path, "github")
    assert report.verdict is RunVerdict.UNVERIFIED
    assert ON in report.remaining_exposure


def test_so_is_a_worker_that_has_not_noticed(plane: Forge, tmp_path: Path) -> None:
    """Calls of tools that may write go on there: that is what a freeze is for."""
    report = ordered(plane, tmp_path, "github", playbook="freeze-writes", workers_s=65)
    assert report.verdict is RunVerdict.UNVERIFIED
    assert any(one.until is not None for one in report.remaining_exposure)
