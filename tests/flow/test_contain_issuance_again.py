"""What is contained again while its clients are stopped: no revocation can be asked for in their name."""

import json
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.connectors.in_oauth.service import Service
from mcpsoar.contain.home import Home
from mcpsoar.lab.serving import Handle
from tests.contract.token_service import AUDIENCE, Token, TokenService
from tests.flow.test_contain_issuance import ISSUANCE, OF_B, OURS, PAIR, SETTINGS, plane, service, step
from tests.flow.typed import Ran, ran

Captured = pytest.CaptureFixture[str]
__all__ = ["plane", "service"]  # fixtures
KEPT = "planted-canary-token-1"


def contained(capsys: Captured, *names: str) -> Ran:
    return ran(capsys, "contain", *(names or ("github",)), "--format", "json")


def shown(capsys: Captured, run: str) -> str:
    """The report as a person reads it."""
    return ran(capsys, "runs", "show", run).out


def following(text: str) -> str:
    """The one thing that a report says is next."""
    (line,) = [line.split(None, 1)[1] for line in text.splitlines() if line.startswith("  next ")]
    return line


def told(done: Ran) -> str:
    return "\n".join(one["what"] for one in done.document["remaining_exposure"])


def without_issuance(service: TokenService, plane: Handle) -> None:
    Path("mcpsoar.toml").write_text(SETTINGS.format(plane=plane.url, service=service.url, audience=AUDIENCE))


def with_issuance(service: TokenService, plane: Handle) -> None:
    without_issuance(service, plane)
    Path("mcpsoar.toml").write_text(Path("mcpsoar.toml").read_text() + ISSUANCE)


@pytest.mark.usefixtures("plane")
def test_in_the_first_run_nothing_says_that_tokens_were_revoked_which_were_not(
    capsys: Captured, service: TokenService
) -> None:
    revoked = step(contained(capsys), "tokens.revoke")
    assert revoked["verdict"] == "verified", revoked
    assert "none of 2 held tokens" in revoked["detail"]
    assert "2 of them were not seen revoked, for agent-a and agent-b are stopped" in revoked["detail"]
    assert "refused" not in revoked["detail"]
    assert not service.revocations()


@pytest.mark.usefixtures("plane")
def test_a_server_contained_twice_is_contained_and_nothing_is_sent_for_its_tokens(
    capsys: Captured, service: TokenService
) -> None:
    contained(capsys)
    tried = len(service.turned_away)
    again = contained(capsys)
    revoked = step(again, "tokens.revoke")
    assert (revoked["verdict"], again.document["verdict"]) == ("already", "unverified"), revoked
    assert "an earlier run saw them active" in revoked["detail"]
    assert len(service.turned_away) == tried, "no call in the name of a client that is stopped"
    assert "was not seen revoked: it may be good again once its client is let in" in told(again)
    assert "resume" not in following(shown(capsys, again.document["run"]))


def test_revoked_before_the_table_was_written_is_still_revoked(
    capsys: Captured, service: TokenService, plane: Handle
) -> None:
    without_issuance(service, plane)
    assert step(contained(capsys), "tokens.revoke")["verdict"] == "verified"
    assert sorted(service.revocations()) == [OURS, OF_B]
    with_issuance(service, plane)
    again = contained(capsys)
    assert step(again, "tokens.revoke")["verdict"] == "already"
    assert service.stopped == PAIR
    assert "not seen revoked" not in told(again), "the first run saw it"
    assert not service.turned_away


@pytest.mark.usefixtures("plane")
def test_a_second_server_of_the_same_clients_is_contained(capsys: Captured, service: TokenService) -> None:
    """Its tokens were last seen active by the run that stopped their clients for another server."""
    other = "https://jira.example.com/mcp"
    text = Path("mcpsoar.toml").read_text().replace('github = "', f'jira = "{other}", github = "')
    Path("mcpsoar.toml").write_text(text)
    service.tokens["for-jira"] = Token(audiences=(other,))
    line = json.dumps({"token": "for-jira", "client": "agent-a", "audience": other})
    Path("held").write_text(f"{Path('held').read_text()}\n{line}")
    contained(capsys)
    revoked = step(contained(capsys, "jira"), "tokens.revoke")
    assert revoked["verdict"] == "already", revoked


