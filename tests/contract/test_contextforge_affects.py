"""What a step touches on a ContextForge: which virtual servers are before a gateway is told, or unknown."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcpsoar.core.ports import Connector
from mcpsoar.kit.rooms import Rooms
from tests.contract.forge import Forge, forge
from tests.contract.test_contextforge import DISABLE, FORCE, OWNER, REVOKE, TOOL, connected
from tests.kit.test_markdown import HOSTILE

RECORDED = Path(__file__).parent.parent / "data" / "connectors" / "contextforge"


@pytest.fixture
def plane() -> Iterator[Forge]:
    with forge() as one:
        yield one


@pytest.fixture
def connector(plane: Forge) -> Iterator[Rooms]:
    made = connected(plane.url)
    assert isinstance(made, Rooms)
    yield made
    made.close()


def asked_alone(plane: Forge) -> list[str]:
    return [call for call in plane.calls if call.startswith("GET /v1/servers/")]


def named(plane: Forge, *tools: str) -> list[str]:
    return sorted(plane.tool(one)["name"] for one in tools)


def test_the_look_tells_tools_and_owner(plane: Forge, connector: Connector) -> None:
    told = connector.baseline(DISABLE).affects
    assert told["tools"] == named(plane, "t-read", "t-write")
    assert told["may_write"] == named(plane, "t-write")
    assert told["owner"] == "owner-of-g-github@example.com"
    assert (told["servers"], told["calls_last_day"]) == (None, None)


def test_a_step_on_one_tool_tells_that_tool(plane: Forge, connector: Connector) -> None:
    told = connector.baseline(TOOL).affects
    assert told["tools"] == named(plane, "t-write")
    assert told["owner"] == "owner-of-g-github@example.com"


def test_servers_before_it_are_told_by_one_list(plane: Forge, connector: Rooms) -> None:
    plane.servers["v-both"] = "g-github"
    assert connector.affects(DISABLE)["servers"] == ["v-both", "v-github"]
    assert asked_alone(plane) == []


@pytest.mark.parametrize("off", ["t-write", "g-github"])
def test_one_whose_tools_are_off_is_not_missed(plane: Forge, connector: Rooms, off: str) -> None:
    """The list shows tools alone that are on."""
    plane.tools["t-more"] = ("g-github", True)
    plane.off |= {off, "t-read", "t-more"}
    assert connector.affects(DISABLE)["servers"] == ["v-github"]


def test_too_many_to_be_asked_are_unknown_and_not_none(plane: Forge, connector: Rooms) -> None:
    plane.servers |= {f"v-{n}": "g-jira" for n in range(30)}
    assert connector.affects(DISABLE)["servers"] == ["v-github"]
    plane.off.add("g-github")
    assert connector.affects(DISABLE)["servers"] is None
    assert asked_alone(plane) == []


def test_tokens_are_told_with_their_scope_and_owners(connector: Connector) -> None:
    told = connector.baseline(REVOKE).affects
    assert told == {
        "tokens": 2,
        "kinds": {"scoped": 1, "unscoped": 1},
        "principals": ["owner-of-k-any@example.com", "owner-of-k-github@example.com"],
    }
    assert connector.baseline(OWNER).affects["tokens"] == 1


def test_of_one_token_whose_owner_nobody_tells_no_list_is_whole(plane: Forge, connector: Connector) -> None:
    plane.owners["k-any"] = ""
    assert connector.baseline(REVOKE).affects["principals"] is None


def test_a_freeze_tells_the_tools_that_it_would_switch_off(plane: Forge, connector: Connector) -> None:
    writing = named(plane, "t-other", "t-write")
    assert connector.baseline(FORCE).affects == {"tools": writing, "servers": 2}
    plane.off.add("g-jira")
    assert connector.baseline(FORCE).affects == {"tools": named(plane, "t-write"), "servers": 1}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_kept_as_data(plane: Forge, connector: Rooms, name: str) -> None:
    plane.server_names["v-github"] = name
    plane.edits["g-github"] = {"ownerEmail": name}
    assert connector.affects(DISABLE)["servers"] == [name]
    assert connector.baseline(DISABLE).affects["owner"] == name


def test_what_is_read_stands_in_the_recordings() -> None:
    servers = json.loads((RECORDED / "08-list-servers.json").read_text())["response"]["body"]
    gateways = json.loads((RECORDED / "05-list-gateways.json").read_text())["response"]["body"]
    assert all({"id", "name", "associatedToolIds"} <= one.keys() for one in servers)
    assert all("ownerEmail" in one for one in gateways)
