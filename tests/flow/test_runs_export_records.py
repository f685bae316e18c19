"""Every kind of record as evidence: signed by a key file or ssh-agent, and checked with nothing of ours."""

import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from mcpsoar.core.run import Report
from tests.contain import every_record
from tests.flow.test_runs_export import HARMS
from tests.flow.test_runs_sign import real_agent
from tests.flow.typed import ran

Captured = pytest.CaptureFixture[str]
WHO = "oncall@example.com"

needs_openssh = pytest.mark.skipif(
    not all(map(shutil.which, ("ssh-agent", "ssh-add", "ssh-keygen"))), reason="no OpenSSH here"
)


@pytest.fixture(params=["file", "agent"])
def home(
    request: pytest.FixtureRequest,
    tmp_path: Path,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Path]:
    """Settings that sign by a key in a file, or by one that the agent alone has."""
    monkeypatch.chdir(tmp_path)
    for name in ("API", "MCPSOAR_API", "MCPSOAR_CONFIG", "MCPSOAR_PACK", "SSH_AUTH_SOCK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MCPSOAR_HOME", str(tmp_path / "home"))
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "on call", "-f", "key"], check=True)
    key = '{ file = "key" }' if request.param == "file" else '{ agent = "on call" }'
    Path("mcpsoar.toml").write_text(
        '[profiles.fake]\napi = "https://plane.example.com"\n'
        f'[profiles.fake.audit]\nkey = {key}\nidentity = "{WHO}"\n'
    )
    with real_agent(tmp_path_factory.mktemp("a") / "s") as socket:  # a short path
        if request.param == "agent":
            monkeypatch.setenv("SSH_AUTH_SOCK", socket)
            subprocess.run(["ssh-add", "-q", "key"], check=True, capture_output=True)
            Path("key").unlink()
        yield tmp_path / "home"


@needs_openssh
@pytest.mark.parametrize("make", [every_record.contained, every_record.released])
def test_a_run_with_every_kind_of_record_is_checked_without_us(
    home: Path, capsys: Captured, make: Callable[[Path], Report]
) -> None:
    report = make(home)
    signed = ran(capsys, "runs", "sign", report.run)
    assert signed.code == 0, signed.err
    assert ran(capsys, "runs", "export", report.run, "-o", "run.zip").code == 0
    shutil.unpack_archive("run.zip", "out")
    folder = Path("out") / f"mcpsoar-run-{report.run}"
    words = ["ssh-keygen", "-Y", "verify", "-f", "allowed_signers", "-I", WHO, "-n", "run@mcpsoar"]
    words += ["-s", "head.txt.sig"]
    subprocess.run(words, cwd=folder, input=(folder / "head.txt").read_bytes(), check=True)
    assert checked(folder, report.journal_head) == 0
    journal = folder / "journal.jsonl"
    lines = journal.read_bytes().splitlines(keepends=True)
    for harm in HARMS:
        at = len(lines) // 2
        journal.write_bytes(b"".join(harm(lines, at)))
        assert checked(folder, report.journal_head) == 1, (harm.__name__, at)


def checked(folder: Path, head: str) -> int:
    """What the archive's own script ends with; nothing of ours can be imported."""
    code = [sys.executable, "-I", "-S", "check.py", head]
    return subprocess.run(code, cwd=folder, capture_output=True, check=False).returncode
