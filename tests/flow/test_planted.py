"""A secret planted in every credential's place is in no output, file, log or traceback, whatever happens.

Four systems, each with its own credentials, behind wires that can repeat what they are sent.
"""

import base64
import json
import logging
import re
import traceback
import zipfile
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from mcpsoar.cli.main import main
from mcpsoar.contain import mcpwire
from mcpsoar.contain.home import Home
from mcpsoar.contain.journal import Journal
from mcpsoar.kit import http, status, transport
from mcpsoar.lab.serving import control_plane
from mcpsoar.lab.wire import Trick, Wire, wire
from tests.contract.forge import EMAIL, PASSWORD, forge
from tests.contract.token_service import ADMIN, AUDIENCE, SECRETS, Token, token_service
from tests.faults.dataplane import data_plane
from tests.flow.ground import ROOT

Captured = pytest.CaptureFixture[str]
PLANTED = {
    "WORN": "planted-worn-registry-token-1001",
    "WORN_PASSWORD": "planted-worn-password-1002",
    "CANARY": "planted-canary-token-1003",
    "CONTROL": "planted-control-token-1004",
    "KEY": "planted-key-in-a-header-1005",
    "SPARE_KEY": "planted-spare-key-in-a-header-1006",
}
HELD = ("planted-held-token-1007", "planted-held-token-1008")
SESSION = "session-token-"  # what a login gives
SETTINGS = """
default_profile = "prod"

[profiles.prod]
rehearsal = ["spare"]

[profiles.prod.registry]
url = "{plane}"
token = [{{ env = "WORN" }}, {{ file = "registry-token" }}]

[profiles.prod.tokens]
connector = "oauth"
url = "{service}"
held = {{ file = "held" }}
introspect = {{ id = "runner", secret = {{ env = "RUNNER" }} }}
clients = [{{ id = "agent-a", secret = {{ command = ["cat", "agent-a"] }} }}]
names = {{ github = "{audience}" }}
settle_s = 0.3

[profiles.prod.tokens.issuance]
token = {{ env = "ADMIN" }}
names = {{ agent-a = "row-1" }}
unknown = {{ status = 404 }}
[profiles.prod.tokens.issuance.look]
path = "admin/clients/{{principal}}"
in_force = {{ pointer = "/enabled", is = false }}
not_in_force = {{ pointer = "/enabled", is = true }}
[profiles.prod.tokens.issuance.do]
method = "PUT"
path = "admin/clients/{{principal}}"
body = {{ enabled = false }}
[profiles.prod.tokens.issuance.undo]
method = "PUT"
path = "admin/clients/{{principal}}"
body = {{ enabled = true }}

[profiles.prod.policy]
connector = "contextforge"
url = "{forge}"
login = "{e_mail}"
token = [{{ env = "WORN_PASSWORD" }}, {{ env = "PASSWORD" }}]
workers_s = 0
settle_s = 0.3

[profiles.prod.canary]
url = "{data}/mcp/{{server}}"
tool = "ping"
token = {{ env = "CANARY" }}
hold_s = 0.2
every_s = 0.1
control = {{ server = "jira", tool = "ping", token = {{ env = "CONTROL" }} }}

[profiles.keyed.plane]
connector = "http"
url = "{plane}"
header = "X-Api-Key"
token = [{{ env = "KEY" }}, {{ env = "SPARE_KEY" }}]
settle_s = 0.3
"""
COMMANDS = (
    "contain spare --rehearse -v --format json",
    "doctor --server github -v",
    "contain github --dry-run -v",
    "contain github --profile keyed -v",
    "contain github -v --format json",
    "runs list",
    "runs show RUN --format json",
    "runs show RUN --format markdown",
    "runs verify RUN --format json",
    "runs resume RUN -v",
    "runs export RUN -o RUN.zip",
    "release github --yes -v",
)


