"""Issuance is stopped before anything is revoked, as typed; a release lets in whom the run has stopped."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.connectors.in_http.caller import Caller
from mcpsoar.contain.home import Home
from mcpsoar.lab.serving import Handle, control_plane
from tests.contract.token_service import ADMIN, AUDIENCE, SECRETS, Token, TokenService, token_service
from tests.flow.typed import Ran, ran

Captured = pytest.CaptureFixture[str]
OURS, OF_B = "planted-access-token-1", "planted-access-token-2"
SETTINGS = """
[profiles.prod]
look_s = 20
[profiles.prod.registry]
url = "{plane}"
token = {{ env = "PLANE" }}
[profiles.prod.policy]
url = "{plane}"
token = {{ env = "PLANE" }}
[profiles.prod.tokens]
connector = "oauth"
url = "{service}"
held = {{ file = "held" }}
introspect = {{ id = "runner", secret = {{ env = "RUNNER" }} }}
clients = [{{ id = "agent-a", secret = {{ env = "A" }} }}, {{ id = "agent-b", secret = {{ env = "B" }} }}]
names = {{ github = "{audience}" }}
settle_s = 0.2
"""
ISSUANCE = """
[profiles.prod.tokens.issuance]
token = { env = "ADMIN" }
names = { agent-a = "row-1", agent-b = "row-2" }
unknown = { status = 404 }
[profiles.prod.tokens.issuance.look]
path = "admin/clients/{principal}"
in_force = { pointer = "/enabled", is = false }
not_in_force = { pointer = "/enabled", is = true }
[profiles.prod.tokens.issuance.do]
method = "PUT"
path = "admin/clients/{principal}"
body = { enabled = false }
[profiles.prod.tokens.issuance.undo]
method = "PUT"
path = "admin/clients/{principal}"
body = { enabled = true }
"""
PAIR = {"agent-a", "agent-b"}


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[TokenService]:
    for name in ("API", "MCPSOAR_API", "MCPSOAR_CONFIG", "MCPSOAR_PACK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MCPSOAR_HOME", "home")
    named = {"RUNNER": SECRETS["runner"], "A": SECRETS["agent-a"], "B": SECRETS["agent-b"], "ADMIN": ADMIN}
    for name, secret in named.items():
        monkeypatch.setenv(name, secret)
    held = [
        {"token": OURS, "client": "agent-a", "audience": AUDIENCE},
        {"token": OF_B, "client": "agent-b", "audience": AUDIENCE},
    ]
    Path("held").write_text("\n".join(map(json.dumps, held)))
    with token_service() as one:
        one.tokens = {OURS: Token(), OF_B: Token("agent-b")}
        yield one


@pytest.fixture
def plane(service: TokenService, monkeypatch: pytest.MonkeyPatch) -> Iterator[Handle]:
    Path("plane").mkdir()
    with control_plane(Path("plane"), servers=("github", "jira")) as handle:
        monkeypatch.setenv("PLANE", handle.token)
        text = SETTINGS.format(plane=handle.url, service=service.url, audience=AUDIENCE)
        Path("mcpsoar.toml").write_text(text + ISSUANCE)
        yield handle


def step(done: Ran, action: str) -> dict[str, Any]:
    found: dict[str, Any] = next(one for one in done.document["steps"] if one["action"] == action)
    return found


def released(capsys: Captured) -> Ran:
    return ran(capsys, "release", "github", "--yes", "--format", "json")


@pytest.mark.usefixtures("plane")
def test_clients_are_stopped_before_tokens_are_revoked_and_let_in_by_the_release(
    capsys: Captured, service: TokenService
) -> None:
    done = ran(capsys, "contain", "github", "--format", "json")
    first = step(done, "tokens.stop_issuance")
    assert first["verdict"] == "verified", first
    assert first["finished_at"] <= step(done, "tokens.revoke")["started_at"]
    assert service.stopped == PAIR
    back = released(capsys)
    assert step(back, "tokens.stop_issuance")["verdict"] == "verified"
    assert not service.stopped
    everything = done.out + done.err + back.out + back.err
    everything += "".join(path.read_text() for path in Path("home").rglob("*") if path.is_file())
    assert not [secret for secret in (ADMIN, *SECRETS.values()) if secret in everything]


@pytest.mark.usefixtures("plane")
def test_who_was_stopped_before_stays_so(capsys: Captured, service: TokenService) -> None:
    service.stopped = {"agent-b"}
    ran(capsys, "contain", "github")
    assert service.stopped == PAIR
    assert step(released(capsys), "tokens.stop_issuance")["verdict"] == "verified"
    assert service.stopped == {"agent-b"}


@pytest.mark.usefixtures("plane")
def test_a_run_whose_looks_were_late_still_knows_whom_to_let_in(
    capsys: Captured, service: TokenService
) -> None:
    service.stopped = {"agent-b"}
    Path("held").write_text(Path("held").read_text().splitlines()[0])
    own = f'env = "B" }}, audiences = ["{AUDIENCE}"] }}'
    text = Path("mcpsoar.toml").read_text().replace('env = "B" } }', own)
    Path("mcpsoar.toml").write_text(text.replace("look_s = 20", "look_s = 0.000001"))
    done = ran(capsys, "contain", "github", "--format", "json")
    assert step(done, "tokens.stop_issuance")["evidence"]["before"]["facts"]["open"] == ["agent-a"]
    # nobody but who is about to stop a client can still see its tokens active
    assert step(done, "tokens.revoke")["verdict"] == "verified"
    Path("mcpsoar.toml").write_text(text)
    released(capsys)
    assert service.stopped == {"agent-b"}


@pytest.mark.usefixtures("plane")
@pytest.mark.parametrize("look_s", ["20", "0.000001"])
def test_a_run_broken_off_between_two_clients_is_finished_and_released(
    capsys: Captured, service: TokenService, monkeypatch: pytest.MonkeyPatch, look_s: str
) -> None:
    text = Path("mcpsoar.toml").read_text()
    Path("mcpsoar.toml").write_text(text.replace("look_s = 20", f"look_s = {look_s}"))
    change = Caller.change

    def killing(self: Caller, *args: Any, **more: Any) -> Any:
        if service.switched:
            raise KeyboardInterrupt
        return change(self, *args, **more)

    with monkeypatch.context() as patched:
        patched.setattr(Caller, "change", killing)
        assert ran(capsys, "contain", "github").code == 130
    assert service.stopped == {"agent-a"}
    (run,) = Home(Path("home")).runs()
    done = ran(capsys, "runs", "resume", run, "--format", "json")
    assert step(done, "tokens.stop_issuance")["verdict"] == "verified"
    assert service.stopped == PAIR
    released(capsys)
    assert not service.stopped


@pytest.mark.usefixtures("plane")
def test_of_a_client_alone_issuance_is_stopped_too(capsys: Captured, service: TokenService) -> None:
    who = ("principal:agent-a", "--playbook", "contain-token")
    done = ran(capsys, "contain", *who, "--format", "json")
    assert step(done, "tokens.stop_issuance_principal")["verdict"] == "verified"
    assert service.stopped == {"agent-a"}
    ran(capsys, "release", who[0], "--yes")
    assert not service.stopped


def test_where_nothing_can_stop_issuance_plan_and_doctor_say_so(
    capsys: Captured, service: TokenService, plane: Handle
) -> None:
    Path("mcpsoar.toml").write_text(SETTINGS.format(plane=plane.url, service=service.url, audience=AUDIENCE))
    done = ran(capsys, "contain", "github", "-v", "--format", "json")
    words = "nothing here can stop the issuing of tokens for the server"
    assert f"left out: stop-issuance (tokens.stop_issuance), for {words}: A client whose token" in done.err
    assert "tokens.stop_issuance" not in {one["action"] for one in done.document["steps"]}
    assert step(done, "tokens.revoke")["verdict"] == "verified"
    assert f"contain-server, stop-issuance: {words}" in ran(capsys, "doctor").out
    assert released(capsys).document["verdict"] in ("released", "unverified")


@pytest.fixture
def two(plane: Handle) -> None:  # noqa: ARG001 (it writes the settings)
    """Two servers that agent-a fetches tokens for; github has agent-b as well."""
    other = "https://jira.example.com/mcp"
    text = Path("mcpsoar.toml").read_text()
    text = text.replace('env = "A" }', f'env = "A" }}, audiences = ["{AUDIENCE}", "{other}"]')
    text = text.replace('github = "', f'jira = "{other}", github = "')
    Path("mcpsoar.toml").write_text(text)


@pytest.mark.usefixtures("two")
@pytest.mark.parametrize("runs", [(("github",), ("jira",)), (("jira",), ("github",)), (("github", "jira"),)])
@pytest.mark.parametrize("order", [("github", "jira"), ("jira", "github")])
def test_a_client_of_two_servers_is_let_in_with_the_last_of_them(
    capsys: Captured, service: TokenService, runs: tuple[tuple[str, ...], ...], order: tuple[str, str]
) -> None:
    for names in runs:
        done = ran(capsys, "contain", *names, "--format", "json")
        stops = [one["verdict"] for one in done.document["steps"] if one["action"] == "tokens.stop_issuance"]
        assert set(stops) == {"verified"}
    assert service.stopped == PAIR
    first = ran(capsys, "release", order[0], "--yes", "--format", "json")
    assert service.stopped == ({"agent-a"} if order[0] == "github" else PAIR)
    assert "agent-a is stopped for run" in step(first, "tokens.stop_issuance")["detail"]
    second = ran(capsys, "release", order[1], "--yes", "--format", "json")
    assert not service.stopped, step(second, "tokens.stop_issuance")


@pytest.mark.usefixtures("two")
def test_so_it_is_where_the_looks_of_the_second_run_were_late(
    capsys: Captured, service: TokenService
) -> None:
    ran(capsys, "contain", "github")
    text = Path("mcpsoar.toml").read_text()
    Path("mcpsoar.toml").write_text(text.replace("look_s = 20", "look_s = 0.000001"))
    ran(capsys, "contain", "jira")
    Path("mcpsoar.toml").write_text(text)
    ran(capsys, "release", "github", "--yes")
    assert service.stopped == {"agent-a"}
    ran(capsys, "release", "jira", "--yes")
    assert not service.stopped


@pytest.mark.usefixtures("two")
def test_who_was_off_before_both_runs_stays_off_after_both(capsys: Captured, service: TokenService) -> None:
    service.stopped = {"agent-a"}
    for verb in (("contain",), ("release", "--yes")):
        for name in ("github", "jira"):
            ran(capsys, verb[0], name, *verb[1:])
    assert service.stopped == {"agent-a"}


@pytest.mark.usefixtures("two")
def test_servers_released_together_need_nobody_off(capsys: Captured, service: TokenService) -> None:
    for name in ("github", "jira"):
        ran(capsys, "contain", name)
    ran(capsys, "release", "github", "jira", "--yes")
    assert not service.stopped
