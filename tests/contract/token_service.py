"""A stand-in for an OAuth token service: two products' answers to RFC 7009 and RFC 7662, as recorded.

Kept to what the recordings show (tests/data/connectors): a revocation is acknowledged of what was never
issued and a second time, refused to any client but the token's own, and not done to a JWT by oidc-provider;
Canaille calls a good token inactive to a client that is not of its audience. Its administration is Keycloak's
in short: a stopped client is refused everywhere, and its tokens are inactive until it is let in again (unless
they `outlive_a_stop`, as with a service that looks at its clients only when it issues).
"""

import base64
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler
from typing import Any, Literal
from urllib.parse import parse_qs, unquote_plus

from tests.contract.loopback import listening

EXP = 1_893_456_000  # 2030-01-01T00:00:00Z
AUDIENCE = "https://crm.example.com/mcp"
SECRETS = {
    "agent-a": "secret-of-agent-a/+",
    "agent-b": "secret-of-agent-b",
    "runner": "secret-of-the-runner",
}
ADMIN = "token-of-the-administrator"
ROWS = {"agent-a": "row-1", "agent-b": "row-2", "runner": "row-3"}
Product = Literal["oidc-provider", "canaille"]


@dataclass
class Token:
    client: str = "agent-a"
    audiences: tuple[str, ...] = (AUDIENCE,)
    is_jwt: bool = False
    is_active: bool = True


@dataclass
class TokenService:
    """The state; tests look at it and change it past the API. `heard` are (client, path, token), in order."""

    product: Product = "oidc-provider"
    tokens: dict[str, Token] = field(default_factory=dict)
    endpoints: dict[str, str] = field(
        default_factory=lambda: {"revocation": "/token/revocation", "introspection": "/token/introspection"}
    )
    lies: bool = False  # it acknowledges and does nothing
    heard: list[tuple[str, str, str]] = field(default_factory=list)
    stopped: set[str] = field(default_factory=set)
    outlive_a_stop: bool = False
    turned_away: list[tuple[str | None, str]] = field(default_factory=list)  # clients, and the path, in order
    switched: list[tuple[str, Any]] = field(default_factory=list)  # clients, and what was put
    url: str = ""

    def discovered(self, host: str) -> dict[str, str]:
        whole = {
            name: path if "://" in path else f"http://{host}{path}" for name, path in self.endpoints.items()
        }
        return {"issuer": f"http://{host}"} | {f"{name}_endpoint": url for name, url in whole.items()}

    def answer(self, path: str, client: str | None, token: str) -> tuple[int, Any]:
        if client is None or client in self.stopped:
            self.turned_away.append((client, path))
            words = {"error_description": "client authentication failed"}
            return 401, {"error": "invalid_client"} | (words if self.product == "oidc-provider" else {})
        self.heard.append((client, path, token))
        one = self.tokens.get(token)
        if path.endswith("/revocation"):
            return self._revoked(client, one)
        return self._introspected(client, one)

    def administered(self, method: str, path: str, header: str, said: Any) -> tuple[int, Any]:
        """One client, looked at or changed in part, by its row."""
        if header != f"Bearer {ADMIN}":
            return 401, {"error": "HTTP 401 Unauthorized"}
        client = {row: name for name, row in ROWS.items()}.get(path.partition("/clients/")[2])
        if client is None:
            return 404, {"error": "Could not find client"}
        if method == "GET":
            return 200, {"clientId": client, "enabled": client not in self.stopped, "secret": SECRETS[client]}
        self.switched.append((client, said))
        if not self.lies:
            (self.stopped.discard if said["enabled"] else self.stopped.add)(client)
        return 204, None

    def revocations(self) -> list[str]:
        return [token for _, path, token in self.heard if path.endswith("/revocation")]

    def _introspected(self, client: str, one: Token | None) -> tuple[int, Any]:
        if one is not None and one.is_jwt and self.product == "oidc-provider":
            words = "Structured JWT Tokens cannot be introspected via the introspection_endpoint"
            return 400, {"error": "unsupported_token_type", "error_description": words}
        is_told = self.product == "oidc-provider" or (one is not None and client in one.audiences)
        is_off = one is not None and one.client in self.stopped and not self.outlive_a_stop
        if one is None or not one.is_active or is_off or not is_told:
            return 200, {"active": False}
        exp: float = EXP + 0.25 if self.product == "canaille" else EXP
        aud: Any = list(one.audiences) if self.product == "canaille" else "".join(one.audiences)
        said = {"client_id": one.client, "exp": exp, "iat": exp - 3600, "iss": self.url, "scope": "tools"}
        return 200, {"active": True, "aud": aud, "token_type": "Bearer"} | said

    def _revoked(self, client: str, one: Token | None) -> tuple[int, Any]:
        is_canaille = self.product == "canaille"
        if one is not None and one.is_jwt and not is_canaille:
            words = "Structured JWT Tokens cannot be revoked via the revocation_endpoint"
            return 400, {"error": "unsupported_token_type", "error_description": words}
        if one is not None and one.client != client:
            words = "client is not authorized to revoke the presented token"
            refused = {"error": "invalid_request", "error_description": words}
            return 400, {"error": "invalid_grant"} if is_canaille else refused
        if one is not None and not self.lies:
            one.is_active = False
        return 200, {} if is_canaille else None


def client_of(header: str) -> str | None:
    """The client of a Basic header whose secret is right."""
    try:
        pair = base64.b64decode(header.removeprefix("Basic ")).decode()
    except ValueError:
        return None
    name, _, secret = pair.partition(":")
    return name if SECRETS.get(unquote_plus(name)) == unquote_plus(secret) else None


def jwt(exp: int = EXP, **claims: Any) -> str:
    """One that nobody has signed."""
    parts = ({"alg": "RS256", "typ": "at+jwt"}, {"aud": AUDIENCE, "exp": exp, **claims})
    coded = [base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in parts]
    return ".".join([*coded, "c2lnbmF0dXJl"])


@contextmanager
def token_service() -> Iterator[TokenService]:
    """The service on loopback, in threads of this process."""
    service = TokenService()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            sent = self.rfile.read(int(self.headers.get("content-length", 0))).decode()
            if self.path.startswith("/admin/"):
                header = self.headers.get("authorization", "")
                said = json.loads(sent) if sent else None
                status, said = service.administered(self.command, self.path, header, said)
            elif self.path == "/.well-known/openid-configuration":
                status, said = 200, service.discovered(self.headers["host"])
            else:
                client = client_of(self.headers.get("authorization", ""))
                status, said = service.answer(self.path, client, parse_qs(sent).get("token", [""])[0])
            content = b"" if said is None else json.dumps(said).encode()
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PUT = _answer  # noqa: N815 (the library's names)

        def log_message(self, *_: object) -> None: ...

    with listening(Handler) as port:
        service.url = f"http://127.0.0.1:{port}"
        yield service
