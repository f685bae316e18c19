"""What a profile says of a token service, checked; complaints name the line of the key."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from mcpsoar.connectors.in_oauth import described, held
from mcpsoar.connectors.in_oauth.described import Described
from mcpsoar.connectors.in_oauth.held import Held
from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Usage
from mcpsoar.core.secret import Secret

Place = Callable[[tuple[str | int, ...]], str]  # file:line of what these keys lead to
ENDPOINTS = ("revocation", "introspection")
_CALLER = '{ id = "…", secret = { env = "…" } }'


@dataclass(frozen=True, slots=True)
class Client:
    """`audiences` are those that it is known to fetch tokens for, held or not."""

    id: str
    secret: Secret
    audiences: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Settings:
    """`caller` asks about tokens, each of `clients` revokes its own. `names` are the audiences of servers
    that are called otherwise; `endpoints` are paths under the address of the service. `issuance` is how one
    client is stopped; None where the profile does not say. `again` reads held once more; it raises Usage.
    """

    caller: Client
    clients: Mapping[str, Client]
    held: tuple[Held, ...]
    names: Mapping[str, str]
    endpoints: Mapping[str, str]
    issuance: Described | None = None
    again: Callable[[], tuple[Held, ...]] = tuple

    @property
    def secrets(self) -> tuple[Secret, ...]:
        """Each text that is nobody else's business."""
        own = (self.caller, *self.clients.values())
        admin = (self.issuance.token,) if self.issuance and self.issuance.token else ()
        return (*(one.token for one in self.held), *(client.secret for client in own), *admin)


def read(options: Facts, place: Place) -> Settings:
    """Raises Usage."""
    for key, why in (
        ("held", "a token service lists no tokens by audience: name a command or a file that gives them"),
        ("introspect", f"who asks about tokens: {_CALLER}"),
        ("clients", f"those whose tokens are to go: [{_CALLER}, …]"),
    ):
        if key not in options:
            raise Usage(f"connector oauth lacks {key}, {why}", where=place(()))
    said = options["clients"]
    if not isinstance(said, list) or not said:
        raise Usage(f"clients is a list: [{_CALLER}, …]", where=place(("clients",)))
    clients = [_client(one, ("clients", at), place, ("audiences",)) for at, one in enumerate(said)]
    return Settings(
        caller=_client(options["introspect"], ("introspect",), place),
        clients={client.id: client for client in clients},
        held=_held(options["held"], place),
        names=_names(options, place),
        endpoints={name: _path(options[name], name, place) for name in ENDPOINTS if name in options},
        issuance=described.read(options["issuance"], place) if "issuance" in options else None,
        again=lambda: _held(options["held"].again(), place),
    )


def _client(said: Any, keys: tuple[str | int, ...], place: Place, more: tuple[str, ...] = ()) -> Client:
    match said:
        case {"id": str(one), "secret": Secret() as secret} if one and secret.reveal():
            if set(said) <= {"id", "secret", *more}:
                return Client(one, secret, _audiences(said, keys, place))
    also = f"and may have {', '.join(more)}" if more else "and nothing else"
    raise Usage(f"a client has an id and a secret, {also}: {_CALLER}", where=place(keys))


def _audiences(said: Any, keys: tuple[str | int, ...], place: Place) -> frozenset[str]:
    found = held.audiences(said.get("audiences"))
    if "audiences" in said and (not found or not isinstance(said["audiences"], list)):
        raise Usage("audiences is a list: what the client fetches tokens for", where=place(keys))
    return found


def _held(said: Any, place: Place) -> tuple[Held, ...]:
    try:
        return held.read(said.reveal())
    except ValueError as error:
        raise Usage(f"what held names cannot be used: {error}", where=place(("held",))) from None


def _names(options: Facts, place: Place) -> Mapping[str, str]:
    names = options.get("names", {})
    if not isinstance(names, dict) or not all(isinstance(one, str) and one for one in names.values()):
        raise Usage(
            "names is a table: the audience of a server, where that is not its name", where=place(("names",))
        )
    return names


def _path(said: Any, name: str, place: Place) -> str:
    parts = said.strip("/").split("/") if isinstance(said, str) else [""]
    is_odd = any(part in ("", ".", "..") or {"?", "#", ":"} & set(part) for part in parts)
    if is_odd or not said.isprintable():
        raise Usage(f'{name} is a path under url, such as "token/{name}"', where=place((name,)))
    return "/".join(parts)
