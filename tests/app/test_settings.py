"""Settings: where they come from, what they may say, and that no secret shows."""

from pathlib import Path

import pytest

from mcpsoar.app import settings
from mcpsoar.app.settings import Asked
from mcpsoar.connectors.reference import connect
from mcpsoar.core.errors import Usage
from mcpsoar.core.profile import CanaryBinding, Control, Profile
from mcpsoar.core.secret import Secret
from mcpsoar.kit.clock import SystemClock

WHOLE = """
default_profile = "prod"
[profiles.prod]
look_s = 1.5
[profiles.prod.registry]
connector = "reference"
url = "https://registry.example.com/api"
token = { env = "REGISTRY_TOKEN" }
timeout_s = 3
[profiles.prod.tokens]
url = "https://idp.example.com"
token = { file = "TOKEN_FILE" }
[profiles.prod.policy]
url = "https://policy.example.com"
token = { command = ["printf", "from-a-command"] }
[profiles.prod.canary]
url = "https://gateway.example.com/mcp/{server}"
tool = "ping"
hold_s = 60
[profiles.test]
api = "http://127.0.0.1:8080"
"""


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    secret = tmp_path / "secret"
    secret.write_text("from-a-file\n")
    path = tmp_path / "mcpsoar.toml"
    path.write_text(WHOLE.replace("TOKEN_FILE", str(secret)))
    return path


@pytest.mark.usefixtures("config")
def test_three_kinds_of_secrets_are_found() -> None:
    found = settings.load(Asked(), {"REGISTRY_TOKEN": "from-the-environment"}).profile
    revealed = {role: binding.token.reveal() for role, binding in found.roles.items() if binding.token}
    assert revealed == {
        "registry": "from-the-environment",
        "tokens": "from-a-file",
        "policy": "from-a-command",
    }
    assert found.name == "prod"
    assert found.look_s == 1.5
    assert found.roles["registry"].options == {"timeout_s": 3}
    assert found.canary is not None
    assert found.canary.hold_s == 60
    assert "from-a" not in repr(found)


@pytest.mark.usefixtures("config")
def test_a_profile_of_one_address_binds_all_roles() -> None:
    found = settings.load(Asked(profile="test"), {}).profile
    assert {binding.base_url for binding in found.roles.values()} == {"http://127.0.0.1:8080"}
    assert sorted(found.roles) == ["policy", "registry", "tokens"]


