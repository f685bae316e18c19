"""What the README says is typed to prove a run is typed: on a real run, and on one that somebody changed."""

import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcpsoar.app import runs
from mcpsoar.cli.main import main
from mcpsoar.lab.serving import control_plane

SHELL = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)

needs_ssh_keygen = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="no ssh-keygen here")


def block(root: Path, word: str) -> list[str]:
    """The lines of the one shell block that holds this word."""
    blocks: list[str] = SHELL.findall((root / "README.md").read_text())
    (found,) = (text for text in blocks if word in text)
    return found.splitlines()


@pytest.fixture
def run(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A run, signed by a key that was made as the page says; its plane is up."""
    for name in ("API", "MCPSOAR_API", "MCPSOAR_CONFIG", "MCPSOAR_PACK", "SSH_AUTH_SOCK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MCPSOAR_HOME", "home")
    make = block(root, "runs export")[0]
    assert make.startswith("ssh-keygen ")
    subprocess.run(shlex.split(make), check=True, capture_output=True)
    Path("plane").mkdir()
    with control_plane(tmp_path / "plane", servers=("github",)) as plane:
        monkeypatch.setenv("MCPSOAR_TOKEN", plane.token)
        Path("mcpsoar.toml").write_text(
            f'[profiles.prod]\napi = "{plane.url}"\ntoken = {{ env = "MCPSOAR_TOKEN" }}\n'
            '[profiles.prod.audit]\nkey = { file = "audit_ed25519" }\nidentity = "oncall@example.com"\n'
        )
        assert main(["contain", "github", "-q"]) == 0
        (name,) = (str(row["run"]) for row in runs.listed(Path("home")))
        yield name


@needs_ssh_keygen
def test_a_run_is_proven_as_the_page_says(root: Path, run: str) -> None:
    public = Path("audit_ed25519.pub").read_text()
    Path("allowed_signers").write_text(f"oncall@example.com {public}")
    commands = block(root, "runs export")[1:]
    assert len(commands) == 4
    for line in commands:
        assert main(shlex.split(line.replace("RUN", run))[1:]) == 0, line


@needs_ssh_keygen
def test_what_an_auditor_types_checks_a_run_and_finds_a_change(root: Path, run: str) -> None:
    head = runs.show(Path("home"), run).journal_head
    unpack, chain, signature = (
        line.replace("RUN", run).replace("sha256:…", head) for line in block(root, "check.py")
    )
    elsewhere = Path("elsewhere")
    elsewhere.mkdir()
    assert main(["runs", "export", run, "-o", "elsewhere/run.zip"]) == 0

    def typed(*lines: str) -> int:
        script = "\n".join(["set -e", *lines])
        return subprocess.run(["sh", "-c", script], cwd=elsewhere, check=False).returncode

    enter = unpack.partition(" && ")[2]
    assert typed(unpack, chain, signature) == 0
    for name in ("journal.jsonl", "head.txt"):
        path = elsewhere / f"mcpsoar-run-{run}" / name
        whole = path.read_bytes()
        path.write_bytes(whole.replace(b"contained", b"released", 1))
        assert typed(enter, chain, signature) != 0, name
        path.write_bytes(whole)
    assert typed(enter, chain, signature) == 0


def test_the_script_that_is_shown_is_the_one_that_is_handed_over(root: Path) -> None:
    (shown,) = PYTHON.findall((root / "README.md").read_text())
    handed = root / "mcpsoar" / "audit" / "archived" / "check.py"
    assert shown == handed.read_text()
    assert len(shown.partition("\n\nLINE = ")[2].splitlines()) <= 11, "ten lines below that of the shape"
