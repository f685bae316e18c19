"""A home or settings that cannot be used: the next command is what was typed, and it can help."""

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcpsoar.lab.serving import Handle, control_plane
from tests.contain.test_disk_full import Full
from tests.flow.typed import Ran, ran

Captured = pytest.CaptureFixture[str]
TOO_LONG = "x" * 300  # no system call takes such a name, whoever asks
SECRET = "empty or not there: 'GONE'; nothing was sent: until it is there, "


@pytest.fixture
def plane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Handle]:
    for name in ("API", "MCPSOAR_API", "MCPSOAR_CONFIG", "MCPSOAR_PACK", "MCPSOAR_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "no-config"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "no-state"))
    (tmp_path / "plane").mkdir()
    with control_plane(tmp_path / "plane", servers=("github", "jira")) as handle:
        monkeypatch.setenv("MCPSOAR_TOKEN", handle.token)
        yield handle


def settings(*names: str, token: str = "MCPSOAR_TOKEN") -> None:
    said = f'api = "http://127.0.0.1:9"\ntoken = {{ env = "{token}" }}\n'
    Path("mcpsoar.toml").write_text("".join(f"[profiles.{name}]\n{said}" for name in names))


def next_of(done: Ran) -> str:
    first, command = done.err.splitlines()[-2:]
    assert first.startswith("mcpsoar: ")
    return command.removeprefix("  next     ")


def unusable(tmp_path: Path, kind: str) -> str:
    """A home that is not there and cannot be, or one with a run that this user may not look at."""
    if kind == "whole":
        return str(tmp_path / TOO_LONG)
    (tmp_path / "home" / "runs").mkdir(parents=True)
    (tmp_path / "home" / "runs" / "20260101T000000Z-abcdef").symlink_to(TOO_LONG)
    return str(tmp_path / "home")


@pytest.mark.parametrize("kind", ["whole", "a run"])
def test_in_a_home_that_cannot_be_used_contain_goes_on_in_another(
    plane: Handle, tmp_path: Path, capsys: Captured, kind: str
) -> None:
    home = unusable(tmp_path, kind)
    done = ran(capsys, "contain", "github", "--ticket", "INC 7", "-q", "--api", plane.url, "--home", home)
    assert done.code == 3
    assert "cannot be used, so nothing more is changed: File name too long" in done.err
    assert plane.ledger() == []
    command = next_of(done)
    assert command == f"mcpsoar contain github --ticket 'INC 7' --home ANOTHER_DIR --api {plane.url}"
    assert ran(capsys, *shlex.split(command)[1:], "-q").code == 0


def test_a_rehearsal_goes_on_in_another_home_as_well(plane: Handle, tmp_path: Path, capsys: Captured) -> None:
    Path("mcpsoar.toml").write_text(
        f'[profiles.prod]\napi = "{plane.url}"\ntoken = {{ env = "MCPSOAR_TOKEN" }}\nrehearsal = ["jira"]\n'
    )
    done = ran(capsys, "contain", "jira", "--rehearse", "--home", unusable(tmp_path, "whole"))
    assert done.code == 3
    command = next_of(done)
    assert command == "mcpsoar contain jira --rehearse --home ANOTHER_DIR"
    assert ran(capsys, *shlex.split(command)[1:], "-q").code == 0


@pytest.mark.parametrize("kind", ["whole", "a run"])
def test_in_a_home_that_cannot_be_used_a_release_is_not_told_to_contain(
    plane: Handle, tmp_path: Path, capsys: Captured, kind: str
) -> None:
    home = unusable(tmp_path, kind)
    done = ran(capsys, "release", "github", "--yes", "-q", "--api", plane.url, "--home", home)
    assert done.code == 3
    assert "File name too long; make room there, or make it yours, and go on" in done.err
    assert next_of(done) == f"mcpsoar release github --yes --api {plane.url} --home {home}"


@pytest.mark.parametrize("kind", ["whole", "a run"])
def test_the_doctor_tells_of_such_a_home(plane: Handle, tmp_path: Path, capsys: Captured, kind: str) -> None:
    home = unusable(tmp_path, kind)
    done = ran(capsys, "doctor", "--format", "json", "--api", plane.url, "--home", home)
    assert done.code == 1, done.err
    broken = [check["about"] for check in done.document["checks"] if check["state"] == "broken"]
    assert broken == ["home"]


def test_a_release_on_a_full_disk_is_finished_once_there_is_room(
    plane: Handle, tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = ["--api", plane.url, "--home", str(tmp_path / "home")]
    assert ran(capsys, "contain", "github", "-q", *place).code == 0
    for fatal, verb in ((1, "release"), (16, "resume")):
        with monkeypatch.context() as patch:
            full = Full(tmp_path / "home", "fsync", fatal, patch)
            done = ran(capsys, "release", "github", "--yes", "-q", *place)
        assert full.is_met
        assert done.code == 3
        assert "No space left on device; make room there, or make it yours, and go on" in done.err
        assert verb in next_of(done)
        assert "contain" not in next_of(done)
    assert ran(capsys, *shlex.split(next_of(done))[1:], "-q").code == 0
    entry = plane.plane.server("github")
    assert entry is not None
    assert entry.is_enabled


@pytest.mark.parametrize(
    "typed",
    ["contain github jira --reason 'so it is'", "release github --yes", "doctor", "runs resume 2026"],
)
@pytest.mark.usefixtures("plane")
def test_without_settings_the_same_command_is_told(capsys: Captured, typed: str) -> None:
    done = ran(capsys, *shlex.split(typed))
    assert done.code == 2
    assert next_of(done) == f"mcpsoar {typed} --api https://control-plane.example.com"


@pytest.mark.usefixtures("plane")
def test_another_profile_is_named_as_it_is_called(capsys: Captured) -> None:
    settings("prod")
    assert next_of(ran(capsys, "contain", "github", "--profile", "staging")) == (
        "mcpsoar contain github --profile prod"
    )
    settings("prod", "lab")
    for more in ([], ["--profile", "staging"]):
        assert next_of(ran(capsys, "contain", "github", *more)) == "mcpsoar contain github --profile NAME"


@pytest.mark.usefixtures("plane")
def test_where_a_home_is_a_file_another_is_to_be_named(capsys: Captured, tmp_path: Path) -> None:
    settings("prod")
    (tmp_path / "file").touch()
    for typed in ("contain github", "release github --yes"):
        done = ran(capsys, *typed.split(), "--home", str(tmp_path / "file"))
        assert done.code == 2
        assert next_of(done) == f"mcpsoar {typed} --home ANOTHER_DIR"


@pytest.mark.usefixtures("plane")
def test_of_a_secret_that_is_not_there_it_is_said_what_goes_without(capsys: Captured) -> None:
    settings("prod", token="GONE")
    done = ran(capsys, "contain", "github")
    assert done.code == 2
    assert SECRET + "give it another way (a list of tokens is tried in order), or use a profile" in done.err
