"""Tokens that the profile knows of, one JSON object a line; the first digits of a hash name one."""

import base64
import hashlib
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from mcpsoar.core.errors import Malformed
from mcpsoar.core.secret import Secret
from mcpsoar.kit import strictjson

REFRESH, ACCESS = "refresh_token", "access_token"
_KEYS = {"token", "client", "audience", "kind", "keep"}
_SHOWN = 12
_ID = 255


@dataclass(frozen=True)
class Held:
    """`client` may revoke it; `audiences` are those it is for, none where the list does not say. `kind` is
    the hint of RFC 7009. One that `is_kept` is never revoked.
    """

    token: Secret
    client: str | None
    audiences: frozenset[str]
    kind: str | None
    is_kept: bool

    @cached_property
    def name(self) -> str:
        return f"sha256:{hashlib.sha256(self.token.reveal().encode()).hexdigest()[:_SHOWN]}"

    @property
    def words(self) -> str:
        return f"token {self.name}" + (f" of {self.client}" if self.client else "")

    @cached_property
    def claims(self) -> dict[str, Any] | None:
        """What a JWT says of itself, unverified: {} where it is sealed. None for a token that is no JWT."""
        parts = self.token.reveal().split(".")
        if len(parts) not in (3, 5) or "alg" not in (_decoded(parts[0]) or {}):
            return None
        return (_decoded(parts[1]) or {}) if len(parts) == 3 else {}

    @property
    def owner(self) -> str | None:
        """Whose it is by the list, else by its own word."""
        claims = self.claims or {}
        said = claims.get("client_id", claims.get("azp"))
        # nobody has checked its signature: what no service would have for a client's id is none
        is_id = (
            isinstance(said, str) and said.isascii() and said.isprintable() and 0 < len(said.strip()) <= _ID
        )
        return self.client or (said if is_id else None)

    @property
    def aim(self) -> frozenset[str]:
        """What it is for by the list, else by its own word; empty where nobody says."""
        return self.audiences or audiences((self.claims or {}).get("aud"))


def read(text: str) -> tuple[Held, ...]:
    """Blank lines count for nothing. Raises ValueError with the line's number, and shows none of it."""
    found = {}
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            one = _line(line, number)
            found[one.name] = one
    return tuple(found.values())


def audiences(said: Any) -> frozenset[str]:
    """One text or a list of them, as `aud` is; empty for anything else."""
    several = [said] if isinstance(said, str) else said
    is_usable = isinstance(several, list) and all(isinstance(one, str) and one for one in several)
    return frozenset(several) if is_usable else frozenset()


def _line(line: str, number: int) -> Held:
    try:
        said = strictjson.parse(line.encode("utf-8", "surrogatepass"))
    except Malformed:
        said = None
    if not isinstance(said, dict):
        raise ValueError(f"its line {number} is no JSON object")
    token, client, kind, kept = (said.get(key) for key in ("token", "client", "kind", "keep"))
    complaint = None
    if not isinstance(token, str) or not token or not token.isascii() or not token.isprintable():
        complaint = "has no token that could be sent"
    elif not isinstance(client, str | None) or client == "":
        complaint = "has a client that is no text"
    elif kind not in (None, REFRESH, ACCESS):
        complaint = f"has a kind that is neither {ACCESS} nor {REFRESH}"
    elif "audience" in said and not audiences(said["audience"]):
        complaint = "has an audience that is neither a text nor a list of texts"
    elif not isinstance(kept, bool | None):
        complaint = "has a keep that is neither true nor false"
    elif set(said) - _KEYS:
        complaint = f"has a key that means nothing; known are {', '.join(sorted(_KEYS))}"
    if complaint or not isinstance(token, str):
        raise ValueError(f"its line {number} {complaint}")
    return Held(Secret(token), client, audiences(said.get("audience")), kind, kept is True)


def _decoded(part: str) -> dict[str, Any] | None:
    try:
        plain = base64.urlsafe_b64decode(part + "=" * (-len(part) % 4))
        said = strictjson.parse(plain)
    except (ValueError, Malformed):
        return None
    return said if isinstance(said, dict) else None
