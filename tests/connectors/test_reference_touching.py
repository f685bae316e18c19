"""What the reference API's answers tell of what a step touches, and no more."""

from typing import Any

import pytest

from mcpsoar.connectors.in_reference.touching import entry_touched, tokens_touched
from mcpsoar.core.plan import Step, Undo
from tests.kit.test_markdown import HOSTILE

DISABLE = Step("disable", "disable", "registry.disable", "registry", "crm", Undo.EXACT, ())
REVOKE = Step("revoke", "revoke", "tokens.revoke", "tokens", "crm", Undo.NONE, ())
UNKNOWN = dict.fromkeys(("tools", "servers", "calls_last_day", "owner"))


def token(kind: str, **more: Any) -> dict[str, Any]:
    return {"id": "t", "kind": kind, "active": True, "audience": [], **more}


def test_an_entry_tells_what_it_has() -> None:
    body = {
        "server": "crm",
        "environment": "production",
        "tools": ["write", "read"],
        "owner": "x@example.com",
    }
    known = {"environment": "production", "tools": ["read", "write"], "owner": "x@example.com"}
    assert entry_touched(DISABLE, body) == UNKNOWN | known


@pytest.mark.parametrize("tools", [None, [], [1], "read", {"read": 1}])
def test_what_an_entry_does_not_tell_is_unknown(tools: object) -> None:
    assert (
        entry_touched(DISABLE, {"server": "crm", "tools": tools, "owner": 1, "environment": None}) == UNKNOWN
    )


def test_tokens_are_counted_by_kind_and_their_clients_named() -> None:
    active = [token("opaque", client_id="b"), token("jwt", client_id="a"), token("opaque", client_id="b")]
    assert tokens_touched(REVOKE, active) == {
        "tokens": 3,
        "kinds": {"opaque": 2, "jwt": 1},
        "principals": ["a", "b"],
    }
    assert tokens_touched(REVOKE, [])["tokens"] == 0


@pytest.mark.parametrize("client", [None, "", 7])
def test_of_one_token_whose_client_nobody_tells_no_list_is_whole(client: object) -> None:
    active = [token("opaque", client_id="a"), token("opaque", client_id=client)]
    assert tokens_touched(REVOKE, active)["principals"] is None


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_name_is_kept_as_data(name: str) -> None:
    assert entry_touched(DISABLE, {"tools": [name], "owner": name})["tools"] == [name]
    assert tokens_touched(REVOKE, [token(name, client_id=name)])["kinds"] == {name: 1}
