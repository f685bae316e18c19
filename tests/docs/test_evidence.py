"""What the README says an auditor types is typed: on a real run, and on one that somebody changed."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from mcpsoar.app import runs
from mcpsoar.cli.main import main
from mcpsoar.lab.serving import control_plane
from tests.audit.keys import made

SHELL = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
PYTHON = re.compile(r"^```python\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A signed run, exported as run.zip."""
    for name in ("API", "MCPSOAR_API", "MCPSOAR_CONFIG", "MCPSOAR_PACK", "SSH_AUTH_SOCK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MCPSOAR_HOME", "home")
    Path("plane").mkdir()
    made(Path("key"))
    with control_plane(tmp_path / "plane", servers=("github",)) as plane:
        monkeypatch.setenv("MCPSOAR_TOKEN", plane.token)
        Path("mcpsoar.toml").write_text(
            f'[profiles.prod]\napi = "{plane.url}"\ntoken = {{ env = "MCPSOAR_TOKEN" }}\n'
            '[profiles.prod.audit]\nkey = { file = "key" }\nidentity = "oncall@example.com"\n'
        )
        assert main(["contain", "github", "-q"]) == 0
    (name,) = (str(row["run"]) for row in runs.listed(Path("home")))
    assert main(["runs", "export", name, "-o", "run.zip"]) == 0
    return name


def auditor(root: Path, run: str, folder: Path) -> list[str]:
    """The lines of the block that unpacks, checks and verifies."""
    blocks: list[str] = SHELL.findall((root / "README.md").read_text())
    (block,) = (text for text in blocks if "check.py" in text)
    head = runs.show(Path("home"), run).journal_head
    lines = block.replace("RUN", run).replace("sha256:…", head).splitlines()
    assert len(lines) == 3
    folder.mkdir()
    shutil.copy("run.zip", folder)
    return lines


@pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="no ssh-keygen here")
def test_what_an_auditor_types_checks_a_run_and_finds_a_change(root: Path, run: str, tmp_path: Path) -> None:
    unpack, chain, signature = auditor(root, run, tmp_path / "elsewhere")

    def typed(*lines: str) -> int:
        script = "\n".join(["set -e", *lines])
        return subprocess.run(["sh", "-c", script], cwd=tmp_path / "elsewhere", check=False).returncode

    enter = unpack.partition(" && ")[2]
    assert typed(unpack, chain, signature) == 0
    unpacked = tmp_path / "elsewhere" / f"mcpsoar-run-{run}"
    for name in ("journal.jsonl", "head.txt"):
        path = unpacked / name
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
