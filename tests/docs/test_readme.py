"""The README is executed: its commands exist, its settings load, its output is what the drill prints."""

import re
import shlex
from pathlib import Path

import click
import pytest

from mcpsoar.app.drill import drill
from mcpsoar.app.drill_ground import Settings
from mcpsoar.app.settings import Asked, load
from mcpsoar.cli.drill_text import lines
from mcpsoar.cli.main import group
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit.clock import SystemClock
from mcpsoar.pack import mapping, schema
from mcpsoar.pack.locate import own
from mcpsoar.siems import asked, installed
from mcpsoar.siems.asked import Options, Siem

SHELL = re.compile(r"^```(?:sh|bash|shell|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
TOML = re.compile(r"^```toml\n(.*?)^```", re.MULTILINE | re.DOTALL)
YAML = re.compile(r"^```yaml\n(.*?)^```", re.MULTILINE | re.DOTALL)
TEXT = re.compile(r"^```text\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?://|#)([^)#]+)\)")
VARIES = (
    (re.compile(r"sha256:[0-9a-f]{64}"), "DIGEST"),
    (re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}"), "ID"),
    (re.compile(r"jwt-[0-9a-f]{16}"), "JTI"),
    (re.compile(r"\d{8}T\d{6}Z-[0-9a-f]{6}"), "RUN"),
    (re.compile(r"\d+"), "N"),
)


def masked(text: str) -> list[str]:
    """The lines with everything blanked that differs from run to run: ids, digests, times, counts."""
    for pattern, name in VARIES:
        text = pattern.sub(name, text)
    return [" ".join(line.split()) for line in text.splitlines()]


@pytest.fixture
def readme(root: Path) -> str:
    return (root / "README.md").read_text()


def test_the_first_two_shell_blocks_are_one_line_each(readme: str) -> None:
    job, checks = SHELL.findall(readme)[:2]
    assert len(job.strip().splitlines()) == 1
    assert job.strip().endswith("mcpsoar drill")
    assert len(checks.strip().splitlines()) == 1
    assert checks.strip().endswith("poe check")


def test_every_command_that_is_shown_exists_with_its_options(readme: str) -> None:
    shown = re.findall(r"^mcpsoar (.+)$", "\n".join(SHELL.findall(readme)), re.MULTILINE)
    assert len(shown) > 10
    for words in shown:
        command: click.Command = group
        context = click.Context(group, info_name="mcpsoar")
        rest = shlex.split(words)
        while isinstance(command, click.Group):
            found = command.get_command(context, rest.pop(0))
            assert found is not None, words
            command = found
        known = {option for param in command.params for option in param.opts}
        assert {word for word in rest if word.startswith("--")} <= known, words


def test_the_settings_that_are_shown_load(
    readme: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (shown,) = TOML.findall(readme)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mcpsoar.toml").write_text(shown)
    profile = load(Asked(), {"MCPSOAR_TOKEN": "one", "CANARY_TOKEN": "two"}).profile
    assert set(profile.roles) == {"registry", "tokens", "policy"}
    assert profile.canary is not None
    assert profile.canary.hold_s == 60


def test_every_file_that_is_linked_exists(root: Path, readme: str) -> None:
    links = LINK.findall(readme)
    assert links
    assert not [target for target in links if not (root / target).exists()]


def test_the_output_that_is_shown_is_what_the_drill_prints(
    root: Path, readme: str, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    outcome = drill(Settings(tmp_path, own(), SystemClock(), lambda _: None))
    assert outcome.verdict is Verdict.YES, outcome.failures
    text = "\n".join(lines(outcome, is_kept=False)) + "\n"
    (shown,) = TEXT.findall(readme)
    if request.config.getoption("--update-golden"):
        (root / "README.md").write_text(readme.replace(shown, text))
        return
    assert masked(shown) == masked(text)


def test_the_mapping_is_one(readme: str, tmp_path: Path) -> None:
    said, _ = YAML.findall(readme)
    path = tmp_path / "mapping.yml"
    path.write_text(said)
    made = mapping.read(path, schema.load(own()), installed.mapping_keys())
    assert made.fields["token_scopes"].split == " "
    assert made.own == {"sourcetype": "example:gateway", "dataset": "example.gateway"}


def test_what_a_siem_has_is_what_every_siem_is_asked_for(readme: str) -> None:
    table = readme.partition("| it has | which is |")[2].partition("\n\n")[0]
    said = [name for row in table.splitlines()[2:] for name in re.findall(r"`(\w+)`", row.split("|")[1])]
    members = {*Siem.__annotations__, *(name for name, one in vars(Siem).items() if callable(one))}
    assert sorted(said) == sorted(name for name in members if not name.startswith("_"))


def test_the_overlay_is_one(readme: str, root: Path, tmp_path: Path) -> None:
    _, said = YAML.findall(readme)
    path = tmp_path / "overlay.yml"
    path.write_text(said)
    tuned = asked.content(root, Options(), path).tuning
    assert (tuned.approved, len(tuned.gates), len(tuned.rules)) == (("github", "jira"), 1, 1)
