"""What a step touches on a real ContextForge: as it is set up, before a containment and after it."""

from pathlib import Path

import pytest

from mcpsoar.app import contain, settings
from mcpsoar.app.order import Order
from mcpsoar.app.report import document
from mcpsoar.core.digest import Json
from mcpsoar.core.plan import Direction
from mcpsoar.kit.clock import SystemClock
from tests.conftest import ROOT
from tests.live.peers.contextforge import contextforge, why_none
from tests.live.peers.forge_ground import Ground, ground
from tests.live.peers.upstreams import READ, SLOW, WRITE, upstream

_PROFILE = """
[profiles.live]
look_s = 120
[profiles.live.plane]
connector = "contextforge"
url = "{url}"
login = "{email}"
token = {{ env = "FORGE_PASSWORD" }}
workers_s = 0
timeout_s = 60
"""


def told(plane: Ground, home: Path, *, is_dry: bool) -> dict[str, Json]:
    """By step of a containment of crm, what the report says that it touches."""
    path = home / "mcpsoar.toml"
    path.write_text(_PROFILE.format(url=plane.forge.url, email=plane.forge.email))
    found = settings.load(settings.Asked(config=str(path)), {"FORGE_PASSWORD": plane.forge.password})
    report = contain.execute(
        Order(("crm",), Direction.APPLY, dry_run=is_dry),
        profile=found.profile,
        home=home / "state",
        pack=ROOT,
        clock=SystemClock(),
        say=lambda _: None,
    )
    return {step["id"]: step["affects"] for step in document(report)["steps"]}


def test_what_a_step_touches_is_what_is_there(tmp_path: Path) -> None:
    if (why := why_none("sqlite")) is not None:
        pytest.skip(why)
    with upstream(tmp_path) as truth, contextforge(tmp_path, store="sqlite") as forge:
        plane = ground(forge)
        crm, files = plane.register("crm", truth), plane.register("files", truth)
        tools = [crm.tool_ids[READ], files.tool_ids[READ]]
        body = {"server": {"name": "both", "associated_tools": tools}}
        plane.said("POST", "/v1/servers", body)
        for name, behind in (("ours", crm), ("theirs", files), ("any", None)):
            plane.token(name, behind)
        dry = told(plane, tmp_path, is_dry=True)
        assert dry["disable:crm"] == {
            "tools": sorted(crm.called(tool) for tool in (READ, WRITE, SLOW)),
            "may_write": sorted(crm.called(tool) for tool in (WRITE, SLOW)),
            "servers": ["both", "crm-server"],
            "calls_last_day": None,
            "owner": forge.email,
        }
        assert dry["revoke:crm"] == {
            "tokens": 2,
            "kinds": {"scoped": 1, "unscoped": 1},
            "principals": [forge.email],
        }
        assert dry["force"]["servers"] == 2
        after = told(plane, tmp_path, is_dry=False)  # the list shows neither server with a tool of crm now
        assert after["disable:crm"] == dry["disable:crm"]
        assert after["revoke:crm"] == dry["revoke:crm"]
