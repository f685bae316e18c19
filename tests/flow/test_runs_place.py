"""A run is shown and resumed where it was made, whatever the environment says by then."""

import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcpsoar.app import runs
from mcpsoar.cli.main import main
from mcpsoar.lab.faults import Fault
from mcpsoar.lab.serving import Handle, control_plane
from tests.flow.ground import ROOT

Captured = pytest.CaptureFixture[str]
ELSEWHERE = "http://127.0.0.1:9"


@pytest.fixture
def plane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Handle]:
    """The run's plane, which refuses to disable anything; the environment names another."""
    folder = tmp_path / "plane"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    for name in ("API", "MCPSOAR_CONFIG", "MCPSOAR_PACK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MCPSOAR_API", ELSEWHERE)
    monkeypatch.setenv("MCPSOAR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "no-config"))
    with control_plane(folder, servers=("github", "jira")) as handle:
        monkeypatch.setenv("MCPSOAR_TOKEN", handle.token)
        handle.faults.set(Fault.STATUS, "registry.disable", status=403)
        yield handle


def begun(capsys: Captured, *options: str) -> str:
    """A run that did not contain."""
    assert main(["contain", "github", "-q", *options]) == 1
    capsys.readouterr()
    return str(runs.listed(Path("home"))[0]["run"])


def next_command(text: str) -> list[str]:
    return shlex.split(next(line for line in text.splitlines() if line.startswith("  next "))[9:])[1:]


def settings(url: str) -> None:
    text = f'[profiles.prod]\napi = "{url}"\ntoken = {{ env = "MCPSOAR_TOKEN" }}\n'
    Path("mcpsoar.toml").write_text(text)


@pytest.mark.parametrize("is_profile", [True, False])
def test_what_show_prints_finds_the_run_s_own_plane(
    plane: Handle, capsys: Captured, *, is_profile: bool
) -> None:
    settings(plane.url)
    own = ["--profile", "prod"] if is_profile else ["--api", plane.url]
    run = begun(capsys, *own)
    plane.faults.clear()
    assert main(["runs", "show", run]) == 1
    shown = capsys.readouterr().out
    assert ELSEWHERE not in shown
    undo = next(line for line in shown.splitlines() if "to undo" in line)
    assert shlex.split(undo)[-4:-2] == own
    assert main(next_command(shown)) == 0
    assert main(shlex.split(undo)[3:]) == 0


@pytest.mark.parametrize("options", [[], ["--profile", "prod"]])
def test_resumed_elsewhere_it_says_what_differs_and_what_would_work(
    plane: Handle, capsys: Captured, options: list[str]
) -> None:
    settings(ELSEWHERE)
    run = begun(capsys, "--api", plane.url)
    plane.faults.clear()
    assert main(["runs", "resume", run, *options]) == 2
    said = capsys.readouterr().err
    assert f"registry, tokens, policy: run {plane.url}, now {ELSEWHERE}" in said
    assert main(next_command(said)) == 0


def test_a_profile_whose_address_changed_is_to_be_set_back(plane: Handle, capsys: Captured) -> None:
    settings(plane.url)
    run = begun(capsys, "--profile", "prod")
    settings(ELSEWHERE)
    plane.faults.clear()
    assert main(["runs", "resume", run, "--profile", "prod"]) == 2
    said = capsys.readouterr().err
    assert "set profile prod back, then" in said
    settings(plane.url)
    assert main(next_command(said)) == 0


@pytest.mark.parametrize(
    ("text", "what"), [("title: A ", "was edited since"), (None, "is gone or cannot be read")]
)
def test_an_edited_playbook_is_told_and_the_plan_of_the_journal_goes_on(
    plane: Handle, capsys: Captured, tmp_path: Path, *, text: str | None, what: str
) -> None:
    run = begun(capsys, "--api", plane.url)
    plane.faults.clear()
    kept = (ROOT / "playbooks" / "contain-server.yml").read_text()
    (tmp_path / "pack" / "playbooks").mkdir(parents=True)
    if text is not None:
        edited = tmp_path / "pack" / "playbooks" / "contain-server.yml"
        edited.write_text(
            kept.replace("title: ", text, 1).replace("action: registry.disable", "action: tokens.revoke")
        )
    assert main(["runs", "resume", run, "--api", plane.url, "--pack", str(tmp_path / "pack")]) == 0
    out, err = capsys.readouterr()
    assert f"playbook contain-server {what}" in err
    assert "disable:github" in out
    entry = plane.plane.server("github")
    assert entry is not None
    assert not entry.is_enabled
