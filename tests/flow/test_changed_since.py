"""A release asks whether somebody changed since what was contained, and undoes nothing over their heads."""

import json
import shlex
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mcpsoar.cli.main import main
from mcpsoar.lab.faults import Fault
from mcpsoar.lab.serving import Handle, control_plane
from tests.flow.test_contain_http import profile

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def plane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Handle]:
    folder = tmp_path / "plane"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    for name in ("API", "MCPSOAR_CONFIG", "MCPSOAR_PACK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MCPSOAR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "no-config"))
    with control_plane(folder, servers=("github", "jira")) as handle:
        for name, value in (("MCPSOAR_API", handle.url), ("MCPSOAR_TOKEN", handle.token)):
            monkeypatch.setenv(name, value)
        yield handle


def edited(plane: Handle, server: str = "github") -> None:
    """Somebody puts another build of it there."""
    entry = plane.plane.server(server)
    assert entry is not None
    plane.plane.register(replace(entry, fingerprint="sha256:another-build"))


def writes(plane: Handle) -> list[str]:
    return [f"{line['method']} {line['path']}" for line in plane.ledger() if line["method"] != "GET"]


def is_on(plane: Handle, server: str) -> bool:
    entry = plane.plane.server(server)
    assert entry is not None
    return entry.is_enabled


@pytest.fixture
def contained(plane: Handle, capsys: Captured) -> int:
    """How many changes it took to contain two servers."""
    assert main(["contain", "github", "jira", "-q"]) == 0
    capsys.readouterr()
    return len(writes(plane))


def test_nobody_changed_anything_and_it_is_released(plane: Handle, contained: int) -> None:
    assert main(["release", "github", "jira", "--yes", "-q"]) == 0
    assert is_on(plane, "github")
    assert len(writes(plane)) > contained


@pytest.mark.parametrize("dry", [[], ["--dry-run"]])
def test_another_build_is_not_let_in_by_a_release(
    plane: Handle, contained: int, capsys: Captured, dry: list[str]
) -> None:
    edited(plane)
    assert main(["release", "github", "jira", "--yes", *dry, "--format", "json"]) == 1
    out, err = capsys.readouterr()
    (one,) = json.loads(out)["changes"]
    assert json.loads(out)["error"] == "changed"
    assert (one["step"], one["server"], one["what"]) == ("disable:github", "github", "fingerprint")
    assert one["is"] == "sha256:another-build"
    assert len(one["was"]) == 64
    assert "changed  disable:github: fingerprint was " in err
    assert len(writes(plane)) == contained
    assert not is_on(plane, "github")
    assert not is_on(plane, "jira")


def test_what_it_says_to_run_next_undoes_it_and_keeps_what_was_gone_past(
    plane: Handle, contained: int, capsys: Captured, tmp_path: Path
) -> None:
    edited(plane)
    assert main(["release", "github", "jira", "--yes"]) == 1
    said = capsys.readouterr().err
    command = next(line for line in said.splitlines() if line.startswith("  next "))[9:]
    assert "--changed-too" in command
    assert main(shlex.split(command)[1:]) == 0
    assert "changed since: disable:github: fingerprint was" in capsys.readouterr().err
    assert is_on(plane, "github")
    assert is_on(plane, "jira")
    journals = b"".join(path.read_bytes() for path in (tmp_path / "home").rglob("*.jsonl"))
    assert b'"changed_since":[{"is":"sha256:another-build"' in journals
    assert len(writes(plane)) > contained


def test_what_somebody_enabled_meanwhile_is_told_and_left(
    plane: Handle, contained: int, capsys: Captured
) -> None:
    edited(plane)
    plane.plane.set_state("github", "enabled")
    assert main(["release", "github", "--yes"]) == 0
    out, err = capsys.readouterr()
    assert "disable:github: undone since by somebody else" in err
    assert main(["runs", "show", out.split("run ")[1].split(",")[0].strip(), "--format", "json"]) == 0
    step = next(one for one in json.loads(capsys.readouterr().out)["steps"] if one["id"] == "disable:github")
    assert step["detail"].endswith("is enabled, undone before this release")
    assert [line for line in writes(plane)[contained:] if "registry" in line] == []


@pytest.mark.parametrize("is_edited", [False, True])
@pytest.mark.usefixtures("contained")
def test_a_release_that_broke_off_is_not_somebody_else(
    plane: Handle, capsys: Captured, *, is_edited: bool
) -> None:
    plane.faults.set(Fault.NO_EFFECT, "registry.enable")
    assert main(["release", "github", "--yes", "-q"]) == 1
    plane.faults.clear()
    if is_edited:
        edited(plane)
    assert main(["release", "github", "--yes"]) == int(is_edited)
    assert ("changed since the containment; nothing was sent" in capsys.readouterr().err) is is_edited
    assert is_on(plane, "github") is not is_edited


MARKED = 'facts = ["/environment"]\nmarks = ["/fingerprint"]'


def test_a_plane_that_the_profile_describes_names_what_shows_a_change(
    plane: Handle, capsys: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANE_TOKEN", plane.token)
    monkeypatch.delenv("MCPSOAR_API")
    monkeypatch.delenv("MCPSOAR_TOKEN")
    toml = profile(plane)
    assert 'facts = ["/environment"]' in toml
    (tmp_path / "mcpsoar.toml").write_text(toml.replace('facts = ["/environment"]', MARKED))
    assert main(["contain", "github", "-q"]) == 0
    edited(plane)
    before = len(writes(plane))
    assert main(["release", "github", "--yes"]) == 1
    assert "changed  disable:github: /fingerprint was " in capsys.readouterr().err
    assert len(writes(plane)) == before
    assert main(["release", "github", "--yes", "--changed-too"]) == 0


def described(plane: Handle, monkeypatch: pytest.MonkeyPatch, *edits: tuple[str, str]) -> None:
    monkeypatch.setenv("PLANE_TOKEN", plane.token)
    monkeypatch.delenv("MCPSOAR_API", raising=False)
    monkeypatch.delenv("MCPSOAR_TOKEN", raising=False)
    toml = profile(plane)
    for old, new in edits:
        assert old in toml
        toml = toml.replace(old, new)
    Path("mcpsoar.toml").write_text(toml)


ENABLE = 'path = "registry/{server}/enable"'
# what another server is called, and how long a call may take, undoes nothing otherwise
HARMLESS = ('connector = "http"', 'connector = "http"\nnames = { crm = "crm-prod" }\ntimeout_s = 9')
NAMED = ('connector = "http"', 'connector = "http"\nnames = { github = "jira" }')
ELSEWHERE = (ENABLE, 'path = "registry/jira/enable"')


@pytest.mark.parametrize(("edit", "what"), [(NAMED, "names.github"), (ELSEWHERE, "actions.registry.disable")])
def test_what_a_profile_says_otherwise_since_undoes_nothing_unasked(
    plane: Handle, capsys: Captured, monkeypatch: pytest.MonkeyPatch, edit: tuple[str, str], what: str
) -> None:
    described(plane, monkeypatch)
    assert main(["contain", "github", "-q"]) == 0
    described(plane, monkeypatch, HARMLESS)
    assert main(["release", "github", "--yes", "--dry-run", "-q"]) == 0
    capsys.readouterr()
    described(plane, monkeypatch, edit)
    before = len(writes(plane))
    # a registry that tells names apart refuses another entry before that
    assert main(["release", "github", "--yes"]) in (1, 2)
    said = capsys.readouterr().err
    assert f"changed  disable:github: {what} of the profile" in said or "and is jira now" in said
    assert len(writes(plane)) == before


def test_a_run_is_finished_by_the_options_that_it_was_begun_with(
    plane: Handle, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    described(plane, monkeypatch)
    plane.faults.set(Fault.STATUS, "registry.disable", status=403)
    assert main(["contain", "github", "-q"]) == 1
    plane.faults.clear()
    run = next(line for line in capsys.readouterr().out.splitlines() if " run " in line).split()[1].strip(",")
    described(plane, monkeypatch, (ENABLE, f'query = {{ why = "again" }}\n{ENABLE}'))
    before = len(writes(plane))
    assert main(["runs", "resume", run]) == 2
    said = capsys.readouterr().err
    assert ": actions.registry.disable of role registry: the same step would do something else" in said
    assert len(writes(plane)) == before
    command = next(line for line in said.splitlines() if line.startswith("  next "))[9:]
    assert main(shlex.split(command)[1:]) == 0
    assert "  expected: " in capsys.readouterr().err
