"""A token that is issued between the first look and the revocation goes with the others."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from mcpsoar.core.errors import Usage
from mcpsoar.core.secret import Secret
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit.rooms import Rooms
from tests.contract.test_oauth import HELD, OURS, PATHS, REVOKE, connected, line
from tests.contract.token_service import Token, TokenService, token_service

NEW = "the-token-that-came-since"


@pytest.fixture
def plane() -> Iterator[TokenService]:
    with token_service() as one:
        one.tokens = {OURS: Token(), "the-token-of-a-canary": Token("agent-b")}
        yield one


def text(*lines: dict[str, Any]) -> Secret:
    return Secret("\n".join(json.dumps(one) for one in lines))


@pytest.fixture
def made(plane: TokenService) -> Iterator[tuple[Rooms, list[Secret | Usage]]]:
    """And what `held` gives from the second time on, one after the other; the last stays."""
    later: list[Secret | Usage] = [text(*HELD)]

    def again() -> Secret:
        given = later.pop(0) if len(later) > 1 else later[0]
        if isinstance(given, Usage):
            raise given
        return given

    rooms = connected(plane.url, 5.0, 0.3, Secret(text(*HELD).reveal(), again), **PATHS)
    yield rooms, later
    rooms.close()


Made = tuple[Rooms, list[Secret | Usage]]


def test_one_that_came_since_is_seen_and_goes(plane: TokenService, made: Made) -> None:
    connector, later = made
    was = connector.baseline(REVOKE)
    plane.tokens[NEW] = Token()
    later[:] = [text(*HELD, line(NEW))]
    connector.apply(REVOKE, was, "key-1")
    seen = connector.verify(REVOKE)
    assert seen.verdict is Verdict.NO
    assert "1 held token" in seen.detail
    assert "1 of them held only since the first look" in seen.detail
    connector.apply(REVOKE, was, "key-2")
    seen = connector.verify(REVOKE)
    assert seen.verdict is Verdict.YES
    assert not plane.tokens[NEW].is_active
    assert NEW not in str(seen)


def test_it_is_read_again_once_for_each_change(made: Made) -> None:
    connector, later = made
    was = connector.baseline(REVOKE)
    later[:] = [text(*HELD), Usage("read too often")]
    connector.apply(REVOKE, was, "key")
    for _ in range(3):
        assert connector.verify(REVOKE).verdict is Verdict.YES
    assert len(later) == 1


def test_a_list_that_cannot_be_read_again_is_told(made: Made) -> None:
    connector, later = made
    was = connector.baseline(REVOKE)
    later[:] = [Usage("the secret command 'list-tokens' gave none: TimeoutExpired")]
    connector.apply(REVOKE, was, "key")
    seen = connector.verify(REVOKE)
    assert seen.verdict is Verdict.YES
    assert "held could not be read again: the secret command 'list-tokens' gave none" in seen.detail
