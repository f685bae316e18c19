"""How a service's own administration stops one client: described as `http` describes an action of its own."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from mcpsoar.connectors.in_http import role
from mcpsoar.connectors.in_http.said import Said
from mcpsoar.connectors.in_http.table import Keys, Place, Table
from mcpsoar.core.digest import Facts
from mcpsoar.core.secret import Secret

ACTION = "tokens.stop_issuance_principal"
_CALLS = ("look", "do", "undo", "unknown")
_SENT = ("scheme", "header", "headers")


@dataclass(frozen=True, slots=True)
class Described:
    """`said` has `{principal}`, a client, in each call; `names` is what the administration calls it. `sent`
    is how the token goes along. Clients in `keep` are never stopped.
    """

    said: Said
    token: Secret | None
    sent: Facts
    names: Mapping[str, str]
    keep: frozenset[str]


def read(value: Any, place: Place) -> Described:
    """The table `issuance`. Raises Usage."""
    table = Table(value, ("issuance",), place, ("token", "names", "keep", *_SENT, *_CALLS))
    for key, why in (("look", "which clients were on has to be known"), ("undo", "they are to come back")):
        if key not in table:
            raise table.bad(f"issuance lacks {key}: {why}")

    def of(keys: Keys) -> str:
        return place(("issuance", *(keys[2:] if keys[:1] == ("actions",) else keys)))

    calls = {key: table[key] for key in _CALLS if key in table}
    sent: dict[str, Any] = {key: table[key] for key in _SENT if key in table}
    names = {"names": table["names"]} if "names" in table else {}
    said = role.check({**sent, **names, "actions": {ACTION: calls}}, of)[ACTION]
    if said.look is not None and said.look.list is not None:
        raise table.bad("the look of issuance is at one client: {principal}", "look", "items")
    if not said.names_target:
        raise table.bad("each call of issuance is about one client: it has {principal} in it")
    token = table["token"] if "token" in table else None  # noqa: SIM401 (no dict)
    if token is not None and not isinstance(token, Secret):
        raise table.bad("a token is named, as a role's is", "token")
    return Described(said, token, sent, table.words("names"), frozenset(table.texts("keep")))
