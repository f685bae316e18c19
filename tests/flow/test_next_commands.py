"""Every command that is printed can be pasted as it stands: it finds the same home and control plane."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcpsoar.app.order import DEFAULT_PLAYBOOK
from mcpsoar.cli.main import main
from mcpsoar.lab.faults import Fault
from mcpsoar.lab.serving import Handle, control_plane

Captured = pytest.CaptureFixture[str]
COMMAND = re.compile(r"mcpsoar (?:runs|contain|release) [^)\n]*")
NAMES = ("API", "MCPSOAR_API", "MCPSOAR_CONFIG", "MCPSOAR_PACK", "MCPSOAR_HOME")


@pytest.fixture
def plane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Handle]:
    """A control plane that neither the environment nor a file names; the token alone is set."""
    folder = tmp_path / "plane"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "no-config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "no-state"))
    with control_plane(folder, servers=("github", "jira")) as handle:
        monkeypatch.setenv("MCPSOAR_TOKEN", handle.token)
        yield handle


@pytest.fixture(params=["options", "profile", "environment"])
def told(request: pytest.FixtureRequest, plane: Handle, tmp_path: Path) -> tuple[list[str], dict[str, str]]:
    """Options and environment that say where everything is, in one of three ways."""
    home = str(tmp_path / "it's home")
    if request.param == "environment":
        return [], {"API": plane.url, "MCPSOAR_HOME": home}
    if request.param == "options":
        return ["--api", plane.url, "--home", home], {}
    config = tmp_path / "a file.toml"
    config.write_text(
        '[profiles.other]\napi = "http://127.0.0.1:9"\n'
        f'[profiles.prod]\napi = "{plane.url}"\ntoken = {{ env = "MCPSOAR_TOKEN" }}\n'
    )
    return ["--config", str(config), "--profile", "prod", "--home", home], {}


def commands(captured: Captured, plane: Handle) -> list[str]:
    out, err = captured.readouterr()
    assert plane.token not in out + err
    return COMMAND.findall(out + err)


def test_what_a_run_prints_can_be_pasted(
    plane: Handle, told: tuple[list[str], dict[str, str]], capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    options, environ = told
    plane.faults.set(Fault.NO_EFFECT, "registry.disable")
    with monkeypatch.context() as alone:
        for name, value in environ.items():
            alone.setenv(name, value)
        assert main(["contain", "github", "--ticket", "INC-7", *options]) == 1
    plane.faults.clear()
    found = commands(capsys, plane)
    assert {tuple(command.split()[1:3]) for command in found} == {
        ("runs", "resume"),
        ("runs", "verify"),
        ("release", "github"),
    }
    for command in sorted(found, reverse=True):  # verify, resume, release
        assert main(shlex.split(command)[1:]) in (0, 1, 3), command
    plane_says = plane.plane.server("github")
    assert plane_says is not None
    assert plane_says.is_enabled, "the printed release found the run"


def test_what_an_error_prints_can_be_pasted(
    plane: Handle, told: tuple[list[str], dict[str, str]], capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    options, environ = told
    with monkeypatch.context() as alone:
        for name, value in environ.items():
            alone.setenv(name, value)
        assert main(["contain", "github", "-q", *options]) == 0
        capsys.readouterr()
        assert main(["release", "github", *options]) == 2
    (command,) = commands(capsys, plane)
    assert main(shlex.split(command)[1:]) == 0
    with monkeypatch.context() as alone:
        for name, value in environ.items():
            alone.setenv(name, value)
        capsys.readouterr()
        assert main(["release", "github", "--yes", *options]) == 2
    (command,) = commands(capsys, plane)
    assert main(shlex.split(command)[1:]) == 0
    assert "github" in capsys.readouterr().out


def test_a_plan_s_next_command_keeps_playbook_and_pack(
    plane: Handle, capsys: Captured, tmp_path: Path, root: Path
) -> None:
    pack = tmp_path / "pack"
    (pack / "playbooks").mkdir(parents=True)
    text = (root / "playbooks" / f"{DEFAULT_PLAYBOOK}.yml").read_text()
    (pack / "playbooks" / "other.yml").write_text(text.replace(DEFAULT_PLAYBOOK, "other"))
    words = ["--playbook", "other", "--pack", str(pack), "--api", plane.url, "--home", str(tmp_path / "home")]
    assert main(["contain", "github", "--dry-run", *words]) == 0
    out = capsys.readouterr().out
    next_command = next(line.partition("next")[2].strip() for line in out.splitlines() if "  next" in line)
    assert main([*shlex.split(next_command)[1:], "--format", "json"]) == 0
    assert '"playbook": "other"' in capsys.readouterr().out


@pytest.mark.parametrize(
    ("words", "playbook"),
    [
        (["tool:read_file@github"], "quarantine-tool"),
        (["github", "--playbook", "quarantine-tool"], "contain-server"),
    ],
)
def test_of_another_sort_of_name_the_playbook_is_told_that_acts_on_it(
    plane: Handle, capsys: Captured, tmp_path: Path, words: list[str], playbook: str
) -> None:
    place = ["--api", plane.url, "--home", str(tmp_path / "home")]
    assert main(["contain", *words, "--reason", "it's odd", *place]) == 2
    command = shlex.split(capsys.readouterr().err.partition("  next     ")[2])
    assert command[:5] == ["mcpsoar", "contain", words[0], "--reason", "it's odd"]
    assert command[5:] == ["--playbook", playbook, *place]
    assert main([*command[1:], "--dry-run"]) == 0


def test_where_no_playbook_acts_on_all_names_the_one_that_was_meant_is_shown(
    plane: Handle, capsys: Captured
) -> None:
    assert main(["contain", "github", "tool:read_file@github", "--api", plane.url]) == 2
    assert capsys.readouterr().err.endswith("  next     mcpsoar playbooks show contain-server\n")


def test_a_password_in_an_address_is_not_shown(plane: Handle, capsys: Captured) -> None:
    for words in (["contain", "github"], ["release", "github"], ["release", "github", "--yes"]):
        assert main([*words, "--api", "http://me:hunter2@127.0.0.1:9"]) == 2
    out, err = capsys.readouterr()
    assert "hunter2" not in out + err
    assert plane.ledger() == []


def test_a_folder_with_a_space_is_quoted(tmp_path: Path, capsys: Captured) -> None:
    (tmp_path / "my drill" / "of yesterday").mkdir(parents=True)
    assert main(["drill", "--keep", str(tmp_path / "my drill")]) == 2
    command = capsys.readouterr().err.partition("next")[2].strip()
    assert shlex.split(command) == ["mcpsoar", "drill", "--keep", str(tmp_path / "my drill-2")]
