"""A token service: what it says of a token (RFC 7662), and a token's own client ending it (RFC 7009)."""

import threading
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from urllib.parse import unquote, urlsplit

from mcpsoar.connectors.in_http import role
from mcpsoar.connectors.in_oauth.basic import Basic, header
from mcpsoar.connectors.in_oauth.held import Held, audiences
from mcpsoar.connectors.in_oauth.memory import Memory
from mcpsoar.connectors.in_oauth.settings import Client, Settings
from mcpsoar.core.digest import Json
from mcpsoar.core.errors import Denied, Malformed, Unsupported
from mcpsoar.core.ports import Clock
from mcpsoar.core.profile import Binding
from mcpsoar.kit.body import form
from mcpsoar.kit.clock import stamp
from mcpsoar.kit.http import Edge

_UNSUPPORTED = "unsupported_token_type"
_PORTS = {"http": 80, "https": 443}


class State(StrEnum):
    """UNTOLD: the service does not introspect such tokens, which says nothing of them."""

    ACTIVE = "active"
    INACTIVE = "inactive"
    UNTOLD = "untold"


class Ended(StrEnum):
    """What the service says of a revocation. It is no evidence: of one never issued it says ACKNOWLEDGED."""

    ACKNOWLEDGED = "acknowledged"
    UNSUPPORTED = "not revocable here"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Said:
    """One introspection. `audiences`, `client` and `until` are empty where the service does not tell them."""

    state: State
    audiences: frozenset[str] = frozenset()
    client: str | None = None
    until: str | None = None


class Service:
    """Sends nothing until it is asked; where its endpoints are is read once, and kept to its own origin.
    `active` are tokens that were seen so, by name, each as it was seen last; `memory` is of earlier runs.
    """

    def __init__(self, binding: Binding, settings: Settings, *, clock: Clock, timeout_s: float) -> None:
        parts = urlsplit(binding.base_url)
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._under = tuple(unquote(part) for part in parts.path.split("/") if part)
        self._paths = {name: (*self._under, *path.split("/")) for name, path in settings.endpoints.items()}
        self._lock = threading.Lock()
        self.active: dict[str, tuple[Held, Said]] = {}
        self.memory = Memory(settings.caller.id)
        self._hidden = [*settings.secrets]

        def edge(client: Client | None) -> Edge:
            return Edge(
                self._origin,
                None,
                bearer=Basic(client, self._hidden),
                scheme="Basic",
                network=binding.network,
                clock=clock,
                timeout_s=timeout_s,
            )

        self.asking = edge(settings.caller)
        self._anybody = edge(None)
        self._clients = {name: edge(client) for name, client in settings.clients.items()}
        self.where = self.asking.where
        self.admin: Edge | None = None  # its administration, which has a token of its own
        if (said := settings.issuance) is not None:
            own, net = (said.token,) if said.token else (), binding.network
            self.admin = role.edge(
                self._origin, own, said.sent, network=net, clock=clock, timeout_s=timeout_s
            )
        credentials = [header(client) for client in (settings.caller, *settings.clients.values())]
        self.secrets = (*settings.secrets, *credentials)

    def hide(self, held: Iterable[Held]) -> None:
        """Blank these too in what the service answers."""
        self._hidden += [one.token for one in held]

    def introspected(self, one: Held) -> Said:
        """Errors are those of `Edge.find`; Unsupported where there is no introspection."""
        reply = self.asking.find(
            *self._path("introspection"),
            absent=lambda status, said: status == 400 and _error(said) == _UNSUPPORTED,
            body=form(_form(one)),
        )
        if reply is None:
            return Said(State.UNTOLD)
        match reply.body:
            case {"active": False}:
                return Said(State.INACTIVE)
            case {"active": True} as said:
                client = said.get("client_id")
                found = Said(
                    State.ACTIVE,
                    audiences(said.get("aud")),
                    client if isinstance(client, str) else None,
                    instant(said.get("exp")),
                )
                self.active[one.name] = (one, found)
                return found
        raise Malformed("the answer does not say whether the token is active", where=self.where)

    def revoked(self, one: Held, client: str) -> Ended:
        """Ask once, as this client, which the profile knows. Errors are those of `Edge.change`: Unknown where
        the service does not know it, for its secret is wrong or it is stopped.
        """
        codes: list[str] = []

        def is_refusal(status: int, said: Json) -> bool:
            codes.append(_error(said))
            return status in (400, 404)

        # no key: one plane's memory of a key would answer for another token, and a repeat is harmless
        reply = self._clients[client].change(
            "POST", *self._path("revocation"), body=form(_form(one)), absent=is_refusal
        )
        if reply.status >= 400:
            return Ended.UNSUPPORTED if _UNSUPPORTED in codes else Ended.REFUSED
        if reply.body not in (None, {}):
            raise Malformed("the answer to the revocation is not as in RFC 7009", where=self.where)
        return Ended.ACKNOWLEDGED

    def refuses(self, client: str) -> bool:
        """Whether the service does not know this client by its secret. Asks about no token that there is."""
        heard: list[int] = []

        def is_answer(status: int, _: Json) -> bool:
            heard.append(status)
            return status in (400, 401, 403)

        self._clients[client].find(
            *self._path("introspection"), absent=is_answer, body=form({"token": "mcpsoar-doctor"})
        )
        return 401 in heard

    def has(self, client: str | None) -> bool:
        """Whether the credentials of this client are known."""
        return client in self._clients

    def close(self) -> None:
        for edge in (self.asking, self._anybody, *self._clients.values(), self.admin):
            if edge is not None:
                edge.close()

    def _path(self, name: str) -> tuple[str, ...]:
        with self._lock:
            if name not in self._paths:
                said = self._anybody.read(*self._under, ".well-known", "openid-configuration").body
                url = said.get(f"{name}_endpoint") if isinstance(said, dict) else None
                if not isinstance(url, str):
                    raise Unsupported(f"the service names no {name}_endpoint", where=self.where)
                self._paths[name] = self._within(url, name)
            return self._paths[name]

    def _within(self, url: str, name: str) -> tuple[str, ...]:
        """Its path, where it is of this very origin: secrets go nowhere else."""
        try:
            is_own = _origin(url) == _origin(self._origin) and not urlsplit(url).query
        except ValueError:
            is_own = False
        path = tuple(unquote(part) for part in urlsplit(url).path.split("/") if part) if is_own else ()
        if not path:
            raise Denied(
                f"its {name}_endpoint is at another origin: where that is right, name url and path of it",
                where=self.where,
            )
        return path


def instant(said: Any) -> str | None:
    """Seconds since 1970, of which some services write fractions; None for what is no time."""
    if isinstance(said, bool) or not isinstance(said, int | float):
        return None
    try:
        return stamp(datetime.fromtimestamp(said, UTC))
    except (ValueError, OverflowError, OSError):
        return None


def _form(one: Held) -> Mapping[str, str]:
    return {"token": one.token.reveal()} | ({"token_type_hint": one.kind} if one.kind else {})


def _error(said: Json) -> str:
    code = said.get("error") if isinstance(said, dict) else None
    return code if isinstance(code, str) else ""


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname, parts.port or _PORTS.get(parts.scheme)
