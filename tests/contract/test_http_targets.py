"""The generic connector acts on what is no server: one tool of one, and one client's or person's tokens."""

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

from mcpsoar.app.settings import Asked, load
from mcpsoar.connectors.http import connect
from mcpsoar.core.errors import UnknownTarget, Usage
from mcpsoar.core.plan import Step, Undo
from mcpsoar.core.ports import Connector
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit.clock import SystemClock
from tests.contract.grants import served

PROFILE = """\
[profiles.p.plane]
connector = "http"
url = "URL"
settle_s = 0.2
names = { files = "srv-9" }
[profiles.p.plane.actions."registry.disable_tool"]
unknown = { status = 404 }
look = { path = "servers/{server}/tools/{tool}", in_force = OFF, not_in_force = ON }
do = { method = "PUT", path = "servers/{server}/tools/{tool}", body = { on = false } }
undo = { method = "PUT", path = "servers/{server}/tools/{tool}", body = { on = true } }
[profiles.p.plane.actions."tokens.revoke_principal".look]
path = "tokens"
query = { who = "{principal}" }
items = ""
whole = true
empty_is_unknown = true
id = "/id"
of = { pointer = "/who", is = "{principal}" }
not_in_force = { pointer = "/on", is = true }
in_force = { pointer = "/on", is = false }
[profiles.p.plane.actions."tokens.revoke_principal".do]
method = "DELETE"
path = "tokens/{item}"
""".replace("OFF", '{ pointer = "/on", is = false }').replace("ON", '{ pointer = "/on", is = true }')


class Plane:
    def __init__(self) -> None:
        self.tools = {
            ("srv-9", "delete_file"): True,
            ("srv-9", "a/../b"): True,
            ("srv-8", "delete_file"): True,
        }
        self.tokens = {"t-1": "agent-7", "t-2": "agent-8", "t-3": "agent-7"}
        self.ended: set[str] = set()

    def answer(self, method: str, target: str, _headers: Mapping[str, str], body: Any) -> tuple[int, Any]:
        path = [unquote(part) for part in target.partition("?")[0].split("/")][1:]
        match method, path:
            case _, ["servers", server, "tools", tool]:
                if (server, tool) not in self.tools:
                    return 404, {"error": "none"}
                if method == "PUT":
                    self.tools[server, tool] = body["on"]
                return 200, {"on": self.tools[server, tool]}
            case "GET", ["tokens"]:
                return 200, [
                    {"id": one, "who": who, "on": one not in self.ended} for one, who in self.tokens.items()
                ]
            case "DELETE", ["tokens", one]:
                self.ended.add(one)
                return 204, None
        return 400, {}


@pytest.fixture
def plane() -> Plane:
    return Plane()


@pytest.fixture
def connected(plane: Plane, tmp_path: Path) -> Iterator[Callable[[str], Connector]]:
    made: list[Connector] = []
    with served(plane.answer) as url:

        def one(toml: str = PROFILE) -> Connector:
            path = tmp_path / "mcpsoar.toml"
            path.write_text(toml.replace("URL", url))
            binding = load(Asked(config=str(path)), {}).profile.roles["registry"]
            made.append(connect(binding, clock=SystemClock()))
            return made[-1]

        yield one
        for connector in made:
            connector.close()


def disable(target: str) -> Step:
    return Step("off", "off", "registry.disable_tool", "registry", target, Undo.EXACT, ())


def revoke(target: str) -> Step:
    return Step("end", "end", "tokens.revoke_principal", "tokens", target, Undo.NONE, ())


@pytest.mark.parametrize("tool", ["delete_file", "a/../b"])
def test_one_tool_of_one_server_goes_and_comes_back(
    plane: Plane, connected: Callable[[], Connector], tool: str
) -> None:
    connector, step = connected(), disable(f"tool:{tool}@files")
    was = connector.baseline(step)
    connector.apply(step, was, "key")
    assert [one for one, is_on in plane.tools.items() if not is_on] == [("srv-9", tool)]
    assert connector.verify(step).verdict is Verdict.YES
    connector.rollback(step, was, "key-back")
    assert connector.verify_rollback(step, was).verdict is Verdict.YES
    assert all(plane.tools.values())


def test_a_tool_that_is_unknown_is_named(connected: Callable[[], Connector]) -> None:
    with pytest.raises(UnknownTarget, match="knows no drop_table"):
        connected().baseline(disable("tool:drop_table@files"))


def test_one_principal_s_tokens_go(plane: Plane, connected: Callable[[], Connector]) -> None:
    connector, step = connected(), revoke("principal:agent-7")
    connector.apply(step, connector.baseline(step), "key")
    assert plane.ended == {"t-1", "t-3"}
    assert connector.verify(step).verdict is Verdict.YES


def test_a_principal_that_was_mistyped_is_unknown(plane: Plane, connected: Callable[[], Connector]) -> None:
    connector, step = connected(), revoke("principal:agent-9")
    for act in (lambda: connector.baseline(step), lambda: connector.apply(step, None, "key")):
        with pytest.raises(UnknownTarget, match="knows no agent-9"):
            act()
    assert connector.verify(step).verdict is Verdict.CANNOT_TELL
    assert not plane.ended


def test_a_plane_that_forgets_ended_tokens_is_believed_by_whoever_saw_them(
    plane: Plane, connected: Callable[[], Connector]
) -> None:
    connector, step = connected(), revoke("principal:agent-7")
    connector.apply(step, connector.baseline(step), "key")
    plane.tokens = {"t-2": "agent-8"}
    assert connector.verify(step).verdict is Verdict.YES
    assert connected().verify(step).verdict is Verdict.CANNOT_TELL


def test_whether_an_empty_list_is_a_typing_error_has_to_be_said(
    connected: Callable[[str], Connector],
) -> None:
    with pytest.raises(Usage, match="say empty_is_unknown, true or false") as caught:
        connected(PROFILE.replace("empty_is_unknown = true\n", ""))
    assert caught.value.where is not None
    assert caught.value.where.endswith("mcpsoar.toml:11")


@pytest.mark.parametrize(
    "step", [disable("files"), disable("tool:x"), revoke("agent-7"), revoke("principal:"), revoke("tool:a@b")]
)
def test_what_names_another_kind_of_thing_is_refused(
    plane: Plane, connected: Callable[[], Connector], step: Step
) -> None:
    connector = connected()
    for act in (lambda: connector.baseline(step), lambda: connector.apply(step, None, "key")):
        with pytest.raises(Usage):
            act()
    assert all(plane.tools.values())
    assert not plane.ended


def test_a_call_without_its_tool_would_hit_all_of_them(connected: Callable[[str], Connector]) -> None:
    connector = connected(
        PROFILE.replace(
            '"servers/{server}/tools/{tool}", body = { on = f', '"servers/{server}/tools", body = { on = f'
        )
    )
    with pytest.raises(Usage, match=r"without \{server\} and \{tool\} on more"):
        connector.baseline(disable("tool:delete_file@files"))


@pytest.mark.parametrize(("place", "other"), [("{tool}", "{principal}"), ("{principal}", "{server}")])
def test_a_place_of_another_action_is_a_mistake(
    connected: Callable[[str], Connector], place: str, other: str
) -> None:
    with pytest.raises(Usage, match="a brace is part of"):
        connected(PROFILE.replace(place, other))
