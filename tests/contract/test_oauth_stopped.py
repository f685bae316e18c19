"""Tokens of a client that is stopped: asked for once, and told by what earlier runs saw of them."""

from collections.abc import Iterator
from typing import Any

import pytest

from mcpsoar.connectors.in_oauth.memory import Memory
from mcpsoar.core.errors import Conflict, Denied
from mcpsoar.core.secret import Secret
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit.stops import BY_HAND
from tests.contract.test_oauth import (
    KEPT,
    OURS,
    PATHS,
    REVOKE,
    _closed,  # noqa: F401 (a fixture)
    connected,
    line,
    told,
)
from tests.contract.test_oauth_issuance import ALONE, ISSUANCE, issuing
from tests.contract.token_service import AUDIENCE, SECRETS, Token, TokenService, jwt, token_service

BOTH = [{"id": name, "secret": Secret(SECRETS[name])} for name in ("agent-a", "agent-b")]


@pytest.fixture
def plane() -> Iterator[TokenService]:
    with token_service() as one:
        one.tokens = {OURS: Token(), KEPT: Token("agent-b"), "of-b": Token("agent-b")}
        yield one


def test_a_stopped_client_is_tried_once_in_a_round_whatever_it_owns(plane: TokenService) -> None:
    more = [f"more-{at}" for at in range(5)]
    plane.tokens |= {one: Token() for one in more}
    made = issuing(plane.url, held=(*ALONE, *map(line, more)), clients=BOTH)
    was = made.baseline(REVOKE)
    plane.stopped = {"agent-a"}
    effect = made.apply(REVOKE, was, "key")
    assert plane.turned_away == [("agent-a", "/token/revocation")]
    assert (effect.facts["clients_stopped"], plane.revocations()) == (["agent-a"], ["of-b"])
    seen = made.verify(REVOKE)
    assert seen.verdict is Verdict.YES
    assert "6 of them were not seen revoked, for agent-a is stopped" in seen.detail


def test_a_client_that_is_let_in_between_two_rounds_revokes(plane: TokenService) -> None:
    made = issuing(plane.url, clients=BOTH)
    plane.stopped = {"agent-a"}
    made.apply(REVOKE, None, "key")
    plane.stopped.clear()
    assert made.verify(REVOKE).verdict is Verdict.NO
    made.apply(REVOKE, None, "another key")
    seen = made.verify(REVOKE)
    assert seen.verdict is Verdict.YES
    assert "stopped" not in seen.detail
    assert "not seen revoked" not in told(seen)


def test_a_wrong_secret_of_a_client_that_is_on_is_still_a_refusal(plane: TokenService) -> None:
    wrong = [{"id": "agent-a", "secret": Secret("of-yesterday")}]
    with pytest.raises(Denied, match="401"):
        issuing(plane.url, held=(line(OURS),), clients=wrong).apply(REVOKE, None, "key")


def test_without_an_administration_nobody_calls_a_client_stopped(plane: TokenService) -> None:
    plane.stopped = {"agent-a"}
    with pytest.raises(Denied, match="401"):
        connected(plane.url, held=(line(OURS),), **PATHS).apply(REVOKE, None, "key")  # type: ignore[arg-type]
    refusing = {**ISSUANCE, "token": Secret("of-yesterday")}
    with pytest.raises(Denied, match="401"):
        issuing(plane.url, held=(line(OURS),), issuance=refusing).apply(REVOKE, None, "key")


def test_of_two_clients_the_one_that_is_on_revokes_and_the_rest_is_for_a_person(plane: TokenService) -> None:
    plane.outlive_a_stop = True
    plane.stopped = {"agent-a"}
    signed = jwt(client_id="agent-a")
    plane.tokens[signed] = Token()
    made = issuing(plane.url, held=(*ALONE, line(signed)), clients=BOTH)
    with pytest.raises(
        Conflict, match="2 revocations were refused or could not be asked for, 1 acknowledged"
    ):
        made.apply(REVOKE, None, "key")
    seen = made.verify(REVOKE)
    assert (seen.verdict, seen.is_partial) == (Verdict.NO, True)
    words = (
        f"2 held tokens for {AUDIENCE} are active, 1 no longer; agent-a is stopped, and cannot revoke what"
    )
    assert words in seen.detail
    left = [one for one in seen.exposures if "its client is stopped, so it cannot revoke it" in one.what]
    assert [one.until for one in left] == ["2030-01-01T00:00:00.000Z"] * 2
    assert [one.what.partition("stops it: ")[2] for one in left] == [
        "the registry entry)",
        "the registry entry, a new signing key)",
    ]
    assert seen.facts[BY_HAND].startswith("end the tokens of agent-a at 127.0.0.1:")