@pytest.mark.usefixtures("plane")
def test_stopped_by_somebody_else_inactive_proves_nothing_and_that_is_the_end_of_it(
    capsys: Captured, service: TokenService
) -> None:
    service.stopped = set(PAIR)
    done = contained(capsys)
    revoked = step(done, "tokens.revoke")
    assert (revoked["verdict"], done.document["verdict"]) == ("cannot_tell", "unverified"), revoked
    assert "agent-a and agent-b are stopped" in revoked["detail"]
    assert "its client is stopped, so it was not revoked; whether it is good is not known" in told(done)
    words = following(shown(capsys, done.document["run"]))
    assert "resume" not in words
    assert "with keep = true" in words
    service.tokens[KEPT] = Token("runner")
    line = json.dumps({"token": KEPT, "client": "runner", "audience": AUDIENCE, "keep": True})
    Path("held").write_text(f"{Path('held').read_text()}\n{line}")
    again = contained(capsys)
    assert step(again, "tokens.revoke")["verdict"] == "already", "what it said to do has worked"


@pytest.mark.usefixtures("plane")
def test_tokens_that_outlive_the_stop_of_their_client_are_told_with_what_stops_them(
    capsys: Captured, service: TokenService
) -> None:
    service.outlive_a_stop = True
    for _ in range(2):
        done = contained(capsys)
        revoked = step(done, "tokens.revoke")
        assert (done.code, revoked["verdict"], done.document["verdict"]) == (1, "failed", "not_contained")
        assert "2 held tokens" in revoked["detail"]
        assert "are active" in revoked["detail"]
        assert "agent-a and agent-b are stopped" in revoked["detail"]
        assert "without effect" not in revoked["detail"]
        left = [one for one in done.document["remaining_exposure"] if "its client is stopped" in one["what"]]
        assert [one["until"] for one in left] == ["2030-01-01T00:00:00.000Z"] * 2
        assert all("(what still stops it: the registry entry)" in one["what"] for one in left)
        words = following(shown(capsys, done.document["run"]))
        assert "resume" not in words
        assert "agent-a and agent-b" in words
        resumed = ran(capsys, "runs", "resume", done.document["run"], "--format", "json")
        assert step(resumed, "tokens.revoke")["verdict"] == "failed", "and stays true for who does it anyway"


@pytest.mark.usefixtures("plane")
def test_a_run_that_was_killed_goes_on_by_what_its_own_journal_saw(
    capsys: Captured, service: TokenService, monkeypatch: pytest.MonkeyPatch
) -> None:
    def killed(*_: Any) -> Any:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Service, "revoked", killed)
        assert ran(capsys, "contain", "github").code == 130
    assert service.stopped == PAIR
    (run,) = Home(Path("home")).runs()
    done = ran(capsys, "runs", "resume", run, "--format", "json")
    assert step(done, "tokens.revoke")["verdict"] == "verified", step(done, "tokens.revoke")


@pytest.mark.usefixtures("plane")
def test_who_asks_now_is_told_nothing_by_what_another_asker_saw(
    capsys: Captured, service: TokenService
) -> None:
    """A client outside the audience is told "inactive" of good tokens as well."""
    contained(capsys)
    text = Path("mcpsoar.toml").read_text()
    Path("mcpsoar.toml").write_text(
        text.replace('introspect = { id = "runner"', 'introspect = { id = "other"')
    )
    from tests.contract import token_service

    with pytest.MonkeyPatch.context() as patched:
        patched.setitem(token_service.SECRETS, "other", token_service.SECRETS["runner"])
        again = contained(capsys)
    assert step(again, "tokens.revoke")["verdict"] == "cannot_tell", step(again, "tokens.revoke")
    assert not service.revocations()


@pytest.mark.usefixtures("plane")
def test_a_release_says_of_no_revocation_that_somebody_has_undone_it(
    capsys: Captured, service: TokenService
) -> None:
    contained(capsys)
    contained(capsys)
    done = ran(capsys, "release", "github", "--yes", "-v")
    assert "undone since by somebody else" not in done.err
    assert not service.stopped
