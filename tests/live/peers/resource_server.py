"""A program, settings as JSON in $PEER: the small MCP server behind the SDK's own check of bearer tokens.

A token is introspected at each call, or at most every `cache_s`, or read as a JWT and never asked about.
"""

import json
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import httpx2
import jwt
from mcp.server.auth.provider import AccessToken
from mcp.server.auth.settings import AuthSettings

from tests.live.peers.upstream_server import serve, server


@dataclass(frozen=True, slots=True)
class Settings:
    """Where the tokens come from, and how this server checks them."""

    port: int
    runs: str
    kind: Literal["introspecting", "caching", "local_jwt"]
    resource: str
    issuer: str
    check_url: str  # the introspection endpoint, or the address of the keys
    client: tuple[str, str]
    cache_s: float


class Introspecting:
    """Asks the token service about each token, as a client of its own (RFC 7662)."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._known: dict[str, tuple[float, AccessToken]] = {}

    async def verify_token(self, token: str) -> AccessToken | None:
        asked_at, known = self._known.get(token, (0.0, None))
        if known is not None and time.monotonic() - asked_at < self._settings.cache_s:
            return known
        asked_at = time.monotonic()
        async with httpx2.AsyncClient(auth=self._settings.client, trust_env=False) as client:
            answer = await client.post(self._settings.check_url, data={"token": token})
        said = answer.json() if answer.status_code == 200 else {"active": False}
        self._known.pop(token, None)
        if not said.get("active"):
            return None
        found = _access(token, said, self._settings.resource)
        if found is not None:
            self._known[token] = (asked_at, found)
        return found


class LocalJwt:
    """Believes signature, audience and expiry; a revocation does not reach it."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._keys = jwt.PyJWKClient(settings.check_url, lifespan=3600)

    async def verify_token(self, token: str) -> AccessToken | None:
        try:
            key = self._keys.get_signing_key_from_jwt(token)
            issuer, audience = self._settings.issuer, self._settings.resource
            said = jwt.decode(token, key, algorithms=["RS256"], audience=audience, issuer=issuer)
        except jwt.PyJWTError:
            return None
        return _access(token, said, audience)


def _access(token: str, said: dict[str, Any], resource: str) -> AccessToken | None:
    audiences = said.get("aud") or []
    if resource not in ([audiences] if isinstance(audiences, str) else audiences):
        return None
    who = said.get("client_id") or said.get("azp") or ""
    scopes = (said.get("scope") or "").split()
    return AccessToken(
        token=token, client_id=who, scopes=scopes, expires_at=said.get("exp"), resource=resource
    )


if __name__ == "__main__":
    told = json.loads(os.environ["PEER"])
    given = Settings(**{**told, "client": tuple(told["client"])})
    auth = AuthSettings.model_validate({"issuer_url": given.issuer, "resource_server_url": given.resource})
    verifier = LocalJwt(given) if given.kind == "local_jwt" else Introspecting(given)
    serve(server(Path(given.runs), auth=auth, token_verifier=verifier), given.port)
