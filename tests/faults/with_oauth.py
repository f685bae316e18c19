"""A token service beside the lab's control plane: only its own role is at fault here."""

import json

from mcpsoar.core.profile import Binding
from mcpsoar.core.secret import Secret
from mcpsoar.lab.serving import Handle
from mcpsoar.lab.wire import Call
from tests.contract.token_service import AUDIENCE, SECRETS, Token, TokenService
from tests.faults.on_lab import OnLab
from tests.faults.place import SERVER, Urls

_KEPT = "planted-held-token-that-stays"
_HELD = {"planted-held-token-1": "agent-a", "planted-held-token-2": "agent-a", _KEPT: "agent-b"}


class WithOAuth(OnLab):
    """The same plane, with tokens of a service of their own: two to revoke, and one that stays."""

    name = "oauth"
    roles = ("tokens",)

    def __init__(self, plane: Handle, service: TokenService) -> None:
        super().__init__(plane)
        self.service = service
        self.spares = ()  # a client has one secret
        self.secrets += (*_HELD, *SECRETS.values())

    def address(self, role: str) -> str:
        return self.service.url if role == "tokens" else self.url

    def restore(self) -> None:
        super().restore()
        self.service.lies = False
        self.service.tokens = {name: Token(client) for name, client in _HELD.items()}

    def bindings(self, urls: Urls, timeout_s: float, settle_s: float) -> dict[str, Binding]:
        held = [
            {"token": name, "client": client, "audience": AUDIENCE, "keep": name == _KEPT}
            for name, client in _HELD.items()
        ]
        options = {
            "held": Secret("\n".join(map(json.dumps, held))),
            "introspect": {"id": "runner", "secret": Secret(SECRETS["runner"])},
            "clients": [{"id": "agent-a", "secret": Secret(SECRETS["agent-a"])}],
            "names": {SERVER: AUDIENCE},
            "revocation": "token/revocation",
            "introspection": "token/introspection",
            "timeout_s": timeout_s,
            "settle_s": settle_s,
        }
        tokens = Binding("oauth", urls["tokens"], options=options)
        return super().bindings(urls, timeout_s, settle_s) | {"tokens": tokens}

    def done(self, role: str) -> tuple[int, int]:
        if role != "tokens":
            return super().done(role)
        own = [one for name, one in self.service.tokens.items() if name != _KEPT]
        return sum(not one.is_active for one in own), len(own)

    def bring_about(self, role: str) -> None:  # noqa: ARG002 (of its own role alone)
        for name, one in self.service.tokens.items():
            one.is_active = name == _KEPT

    def lie(self, role: str) -> None:  # noqa: ARG002
        self.service.lies = True

    def stray(self, role: str) -> bool:  # noqa: ARG002
        return False

    def half(self, role: str, *, first: bool = False) -> str | None:  # noqa: ARG002
        return list(_HELD)[not first]

    def is_change(self, call: Call) -> bool:
        return super().is_change(call) and not call.target.endswith("/introspection")

    def is_read(self, call: Call) -> bool:
        return not self.is_change(call)
