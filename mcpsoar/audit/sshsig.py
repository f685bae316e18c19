"""SSHSIG, OpenSSH's format of signatures over files: what `ssh-keygen -Y verify` reads.

Written from PROTOCOL.sshsig of OpenSSH 9.2. Of its choices ours are Ed25519, SHA-512 and one namespace, so
that no signature made for something else passes for a run's, nor the other way round.
"""

import base64
import hashlib
import re
import textwrap
from dataclasses import dataclass

from mcpsoar.audit.key import KIND, PublicKey, from_blob
from mcpsoar.audit.wire import Reader, string

NAMESPACE = "run@mcpsoar"
_MAGIC = b"SSHSIG"
_VERSION = 1
_HASH = b"sha512"
_BEGIN = "-----BEGIN SSH SIGNATURE-----"
_END = "-----END SSH SIGNATURE-----"
_WIDTH = 70
_LIMIT = 4096


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed, and the 64 bytes; whether they are good is `is_of`."""

    key: PublicKey
    raw: bytes

    @property
    def text(self) -> str:
        """Armoured."""
        blob = b"".join(
            (
                _MAGIC,
                _VERSION.to_bytes(4, "big"),
                string(self.key.blob),
                string(NAMESPACE.encode()),
                string(b""),
                string(_HASH),
                string(wrapped(self.raw)),
            )
        )
        return "\n".join((_BEGIN, *textwrap.wrap(base64.b64encode(blob).decode(), _WIDTH), _END, ""))

    def is_of(self, message: bytes) -> bool:
        return self.key.is_by_this_key(self.raw, payload(message))


def payload(message: bytes) -> bytes:
    """What a key really signs: the message's hash in its namespace."""
    digest = hashlib.sha512(message).digest()
    return _MAGIC + string(NAMESPACE.encode()) + string(b"") + string(_HASH) + string(digest)


def wrapped(raw: bytes) -> bytes:
    """A signature with its kind, as SSH sends it (RFC 8709 §6)."""
    return string(KIND.encode()) + string(raw)


def unwrapped(data: bytes) -> bytes:
    """The 64 bytes in it. Raises ValueError for any other kind."""
    reader = Reader(data)
    kind, raw = reader.string(), reader.string()
    if kind != KIND.encode() or len(raw) != 64 or not reader.is_empty:
        raise ValueError("no Ed25519 signature")
    return raw


def parsed(text: str) -> Signature:
    """An armoured signature of ours. Raises ValueError for any other namespace, hash or kind of key."""
    found = re.fullmatch(f"{_BEGIN}\n([A-Za-z0-9+/=\n]+)\n{_END}\n?", text) if len(text) < _LIMIT else None
    if found is None:
        raise ValueError("no SSH signature")
    reader = Reader(base64.b64decode(found[1].replace("\n", ""), validate=True))
    if reader.take(len(_MAGIC)) != _MAGIC or reader.number() != _VERSION:
        raise ValueError("no SSH signature of version 1")
    key = from_blob(reader.string())
    namespace, reserved, hashed = reader.string(), reader.string(), reader.string()
    if namespace != NAMESPACE.encode():
        raise ValueError("a signature for something else")
    if reserved or hashed != _HASH:
        raise ValueError("a signature with another hash")
    raw = unwrapped(reader.string())
    if not reader.is_empty:
        raise ValueError("something stands behind the signature")
    return Signature(key, raw)
