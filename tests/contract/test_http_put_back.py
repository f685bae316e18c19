"""An undo of the generic connector puts back what the look saw before, of whatever kind, or says by hand."""

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.app.settings import Asked, load
from mcpsoar.connectors.http import connect
from mcpsoar.core.errors import Unsupported, Usage
from mcpsoar.core.ports import Connector
from mcpsoar.core.run import Baseline
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit.clock import SystemClock
from tests.contract.grants import served
from tests.contract.test_reference_suite import STEPS

FORCE = STEPS["policy.force_write_approval"]
PROFILE = """\
[profiles.p.policy]
connector = "http"
url = "URL"
settle_s = 0.2
[profiles.p.policy.actions."policy.force_write_approval".look]
path = "policy"
in_force = { pointer = "/mode", is = "locked" }
not_in_force = { pointer = "/mode", one_of = ["open", "ask"] }
facts = ["/rules"]
[profiles.p.policy.actions."policy.force_write_approval".do]
method = "PUT"
path = "policy"
body = { mode = "locked", rules = [] }
[profiles.p.policy.actions."policy.force_write_approval".undo]
method = "PUT"
path = "policy"
body = { mode = "{was:/mode}", rules = "{was:/rules}", note = "was {server}" }
"""


class Policy:
    """A plane that takes and gives its policy whole."""

    def __init__(self) -> None:
        self.now: Any = {"mode": "ask", "rules": [{"tool": "{was:/mode}", "limit": 1.5, "on": True}, None]}
        self.sent: list[Any] = []

    def answer(self, method: str, _target: str, _headers: Mapping[str, str], body: Any) -> tuple[int, Any]:
        if method == "PUT":
            self.sent.append(body)
            self.now = {name: body[name] for name in ("mode", "rules")}
        return 200, self.now


@pytest.fixture
def plane() -> Policy:
    return Policy()


@pytest.fixture
def connector(plane: Policy, tmp_path: Path) -> Iterator[Connector]:
    with served(plane.answer) as url:
        made = connected(tmp_path, PROFILE.replace("URL", url).replace(', note = "was {server}"', ""))
        yield made
        made.close()


def connected(folder: Path, toml: str) -> Connector:
    path = folder / "mcpsoar.toml"
    path.write_text(toml)
    (binding,) = load(Asked(config=str(path)), {}).profile.roles.values()
    return connect(binding, clock=SystemClock())


def test_it_is_as_before_and_not_merely_open(plane: Policy, connector: Connector) -> None:
    before = plane.now
    was = connector.baseline(FORCE)
    connector.apply(FORCE, was, "key")
    assert plane.now == {"mode": "locked", "rules": []}
    connector.rollback(FORCE, was, "key-back")
    assert plane.now == before, "what is put back is data: nothing in it is filled"
    assert connector.verify_rollback(FORCE, was).verdict is Verdict.YES


@pytest.mark.parametrize(
    "now", [{"mode": "open", "rules": []}, {"mode": "ask"}, {"mode": "ask", "rules": [1]}]
)
def test_another_open_state_is_not_undone(plane: Policy, connector: Connector, now: Any) -> None:
    was = connector.baseline(FORCE)
    plane.now = now
    seen = connector.verify_rollback(FORCE, was)
    assert seen.verdict is Verdict.NO
    assert "not as before" in seen.detail


@pytest.mark.parametrize("rules", [["x" * 400], "x" * 301])
def test_what_was_too_long_to_keep_is_put_back_by_hand(
    plane: Policy, connector: Connector, rules: Any
) -> None:
    plane.now["rules"] = rules
    was = connector.baseline(FORCE)
    connector.apply(FORCE, was, "key")
    with pytest.raises(Unsupported, match="/rules was before is not known here"):
        connector.rollback(FORCE, was, "key-back")
    assert len(plane.sent) == 1
    assert connector.verify_rollback(FORCE, was).verdict is Verdict.CANNOT_TELL


def test_what_nobody_saw_is_put_back_by_hand(plane: Policy, connector: Connector) -> None:
    for was in (None, Baseline(in_force=False, facts={"/mode": "ask"}, seen_at="")):
        with pytest.raises(Unsupported, match="by hand"):
            connector.rollback(FORCE, was, "key")
    assert not plane.sent


def test_what_was_in_force_before_is_left(plane: Policy, connector: Connector) -> None:
    plane.now["mode"] = "locked"
    was = connector.baseline(FORCE)
    connector.rollback(FORCE, was, "key")
    assert not plane.sent
    assert connector.verify_rollback(FORCE, replace(was)).verdict is Verdict.YES


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("{was:/rules}", "{was:/role}", "does not see /role: name it in its facts"),
        ("{was:/rules}", "{was:rules}", "a brace is part of {server} or {was:/pointer}"),
        ("{was:/rules}", "x {was:/rules}", "a brace is part of"),
        ("{was:/rules}", "{was:/~x}", "~ is written ~0"),
        ("= []", '= "{was:/rules}"', "a brace is part of {server}"),
        (
            'path = "policy"\nbody = { mode = "{',
            'path = "{was:/mode}"\nbody = { mode = "{',
            "a brace is part of",
        ),
    ],
)
def test_a_mistake_is_told_with_its_line(tmp_path: Path, old: str, new: str, words: str) -> None:
    toml = PROFILE.replace("URL", "https://plane.example.com")
    assert old in toml
    with pytest.raises(Usage) as caught:
        connected(tmp_path, toml.replace(old, new))
    assert words in caught.value.message
    line = toml[: toml.index(old)].count("\n") + 1
    assert caught.value.where == f"{tmp_path / 'mcpsoar.toml'}:{line}"