@pytest.mark.parametrize("name", ["MCPSOAR_API", "API"])
def test_an_address_in_the_environment_is_a_whole_profile(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    found = settings.load(Asked(), {name: "https://cp.example.com/", "MCPSOAR_TOKEN": "a-token-of-ours"})
    assert {binding.base_url for binding in found.profile.roles.values()} == {"https://cp.example.com"}
    assert not found.warnings


def test_without_a_token_no_token_is_bound() -> None:
    found = settings.load(Asked(api="https://cp.example.com"), {}).profile
    assert [binding.token for binding in found.roles.values()] == [None, None, None]


def test_a_token_in_the_clear_is_warned_of_but_not_on_loopback() -> None:
    token = {"MCPSOAR_TOKEN": "a-token-of-ours"}
    assert "clear" in settings.load(Asked(api="http://cp.example.com"), token).warnings[0]
    assert not settings.load(Asked(api="http://127.0.0.1:1"), token).warnings
    assert not settings.load(Asked(api="http://cp.example.com"), {}).warnings


def test_nothing_configured_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    with pytest.raises(Usage, match="no control plane is configured") as caught:
        settings.load(Asked(), {})
    assert caught.value.next_command
    assert settings.load(Asked(), {}, may_be_empty=True).profile.roles == {}


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ('token = { env = "REGISTRY_TOKEN" }', 'token = "hunter2-in-the-file"', 8, "named, not written"),
        ("timeout_s = 3", "", 8, "empty or not there"),
        ("timeout_s = 3", "timeout = 3", 9, "unknown key 'timeout'; known are connector, url"),
        ("look_s = 1.5", 'pagers = ["soc"]', 4, "unknown key 'pagers'"),
        ("look_s = 1.5", "approvals = {}", 4, "unknown key 'approvals'"),
        ("look_s = 1.5", "audit = {}", 4, "a key is named, not written"),
        ("look_s = 1.5", 'token = { env = "T" }', 4, "this token goes with an api"),
        ('connector = "reference"', 'connector = "refrence"', 6, "no connector named 'refrence'"),
        ("look_s = 1.5", "lock_s = 1.5", 4, "unknown key 'lock_s'"),
        ("look_s = 1.5", "look_s = -1", 4, "above 0"),
        ("look_s = 1.5", "threads = 0.5", 4, "threads must be a whole number"),
        ("look_s = 1.5", "attempts = 0.5", 4, "attempts must be a whole number"),
        ("look_s = 1.5", "threads = 0", 4, "1 or more"),
        ("look_s = 1.5", "attempts = true", 4, "1 or more"),
        ("look_s = 1.5", "attempts = nan", 4, "1 or more"),
        ("look_s = 1.5", "retry_s = nan", 4, "above 0"),
        ("hold_s = 60", "hold = 60", 19, "unknown key 'hold'"),
        ("/mcp/{server}", "/mcp", 17, "holds {server}"),
        ("https://idp.example.com", "idp example", 11, "must look like https://"),
        ("https://policy.example.com", "https://me:hunter2@policy.example.com", 14, "no user or password"),
        ("https://gateway.example.com/mcp", "gateway.example.com/mcp", 17, "must look like https://"),
        ('default_profile = "prod"', 'default_profile = "prd"', 2, "no profile 'prd'"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_without_the_secret(
    config: Path, old: str, new: str, line: int, words: str
) -> None:
    config.write_text(config.read_text().replace(old, new))
    environ = {} if "not there" in words else {"REGISTRY_TOKEN": "from-the-environment"}
    with pytest.raises(Usage) as caught:
        settings.load(Asked(), environ)
    assert words in str(caught.value)
    assert caught.value.where is not None
    assert caught.value.where.endswith(f"mcpsoar.toml:{line}"), caught.value.where
    assert "hunter2" not in str(caught.value)


def test_a_wrong_address_of_a_whole_profile_is_told_with_its_place(config: Path) -> None:
    config.write_text(config.read_text().replace("http://127.0.0.1:8080", "foo bar"))
    with pytest.raises(Usage, match="must look like https://") as caught:
        settings.load(Asked(profile="test"), {})
    assert caught.value.where == "mcpsoar.toml:21"


def test_a_command_that_fails_shows_nothing_of_what_it_said(config: Path) -> None:
    config.write_text(
        config.read_text().replace('["printf", "from-a-command"]', '["sh", "-c", "echo leaked; exit 1"]')
    )
    with pytest.raises(Usage) as caught:
        settings.load(Asked(), {"REGISTRY_TOKEN": "from-the-environment"})
    assert "leaked" not in str(caught.value)


def test_several_profiles_and_no_default_must_be_named(config: Path) -> None:
    config.write_text(config.read_text().replace('default_profile = "prod"', ""))
    with pytest.raises(Usage, match="which profile"):
        settings.load(Asked(), {})


def test_what_is_not_said_is_as_the_profile_has_it(config: Path) -> None:
    config.write_text('[profiles.p]\napi = "https://cp.example.com"\n')
    found = settings.load(Asked(), {}).profile
    assert found == Profile("p", found.roles, None, found.where)
    canary = '[profiles.p.canary]\nurl = "https://gw.example.com/{server}"\ntool = "ping"\n'
    config.write_text(config.read_text() + canary)
    assert settings.load(Asked(), {}).profile.canary == CanaryBinding(
        "https://gw.example.com/{server}", "ping", {}, None
    )


def test_a_control_is_a_call_with_a_token_of_its_own_or_the_canary_s(config: Path) -> None:
    head = '[profiles.p]\napi = "https://cp.example.com"\n[profiles.p.canary]\n'
    head += 'url = "https://gw.example.com/{server}"\ntool = "ping"\ntoken = { env = "CANARY" }\n'
    environ = {"CANARY": "canary-token", "OTHER": "another-token"}
    for more, token in [("", "canary-token"), (', token = { env = "OTHER" }', "another-token")]:
        config.write_text(f'{head}control = {{ server = "jira", tool = "search"{more} }}\n')
        canary = settings.load(Asked(), environ).profile.canary
        assert canary is not None
        assert canary.control == Control("jira", "search", {}, Secret(token))
        assert (canary.call_on("jira"), canary.call_on("github")) == (canary.control, canary)


def test_a_control_s_own_token_in_the_clear_is_warned_of(config: Path) -> None:
    config.write_text(
        '[profiles.p]\napi = "https://cp.example.com"\n[profiles.p.canary]\n'
        'url = "http://gw.example.com/{server}"\ntool = "ping"\n'
        'control = { server = "jira", tool = "search", token = { env = "OTHER" } }\n'
    )
    (warning,) = settings.load(Asked(), {"OTHER": "another-token"}).warnings
    assert "in the clear to gw.example.com" in warning


@pytest.mark.parametrize(
    ("control", "why"),
    [
        ('"jira"', "control is a call"),
        ('{ tool = "search" }', "control is a call"),
        ('{ server = "jira" }', "tool is the name"),
        ('{ server = "jira", tool = "search", query = "x" }', "query"),
    ],
)
def test_a_control_that_is_no_call_is_refused_with_its_line(config: Path, control: str, why: str) -> None:
    config.write_text(
        '[profiles.p]\napi = "https://cp.example.com"\n[profiles.p.canary]\n'
        f'url = "https://gw.example.com/{{server}}"\ntool = "ping"\ncontrol = {control}\n'
    )
    with pytest.raises(Usage, match=why) as caught:
        settings.load(Asked(), {})
    assert caught.value.where is not None
    assert caught.value.where.startswith("mcpsoar.toml:")


def test_numbers_that_are_said_reach_the_profile(config: Path) -> None:
    config.write_text(config.read_text().replace("look_s = 1.5", "look_s = 1.5\nattempts = 7\nthreads = 2"))
    found = settings.load(Asked(), {"REGISTRY_TOKEN": "from-the-environment"}).profile
    assert (found.attempts, found.threads, found.retry_s) == (7, 2, 30.0)


def test_a_connector_s_own_mistake_is_told_with_the_place_of_its_table(config: Path) -> None:
    config.write_text(config.read_text().replace("timeout_s = 3", "timeout_s = -3"))
    found = settings.load(Asked(), {"REGISTRY_TOKEN": "from-the-environment"}).profile
    with pytest.raises(Usage, match=r"timeout_s .* above 0") as caught:
        connect(found.roles["registry"], clock=SystemClock())
    assert caught.value.where == "mcpsoar.toml:5"


def test_a_profile_without_a_settings_file_is_told_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for may_be_empty in (False, True):
        with pytest.raises(Usage, match="no profile 'nosuch': no settings file") as caught:
            settings.load(
                Asked(profile="nosuch"), {"MCPSOAR_API": "https://cp.example.com"}, may_be_empty=may_be_empty
            )
        assert "set $MCPSOAR_API" not in str(caught.value)


@pytest.mark.usefixtures("config")
def test_an_address_and_a_profile_contradict_each_other() -> None:
    with pytest.raises(Usage, match="leave out --profile or --api"):
        settings.load(Asked(api="https://cp.example.com", profile="prod"), {})


def test_a_home_that_is_no_folder_is_refused_before_anything_else(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    for place in ("/dev/null", str(tmp_path / "file")):
        for asked, environ in ((place, {}), (None, {"MCPSOAR_HOME": place})):
            with pytest.raises(Usage, match="is no folder") as caught:
                settings.home(asked, environ)
            assert caught.value.where == place
    assert settings.home(str(tmp_path / "new"), {}) == tmp_path / "new"


LIST = """
[profiles.prod]
api = "https://cp.example.com"
token = [{ env = "SSO" }, { command = ["false"] }, { env = "BREAK_GLASS" }]
proxy = "http://proxy.example.com:3128"
[profiles.prod.registry]
url = "https://registry.example.com"
proxy = "none"
"""


def test_tokens_are_tried_in_order_and_those_that_are_not_there_are_told(tmp_path: Path) -> None:
    path = tmp_path / "mcpsoar.toml"
    path.write_text(LIST)
    found = settings.load(Asked(config=str(path)), {"BREAK_GLASS": "glass-token"})
    bound = found.profile.roles["policy"]
    assert [token.reveal() for token in bound.tokens] == ["glass-token"]
    assert len(found.warnings) == 2
    assert f"{path}:4" in found.warnings[0]
    both = settings.load(Asked(config=str(path)), {"SSO": "sso-token", "BREAK_GLASS": "glass-token"}).profile
    assert [token.reveal() for token in both.roles["policy"].tokens] == ["sso-token", "glass-token"]
    with pytest.raises(Usage, match="none of the tokens is there"):
        settings.load(Asked(config=str(path)), {})


def test_a_table_connects_as_the_profile_unless_it_says_otherwise(tmp_path: Path) -> None:
    path = tmp_path / "mcpsoar.toml"
    path.write_text(LIST)
    roles = settings.load(Asked(config=str(path)), {"SSO": "sso-token"}).profile.roles
    assert roles["policy"].network.proxy == "http://proxy.example.com:3128"
    assert roles["registry"].network.proxy == "none"
    path.write_text(LIST.replace('proxy = "none"', 'ca = "nowhere.pem"'))
    with pytest.raises(Usage, match="there is no file") as caught:
        settings.load(Asked(config=str(path)), {"SSO": "sso-token"})
    assert caught.value.where == f"{path}:8"


ROUTES = """
[profiles.prod]
api = "https://cp.example.com"
[profiles.prod.canary]
url = "https://gateway.example.com/servers/{server}/mcp"
tool = "ping"
every_s = 5
names = { github = "9f3c" }
[profiles.prod.canary.routes.all]
url = "https://gateway.example.com/mcp"
tool = "{server}-ping"
names = {}
"""


def test_a_route_says_what_is_its_own(tmp_path: Path) -> None:
    path = tmp_path / "mcpsoar.toml"
    path.write_text(ROUTES)
    canaries = settings.load(Asked(config=str(path)), {}).profile.canaries
    assert list(canaries) == ["canary", "canary.all"]
    route = canaries["canary.all"]
    assert (route.tool, route.every_s, route.names) == ("{server}-ping", 5, {})
    path.write_text(ROUTES.replace('tool = "{server}-ping"', ""))
    with pytest.raises(Usage, match="its tool holds") as caught:
        settings.load(Asked(config=str(path)), {})
    assert caught.value.where == f"{path}:10"


def test_one_connector_may_have_all_three_roles(tmp_path: Path) -> None:
    path = tmp_path / "mcpsoar.toml"
    path.write_text(
        '[profiles.prod.plane]\nconnector = "contextforge"\nurl = "https://forge.example.com"\n'
        'login = "admin@example.com"\ntoken = { env = "PASSWORD" }\n'
        '[profiles.prod.policy]\nurl = "https://policy.example.com"\n'
    )
    roles = settings.load(Asked(config=str(path)), {"PASSWORD": "forge-password"}).profile.roles
    assert {role: binding.connector for role, binding in roles.items()} == {
        "registry": "contextforge",
        "tokens": "contextforge",
        "policy": "reference",
    }
    assert roles["registry"] == roles["tokens"]
    assert roles["registry"].options == {"login": "admin@example.com"}


def test_a_canary_without_its_token_stops_nothing(tmp_path: Path) -> None:
    path = tmp_path / "mcpsoar.toml"
    token = 'tool = "ping"\ntoken = { command = ["false"] }\n'
    path.write_text(ROUTES.replace('tool = "ping"\n', token))
    found = settings.load(Asked(config=str(path)), {})
    assert found.profile.canary is not None
    assert found.profile.canary.token is None
    assert f"{path}:7" in found.warnings[0]
    assert "can prove nothing" in found.warnings[0]
    path.write_text(ROUTES.replace('tool = "ping"\n', token.replace("command", "comand")))
    with pytest.raises(Usage, match="named, not written"):
        settings.load(Asked(config=str(path)), {})


def test_a_mistake_in_a_list_of_tokens_is_no_token_that_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "mcpsoar.toml"
    path.write_text(LIST.replace('{ env = "SSO" }', '{ evn = "SSO" }'))
    with pytest.raises(Usage, match="named, not written"):
        settings.load(Asked(config=str(path)), {"BREAK_GLASS": "glass-token"})
