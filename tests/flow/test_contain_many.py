"""Many servers at once: from a list or out of findings, and never whom the writer of a log would choose."""

import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.cli.main import main
from mcpsoar.lab.serving import Handle, control_plane
from tests.contract.forge import EMAIL, PASSWORD, Forge, forge

Captured = pytest.CaptureFixture[str]
WRITE = {
    "event_time": "2026-03-01T12:00:30Z",
    "action_class": "write",
    "decision": "allow",
    "environment": "production",
    "registry_status": "approved",
    "token_aud": ["https://other.example.com"],
    "server_audience": "https://mcp.example.com",
}


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("API", "MCPSOAR_API", "MCPSOAR_CONFIG", "MCPSOAR_PACK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MCPSOAR_HOME", str(tmp_path / "home"))


@pytest.fixture
def plane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Handle]:
    folder = tmp_path / "plane"
    folder.mkdir()
    with control_plane(folder, servers=[f"s{n}" for n in range(20)] + ["github", "idp"]) as handle:
        monkeypatch.setenv("MCPSOAR_TOKEN", handle.token)
        (tmp_path / "mcpsoar.toml").write_text(
            f'[profiles.p]\napi = "{handle.url}"\ntoken = {{ env = "MCPSOAR_TOKEN" }}\nprotected = ["idp"]\n'
        )
        yield handle


@pytest.fixture
def piped(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> Callable[..., tuple[int, str, str]]:
    """Type a command with `text` on standard input."""

    def run(text: str, *words: str) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        capsys.readouterr()
        code = main(list(words))
        said = capsys.readouterr()
        assert "Traceback" not in said.err
        assert "\x1b" not in said.out + said.err
        return code, said.out, said.err

    return run


@pytest.fixture
def found(tmp_path: Path, piped: Any) -> Callable[..., str]:
    """What `gates check` or `rules scan` prints of a log in which each of these servers was written to."""

    def made(*servers: str, command: tuple[str, ...] = ("gates", "check"), form: str = "json") -> str:
        events = [{**WRITE, "event_id": f"e{n}", "server_name": name} for n, name in enumerate(servers)]
        (tmp_path / "audit.ndjson").write_text("".join(json.dumps(event) + "\n" for event in events))
        code, out, _ = piped("", *command, "audit.ndjson", "--format", form)
        assert code in (0, 1)
        assert out
        return str(out)

    return made


def changes(plane: Handle) -> list[str]:
    return [line["path"] for line in plane.ledger() if line["method"] != "GET"]


@pytest.mark.parametrize(
    ("command", "form"),
    [(("gates", "check"), "json"), (("rules", "scan"), "json"), (("rules", "scan"), "ndjson")],
    ids=["gates", "rules", "ndjson"],
)
def test_what_pages_is_contained_in_one_run_and_one_report(
    plane: Handle, piped: Any, found: Any, command: tuple[str, ...], form: str
) -> None:
    said = found("github", "s3", "github", command=command, form=form)
    code, out, _ = piped(said, "contain", "--from", "-", "--yes", "--format", "json")
    report = json.loads(out)
    assert (code, report["verdict"]) == (0, "contained")
    assert sorted(report["servers"]) == ["github", "s3"]
    assert {"/registry/github/disable", "/registry/s3/disable"} <= set(changes(plane))
    assert sum("emergency" in path for path in changes(plane)) == 1, "what is everybody's is forced once"


def test_nobody_is_asked_on_standard_input_so_it_wants_a_yes(plane: Handle, piped: Any, found: Any) -> None:
    code, _, err = piped(found("github"), "contain", "--from", "-")
    assert code == 2
    assert "contain github wants --yes" in err
    assert "mcpsoar contain --from - --yes" in err
    assert plane.ledger() == []


@pytest.mark.parametrize(
    ("servers", "why"),
    [
        ([f"s{n}" for n in range(11)], "allows 10"),
        (["github", "idp"], "'idp' is protected"),
        (["github", "\x1b[31mx"], "\\x1b[31mx"),
        (["github", "../policy"], "'../policy'"),
        (["github", "git hub"], "no server is called so"),
    ],
    ids=["many", "protected", "escape", "path", "blank"],
)
def test_a_log_does_not_choose_whom_we_contain(
    plane: Handle, piped: Any, found: Any, servers: list[str], why: str
) -> None:
    code, out, err = piped(found(*servers), "contain", "--from", "-", "--yes")
    assert (code, out) == (2, "")
    assert why in err
    assert "nothing was sent" in err
    assert plane.ledger() == []


@pytest.mark.usefixtures("plane")
def test_what_is_not_meant_is_left_out_by_name_and_the_rest_goes_on(piped: Any, found: Any) -> None:
    said = found("github", "idp", "../policy")
    code, _, err = piped(said, "contain", "--from", "-", "--yes")
    again = err.split("next     mcpsoar ")[1].split()
    assert code == 2
    code, _, err = piped(said, *again)
    assert (code, "protected" in err) == (2, True)
    words = [*again, "--without", "idp"]
    code, out, _ = piped(said, *words, "--format", "json")
    assert json.loads(out)["servers"] == ["github"]
    assert code == 0, json.loads(out)


def test_a_protected_server_is_contained_when_it_is_typed_and_said(plane: Handle, piped: Any) -> None:
    code, _, err = piped("", "contain", "idp")
    assert code == 2
    assert "mcpsoar.toml: 'idp' is protected, so nothing was sent" in err
    assert "mcpsoar contain idp --protected-too" in err
    assert plane.ledger() == []
    assert piped("", "contain", "idp", "--protected-too")[0] == 0


def test_a_dry_run_of_a_protected_one_is_no_command_for_the_real_one(plane: Handle, piped: Any) -> None:
    err = piped("", "contain", "idp", "--dry-run")[2]
    assert "mcpsoar contain idp --dry-run --protected-too" in err
    assert plane.ledger() == []


def test_a_server_that_the_registry_does_not_know_fails_its_step_alone(
    plane: Handle, piped: Any, found: Any
) -> None:
    code, out, _ = piped(found("github", "nobody"), "contain", "--from", "-", "--yes", "--format", "json")
    verdicts = {step["id"]: step["verdict"] for step in json.loads(out)["steps"]}
    assert code == 1
    assert (verdicts["disable:github"], verdicts["disable:nobody"]) == ("verified", "failed")
    assert "/registry/nobody/disable" not in changes(plane)


@pytest.mark.usefixtures("plane")
def test_only_logs_that_the_profile_trusts_choose(piped: Any, found: Any, tmp_path: Path) -> None:
    config = tmp_path / "mcpsoar.toml"
    config.write_text(config.read_text() + 'trusted_sources = ["/var/log/mcp/*"]\n')
    code, _, err = piped(found("github"), "contain", "--from", "-", "--yes")
    assert code == 2
    assert "'audit.ndjson', none of trusted_sources" in err
    config.write_text(config.read_text().replace("/var/log/mcp/*", "audit.*"))
    assert piped(found("github"), "contain", "--from", "-", "--yes")[0] == 0
    config.write_text(config.read_text().replace('["audit.*"]', '"audit.*"'))
    code, _, err = piped(found("github"), "contain", "--from", "-", "--yes")
    assert (code, "mcpsoar.toml:5: trusted_sources is a list of texts" in err) == (2, True)


@pytest.mark.usefixtures("plane")
def test_findings_choose_nobody_to_release(piped: Any, found: Any) -> None:
    said = found("github")
    assert piped(said, "contain", "--from", "-", "--yes")[0] == 0
    code, _, err = piped(said, "release", "--from", "-", "--yes")
    assert (code, "choose nobody to release" in err) == (2, True)
    assert piped("github\n", "release", "--from", "-", "--yes")[0] == 0


# names of one registry entry


@pytest.fixture
def other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Forge]:
    """A control plane whose servers have a name and an id each."""
    with forge() as one:
        monkeypatch.setenv("FORGE_PASSWORD", PASSWORD)
        bound = (
            f'connector = "contextforge"\nurl = "{one.url}"\nlogin = "{EMAIL}"\n'
            'token = { env = "FORGE_PASSWORD" }\nworkers_s = 0\nsettle_s = 0.3\ntimeout_s = 2\n'
        )
        roles = "".join(f"[profiles.p.{role}]\n{bound}" for role in ("registry", "tokens", "policy"))
        (tmp_path / "mcpsoar.toml").write_text(f'[profiles.p]\nprotected = ["jira"]\nretry_s = 1\n{roles}')
        yield one


