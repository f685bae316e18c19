"""The ground: simulated time, and a real server over stdio that is relayed word for word."""

import json
import stat
import sys
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from corpora.clock import SimulatedClock
from corpora.ground import Ground, ground
from corpora.real import Real
from mcpsoar.core.errors import Usage
from mcpsoar.lab.stage import ALICE, BOB

START = datetime(2026, 10, 5, 8, tzinfo=UTC)
TIDES = Real("tides", "tides", ("1", "2"), "pypi", "tides", ("{room}",))
SERVER = """#!{python}
import sys
from mcp.server.mcpserver import MCPServer
from mcp_types import ToolAnnotations

server = MCPServer("tides", log_level="CRITICAL")
reads = ToolAnnotations(read_only_hint=True, open_world_hint=False)

@server.tool(description={text!r}, annotations=reads)
async def level(harbour: str) -> dict[str, int]:
    if harbour == "nowhere":
        raise ValueError("no such harbour")
    return {{harbour: 3}}

server.run("stdio")
"""


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    cache = tmp_path_factory.mktemp("cache")
    for version in TIDES.versions:
        path = cache / "pypi" / f"tides-{version}" / "bin" / "tides"
        path.parent.mkdir(parents=True)
        path.write_text(SERVER.format(python=sys.executable, text=f"The tide, version {version}."))
        path.chmod(path.stat().st_mode | stat.S_IXUSR)
    home = tmp_path_factory.mktemp("home")
    with ground(home, start=START, servers=(TIDES,), cache=cache) as found:
        yield found


def test_a_call_is_logged_at_the_simulated_time_and_took_some(here: Ground) -> None:
    mark = here.mark()
    here.clock.jump(datetime(2026, 10, 6, 3, tzinfo=UTC))
    assert here.stage.fresh(ALICE, "jira").call("search", {"query": "login"}).kind == "executed"
    (event,) = here.since(mark)
    assert str(event["event_time"]).startswith("2026-10-06T03:00:00.")
    assert 0 < float(str(event["latency_ms"])) < 5000


def test_a_token_ends_when_simulated_time_has_passed(here: Ground) -> None:
    client = here.stage.fresh(ALICE, "jira")
    assert client.call("search", {"query": "login"}).kind == "executed"
    here.clock.advance(3601)
    assert client.call("search", {"query": "login"}).kind == "refused"


def test_a_real_server_answers_through_the_gateway(here: Ground) -> None:
    client = here.stage.fresh(BOB, "tides")
    (tool,) = client.list_tools()
    assert tool["annotations"] == {"readOnlyHint": True, "openWorldHint": False}
    assert "outputSchema" in tool
    assert json.loads(client.call("level", {"harbour": "Leith"}).text) == {"Leith": 3}
    mark = here.mark()
    assert client.call("level", {"harbour": "nowhere"}).kind == "error"
    (event,) = here.since(mark)
    assert (event["server_name"], event["action_class"], event["is_error"]) == ("tides", "read", True)


def test_a_deployment_is_announced_and_another_fingerprint_until_it_is_pinned(here: Ground) -> None:
    client = here.stage.fresh(BOB, "tides")
    mark = here.mark()
    client.call("level", {"harbour": "Leith"})
    assert here.deploy("tides", "CHG-7") == "2"
    client.call("level", {"harbour": "Leith"})
    here.lab.pin("tides")
    here.clock.advance(1801)
    client.call("level", {"harbour": "Leith"})
    before, during, after = here.since(mark)
    assert before["server_fingerprint"] != during["server_fingerprint"] == after["server_fingerprint"]
    assert [one["manifest_match"] for one in (before, during, after)] == [True, False, True]
    assert [one.get("change_ticket") for one in (before, during, after)] == [None, "CHG-7", None]
    with pytest.raises(Usage, match="no real server 'jira'"):
        here.deploy("jira", "CHG-8")


def test_the_clock_is_seeded_and_does_not_go_back() -> None:
    first, second = SimulatedClock(START, seed=1), SimulatedClock(START, seed=1)
    assert [first.monotonic() for _ in range(3)] == [second.monotonic() for _ in range(3)]
    with pytest.raises(Usage, match="does not go back"):
        first.jump(START)