def test_where_a_repeat_may_help_nothing_is_left_to_a_person(plane: TokenService) -> None:
    plane.lies = True
    made = issuing(plane.url, clients=BOTH)
    made.apply(REVOKE, None, "key")
    seen = made.verify(REVOKE)
    assert seen.verdict is Verdict.NO
    assert BY_HAND not in seen.facts


@pytest.mark.parametrize("asker", ["runner", "another", None])
def test_what_was_seen_active_counts_for_the_same_asker_alone(plane: TokenService, asker: str | None) -> None:
    held, facts = (line(OURS),), issuing(plane.url, held=(line(OURS),)).baseline(REVOKE).facts
    assert (facts["left"], facts["asker"]) == (1, "runner")
    plane.tokens[OURS].is_active = False
    made: Any = issuing(plane.url, held=held)
    made.recall({**facts, "asker": asker}, {}, {})
    assert made.baseline(REVOKE).in_force is (asker == "runner")
    seen = made.verify(REVOKE)
    assert seen.verdict is (Verdict.YES if asker == "runner" else Verdict.CANNOT_TELL)


def test_what_was_seen_revoked_counts_whoever_asked(plane: TokenService) -> None:
    """As a journal of before has it, which does not say who asked."""
    first = issuing(plane.url, held=(line(OURS),))
    effect = first.apply(REVOKE, first.baseline(REVOKE), "key")
    gone = {key: said for key, said in first.verify(REVOKE).facts.items() if key != "asker"}
    made: Any = issuing(plane.url, held=(line(OURS),))
    made.recall({}, effect.facts, {})
    assert not made.baseline(REVOKE).in_force, "acknowledged is not revoked"
    made.recall({}, effect.facts, gone)
    assert made.baseline(REVOKE).in_force
    seen = made.verify(REVOKE)
    assert "an earlier run saw them revoked" in seen.detail
    assert "not seen revoked" not in told(seen)


def test_what_is_active_is_active_whatever_was_seen_before(plane: TokenService) -> None:
    first = issuing(plane.url, held=(line(OURS),))
    effect = first.apply(REVOKE, first.baseline(REVOKE), "key")
    seen = first.verify(REVOKE).facts
    plane.tokens[OURS].is_active = True
    made: Any = issuing(plane.url, held=(line(OURS),))
    made.recall({}, effect.facts, seen)
    assert made.verify(REVOKE).verdict is Verdict.NO


def test_an_asker_who_is_told_of_no_token_any_more_learns_nothing_by_earlier_sights(
    plane: TokenService,
) -> None:
    held = (line(OURS), line(KEPT, "agent-b", keep=True))
    facts = issuing(plane.url, held=held).baseline(REVOKE).facts
    plane.product = "canaille"  # from now on the runner is told of no token, and ours is good
    made: Any = issuing(plane.url, held=held)
    made.recall(facts, {}, {})
    assert not made.baseline(REVOKE).in_force
    assert made.verify(REVOKE).verdict is Verdict.CANNOT_TELL


def test_a_journal_that_says_something_else_there_says_nothing() -> None:
    memory = Memory("runner")
    for odd in (None, "text", {"a": 1}, 7):
        memory.recall({"asker": "runner", "left_names": odd}, {"acknowledged": odd}, {"gone_names": odd})
    memory.recall({"asker": "runner", "left_names": [1, None, "sha256:1"]}, {}, {})
    assert (memory.active, memory.revoked, memory.acknowledged) == ({"sha256:1"}, set(), set())