def test_two_names_of_one_server_are_one_server(other: Forge, piped: Any) -> None:
    code, out, err = piped("", "contain", "github", "g-github", "--dry-run", "--format", "json")
    report = json.loads(out)
    assert (code, report["servers"], report["entries"]) == (0, ["github"], {"github": "g-github"})
    assert "g-github and github are one server of this registry: here it is called github" in err
    code, out, _ = piped("", "contain", "github", "g-github")
    assert code in (0, 3)
    assert "  entry    github is g-github\n" in out
    assert "gateway github (g-github) is disabled" in out
    assert other.calls.count("POST /v1/gateways/g-github/state") == 1


@pytest.mark.parametrize(("first", "second"), [("github", "g-github"), ("g-github", "github")])
def test_a_run_calls_a_server_as_the_run_does_that_contains_it(
    other: Forge, piped: Any, first: str, second: str
) -> None:
    piped("", "contain", first)
    code, out, err = piped("", "contain", second, "--format", "json")
    assert code in (0, 3)
    assert json.loads(out)["servers"] == [first]
    assert f"{second} and {first} are one server" in err
    assert "g-github" in other.off
    code, out, err = piped("", "release", second, "--yes", "--format", "json")
    assert code in (0, 3)
    assert json.loads(out)["servers"] == [first]
    assert "g-github" not in other.off
    assert piped("", "release", first, "--yes")[0] == 2, "neither run holds it any longer"


def test_no_second_name_of_a_protected_server_is_a_way_to_it(other: Forge, piped: Any, found: Any) -> None:
    for words, text in ((("--from", "-", "--yes"), found("github", "g-jira")), (("g-jira",), "")):
        code, _, err = piped(text, "contain", *words)
        assert code == 2
        assert "'g-jira' is protected" in err
    assert not [call for call in other.calls if not call.startswith("GET") and not call.endswith("login")]


def test_whom_findings_mean_has_to_be_known_where_servers_are_protected(
    other: Forge, piped: Any, found: Any
) -> None:
    other.gateways["g-second"] = "jira"
    code, _, err = piped(found("github"), "contain", "--from", "-", "--yes")
    assert code == 3
    assert "which servers the findings mean is not known" in err
    assert not [call for call in other.calls if not call.startswith("GET") and not call.endswith("login")]
    assert piped("", "contain", "github")[0] in (0, 3), "what a person typed goes on"
    assert "g-github" in other.off
