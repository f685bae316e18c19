"""Tokens of the data plane: opaque ones that are looked up, JWTs that are verified where they arrive."""

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mcpsoar.lab.plane import Plane, token_hash
from mcpsoar.lab.records import Token, TokenKind, View

ISSUER = "https://tokens.example.com"
_REQUIRED = ["iss", "sub", "aud", "exp", "iat", "jti"]  # RFC 9068 §2.2


@dataclass(frozen=True, slots=True)
class Bearer:
    """Who knocks. `problem` is one code word of RFC 6750 or ours; '' means the token is good.

    `token` is what is known of it, even when it is no longer good; None when nothing can be believed.
    """

    token: Token | None
    problem: str = ""


class Tokens:
    """Issues and reads tokens. The signing key is kept in `key_path` (Ed25519, mode 0600)."""

    def __init__(self, plane: Plane, key_path: Path) -> None:
        self._plane = plane
        self._key = _key(key_path)
        self._public = self._key.public_key()

    def issue(self, token: Token) -> str:
        """Make the token's text and keep the token; the text is returned once and stored nowhere."""
        text = self._signed(token) if token.kind is TokenKind.JWT else secrets.token_urlsafe(32)
        self._plane.issue(text, token)
        return text

    def read(self, text: str | None, view: View) -> Bearer:
        """Whose token this is. A JWT is believed by its signature alone: revoking it changes nothing here."""
        if not text:
            return Bearer(None, "unauthorized")
        bearer = self._jwt(text) if text.count(".") == 2 else _opaque(text, view)
        if bearer.token and not bearer.problem and bearer.token.expires_at <= self._plane.now():
            return Bearer(bearer.token, "invalid_token")
        return bearer

    def _signed(self, token: Token) -> str:
        claims = {
            "iss": token.issuer,
            "sub": token.actor,
            "aud": list(token.audience),
            "exp": int(token.expires_at),
            "iat": int(self._plane.now()),
            "jti": token.id,
            "client_id": token.client_id,
            "scope": " ".join(token.scopes),
            "actor_type": token.actor_type,
            "tags": list(token.tags),
        }
        return jwt.encode(claims, self._key, algorithm="EdDSA", headers={"typ": "at+jwt"})

    def _jwt(self, text: str) -> Bearer:
        # time and audience are ours to judge: one by the lab's clock, the other by server
        options: Any = {"require": _REQUIRED, "verify_exp": False, "verify_iat": False, "verify_aud": False}
        try:
            claims = jwt.decode(text, self._public, algorithms=["EdDSA"], issuer=ISSUER, options=options)
            return Bearer(_claimed(claims))
        except (jwt.InvalidTokenError, ValueError, TypeError):
            return Bearer(None, "invalid_token")


def _claimed(claims: dict[str, Any]) -> Token:
    audience = claims["aud"]
    return Token(
        id=str(claims["jti"]),
        kind=TokenKind.JWT,
        audience=(audience,) if isinstance(audience, str) else tuple(str(one) for one in audience),
        expires_at=float(claims["exp"]),
        scopes=tuple(str(claims.get("scope", "")).split()),
        client_id=str(claims.get("client_id", "")),
        actor=str(claims["sub"]),
        actor_type=str(claims.get("actor_type", "unknown")),
        tags=tuple(str(tag) for tag in claims.get("tags", ())),
        issuer=str(claims["iss"]),
    )


def _opaque(text: str, view: View) -> Bearer:
    token = view.token(token_hash(text))
    if token is None or token.kind is not TokenKind.OPAQUE:
        return Bearer(None, "invalid_token")  # a refresh token opens nothing, and a JWT is never looked up
    return Bearer(token, "" if token.active else "token_revoked")


def _key(path: Path) -> Ed25519PrivateKey:
    if path.exists():
        key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        if isinstance(key, Ed25519PrivateKey):
            return key
    key = Ed25519PrivateKey.generate()
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path.touch(mode=0o600)
    path.write_bytes(pem)
    return key
