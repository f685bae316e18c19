"""Keys for tests, and an ssh-agent that says what it is told to."""

import base64
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)

from mcpsoar.audit.key import PublicKey, blob_of
from mcpsoar.audit.sshsig import wrapped
from mcpsoar.audit.wire import Reader, string


def made(path: Path, *, has_passphrase: bool = False) -> Ed25519PrivateKey:
    """A new key, written as `ssh-keygen` would."""
    key = Ed25519PrivateKey.generate()
    path.touch(0o600)
    plain = key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption())
    path.write_bytes(_sealed(key) if has_passphrase else plain)
    return key


def _sealed(key: Ed25519PrivateKey) -> bytes:
    """As it looks from outside: nobody here opens it (OpenSSH, PROTOCOL.key)."""
    parts = (b"aes256-ctr", b"bcrypt", bytes(24), public(key).blob, bytes(144))
    cipher, kdf, options, blob, private = map(string, parts)
    body = b"openssh-key-v1\0" + cipher + kdf + options + (1).to_bytes(4, "big") + blob + private
    return (
        b"-----BEGIN OPENSSH PRIVATE KEY-----\n"
        + base64.encodebytes(body)
        + b"-----END OPENSSH PRIVATE KEY-----\n"
    )


def public(key: Ed25519PrivateKey) -> PublicKey:
    return PublicKey(blob_of(key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)))


class Honest:
    """Answers as ssh-agent does, for these keys and their comments."""

    def __init__(self, *held: tuple[Ed25519PrivateKey, str]) -> None:
        self.held = held

    def __call__(self, message: bytes) -> bytes:
        if message == b"\x0b":
            listed = [string(public(key).blob) + string(comment.encode()) for key, comment in self.held]
            listed.append(string(string(b"ssh-rsa") + string(b"1")) + string(b"a key of another kind"))
            return b"\x0c" + len(listed).to_bytes(4, "big") + b"".join(listed)
        reader = Reader(message[1:])
        blob, data = reader.string(), reader.string()
        for key, _ in self.held:
            if public(key).blob == blob:
                return b"\x0e" + string(wrapped(key.sign(data)))
        return b"\x05"


@contextmanager
def agent(path: Path, answer: Callable[[bytes], bytes | None]) -> Iterator[str]:
    """An agent on a socket at `path`; what `answer` says goes back under its length, None hangs up."""
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(str(path))
    listener.listen()
    thread = threading.Thread(target=_serve, args=(listener, answer), daemon=True)
    thread.start()
    try:
        yield str(path)
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join(5)


def _serve(listener: socket.socket, answer: Callable[[bytes], bytes | None]) -> None:
    while True:
        try:
            line, _ = listener.accept()
        except OSError:
            return
        with line:
            size = int.from_bytes(line.recv(4, socket.MSG_WAITALL), "big")
            said = answer(line.recv(size, socket.MSG_WAITALL))
            if said is not None:
                with suppress(OSError):  # whoever asked may have hung up
                    line.sendall(string(said))
