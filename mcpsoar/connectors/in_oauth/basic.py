"""How a client of a token service identifies itself: client_secret_basic (RFC 6749 §2.3.1)."""

import base64
from collections.abc import Sequence
from urllib.parse import quote_plus

from mcpsoar.connectors.in_oauth.settings import Client
from mcpsoar.core.digest import Json
from mcpsoar.core.secret import Secret
from mcpsoar.kit.credentials import masked


class Basic:
    """`kit.credentials.Bearer` of a client, or of nobody. `secrets` are blanked in what comes back, those too
    that are added to them later.
    """

    def __init__(self, client: Client | None, secrets: Sequence[Secret]) -> None:
        self._header = header(client) if client else None
        self._secrets = secrets

    @property
    def current(self) -> Secret | None:
        return self._header

    @property
    def most(self) -> int:
        return 1

    def refused(self, token: Secret | None, status: int) -> bool:  # noqa: ARG002 (the protocol's shape)
        return False

    def masked(self, value: Json) -> Json:
        for secret in (*self._secrets, self._header):
            value = masked(value, secret)
        return value

    def close(self) -> None: ...


def header(client: Client) -> Secret:
    """What stands after `Basic`: both parts are form-encoded first."""
    pair = f"{quote_plus(client.id)}:{quote_plus(client.secret.reveal())}"
    return Secret(base64.b64encode(pair.encode()).decode())
