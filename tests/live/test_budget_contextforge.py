"""Many servers on ContextForge with its own limits: no 429, the truth, in the time that was told.

MCPSOAR_MANY says how many (30): a hundred take seven minutes, and some more to set them up.
"""

import os
import re
import time
from collections import Counter
from collections.abc import MutableMapping
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.app import contain, settings
from mcpsoar.app.order import Order
from mcpsoar.core.plan import Direction
from mcpsoar.core.verdict import RunVerdict
from mcpsoar.kit.budget import Budget
from mcpsoar.kit.clock import SystemClock
from tests.conftest import ROOT
from tests.live.peers.contextforge import Store, contextforge, why_none
from tests.live.peers.forge_ground import ground
from tests.live.peers.upstreams import READ, WRITE, upstream

SERVERS = int(os.environ.get("MCPSOAR_MANY", "30"))
_PROFILE = """
[profiles.live]
look_s = 60
[profiles.live.plane]
connector = "contextforge"
url = "{url}"
login = "{email}"
token = {{ env = "FORGE_PASSWORD" }}
workers_s = 0
[profiles.live.canary]
url = "{url}/mcp"
tool = "{{server}}-read-record"
arguments = {{ note = "{{nonce}}" }}
token = {{ env = "CANARY_TOKEN" }}
every_s = 10
hold_s = 30
before_s = 300
timeout_s = 30
control = {{ server = "files", tool = "files-read-record", arguments = {{ note = "control" }} }}
"""


@pytest.mark.timeout(1800)
def test_many_servers_are_contained_within_the_limits_and_the_time_told(
    tmp_path: Path, unasked: MutableMapping[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    heard = Counter[int]()
    hear = Budget.heard

    def counted(budget: Budget, path: str, status: int, *more: Any) -> None:
        heard[status] += 1
        hear(budget, path, status, *more)

    monkeypatch.setattr(Budget, "heard", counted)  # the gateway's own log names no calls
    is_busy = os.getloadavg()[0] > (os.cpu_count() or 1)
    store: Store = "postgresql" if why_none("postgresql") is None else "sqlite"
    if (why := why_none(store)) is not None:
        pytest.skip(why)
    with upstream(tmp_path) as truth, contextforge(tmp_path, store=store, limits=True) as forge:
        plane = ground(forge)
        files = plane.register("files", truth)
        many = plane.register_many(SERVERS, [truth])
        tokens = [plane.token(f"agent-{n}", behind)[0] for n, behind in enumerate(many[:5])]
        plane.forget()
        path = tmp_path / "mcpsoar.toml"
        path.write_text(_PROFILE.format(url=forge.url, email=forge.email))
        environ = {"FORGE_PASSWORD": forge.password, "CANARY_TOKEN": plane.admin}
        found = settings.load(settings.Asked(config=str(path)), environ)
        said: list[str] = []
        began = time.monotonic()
        report = contain.execute(
            Order(tuple(behind.name for behind in many), Direction.APPLY),
            profile=found.profile,
            home=tmp_path / "state",
            pack=ROOT,
            clock=SystemClock(),
            say=said.append,
        )
        took_s = time.monotonic() - began
        told = [line.strip() for line in said if line.lstrip().startswith("expected")]
        print("", *told, f"took {took_s:.0f} s: {report.verdict.value}", sep="\n")  # noqa: T201 (the figures)
        print(f"answers by status: {dict(heard)}")  # noqa: T201
        assert not heard[429], "a call was one too many"
        journal = Path(report.journal_path).read_text()
        assert '"unknown"' not in journal, "a release will want to know how it was before"
        assert report.verdict is RunVerdict.CONTAINED, [
            (step.id, step.detail) for step in report.steps if step.verdict.value != "verified"
        ][:5]
        listed = plane.said("GET", "/v1/tokens/admin/all?include_inactive=true&limit=100")["tokens"]
        assert not [one for one in listed if one["id"] in tokens and one["is_active"]]
        for behind in (many[0], many[-1]):
            before = truth.ran(READ), truth.ran(WRITE)
            for tool in (READ, WRITE):
                plane.call(behind, tool, "after", path="/mcp")
            assert (truth.ran(READ), truth.ran(WRITE)) == before
        plane.call(files, READ, "it goes on", path="/mcp")
        assert truth.ran(READ, "it goes on")
        if is_busy:
            unasked["the time that a run tells before"] = "the machine was busy with other things"
        else:
            assert took_s == pytest.approx(told_s(told[-1]), rel=0.2), told


def told_s(line: str) -> float:
    """The seconds of such a line."""
    minutes, seconds = re.search(r"about (?:(\d+) min)? ?(?:(\d+) s)?", line).groups()  # type: ignore[union-attr]
    return 60.0 * int(minutes or 0) + int(seconds or 0)