@dataclass
class Systems:
    """What there is, and all that was told so far."""

    wires: dict[str, Wire]
    secrets: tuple[str, ...]
    told: list[str] = field(default_factory=list)

    def type(self, capsys: Captured, words: str) -> int:
        runs = Home(Path("home")).runs()
        code = main(words.replace("RUN", runs[-1] if runs else "none").split())
        self.told += capsys.readouterr()
        return code

    def everything(self, caplog: pytest.LogCaptureFixture) -> str:
        files = [path.read_bytes() for path in Path("home").rglob("*") if path.is_file()]
        for path in Path().glob("*.zip"):
            with zipfile.ZipFile(path) as archive:
                files += map(archive.read, archive.namelist())
        return "\n".join([*self.told, b"\n".join(files).decode("utf-8", "replace"), caplog.text])

    def leaked(self, text: str) -> list[str]:
        """Each secret that stands there, as it is or as headers and forms carry it."""
        basic = [
            base64.b64encode(f"{quote_plus(one)}:{quote_plus(two)}".encode()) for one, two in SECRETS.items()
        ]
        forms = {form for one in self.secrets for form in (one, quote(one, safe=""), quote_plus(one))}
        return [one for one in sorted({*forms, *(code.decode() for code in basic)}) if one in text]


@pytest.fixture
def systems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Systems]:
    for name in ("API", "MCPSOAR_API", "MCPSOAR_TOKEN", "MCPSOAR_CONFIG", "MCPSOAR_PACK", "SSH_AUTH_SOCK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MCPSOAR_HOME", "home")
    for name, secret in {
        **PLANTED,
        "RUNNER": SECRETS["runner"],
        "PASSWORD": PASSWORD,
        "ADMIN": ADMIN,
    }.items():
        monkeypatch.setenv(name, secret)
    Path("plane").mkdir()
    with ExitStack() as stack:
        plane = stack.enter_context(control_plane(tmp_path / "plane", servers=("github", "jira", "spare")))
        service = stack.enter_context(token_service())
        service.tokens |= {HELD[0]: Token(), HELD[1]: Token(client="runner", audiences=(AUDIENCE,))}
        entries: list[dict[str, Any]] = [{"token": HELD[0], "client": "agent-a", "audience": AUDIENCE}]
        entries += [{"token": HELD[1], "client": "runner", "audience": AUDIENCE, "keep": True}]
        gateway = stack.enter_context(forge())

        def is_disabled(server: str) -> bool:
            entry = plane.plane.server(server)
            return entry is not None and not entry.is_enabled

        data = stack.enter_context(data_plane(is_disabled))
        upstreams = {"plane": plane.url, "service": service.url, "forge": gateway.url, "data": data.url}
        wires = {name: stack.enter_context(wire(url)) for name, url in upstreams.items()}
        Path("registry-token").write_text(plane.token)
        Path("agent-a").write_text(SECRETS["agent-a"])
        Path("held").write_text("".join(json.dumps(entry) + "\n" for entry in entries))
        urls = {name: one.url for name, one in wires.items()}
        shown = re.search(r"^```toml\n(.*?)^```", (ROOT / "docs" / "http.md").read_text(), re.M | re.S)
        assert shown is not None
        actions = shown[1][shown[1].index("[profiles.prod.plane.actions") :].replace("prod", "keyed")
        Path("mcpsoar.toml").write_text(
            SETTINGS.format(**urls, audience=AUDIENCE, e_mail=EMAIL) + "\n" + actions
        )
        yield Systems(
            wires, (plane.token, PASSWORD, SESSION, ADMIN, *PLANTED.values(), *SECRETS.values(), *HELD)
        )


