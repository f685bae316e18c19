"""One tool, and one client's tokens: contained, seen on the data plane, released, mistaken for no other."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.cli.main import main
from mcpsoar.kit.stops import ENTRY, KEY, stopped_by
from mcpsoar.lab.agent import Agents
from mcpsoar.lab.embedded import lab
from mcpsoar.lab.faults import Fault
from mcpsoar.lab.records import Token, TokenKind
from mcpsoar.lab.serving import Handle, control_plane

Captured = pytest.CaptureFixture[str]
TOOL = "tool:delete@github"
BOB = "principal:bob@example.com"
QUARANTINE, TOKENS = ["--playbook", "quarantine-tool"], ["--playbook", "contain-token"]


@pytest.fixture
def plane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Handle]:
    with control_plane(tmp_path / "plane", servers=("github", "jira")) as handle:
        entry = handle.plane.server("github")
        assert entry is not None
        handle.plane.register(replace(entry, tools=({"name": "delete"}, {"name": "list"})))
        monkeypatch.setenv("MCPSOAR_API", handle.url)
        monkeypatch.setenv("MCPSOAR_TOKEN", handle.token)
        monkeypatch.setenv("MCPSOAR_HOME", str(tmp_path / "home"))
        yield handle


def ordered(capsys: Captured, code: int, *words: str) -> dict[str, Any]:
    assert main([*words, "--format", "json"]) == code
    said: dict[str, Any] = json.loads(capsys.readouterr().out)
    return said


def off(plane: Handle) -> tuple[str, ...]:
    entry = plane.plane.server("github")
    assert entry is not None
    return entry.tools_off


def test_a_tool_is_switched_off_on_again_and_the_server_is_left_alone(
    plane: Handle, capsys: Captured
) -> None:
    report = ordered(capsys, 0, "contain", TOOL, *QUARANTINE)
    assert (report["verdict"], report["servers"]) == ("contained", [TOOL])
    assert report["steps"][0]["detail"] == "the registry says delete of github is disabled"
    assert off(plane) == ("delete",)
    entry = plane.plane.server("github")
    assert entry is not None
    assert entry.is_enabled
    assert ordered(capsys, 0, "release", TOOL, "--yes")["verdict"] == "released"
    assert off(plane) == ()


def test_a_tool_outlives_the_containment_and_release_of_its_server(plane: Handle, capsys: Captured) -> None:
    ordered(capsys, 0, "contain", TOOL, *QUARANTINE)
    ordered(capsys, 0, "contain", "github")
    assert ordered(capsys, 0, "release", "github", "--yes")["verdict"] == "released"
    assert off(plane) == ("delete",)
    ordered(capsys, 0, "contain", "github")
    assert ordered(capsys, 0, "release", TOOL, "--yes")["verdict"] == "released"
    entry = plane.plane.server("github")
    assert entry is not None
    assert not entry.is_enabled
    assert entry.tools_off == ()


def test_a_tool_that_was_off_before_stays_off(plane: Handle, capsys: Captured) -> None:
    plane.plane.set_tool("github", "delete", is_on=False)
    report = ordered(capsys, 0, "contain", TOOL, *QUARANTINE)
    assert report["steps"][0]["verdict"] == "already"
    ordered(capsys, 0, "release", TOOL, "--yes")
    assert off(plane) == ("delete",)


@pytest.mark.parametrize("name", ["tool:delet@github", "tool:delete@gitlab"])
def test_a_typing_error_is_no_containment(plane: Handle, capsys: Captured, name: str) -> None:
    report = ordered(capsys, 1, "contain", name, *QUARANTINE)
    assert report["verdict"] == "not_contained"
    assert "nothing was sent" in report["steps"][0]["detail"]
    assert {line["method"] for line in plane.ledger()} == {"GET"}


@pytest.mark.parametrize("fault", [Fault.NO_EFFECT, Fault.WRONG_OBJECT, Fault.SUCCESS_FALSE])
def test_a_200_without_effect_on_the_tool_is_no_containment(
    plane: Handle, capsys: Captured, fault: Fault
) -> None:
    plane.faults.set(fault, "registry.disable_tool")
    assert ordered(capsys, 1, "contain", TOOL, *QUARANTINE)["verdict"] == "not_contained"
    assert "delete" not in off(plane)


def test_a_plane_without_such_a_switch_says_so_and_changes_nothing(plane: Handle, capsys: Captured) -> None:
    plane.faults.set(Fault.NO_READ_BACK, "registry.tool", status=404)
    plane.faults.set(Fault.STATUS, "registry.disable_tool", status=404)
    assert ordered(capsys, 1, "contain", TOOL, *QUARANTINE)["verdict"] == "not_contained"


def test_a_server_is_no_tool_and_nothing_is_asked(plane: Handle, capsys: Captured) -> None:
    assert main(["contain", "github", *QUARANTINE]) == 2
    assert "wants tool:TOOL@SERVER" in capsys.readouterr().err
    assert main(["contain", TOOL]) == 2
    assert "registry.disable wants SERVER" in capsys.readouterr().err
    assert plane.ledger() == []


def test_the_gateway_refuses_the_tool_and_passes_the_others_on(
    tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MCPSOAR_HOME", str(tmp_path / "home"))
    with lab(tmp_path / "lab") as running, Agents() as agents:
        monkeypatch.setenv("MCPSOAR_API", running.url)
        monkeypatch.setenv("MCPSOAR_TOKEN", running.token)
        token = running.issue(
            "alice@example.com", "github", kind="jwt", scopes=("github:read",), tags=("staff",)
        )
        agent = agents.connect(running.url, "github", token, revision="newest")
        assert agent.call("list_issues", {}).kind == "executed"
        assert ordered(capsys, 0, "contain", "tool:list_issues@github", *QUARANTINE)["verdict"] == "contained"
        said = agent.call("list_issues", {})
        assert said.kind == "refused"
        assert said.text.startswith("tool_disabled: ")
        assert agent.call("get_file", {"path": "README.md"}).kind == "executed"
        ordered(capsys, 0, "release", "tool:list_issues@github", "--yes")
        assert agent.call("list_issues", {}).kind == "executed"


# tokens of one client or person


@pytest.fixture
def tokens(plane: Handle) -> Handle:
    """Two tokens of bob's, as actor and as client, and one of eve's."""
    for place, (client, actor, server) in enumerate(
        (
            ("ide", "bob@example.com", "github"),
            ("bob@example.com", "", "jira"),
            ("ide", "eve@example.com", "jira"),
        )
    ):
        issue(plane, f"t{place}", TokenKind.OPAQUE, client, actor, server)
    return plane


def issue(plane: Handle, name: str, kind: TokenKind, *who: str) -> None:
    client, actor, server = who
    ends = plane.plane.now() + 3600
    plane.plane.issue(
        f"text-{name}", Token(name, kind, (server,), ends, client_id=client, actor=actor, actor_type="human")
    )


def active(plane: Handle) -> set[str]:
    return {token.id for token in plane.plane.tokens() if token.active and token.id.startswith("t")}


def test_a_principal_s_tokens_go_everywhere_and_nobody_else_s(tokens: Handle, capsys: Captured) -> None:
    report = ordered(capsys, 3, "contain", BOB, *TOKENS)
    assert report["steps"][0]["verdict"] == "verified"
    assert active(tokens) == {"t2"}
    assert report["verdict"] == "unverified", "new tokens can be issued, and no canary can tell"
    assert report["remaining_exposure"] == [
        {"what": "new tokens for bob@example.com: nothing here stops their issuing", "until": None}
    ]


@pytest.mark.usefixtures("tokens")
def test_the_next_thing_is_to_stop_the_issuing(capsys: Captured) -> None:
    assert main(["contain", BOB, *TOKENS]) == 3
    assert "next     stop new tokens where they are issued" in capsys.readouterr().out


def test_a_jwt_of_the_principal_is_told_with_its_end(tokens: Handle, capsys: Captured) -> None:
    issue(tokens, "j", TokenKind.JWT, "ide", "bob@example.com", "github")
    left = ordered(capsys, 3, "contain", BOB, *TOKENS)["remaining_exposure"]
    assert left[0]["what"] == f"jwt token j of bob@example.com {stopped_by(ENTRY, KEY)}"
    assert left[0]["until"] is not None


def test_a_principal_that_nobody_knows_is_no_containment(tokens: Handle, capsys: Captured) -> None:
    report = ordered(capsys, 1, "contain", "principal:bbo@example.com", *TOKENS)
    assert "no token was ever issued to bbo@example.com" in report["steps"][0]["detail"]
    assert active(tokens) == {"t0", "t1", "t2"}


@pytest.mark.usefixtures("tokens")
def test_a_second_containment_finds_it_done(capsys: Captured) -> None:
    ordered(capsys, 3, "contain", BOB, *TOKENS)
    assert ordered(capsys, 3, "contain", BOB, *TOKENS)["steps"][0]["verdict"] == "already"


def test_a_200_that_revoked_nothing_is_no_containment(tokens: Handle, capsys: Captured) -> None:
    tokens.faults.set(Fault.NO_EFFECT, "tokens.revoke")
    assert ordered(capsys, 1, "contain", BOB, *TOKENS)["verdict"] == "not_contained"


def test_a_principal_is_released_and_its_tokens_stay_revoked(tokens: Handle, capsys: Captured) -> None:
    ordered(capsys, 3, "contain", BOB, *TOKENS)
    report = ordered(capsys, 0, "release", BOB, "--yes")
    assert report["verdict"] == "released", "there was nothing to undo"
    assert report["steps"][0]["verdict"] == "skipped"
    assert active(tokens) == {"t2"}
