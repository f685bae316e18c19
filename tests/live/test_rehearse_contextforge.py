"""A rehearsal on a real ContextForge: one server is contained and comes back, and nobody else feels it."""

import json
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from mcpsoar.cli.main import main
from tests.live.peers.contextforge import contextforge, why_none
from tests.live.peers.forge_ground import Behind, Ground, ground
from tests.live.peers.upstreams import WRITE, Upstream, upstream

SPARE = "spare"
_PROFILE = """
[profiles.live]
look_s = 120
rehearsal = ["spare"]
[profiles.live.plane]
connector = "contextforge"
url = "{url}"
login = "{email}"
token = {{ env = "FORGE_PASSWORD" }}
workers_s = 0
timeout_s = 60
[profiles.live.canary]
url = "{url}/mcp"
tool = "{{server}}-read-record"
arguments = {{ note = "{{nonce}}" }}
token = {{ env = "CANARY_TOKEN" }}
every_s = 1
hold_s = 5
before_s = 120
timeout_s = 60
control = {{ server = "files", tool = "files-read-record", arguments = {{ note = "control" }} }}
"""


@dataclass
class There:
    plane: Ground
    truth: Upstream
    spare: Behind
    files: Behind

    def writes(self, behind: Behind, note: str) -> bool:
        self.plane.call(behind, WRITE, note, path="/mcp")
        return bool(self.truth.ran(WRITE, note))


@pytest.fixture
def there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[There]:
    if (why := why_none()) is not None:
        pytest.skip(why)
    with ExitStack() as held:
        truth = held.enter_context(upstream(tmp_path))
        forge = held.enter_context(contextforge(tmp_path))
        plane = ground(forge)
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("MCPSOAR_HOME", str(tmp_path / "state"))
        monkeypatch.setenv("FORGE_PASSWORD", forge.password)
        monkeypatch.setenv("CANARY_TOKEN", plane.admin)
        Path("mcpsoar.toml").write_text(_PROFILE.format(url=forge.url, email=forge.email))
        yield There(plane, truth, plane.register(SPARE, truth), plane.register("files", truth))


def test_a_real_server_is_contained_and_back_and_nobody_else_felt_it(
    there: There, capsys: pytest.CaptureFixture[str]
) -> None:
    tokens = {there.plane.token("any-agent")[0], there.plane.token("spare-agent", there.spare)[0]}
    assert there.writes(there.spare, "before")
    assert main(["doctor"]) == 0
    assert "there was none on this profile" in capsys.readouterr().out
    code = main(["contain", SPARE, "--rehearse", "--format", "json"])
    told = json.loads(capsys.readouterr().out)
    ends = [(step["id"], step["verdict"], step["detail"]) for step in told["contain"]["steps"]]
    assert (code, told["verdict"]) == (0, "rehearsed"), ends
    assert [left["step"] for left in told["rehearsal"]["left_out"]] == ["force", "revoke"]
    times = told["timings"]
    assert 0 < times["first_write_s"] < times["acknowledged_s"] < times["verified_s"] < times["released_s"]
    assert times["verified_s"] - times["acknowledged_s"] > 5, "the canary held"
    assert there.writes(there.spare, "after")
    assert there.writes(there.files, "of another")
    listed = there.plane.said("GET", "/v1/tokens/admin/all?include_inactive=true&limit=100")["tokens"]
    assert {one["id"] for one in listed if one["is_active"]} >= tokens
    assert main(["doctor"]) == 0
    assert "  ok       rehearsal    today (" in capsys.readouterr().out
