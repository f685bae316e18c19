"""An entry that is switched on again switches its tools on: no freeze that others hold ends with it."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from mcpsoar.core.plan import Direction
from mcpsoar.core.verdict import RunVerdict
from tests.conftest import ROOT
from tests.contract.forge import Forge
from tests.contract.forge import forge as served
from tests.contract.orders import ordered

ONLY = "only-disable"


@pytest.fixture
def plane() -> Iterator[Forge]:
    with served() as one:
        one.page = 100
        yield one


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    """The pack with a playbook that has a registry step and nothing else."""
    made = tmp_path / "pack"
    (made / "playbooks").mkdir(parents=True)
    for book in (ROOT / "playbooks").iterdir():
        (made / "playbooks" / book.name).symlink_to(book)
    said = yaml.safe_load((ROOT / "playbooks" / "contain-server.yml").read_text(encoding="utf-8"))
    said["steps"] = [step for step in said["steps"] if step["action"] == "registry.disable"]
    (made / "playbooks" / f"{ONLY}.yml").write_text(yaml.safe_dump(said, sort_keys=False), encoding="utf-8")
    return made


def writes(plane: Forge) -> set[str]:
    return {tool for tool, (_, is_read_only) in plane.tools.items() if plane.is_on(tool) and not is_read_only}


def test_a_release_without_a_policy_of_its_own_keeps_the_freeze_of_another(
    plane: Forge, pack: Path, tmp_path: Path
) -> None:
    home = tmp_path / "home"
    ordered(plane, home, "github", pack=pack, playbook=ONLY)
    ordered(plane, home, "jira", pack=pack, playbook="freeze-writes")
    report = ordered(plane, home, "github", Direction.UNDO, pack=pack)
    assert (report.verdict, writes(plane)) == (RunVerdict.RELEASED, set())
    assert "g-github" not in plane.off
    report = ordered(plane, home, "jira", Direction.UNDO, pack=pack)
    assert (report.verdict, plane.off) == (RunVerdict.RELEASED, set())


@pytest.mark.parametrize("names", [("jira", "github"), ("github", "jira")])
def test_what_a_freeze_had_off_is_on_when_all_is_released(
    plane: Forge, pack: Path, tmp_path: Path, names: tuple[str, str]
) -> None:
    home, kept = tmp_path / "home", {"t-read"}
    plane.off |= kept
    ordered(plane, home, "jira", pack=pack, playbook="freeze-writes")
    ordered(plane, home, "github", pack=pack, playbook=ONLY)
    reports: list[Any] = [ordered(plane, home, name, Direction.UNDO, pack=pack) for name in names]
    assert [one.verdict for one in reports] == [RunVerdict.RELEASED] * 2
    assert plane.off == kept


def test_a_release_alone_asks_after_no_policy(plane: Forge, pack: Path, tmp_path: Path) -> None:
    home = tmp_path / "home"
    ordered(plane, home, "github", pack=pack, playbook=ONLY)
    report = ordered(plane, home, "github", Direction.UNDO, pack=pack)
    assert [step.id for step in report.steps] == ["disable:github"]
