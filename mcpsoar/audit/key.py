"""Ed25519 keys as OpenSSH writes them: `ssh-ed25519 AAAA…`, and their fingerprints."""

import base64
import hashlib
from dataclasses import dataclass

from mcpsoar.audit.wire import Reader, string

KIND = "ssh-ed25519"  # RFC 8709 §4


@dataclass(frozen=True, slots=True)
class PublicKey:
    """`blob` is the key as it goes over the wire: its kind, then 32 bytes."""

    blob: bytes

    @property
    def fingerprint(self) -> str:
        """As `ssh-keygen -l` prints it: `SHA256:` and base64 without its end signs."""
        return "SHA256:" + base64.b64encode(hashlib.sha256(self.blob).digest()).decode().rstrip("=")

    @property
    def line(self) -> str:
        """As it stands in a `.pub` file, without the comment."""
        return f"{KIND} {base64.b64encode(self.blob).decode()}"

    def is_by_this_key(self, signature: bytes, data: bytes) -> bool:
        """Whether these 64 bytes are this key's signature of `data`."""
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

        try:
            Ed25519PublicKey.from_public_bytes(_raw(self.blob)).verify(signature, data)
        except (InvalidSignature, ValueError):
            return False
        return True


def from_blob(blob: bytes) -> PublicKey:
    """Raises ValueError for any other kind of key."""
    _raw(blob)
    return PublicKey(blob)


def from_text(kind: str, encoded: str) -> PublicKey:
    """The two words of a `.pub` file. Raises ValueError."""
    if kind != KIND:
        raise ValueError(f"a key of kind {kind}")
    return from_blob(base64.b64decode(encoded, validate=True))


def blob_of(raw: bytes) -> bytes:
    """The wire form of a key's 32 bytes."""
    return string(KIND.encode()) + string(raw)


def _raw(blob: bytes) -> bytes:
    reader = Reader(blob)
    kind, raw = reader.string(), reader.string()
    if kind != KIND.encode() or len(raw) != 32 or not reader.is_empty:
        raise ValueError("no Ed25519 key")
    return raw
