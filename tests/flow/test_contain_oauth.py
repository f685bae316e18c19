"""A profile whose tokens are an OAuth service's: contained as typed, and no secret of it in anything."""

import json
import zipfile
from pathlib import Path
from urllib.parse import quote_plus

import pytest

from mcpsoar.connectors.in_oauth.basic import header
from mcpsoar.connectors.in_oauth.settings import Client
from mcpsoar.contain.home import Home
from mcpsoar.core.secret import Secret
from mcpsoar.lab.serving import control_plane
from tests.contract.token_service import AUDIENCE, SECRETS, Token, jwt, token_service
from tests.flow.typed import Ran, ran

Captured = pytest.CaptureFixture[str]
OURS, KEPT, REFRESH = "planted-access-token/+=", "planted-canary-token-1", "planted-refresh-token-2"
JWT = jwt()
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
held = {{ command = ["cat", "held"] }}
introspect = {{ id = "runner", secret = {{ env = "RUNNER" }} }}
clients = [{{ id = "agent-a", secret = {{ file = "secret-a" }} }}]
names = {{ github = "{audience}" }}
settle_s = 0.2
"""
COMMANDS = (
    "show {run}",
    "show {run} --format json",
    "show {run} --format markdown",
    "export {run} -o run.zip",
)


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("API", "MCPSOAR_API", "MCPSOAR_CONFIG", "MCPSOAR_PACK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MCPSOAR_HOME", "home")
    monkeypatch.setenv("RUNNER", SECRETS["runner"])
    Path("plane").mkdir()
    Path("secret-a").write_text(SECRETS["agent-a"] + "\n")
    held = [
        {"token": JWT, "client": "agent-a", "audience": AUDIENCE},
        {"token": OURS, "client": "agent-a", "audience": AUDIENCE, "kind": "access_token"},
        {"token": REFRESH, "client": "agent-a", "audience": AUDIENCE, "kind": "refresh_token"},
        {"token": KEPT, "client": "agent-b", "audience": AUDIENCE, "keep": True},
    ]
    Path("held").write_text("\n".join(map(json.dumps, held)))


def test_tokens_of_an_oauth_service_are_contained_as_typed_and_told_nowhere(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    with token_service() as service, control_plane(Path("plane"), servers=("github",)) as plane:
        service.tokens = {OURS: Token(), REFRESH: Token(), KEPT: Token("agent-b"), JWT: Token(is_jwt=True)}
        monkeypatch.setenv("PLANE", plane.token)
        Path("mcpsoar.toml").write_text(
            SETTINGS.format(plane=plane.url, service=service.url, audience=AUDIENCE)
        )
        doctor = ran(capsys, "doctor", "-v")
        done = ran(capsys, "contain", "github", "-v", "--format", "json")
        again = ran(capsys, "contain", "github", "-v", "--format", "json")
        (run, _) = sorted(Home(Path("home")).runs())
        told = [
            doctor,
            done,
            again,
            *(ran(capsys, "runs", *words.format(run=run).split()) for words in COMMANDS),
        ]
        told.append(ran(capsys, "release", "github", "--yes", "-v"))
    assert "of 4 held tokens 3 are active; kept: 1" in doctor.out
    assert "cannot list tokens by audience" in doctor.out
    assert service.revocations() == [REFRESH, JWT, OURS] * 2
    assert [service.tokens[one].is_active for one in (OURS, REFRESH, KEPT)] == [False, False, True]
    step = next(step for step in done.document["steps"] if step["action"] == "tokens.revoke")
    assert step["verdict"] == "verified", step
    assert done.document["verdict"] == "unverified", "a JWT outlives it, and no canary saw a refusal"
    ends = {one["until"] for one in done.document["remaining_exposure"] if "a JWT which" in one["what"]}
    assert ends == {"2030-01-01T00:00:00.000Z"}
    assert not _secrets_in(told)


def test_what_no_introspection_can_show_is_never_contained(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    with token_service() as service, control_plane(Path("plane"), servers=("github",)) as plane:
        service.product = "canaille"  # the runner is of nobody's audience
        service.lies = True
        service.tokens = {OURS: Token(), REFRESH: Token(), KEPT: Token("agent-b")}
        Path("held").write_text("\n".join(Path("held").read_text().splitlines()[1:]))
        monkeypatch.setenv("PLANE", plane.token)
        Path("mcpsoar.toml").write_text(
            SETTINGS.format(plane=plane.url, service=service.url, audience=AUDIENCE)
        )
        done = ran(capsys, "contain", "github", "--format", "json")
    step = next(step for step in done.document["steps"] if step["action"] == "tokens.revoke")
    assert (done.code, step["verdict"]) == (3, "cannot_tell")
    assert service.tokens[OURS].is_active
    assert not _secrets_in([done])


def _secrets_in(told: list[Ran]) -> list[str]:
    """Those that stand in anything that was said, written or exported, however they were sent."""
    secrets = [OURS, KEPT, REFRESH, JWT, SECRETS["agent-a"], SECRETS["runner"]]
    secrets += [quote_plus(one) for one in secrets]
    secrets += [header(Client(name, Secret(SECRETS[name]))).reveal() for name in ("agent-a", "runner")]
    parts = [(one.out + one.err).encode() for one in told]
    parts += [path.read_bytes() for path in Path("home").rglob("*") if path.is_file()]
    if Path("run.zip").exists():
        with zipfile.ZipFile("run.zip") as archive:
            parts += map(archive.read, archive.namelist())
    everything = b"\n".join(parts).decode("utf-8", "replace")
    return [one for one in secrets if one in everything]
