"""What the page on rehearsals shows is what one prints, and its document has the keys that it names."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcpsoar.cli.main import main
from mcpsoar.lab.serving import control_plane
from tests.docs.test_readme import masked
from tests.flow.test_rehearse import data_plane

SETTINGS = re.compile(r"^```toml\n(.*?)^```", re.MULTILINE | re.DOTALL)
SHOWN = re.compile(r"^```console\n\$ (mcpsoar [^\n]*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
DOCUMENT = re.compile(r"^```json\n(.*?)^```", re.MULTILINE | re.DOTALL)


@pytest.fixture
def page(root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The page, its profile in force; a canary is added to it."""
    for name in ("API", "MCPSOAR_API", "MCPSOAR_CONFIG", "MCPSOAR_PACK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MCPSOAR_HOME", "home")
    Path("plane").mkdir()
    page = root / "docs" / "rehearsal.md"
    (text,) = SETTINGS.findall(page.read_text())
    (server,) = tomllib.loads(text)["profiles"]["prod"]["rehearsal"]
    with (
        control_plane(tmp_path / "plane", servers=(server, "github")) as plane,
        data_plane(plane) as canary,
    ):
        monkeypatch.setenv("MCPSOAR_TOKEN", plane.token)
        here = text.replace("https://control-plane.example.com", plane.url)
        Path("mcpsoar.toml").write_text(f"{here}\n{canary}")
        yield page


def test_a_rehearsal_prints_what_is_shown(
    page: Path, capsys: pytest.CaptureFixture[str], request: pytest.FixtureRequest
) -> None:
    ((command, shown),) = SHOWN.findall(page.read_text())
    assert main(command.split()[1:]) == 0
    out = capsys.readouterr().out
    text = out[out.index("REHEARSED: ") :]
    if request.config.getoption("--update-golden"):
        page.write_text(page.read_text().replace(shown, text))
        return
    assert masked(shown) == masked(text)


def test_its_document_has_the_keys_that_are_named(page: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (command, _), (said,) = SHOWN.findall(page.read_text())[0], DOCUMENT.findall(page.read_text())
    assert main([*command.split()[1:], "--format", "json"]) == 0
    made, told = json.loads(capsys.readouterr().out), json.loads(said)
    assert list(made) == list(told)
    assert [list(made[key]) for key in ("rehearsal", "timings")] == [
        list(told[key]) for key in ("rehearsal", "timings")
    ]
    assert made["verdict"] == told["verdict"]
