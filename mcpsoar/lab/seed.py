"""What a fresh control plane holds: approved servers with a fingerprint, and live tokens for each."""

import hashlib
import secrets
from collections.abc import Sequence

from mcpsoar.lab.plane import Plane
from mcpsoar.lab.records import Entry, Token, TokenKind

HOUR_S = 3600.0


def seed(plane: Plane, servers: Sequence[str], *, jwt: bool = False) -> None:
    """Register what is not registered yet, each with two opaque tokens, a refresh token and maybe a JWT.

    A server that is there already is left as it is: a restart changes nothing.
    """
    for server in servers:
        if plane.server(server) is None:
            plane.register(Entry(server, fingerprint=fingerprint(server)))
            kinds = [TokenKind.OPAQUE, TokenKind.OPAQUE, TokenKind.REFRESH]
            for kind in [*kinds, TokenKind.JWT] if jwt else kinds:
                issue_unused(plane, server, kind)


def fingerprint(server: str) -> str:
    """Stands for the digest of the server's image and launch settings: 64 hex digits."""
    return hashlib.sha256(f"registry.example.org/{server}@sha256".encode()).hexdigest()


def issue_unused(plane: Plane, server: str, kind: TokenKind) -> str:
    """A live token that nobody holds, as forgotten ones are; returns its id."""
    text = secrets.token_urlsafe(32)
    jti = f"{kind.value}-{secrets.token_hex(6)}"
    plane.issue(
        text,
        Token(
            id=jti,
            kind=kind,
            audience=(server,),
            expires_at=plane.now() + HOUR_S,
            scopes=(f"{server}:read",),
            client_id="seed",
            actor="seed@example.org",
        ),
    )
    return jti
