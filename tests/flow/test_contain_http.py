"""`contain` and `release` on a control plane that the profile describes, as they are typed."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from mcpsoar.cli.main import main
from mcpsoar.kit.stops import ENTRY, KEY, stopped_by
from mcpsoar.lab.faults import Fault
from mcpsoar.lab.serving import Handle, control_plane
from tests.flow.ground import ROOT

Captured = pytest.CaptureFixture[str]
TOML = re.compile(r"^```toml\n(.*?)^```", re.MULTILINE | re.DOTALL)
LOOK = re.compile(r"^\[[^\n]*\.look\]\n.*?(?=^\[)", re.MULTILINE | re.DOTALL)


@pytest.fixture
def plane(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[Handle]:
    folder = tmp_path / "plane"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    for name in ("API", "MCPSOAR_API", "MCPSOAR_CONFIG", "MCPSOAR_PACK", "MCPSOAR_TOKEN"):
        monkeypatch.delenv(name, raising=False)
    with control_plane(
        folder, servers=("github", "jira"), page_size=2, jwt=getattr(request, "param", False)
    ) as handle:
        monkeypatch.setenv("PLANE_TOKEN", handle.token)
        monkeypatch.setenv("MCPSOAR_HOME", str(tmp_path / "home"))
        (tmp_path / "mcpsoar.toml").write_text(profile(handle))
        yield handle


def profile(plane: Handle) -> str:
    """The one that the docs show."""
    shown: str = TOML.findall((ROOT / "docs" / "http.md").read_text())[0]
    return shown.replace("https://plane.example.com/api", plane.url)


def writes(plane: Handle) -> list[str]:
    return [f"{line['method']} {line['path']}" for line in plane.ledger() if line["method"] != "GET"]


def everything(folder: Path) -> str:
    files = [path.read_bytes() for path in folder.rglob("*") if path.is_file()]
    return b"\n".join(files).decode("utf-8", "replace")


def test_it_contains_and_releases(plane: Handle, capsys: Captured, tmp_path: Path) -> None:
    assert main(["contain", "github", "--format", "json", "-v"]) == 0
    out, err = capsys.readouterr()
    report = json.loads(out)
    assert report["verdict"] == "contained"
    assert {step["verdict"] for step in report["steps"]} == {"verified"}
    assert report["remaining_exposure"] == []
    assert sorted(writes(plane)) == [
        "POST /policy/emergency-write-approval",
        "POST /registry/github/disable",
        "POST /tokens/revoke",
    ]
    assert main(["release", "github", "--yes"]) == 0
    released = capsys.readouterr()
    assert "RELEASED: github" in released.out
    entry = plane.plane.server("github")
    assert entry is not None
    assert entry.is_enabled
    assert not plane.plane.policy().is_forced
    said = out + err + released.out + released.err + everything(tmp_path / "home")
    assert plane.token not in said


@pytest.mark.parametrize("plane", [True], indirect=True)
def test_a_jwt_outlives_it_and_nobody_looked_at_the_data_plane(plane: Handle, capsys: Captured) -> None:
    assert main(["contain", "github", "--format", "json"]) == 3
    report = json.loads(capsys.readouterr().out)
    assert {step["verdict"] for step in report["steps"]} == {"verified"}
    (left,) = report["remaining_exposure"]
    assert left["what"].endswith(f" for github, good until it ends {stopped_by(ENTRY, KEY)}")
    assert left["until"] is not None
    assert plane.ledger()


def test_a_lie_is_not_contained(plane: Handle, capsys: Captured) -> None:
    plane.faults.set(Fault.NO_EFFECT, "registry.disable")
    assert main(["contain", "github"]) == 1
    assert "not in force" in capsys.readouterr().out


def test_without_looks_nothing_is_proven(plane: Handle, capsys: Captured, tmp_path: Path) -> None:
    (tmp_path / "mcpsoar.toml").write_text(LOOK.sub("", profile(plane)))
    assert main(["contain", "github", "--format", "json"]) == 3
    report = json.loads(capsys.readouterr().out)
    assert report["verdict"] == "unverified"
    assert {step["verdict"] for step in report["steps"]} == {"applied_unverified"}
    assert main(["release", "github", "--yes", "--assume-on"]) == 3
    entry = plane.plane.server("github")
    assert entry is not None
    assert entry.is_enabled


def test_without_an_undo_a_release_says_who_must(plane: Handle, capsys: Captured, tmp_path: Path) -> None:
    undo = re.compile(r"^\[[^\n]*disable\"\.undo\]\n.*?(?=^\[)", re.MULTILINE | re.DOTALL)
    (tmp_path / "mcpsoar.toml").write_text(undo.sub("", profile(plane)))
    assert main(["contain", "github"]) == 0
    assert main(["release", "github", "--yes"]) == 1
    assert "no undo for registry.disable: undo it by hand" in capsys.readouterr().out
    entry = plane.plane.server("github")
    assert entry is not None
    assert not entry.is_enabled


def test_an_unknown_server_is_left_alone(plane: Handle, capsys: Captured) -> None:
    assert main(["contain", "crm"]) == 1
    assert "the control plane knows no crm" in capsys.readouterr().out
    assert not [call for call in writes(plane) if "crm" in call]


def test_a_mistake_is_exit_2_with_its_line(plane: Handle, capsys: Captured, tmp_path: Path) -> None:
    toml = profile(plane)
    (tmp_path / "mcpsoar.toml").write_text(toml.replace('is = "forced" }', 'is = "forced", of = 1 }', 1))
    line = toml[: toml.index('is = "forced"')].count("\n") + 1
    assert main(["contain", "github"]) == 2
    assert f"mcpsoar.toml:{line}: 'of' means nothing" in capsys.readouterr().err
    assert plane.ledger() == []


def test_a_dry_run_sends_no_change(plane: Handle, capsys: Captured) -> None:
    assert main(["contain", "github", "--dry-run"]) == 0
    assert "PLANNED" in capsys.readouterr().out
    assert writes(plane) == []


def test_one_tool_goes_and_comes_back(plane: Handle, capsys: Captured) -> None:
    entry = plane.plane.server("github")
    assert entry is not None
    plane.plane.register(replace(entry, tools=({"name": "delete"}, {"name": "list"})))
    assert main(["contain", "tool:delete@github", "--playbook", "quarantine-tool"]) == 0
    entry = plane.plane.server("github")
    assert entry is not None
    assert (entry.tools_off, entry.is_enabled) == (("delete",), True)
    assert main(["contain", "tool:drop@github", "--playbook", "quarantine-tool"]) == 1
    assert main(["release", "tool:delete@github", "--yes"]) == 0
    out = capsys.readouterr().out
    assert "the control plane knows no drop" in out
    entry = plane.plane.server("github")
    assert entry is not None
    assert entry.tools_off == ()


def test_a_principal_s_tokens_go_and_a_mistyped_one_is_unknown(plane: Handle, capsys: Captured) -> None:
    words = ["--playbook", "contain-token", "--format", "json"]
    main(["contain", "principal:seed", *words])
    report = json.loads(capsys.readouterr().out)
    assert [step["verdict"] for step in report["steps"]] == ["verified"]
    assert not [token for token in plane.plane.tokens() if token.active and token.client_id == "seed"]
    assert main(["contain", "principal:sead", *words]) == 1
    (step,) = json.loads(capsys.readouterr().out)["steps"]
    assert "the control plane knows no sead" in step["detail"]
