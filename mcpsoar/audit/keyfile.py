"""A private key in a file, in OpenSSH's format; with a passphrase it tells who it is and signs nothing."""

import base64
import os
import re
import shlex
import stat
from dataclasses import dataclass, field
from pathlib import Path
from typing import NoReturn

from mcpsoar.audit.key import PublicKey, from_blob
from mcpsoar.audit.wire import Reader
from mcpsoar.core.errors import Usage

_MAGIC = b"openssh-key-v1\0"  # OpenSSH, PROTOCOL.key
_ARMOUR = re.compile(
    rb"\s*-----BEGIN OPENSSH PRIVATE KEY-----\s+([A-Za-z0-9+/=\s]+)-----END OPENSSH PRIVATE KEY-----\s*"
)
_LIMIT = 1 << 16


@dataclass(frozen=True, slots=True)
class KeyFile:
    """One key file, read. Its private half is never shown and never copied out."""

    path: str
    key: PublicKey
    has_passphrase: bool
    _data: bytes = field(repr=False)

    def sign(self, data: bytes) -> bytes:
        """64 bytes. Raises Usage for a key with a passphrase, or one that is damaged."""
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_ssh_private_key

        if self.has_passphrase:
            raise _has_passphrase(self.path)
        try:
            private = load_ssh_private_key(self._data, None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            raise _damaged(self.path) from None
        if not isinstance(private, Ed25519PrivateKey):
            raise _damaged(self.path)
        return private.sign(data)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a private key is not serialised")


def read(path: str) -> KeyFile:
    """Raises Usage, with nothing of what stands in the file: it may be any secret."""
    try:
        data = _bytes(path)
    except (OSError, RuntimeError) as error:
        raise Usage(f"the signing key cannot be read: {type(error).__name__}", where=path) from None
    armour = _ARMOUR.fullmatch(data)
    if armour is None:
        raise Usage("is no private key in OpenSSH's format", where=path, next_command=_MAKE)
    try:
        reader = Reader(base64.b64decode(armour[1]))
        if reader.take(len(_MAGIC)) != _MAGIC:
            raise ValueError
        cipher, _, _, keys = reader.string(), reader.string(), reader.string(), reader.number()
        blob = reader.string()
    except ValueError:
        raise _damaged(path) from None
    try:
        key = from_blob(blob)
    except ValueError:
        raise Usage("is no Ed25519 key: it signs nothing here", where=path, next_command=_MAKE) from None
    if keys != 1:
        raise _damaged(path)
    return KeyFile(path, key, cipher != b"none", data)


_MAKE = "ssh-keygen -t ed25519 -N '' -f mcpsoar_audit"


def _bytes(path: str) -> bytes:
    # links are followed, as mounted secrets are links; a pipe is not waited for
    fd = os.open(Path(path).expanduser(), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(fd, "rb") as file:
        if not stat.S_ISREG(os.fstat(fd).st_mode):
            raise OSError("no regular file")
        return file.read(_LIMIT)


def _has_passphrase(path: str) -> Usage:
    return Usage(
        "this signing key has a passphrase, and ssh-agent does not have it",
        where=path,
        next_command=f"ssh-add {shlex.quote(path)}",
    )


def _damaged(path: str) -> Usage:
    return Usage("this signing key is damaged", where=path)
