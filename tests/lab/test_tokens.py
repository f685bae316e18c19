"""Tokens, approvals and windows: what is believed, and for how long."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import jwt
import pytest

from mcpsoar.lab.approvals import Approvals, Windows, args_hash
from mcpsoar.lab.plane import Plane
from mcpsoar.lab.records import Token, TokenKind
from mcpsoar.lab.tokens import ISSUER, Tokens


class HandClock:
    def __init__(self) -> None:
        self.at = datetime(2026, 1, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def monotonic(self) -> float:
        return self.at.timestamp()

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
def plane(tmp_path: Path, clock: HandClock) -> Iterator[Plane]:
    plane = Plane(tmp_path / "lab.sqlite3", clock=clock)
    yield plane
    plane.close()


def token(plane: Plane, kind: TokenKind, jti: str = "t-1") -> Token:
    return Token(
        id=jti,
        kind=kind,
        audience=("github", "jira"),
        expires_at=plane.now() + 60,
        scopes=("github:read",),
        client_id="c",
        actor="alice@example.com",
        actor_type="human",
        tags=("read_only",),
        issuer=ISSUER,
    )


@pytest.mark.parametrize("kind", [TokenKind.OPAQUE, TokenKind.JWT])
def test_a_token_says_the_same_however_it_is_made(plane: Plane, tmp_path: Path, kind: TokenKind) -> None:
    tokens = Tokens(plane, tmp_path / "key.pem")
    made = token(plane, kind)
    bearer = tokens.read(tokens.issue(made), plane)
    assert (bearer.token, bearer.problem) == (made, "")


@pytest.mark.parametrize("kind", [TokenKind.OPAQUE, TokenKind.JWT])
def test_a_token_ends_with_its_time(plane: Plane, clock: HandClock, tmp_path: Path, kind: TokenKind) -> None:
    tokens = Tokens(plane, tmp_path / "key.pem")
    text = tokens.issue(token(plane, kind))
    clock.sleep(59)
    assert tokens.read(text, plane).problem == ""
    clock.sleep(1)
    assert tokens.read(text, plane).problem == "invalid_token"


def test_a_jwt_outlives_its_revocation_and_an_opaque_token_does_not(plane: Plane, tmp_path: Path) -> None:
    tokens = Tokens(plane, tmp_path / "key.pem")
    opaque = tokens.issue(token(plane, TokenKind.OPAQUE, "t-1"))
    signed = tokens.issue(token(plane, TokenKind.JWT, "t-2"))
    assert plane.revoke("github") == ("t-1",)
    assert tokens.read(opaque, plane).problem == "token_revoked"
    assert tokens.read(signed, plane).problem == ""


def test_a_refresh_token_opens_nothing(plane: Plane, tmp_path: Path) -> None:
    tokens = Tokens(plane, tmp_path / "key.pem")
    assert tokens.read(tokens.issue(token(plane, TokenKind.REFRESH)), plane).problem == "invalid_token"


def test_the_key_survives_a_restart_and_only_its_owner_reads_it(plane: Plane, tmp_path: Path) -> None:
    key = tmp_path / "key.pem"
    text = Tokens(plane, key).issue(token(plane, TokenKind.JWT))
    assert Tokens(plane, key).read(text, plane).problem == ""
    assert key.stat().st_mode & 0o777 == 0o600


def forged(claims: dict[str, object]) -> list[str]:
    none = jwt.encode(claims, None, algorithm="none")  # type: ignore[arg-type]  # what an attacker may send
    return [none, jwt.encode(claims, "a" * 32, algorithm="HS256")]


def test_a_forged_or_broken_jwt_is_nobodys(plane: Plane, tmp_path: Path) -> None:
    tokens = Tokens(plane, tmp_path / "key.pem")
    real = tokens.issue(token(plane, TokenKind.JWT))
    claims = jwt.decode(real, options={"verify_signature": False})
    head, body, signature = real.split(".")
    other = Tokens(plane, tmp_path / "other.pem").issue(replace(token(plane, TokenKind.JWT), id="t-2"))
    stranger = Tokens(plane, tmp_path / "key.pem").issue(
        replace(token(plane, TokenKind.JWT), id="t-3", issuer="https://evil.example.org")
    )
    broken = [f"{head}.{body}.", f"{head}.{body[:-2]}.{signature}", "a.b.c", "..", other, stranger]
    for text in [*forged(claims), *broken]:
        bearer = tokens.read(text, plane)
        assert (bearer.token, bearer.problem) == (None, "invalid_token"), text


@pytest.mark.parametrize("text", [None, ""])
def test_no_token_is_said_so(plane: Plane, tmp_path: Path, text: str | None) -> None:
    assert Tokens(plane, tmp_path / "key.pem").read(text, plane).problem == "unauthorized"


ARGS = {"number": 7}
CALL = ("github", "merge", "alice@example.com", args_hash(ARGS))


def test_an_approval_is_for_one_call_by_one_actor_with_these_very_arguments(plane: Plane) -> None:
    approvals = Approvals(plane)
    granted = approvals.grant("github", "merge", ARGS, "alice@example.com", by="bob@example.com")
    found = approvals.find(granted, *CALL)
    assert found is not None
    assert found.approver == "bob@example.com"
    for other in (
        ("jira", *CALL[1:]),
        (CALL[0], "close", *CALL[2:]),
        (*CALL[:2], "carol@example.com", CALL[3]),
        (*CALL[:3], args_hash({"number": 8})),
    ):
        assert approvals.find(granted, *other) is None
    assert approvals.find("apr-unknown", *CALL) is None


def test_an_approval_covers_the_call_and_one_retry(plane: Plane) -> None:
    approvals = Approvals(plane)
    granted = approvals.grant("github", "merge", ARGS, "alice@example.com", by="bob@example.com")
    found = approvals.find(granted, *CALL)
    assert found is not None
    assert [approvals.spend(found) for _ in range(3)] == [True, True, False]
    assert approvals.find(granted, *CALL) is None


def test_an_approval_ends_with_its_time_and_nobody_approves_for_themselves(
    plane: Plane, clock: HandClock
) -> None:
    approvals = Approvals(plane)
    own = approvals.grant("github", "merge", ARGS, "alice@example.com", by="alice@example.com")
    assert approvals.find(own, *CALL) is None
    granted = approvals.grant("github", "merge", ARGS, "alice@example.com", by="bob@example.com")
    clock.sleep(900)
    assert approvals.find(granted, *CALL) is None


def test_a_window_is_open_for_its_server_and_its_time(plane: Plane, clock: HandClock) -> None:
    windows = Windows(plane)
    windows.announce("jira", "CHG-1", 60)
    window = windows.open("jira")
    assert window is not None
    assert window.ticket == "CHG-1"
    assert windows.open("github") is None
    clock.sleep(60)
    assert windows.open("jira") is None
