"""What the README shows of the doctor is what it prints."""

import re
from pathlib import Path

import pytest

from mcpsoar.cli.main import main
from mcpsoar.lab.serving import control_plane
from tests.docs.test_readme import masked

SHOWN = re.compile(r"^```console\n\$ mcpsoar doctor\n(.*?)^```", re.MULTILINE | re.DOTALL)


def test_the_doctor_prints_what_is_shown(
    root: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    request: pytest.FixtureRequest,
) -> None:
    for name in ("API", "MCPSOAR_API", "MCPSOAR_CONFIG", "MCPSOAR_PACK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MCPSOAR_HOME", "home")
    Path("plane").mkdir()
    with control_plane(tmp_path / "plane", servers=("github", "idp")) as plane:
        monkeypatch.setenv("MCPSOAR_TOKEN", plane.token)
        monkeypatch.setenv("BREAK_GLASS", "revoked-last-year")
        Path("mcpsoar.toml").write_text(
            f'[profiles.prod]\napi = "{plane.url}"\nprotected = ["idp"]\n'
            'token = [{ env = "MCPSOAR_TOKEN" }, { env = "BREAK_GLASS" }]\n'
        )
        assert main(["doctor"]) == 1
    text = capsys.readouterr().out
    readme = root / "README.md"
    (shown,) = SHOWN.findall(readme.read_text())
    if request.config.getoption("--update-golden"):
        readme.write_text(readme.read_text().replace(shown, text))
        return
    assert masked(shown) == masked(text)
