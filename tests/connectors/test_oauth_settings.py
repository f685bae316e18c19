"""A profile's table of a token service: secrets are looked up where it names them, complaints name lines."""

from pathlib import Path

import pytest

from mcpsoar.app import settings
from mcpsoar.app.profiles import by_file
from mcpsoar.app.station import station
from mcpsoar.connectors.in_oauth.basic import header
from mcpsoar.connectors.in_oauth.settings import Client
from mcpsoar.connectors.oauth import connect
from mcpsoar.contain.home import Home
from mcpsoar.core.errors import Usage
from mcpsoar.core.profile import Binding
from mcpsoar.core.secret import Secret
from mcpsoar.kit.clock import SystemClock

GOOD = {
    "held": '{ file = "held" }',
    "introspect": '{ id = "runner", secret = { env = "RUNNER" } }',
    "clients": '[\n{ id = "agent-a", secret = { env = "A" } },\n{ id = "b", secret = { file = "b" } },\n]',
    "names": '{ crm = "https://crm.example.com/mcp" }',
}
LINE = {"held": 5, "introspect": 6, "clients": 7, "names": 11}
ENVIRON = {"RUNNER": "planted-of-the-runner", "A": "planted-of-agent-a"}
HELD = '{"token": "planted-token", "client": "agent-a"}\n'


@pytest.fixture(autouse=True)
def _files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("held").write_text(HELD)
    Path("b").write_text("planted-of-agent-b\n")


def bound(url: str = "https://id.example.com", **said: str) -> Binding:
    table = "\n".join(f"{key} = {value}" for key, value in {**GOOD, **said}.items() if value)
    text = f'[profiles.prod]\n[profiles.prod.tokens]\nconnector = "oauth"\nurl = "{url}"\n{table}\n'
    path = Path("mcpsoar.toml")
    path.write_text(text)
    profile, _ = by_file(path, None, ENVIRON)
    return profile.roles["tokens"]


def test_every_secret_is_looked_up_and_shown_by_nobody() -> None:
    made = bound()
    found = sorted(one.reveal() for one in made.secrets)
    assert found == ["planted-of-agent-a", "planted-of-agent-b", "planted-of-the-runner", HELD.strip()]
    assert "planted" not in repr(made)


def test_journals_hide_each_held_token_and_what_headers_carry() -> None:
    bound()
    profile, _ = by_file(Path("mcpsoar.toml"), None, ENVIRON)
    said: list[str] = []
    with station(profile, Home(Path("home")), SystemClock(), said.append) as ready:
        hidden = {one.reveal() for one in ready.secrets}
    sent = header(Client("agent-a", Secret("planted-of-agent-a"))).reveal()
    assert {"planted-token", "planted-of-agent-b", "planted-of-the-runner", sent} <= hidden


def test_a_list_that_holds_no_token_is_no_mistake() -> None:
    Path("held").write_text("\n")
    assert bound().secrets[0].reveal() == ""


def test_secrets_over_plain_http_are_warned_of() -> None:
    bound("http://id.example.com")
    loaded = settings.load(settings.Asked(config="mcpsoar.toml"), ENVIRON)
    assert loaded.warnings == ("warning: the token travels in the clear to id.example.com: use https",)


@pytest.mark.parametrize(
    ("key", "said", "line", "words"),
    [
        ("held", "", 2, "connector oauth lacks held, a token service lists no tokens by audience"),
        ("introspect", "", 2, "connector oauth lacks introspect"),
        ("clients", "", 2, "connector oauth lacks clients"),
        ("held", '"planted-token"', 5, "a token is named, not written"),
        ("held", '{ file = "none" }', 5, "the secret file none cannot be read"),
        ("held", '{ env = "NONE" }', 5, "is empty or not there: 'NONE'"),
        ("introspect", '{ id = "runner", secret = "planted" }', 6, "a token is named, not written"),
        ("introspect", '{ id = "runner" }', 6, "a client has an id and a secret"),
        ("introspect", '"planted"', 6, "a client has an id and a secret"),
        ("clients", "[]", 7, "clients is a list"),
        ("clients", '{ id = "a", secret = "planted" }', 7, "clients is a list"),
        ("clients", '[\n{ id = "a", secret = { env = "A" } },\n{ id = "b" },\n]', 7, "a client has an id"),
        ("clients", '[\n{ id = "a", secret = { env = "NONE" } },\n]', 7, "is empty or not there: 'NONE'"),
        ("clients", '[{ id = "a", secret = { command = ["true"] } }]', 7, "a client has an id and a secret"),
        ("clients", '[{ id = "a", secret = { env = "A" }, key = "b" }]', 7, "and may have audiences"),
        ("clients", '[{ id = "a", secret = { env = "A" }, audiences = "b" }]', 7, "audiences is a list"),
        ("introspect", '{ id = "r", secret = { env = "A" }, audiences = ["b"] }', 6, "and nothing else"),
        ("names", "{ crm = 1 }", 11, "names is a table"),
        ("revocation", '"https://id.example.com/revoke"', 12, "revocation is a path under url"),
        ("introspection", '"a/../b"', 12, "introspection is a path under url"),
        ("token", '{ env = "A" }', None, "connector oauth takes no token"),
        ("tokns", '"a"', 12, "unknown key 'tokns'"),
    ],
)
def test_a_setting_that_cannot_be_is_named_by_its_line(
    key: str, said: str, line: int | None, words: str
) -> None:
    with pytest.raises(Usage, match=words) as caught:
        connect(bound(**{key: said}), clock=SystemClock())
    assert "planted" not in str(caught.value)
    assert line is None or caught.value.where == f"mcpsoar.toml:{line}"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[]", "its line 1 is no JSON object"),
        ('{"token": "good"}\n{"token": "planted"', "its line 2 is no JSON object"),
        ('{"token": "a", "token": "planted"}', "its line 1 is no JSON object"),
        ('{"token": 7}', "its line 1 has no token that could be sent"),
        ('{"token": "planted\\n"}', "its line 1 has no token that could be sent"),
        ('{"token": "planted", "kind": "jwt"}', "its line 1 has a kind that is neither"),
        ('{"token": "planted", "audience": []}', "its line 1 has an audience that is neither"),
        ('{"token": "planted", "keep": 1}', "its line 1 has a keep that is neither"),
        ('{"token": "planted", "expires": 1}', "its line 1 has a key that means nothing"),
        ('{"token": "planted", "client": 1}', "its line 1 has a client that is no text"),
    ],
)
def test_a_held_line_that_cannot_be_is_named_and_not_shown(text: str, words: str) -> None:
    Path("held").write_text(text)
    with pytest.raises(Usage, match=words) as caught:
        bound()
    assert "planted" not in str(caught.value)
    assert caught.value.where == "mcpsoar.toml:5"