def test_where_all_is_well(systems: Systems, capsys: Captured, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    codes = {words: systems.type(capsys, words) for words in COMMANDS}
    assert systems.leaked(systems.everything(caplog)) == []
    assert codes["contain github -v --format json"] in (0, 3), systems.told
    assert codes["contain spare --rehearse -v --format json"] in (0, 3), systems.told
    heard = [call.headers for one in systems.wires.values() for call in one.calls]
    sent = json.dumps([dict(headers) for headers in heard])
    for name in ("WORN", "CANARY", "CONTROL", "KEY", "SPARE_KEY"):
        assert PLANTED[name] in sent, f"{name} was never at work, so it proves nothing"
    assert ADMIN in sent, "nobody was stopped"


@pytest.mark.timeout(300)  # what a 500 means is waited for in each of these commands
@pytest.mark.parametrize("code", [200, 401, 403, 409, 500])
def test_where_every_system_repeats_what_it_is_sent(
    systems: Systems, capsys: Captured, caplog: pytest.LogCaptureFixture, code: int
) -> None:
    caplog.set_level(logging.DEBUG)
    for one in systems.wires.values():
        one.play(Trick.ECHO, status=code)
    for words in COMMANDS:
        systems.type(capsys, words)
    assert systems.leaked(systems.everything(caplog)) == []


@pytest.mark.parametrize("name", ["plane", "service", "forge", "data"])
def test_where_one_repeats_it_amid_a_run(
    systems: Systems, capsys: Captured, caplog: pytest.LogCaptureFixture, name: str
) -> None:
    caplog.set_level(logging.DEBUG)
    for code in (200, 500):
        between = systems.wires[name]
        between.play(
            Trick.ECHO, when=lambda call: call.method != "GET" and "login" not in call.target, status=code
        )
        for words in ("contain github -v", "runs show RUN --format markdown", "release github --yes -v"):
            systems.type(capsys, words)
        between.heal()
    assert systems.leaked(systems.everything(caplog)) == []


CRASHES: dict[str, tuple[Any, str]] = {
    "an answer is judged": (http.Edge, "_judged"),
    "a call is made": (transport.Transport, "handle_request"),
    "an error is made": (status, "trouble"),
    "the canary sends": (mcpwire.Wire, "_send"),
    "a line is written": (Journal, "_write"),
    "an entry is hidden": (Journal, "_stamped"),
}


@pytest.mark.parametrize("where", CRASHES)
def test_where_a_run_crashes(
    systems: Systems,
    capsys: Captured,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    where: str,
) -> None:
    caplog.set_level(logging.DEBUG)
    holder, name = CRASHES[where]

    def crash(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a fault of ours")

    for is_shown in ("", "1"):
        monkeypatch.setenv("MCPSOAR_TRACEBACK", is_shown)
        with monkeypatch.context() as patch:
            patch.setattr(holder, name, crash)
            try:
                main(["contain", "github", "-v"])
            except ZeroDivisionError as error:
                systems.told.append("".join(traceback.format_exception(error)))
            systems.told += capsys.readouterr()
    assert "a fault of ours" in "\n".join(systems.told)
    assert systems.leaked(systems.everything(caplog)) == []


def test_where_a_proxy_of_the_environment_wants_a_password(
    systems: Systems, capsys: Captured, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "planted-proxy-password-1009"
    proxy = systems.wires["plane"]
    monkeypatch.setenv("HTTP_PROXY", proxy.url.replace("http://", f"http://me:{secret}@"))
    settings = '[profiles.prod]\napi = "http://plane.example.com"\ntoken = { env = "WORN" }\n'
    Path("mcpsoar.toml").write_text(settings)
    for code in (407, 500):
        proxy.play(Trick.ECHO, status=code)
        for words in ("contain github -v", "doctor -v", "runs show RUN --format markdown"):
            systems.type(capsys, words)
        proxy.heal()
    basic = base64.b64encode(f"me:{secret}".encode()).decode()
    assert {call.headers.get("proxy-authorization") for call in proxy.calls} == {f"Basic {basic}"}
    text = systems.everything(caplog)
    assert systems.leaked(text) == []
    assert secret not in text
    assert basic not in text


WRITTEN = (
    'token = "planted-4711"',
    'url = "http://me:planted-4711@plane.example.com"',
    'proxy = "http://me:planted-4711@proxy.example.com"',
    'url = "http://plane.example.com/?key=planted-4711"',
    'token = { value = "planted-4711" }',
    'token = { env = "HELD", file = "planted-4711" }',
    'password = "planted-4711"',
    'login = { password = "planted-4711" }',
    'headers = { Authorization = "Bearer planted-4711" }',
)


@pytest.mark.parametrize("line", WRITTEN)
def test_one_that_is_written_into_the_settings_is_not_repeated(
    systems: Systems, capsys: Captured, line: str
) -> None:
    """Secrets are named, never written: who writes one is told the line."""
    toml = Path("mcpsoar.toml").read_text()
    table = "keyed.plane" if line.startswith("headers") else "prod.policy"
    head = f"[profiles.{table}]\n"
    begin = toml.index(head) + len(head)
    key = f"\n{line.partition(' ')[0]} = "
    old = toml.find(key, begin - 1, toml.index("\n[", begin))
    if old >= 0:
        toml = toml[: old + 1] + toml[toml.index("\n", old + 1) + 1 :]
    toml = toml.replace(head, f"{head}{line}\n")
    Path("mcpsoar.toml").write_text(toml)
    place = toml[: toml.index(line)].count("\n") + 1
    profile = table.partition(".")[0]
    assert systems.type(capsys, f"contain github --profile {profile} -v") == 2
    told = "\n".join(systems.told)
    # a complaint of an option's value is about its table
    assert re.search(rf"mcpsoar\.toml:({place}|{place - 1}): ", told)
    assert "planted-4711" not in told
