"""Commands that give secrets are run once each, all at the same time, and what they say shows nowhere."""

import sys
from pathlib import Path

import pytest

from mcpsoar.app import settings, siem_profiles
from mcpsoar.app.settings import Asked
from mcpsoar.core.errors import Usage

SAME = """
[profiles.prod]
[profiles.prod.registry]
url = "https://registry.example.com"
token = COMMAND
[profiles.prod.tokens]
url = "https://idp.example.com"
token = [{ env = "ABSENT" }, COMMAND]
[profiles.prod.policy]
url = "https://policy.example.com"
token = COMMAND
[profiles.prod.canary]
url = "https://gateway.example.com/mcp/{server}"
tool = "ping"
token = COMMAND
"""
# each waits for the other's file: one after the other, neither would end well
MEETING = """
[profiles.prod]
[profiles.prod.registry]
url = "https://registry.example.com"
token = FIRST
[profiles.prod.policy]
url = "https://policy.example.com"
token = SECOND
"""
DESCRIBED = """
[profiles.prod.registry]
connector = "http"
url = "https://plane.example.com"
[profiles.prod.registry.actions."registry.disable".do]
method = "POST"
path = "x/{server}"
"""
MEET = (
    "import pathlib, sys, time; mine, other = map(pathlib.Path, sys.argv[1:3]); mine.touch()\n"
    "end = time.monotonic() + 8\n"
    "while not other.exists() and time.monotonic() < end: time.sleep(0.02)\n"
    "print('s3cret-' + mine.name if other.exists() else '')"
)


def command(*words: object) -> str:
    return "{ command = [" + ", ".join(f"'''{word}'''" for word in words) + "] }"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_one_command_in_several_tables_is_run_once(here: Path) -> None:
    count = here / "count"
    said = command("sh", "-c", f"echo once >> {count}; echo s3cret")
    (here / "mcpsoar.toml").write_text(SAME.replace("COMMAND", said))
    found = settings.load(Asked(), {}).profile
    assert {one.token.reveal() for one in found.roles.values() if one.token} == {"s3cret"}
    assert found.canary is not None
    assert found.canary.token is not None
    assert found.canary.token.reveal() == "s3cret"
    assert count.read_text() == "once\n"
    assert "s3cret" not in repr(found)


def test_several_commands_are_run_at_the_same_time(here: Path) -> None:
    first, second = here / "first", here / "second"
    toml = MEETING.replace("FIRST", command(sys.executable, "-c", MEET, first, second))
    toml = toml.replace("SECOND", command(sys.executable, "-c", MEET, second, first))
    (here / "mcpsoar.toml").write_text(toml)
    found = settings.load(Asked(), {}).profile
    revealed = {role: bound.token.reveal() for role, bound in found.roles.items() if bound.token}
    assert revealed == {"registry": "s3cret-first", "policy": "s3cret-second"}


def test_so_are_those_of_a_list(here: Path) -> None:
    first, second = here / "first", here / "second"
    both = [command(sys.executable, "-c", MEET, *pair) for pair in ((first, second), (second, first))]
    toml = f'[profiles.prod.splunk]\nurl = "https://splunk.example.com"\ntoken = [{", ".join(both)}]\n'
    (here / "mcpsoar.toml").write_text(toml)
    _, bound = siem_profiles.binding(here / "mcpsoar.toml", None, "splunk", {})
    assert bound.token is not None
    assert bound.token.reveal() == "s3cret-first"


def test_one_that_fails_is_told_at_its_own_line_and_shows_nothing(here: Path) -> None:
    said = command("sh", "-c", "echo s3cret; exit 1")
    (here / "mcpsoar.toml").write_text(SAME.replace("COMMAND", said))
    with pytest.raises(Usage, match=r"mcpsoar.toml:5: the secret command 'sh' gave none") as raised:
        settings.load(Asked(), {})
    assert "s3cret" not in str(raised.value)


def test_what_is_no_secret_is_not_run(here: Path) -> None:
    touched = here / "touched"
    body = f'body = {{ command = ["touch", "{touched}"] }}'
    (here / "mcpsoar.toml").write_text(DESCRIBED + body)
    settings.load(Asked(), {})
    assert not touched.exists()


def test_a_secret_is_read_again_where_it_came_from(here: Path) -> None:
    count = here / "count"
    said = command("sh", "-c", f"echo once >> {count}; wc -l < {count}")
    (here / "mcpsoar.toml").write_text(SAME.replace("COMMAND", said))
    token = settings.load(Asked(), {}).profile.roles["policy"].token
    assert token is not None
    assert [token.reveal(), token.again().reveal(), token.again().reveal()] == ["1", "2", "3"]
