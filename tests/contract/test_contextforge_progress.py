"""Many tools are switched one by one, and whoever waits sees how far that is."""

from pathlib import Path

import pytest

from mcpsoar.kit import telling
from tests.contract.forge import forge
from tests.contract.orders import ordered


def test_a_long_freeze_says_how_far_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(telling, "EVERY_S", 0.0)
    said: list[str] = []
    with forge() as plane:
        plane.page = 100
        plane.tools = {f"t-{at}": ("g-github", False) for at in range(4)}
        ordered(plane, tmp_path, "github", playbook="freeze-writes", say=said.append)
    told = [line.split("  ", 1)[1] for line in said if " of 4 …" in line]
    assert told == ["force  0 of 4 …", "force  1 of 4 …", "force  2 of 4 …", "force  3 of 4 …"]
