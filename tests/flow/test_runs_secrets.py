"""A secret in every credential position stands in no export, report, page, file or traceback."""

import base64
import re
import traceback
import zipfile
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mcpsoar.app import exporting, sealing
from mcpsoar.contain.home import Home
from mcpsoar.core.errors import Tampered, Usage
from mcpsoar.core.profile import Signing
from mcpsoar.kit.clock import SystemClock
from mcpsoar.lab.serving import control_plane
from tests.audit.keys import made
from tests.flow.typed import ran

Captured = pytest.CaptureFixture[str]
PLANTED = (
    "planted-canary-token-4711",
    "planted-control-token-4712",
    "planted-in-a-key-file-4713",
    "planted-spare-token-4714",
)

COMMANDS = (
    "show {run}",
    "show {run} --format json",
    "show {run} --format markdown",
    "verify {run} --format json",
    "sign {run} --format json",
    "export {run} -o run.zip",
    "list --format json",
)

SETTINGS = """
[profiles.prod]

[profiles.prod.registry]
url = "{url}"
token = [{{ env = "ONE" }}, {{ env = "SPARE" }}]

[profiles.prod.tokens]
url = "{url}"
token = {{ file = "two" }}

[profiles.prod.policy]
url = "{url}"
token = {{ command = ["cat", "two"] }}

[profiles.prod.canary]
url = "{url}/mcp/{{server}}"
tool = "ping"
token = {{ env = "CANARY" }}
hold_s = 0.2
every_s = 0.1
control = {{ server = "jira", tool = "ping", token = {{ env = "CONTROL" }} }}

[profiles.prod.audit]
key = {{ file = "key" }}
"""


def test_no_credential_stands_in_any_evidence(
    tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("API", "MCPSOAR_API", "MCPSOAR_CONFIG", "MCPSOAR_PACK", "SSH_AUTH_SOCK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MCPSOAR_HOME", "home")
    monkeypatch.setenv("CANARY", PLANTED[0])
    monkeypatch.setenv("CONTROL", PLANTED[1])
    monkeypatch.setenv("SPARE", PLANTED[3])
    Path("plane").mkdir()
    key = made(Path("key"))
    told = []
    with control_plane(tmp_path / "plane", servers=("github", "jira")) as plane:
        monkeypatch.setenv("ONE", plane.token)
        Path("two").write_text(plane.operator_token)
        Path("mcpsoar.toml").write_text(SETTINGS.format(url=plane.url))
        told.append(ran(capsys, "contain", "github", "-v"))
        (run,) = Home(Path("home")).runs()
        told += [ran(capsys, "runs", *words.format(run=run).split()) for words in COMMANDS]
        Path("key").write_text(PLANTED[2])
        told += [ran(capsys, "runs", "sign", run), ran(capsys, "release", "github", "--yes", "-v")]
        secrets = [plane.token, plane.operator_token, *PLANTED]
    assert "signed" in told[0].out, "the key signed, so it was at work"
    raw = key.private_bytes(Encoding.Raw, PrivateFormat.Raw, NoEncryption())
    secrets += [raw.hex(), base64.b64encode(raw).decode().rstrip("="), repr(raw)]
    with zipfile.ZipFile("run.zip") as archive:
        exported = b"\n".join(map(archive.read, archive.namelist()))
    files = b"\n".join(path.read_bytes() for path in Path("home").rglob("*") if path.is_file())
    everything = "\n".join(one.out + one.err for one in told) + (exported + files).decode("utf-8", "replace")
    assert not [secret for secret in secrets if secret in everything]
    assert raw not in exported + files
    body = base64.b64encode(raw)[4:40].decode()  # at whatever place of a longer base64
    assert body not in everything
    assert not re.search("PRIVATE KEY", everything)


def test_no_traceback_tells_a_key(tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("MCPSOAR_API", "MCPSOAR_CONFIG", "MCPSOAR_PACK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    Path("plane").mkdir()
    with control_plane(tmp_path / "plane", servers=("github",)) as plane:
        monkeypatch.setenv("API", plane.url)
        monkeypatch.setenv("MCPSOAR_TOKEN", plane.token)
        assert ran(capsys, "contain", "github", "-q", "--home", "home").code == 0
    (run,) = Home(Path("home")).runs()
    Path("key").write_text(f"-----BEGIN OPENSSH PRIVATE KEY-----\n{PLANTED[2]}\n-----END")
    house, signing = Home(Path("home")), Signing("key", is_file=True)
    with pytest.raises(Usage) as no_key:
        sealing.make(house, run, signing, clock=SystemClock(), wait_s=1)
    house.journal(run).with_name("seal.txt").write_text(PLANTED[2])
    with pytest.raises(Tampered) as no_seal:
        exporting.export(house.path, run, Path("run.zip"))
    for caught in (no_key, no_seal):
        told = "".join(traceback.format_exception(caught.value))
        assert PLANTED[2] not in told
        assert plane.token not in told
