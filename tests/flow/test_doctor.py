"""`mcpsoar doctor` as it is typed: what is there, what is missing, and nothing that changes anything."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.cli.main import main
from mcpsoar.lab.serving import Handle, control_plane
from tests.contract.forge import EMAIL, PASSWORD, Forge, forge
from tests.contract.loopback import listening

HOSTILE = "\x1b[31m\u202ered"
ACCEPTED = {"jsonrpc": "2.0", "id": 1, "result": {"content": [], "isError": False}}

Doctor = Callable[..., tuple[int, dict[str, list[tuple[str, str]]]]]


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("API", "MCPSOAR_API", "MCPSOAR_CONFIG", "MCPSOAR_PACK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    monkeypatch.setenv("MCPSOAR_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("OLD", "a-break-glass-token-that-is-old")


@pytest.fixture
def plane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Handle]:
    folder = tmp_path / "plane"
    folder.mkdir()
    with control_plane(folder, servers=("github", "idp")) as handle:
        monkeypatch.setenv("SOAR", handle.token)
        settings(f'api = "{handle.url}"', 'token = { env = "SOAR" }')
        yield handle


@pytest.fixture
def doctor(capsys: pytest.CaptureFixture[str]) -> Doctor:
    """Its exit code, and what it says by state: (about, words)."""

    def run(*words: str) -> tuple[int, dict[str, list[tuple[str, str]]]]:
        capsys.readouterr()
        code = main(["doctor", "--format", "json", *words])
        said = capsys.readouterr()
        assert said.out.isascii()
        assert "Traceback" not in said.err
        assert "\x1b" not in said.err
        for secret in ("a-break-glass-token-that-is-old", PASSWORD):
            assert secret not in said.out + said.err
        told: dict[str, list[tuple[str, str]]] = {"ok": [], "limit": [], "broken": [], "unknown": []}
        for check in json.loads(said.out)["checks"] if said.out else ():
            told[check["state"]].append((check["about"], check["words"]))
        told["err"] = [("", said.err)]
        return code, told

    return run


def settings(*lines: str, more: str = "") -> None:
    Path("mcpsoar.toml").write_text("\n".join(["[profiles.prod]", *lines]) + f"\n{more}\n")


def words(told: list[tuple[str, str]]) -> str:
    return "\n".join(f"{about}: {said}" for about, said in told)


@contextmanager
def answering(
    answer: Callable[[BaseHTTPRequestHandler], tuple[int, Any]], *, date: str = ""
) -> Iterator[str]:
    """A host on loopback that answers as it is told."""

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            status, said = answer(self)
            content = json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-type", "application/json")
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = _answer  # noqa: N815 (the library's names)

        def date_time_string(self, timestamp: float | None = None) -> str:
            return date or super().date_time_string(timestamp)

        def log_message(self, *_: object) -> None: ...

    with listening(Handler) as port:
        yield f"http://127.0.0.1:{port}"


def test_all_is_well_and_nothing_was_changed(plane: Handle, doctor: Doctor, tmp_path: Path) -> None:
    code, told = doctor()
    assert (code, told["broken"], told["unknown"]) == (0, [], [])
    assert {"home", "extras", "playbooks", "hosts", "registry", "tokens", "policy"} <= {
        about for about, _ in told["ok"]
    }
    said = words(told["limit"])
    assert "canary: none is named: no run says contained while a JWT lives" in said
    assert "audit: no key is named: runs are unsigned" in said
    assert "reference: cannot end a JWT" in said
    assert {line["method"] for line in plane.ledger()} == {"GET"}
    assert list((tmp_path / "home").iterdir()) == [], "what it wrote at home is gone"


def test_the_text_is_one_line_a_check_under_its_sum(
    plane: Handle, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor"]) == 0
    head, *checks = capsys.readouterr().out.splitlines()
    assert head.startswith("WELL: profile prod of mcpsoar.toml: ")
    assert all(line.startswith(("  ok       ", "  limit    ")) for line in checks)
    assert plane.ledger()


def test_the_document_only_grows(plane: Handle, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--api", plane.url, "--format", "json"]) == 1  # no token was given
    document = json.loads(capsys.readouterr().out)
    assert set(document) == {"profile", "where", "verdict", "checks"}
    assert (document["profile"], document["verdict"]) == ("api", "no")
    assert {tuple(check) for check in document["checks"]} == {("about", "state", "words")}


def test_every_credential_is_tried_and_a_refused_one_once(plane: Handle, doctor: Doctor) -> None:
    settings(f'api = "{plane.url}"', 'token = [{ env = "SOAR" }, { env = "OLD" }, { env = "GONE" }]')
    code, told = doctor()
    assert code == 1
    assert "registry.disable, credential 1 of 2: answers" in words(told["ok"])
    assert "registry.disable, credential 2 of 2: " in words(told["broken"])
    assert "401" in words(told["broken"])
    assert "mcpsoar.toml:3: the secret that env names is empty or not there: 'GONE'" in words(told["broken"])
    assert told["unknown"] == [("registry", "credential 2 of 2: not tried any further")]
    assert [line["status"] for line in plane.ledger()].count(401) == 1


def test_a_real_server_is_looked_at_where_one_is_named(plane: Handle, doctor: Doctor) -> None:
    code, told = doctor("--server", "github")
    assert (code, "registry.disable: not in force for github" in words(told["ok"])) == (0, True)
    code, told = doctor("--server", "githb")
    assert (code, "unknown_server" in words(told["broken"])) == (1, True)
    assert doctor("--server", "../x")[0] == 2
    assert {line["method"] for line in plane.ledger()} == {"GET"}


def test_who_is_protected_is_known_to_the_registry(plane: Handle, doctor: Doctor) -> None:
    settings(f'api = "{plane.url}"', 'token = { env = "SOAR" }', 'protected = ["idp", "ipd"]')
    code, told = doctor()
    assert code == 1
    assert ("protected", "idp is known to the registry") in told["ok"]
    assert "the registry knows no ipd: is it mistyped?" in words(told["broken"])


def test_what_does_not_answer_is_not_known(doctor: Doctor, plane: Handle) -> None:
    settings('api = "http://127.0.0.1:9"', 'token = { env = "SOAR" }', 'protected = ["idp"]')
    code, told = doctor()
    assert (code, told["broken"]) == (3, [])
    assert "http://127.0.0.1:9: 127.0.0.1:9: no connection: refused" in words(told["unknown"])
    assert {"registry", "tokens", "policy", "protected"} <= {about for about, _ in told["unknown"]}
    assert plane.ledger() == []


@pytest.mark.usefixtures("plane")
def test_a_home_that_takes_no_line_is_broken(doctor: Doctor, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    code, told = doctor("--home", str(tmp_path / "file" / "home"))
    assert (code, [about for about, _ in told["broken"]]) == (1, ["home"])


def test_with_nothing_configured_there_is_nothing_to_look_at(doctor: Doctor) -> None:
    code, told = doctor()
    assert (code, "no control plane is configured" in words(told["err"])) == (2, True)


def test_a_step_that_nobody_can_do_and_a_playbook_with_a_mistake_are_named(
    plane: Handle, doctor: Doctor, tmp_path: Path
) -> None:
    settings(more=f'[profiles.prod.registry]\nurl = "{plane.url}"\ntoken = {{ env = "SOAR" }}')
    pack = tmp_path / "pack" / "playbooks"
    pack.mkdir(parents=True)
    own = Path(__file__).parent.parent.parent / "playbooks" / "contain-server.yml"
    (pack / "contain-server.yml").write_text(own.read_text())
    (pack / "mine.yml").write_text("title: T\nsteps:\n  - id: x\n")
    code, told = doctor("--pack", str(pack.parent))
    assert code == 1
    assert "contain-server, revoke (tokens.revoke): nothing is bound to tokens" in words(told["broken"])
    assert f"playbooks: {pack}/mine.yml:3" in words(told["broken"])


def test_what_an_answer_says_reaches_no_terminal(doctor: Doctor, capsys: pytest.CaptureFixture[str]) -> None:
    with answering(lambda _: (403, {"error": HOSTILE, "detail": HOSTILE})) as url:
        settings(f'api = "{url}"', 'token = { env = "OLD" }')
        assert doctor()[0] == 1
        assert main(["doctor"]) == 1
    out = capsys.readouterr().out
    assert "\x1b" not in out
    assert "\u202e" not in out


def test_a_clock_that_differs_is_told(doctor: Doctor) -> None:
    with answering(lambda _: (200, {}), date="Sun, 01 Mar 2026 12:00:00 GMT") as url:
        settings(f'api = "{url}"', 'token = { env = "OLD" }')
        code, told = doctor()
    assert code == 1
    assert "s behind this machine's" in words(told["broken"])
    with answering(lambda _: (200, {}), date="no date at all") as url:
        settings(f'api = "{url}"', 'token = { env = "OLD" }')
        assert "answers, and does not tell its time" in words(doctor()[1]["ok"])


@pytest.mark.parametrize(
    ("answer", "state"),
    [((200, ACCEPTED), "ok"), ((403, {"error": "forbidden"}), "broken"), ((502, {}), "unknown")],
)
def test_the_control_is_called_for_a_canary_leans_on_it(
    plane: Handle, doctor: Doctor, answer: tuple[int, Any], state: str
) -> None:
    with answering(lambda _: answer) as url:
        settings(
            f'api = "{plane.url}"',
            'token = { env = "SOAR" }',
            more=f'[profiles.prod.canary]\nurl = "{url}/mcp/{{server}}"\ntool = "ping"\ntimeout_s = 2\n'
            'control = { server = "jira", tool = "ping" }',
        )
        code, told = doctor()
    assert [said for about, said in told[state] if about == "canary" and said.startswith("jira: ")]
    assert code == {"ok": 0, "broken": 1, "unknown": 3}[state]
    assert "not called on a server" in words(told["limit"])
    assert {line["method"] for line in plane.ledger()} == {"GET"}


# a plane that says beforehand what it cannot do


@pytest.fixture
def other(monkeypatch: pytest.MonkeyPatch) -> Iterator[Forge]:
    with forge() as one:
        monkeypatch.setenv("FORGE", PASSWORD)
        yield one


def bound(other: Forge, *lines: str) -> str:
    return "\n".join(["[profiles.prod.plane]", 'connector = "contextforge"', f'url = "{other.url}"', *lines])


def test_a_plane_says_beforehand_what_it_cannot_do(other: Forge, doctor: Doctor) -> None:
    canary = f'[profiles.prod.canary]\nurl = "{other.url}/servers/{{server}}/mcp"\ntool = "t"\nhold_s = 10\n'
    token = 'token = [{ env = "FORGE" }, { env = "OLD" }]'
    settings(more=bound(other, f'login = "{EMAIL}"', token, 'keep = ["k-any"]') + "\n" + canary)
    code, told = doctor()
    assert code == 1
    limits = words(told["limit"])
    for said in (
        "cannot list tokens by audience",
        "cannot see login sessions (JWT)",
        "cannot ask for approvals",
        "other workers go on for 65 s",
        "hold_s 10 is shorter than other workers remember: 65 s are held",
        "no control server",
    ):
        assert limits.count(said) == 1, said
    assert "3 active tokens, 1 of them in keep: never revoked" in words(told["ok"])
    assert "credential 2 of 2" in words(told["broken"])
    assert other.calls.count("POST /v1/auth/login") == 2, "a password that is refused is tried once"
    assert {call for call in other.calls if not call.startswith("GET ")} == {"POST /v1/auth/login"}
    assert not other.off
    assert not other.revoked


def test_an_api_token_that_lists_no_tokens_is_told_what_to_name(other: Forge, doctor: Doctor) -> None:
    settings(more=bound(other, 'token = { env = "FORGE" }'))
    told = doctor()[1]
    assert "an API token lists no tokens: name an administrator's e-mail as login" in words(told["limit"])


def test_nothing_heavy_is_loaded_for_it(plane: Handle) -> None:
    import subprocess

    script = (
        "import sys; from mcpsoar.cli.main import main; code = main(['doctor']);"
        "print(code, *sorted({name.partition('.')[0] for name in sys.modules}), file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    code, *loaded = done.stderr.splitlines()[-1].split()
    assert code == "0"
    assert not {"sigma", "sqlglot", "duckdb", "mcp"} & set(loaded)
    assert plane.ledger()
