"""Signing by ssh-agent: the key stays there (draft-miller-ssh-agent §4: identities, sign)."""

import socket
from collections.abc import Sequence
from dataclasses import dataclass

from mcpsoar.audit.key import PublicKey, from_blob
from mcpsoar.audit.sshsig import unwrapped
from mcpsoar.audit.wire import Reader, string
from mcpsoar.core.errors import Denied, Usage
from mcpsoar.core.ports import Clock

_REQUEST_IDENTITIES, _IDENTITIES = 11, 12
_SIGN, _SIGNED = 13, 14
_LIMIT = 1 << 18  # OpenSSH's own for one message


@dataclass(frozen=True, slots=True)
class Held:
    """One key that an agent holds."""

    key: PublicKey
    comment: str


@dataclass(frozen=True, slots=True)
class Agent:
    """`path` is its socket ($SSH_AUTH_SOCK); each answer is waited for `wait_s` at most."""

    path: str | None
    clock: Clock
    wait_s: float

    def held(self) -> tuple[Held, ...]:
        """The Ed25519 keys that it holds. Raises Denied."""
        reader = self._asked(bytes([_REQUEST_IDENTITIES]), _IDENTITIES)
        found = []
        try:
            for _ in range(reader.number()):
                blob, comment = reader.string(), reader.string()
                if (key := _ed25519(blob)) is not None:
                    found.append(Held(key, comment.decode("utf-8", "replace")))
        except ValueError:
            raise _odd() from None
        return tuple(found)

    def sign(self, key: PublicKey, data: bytes) -> bytes:
        """64 bytes by that key. Raises Denied."""
        asked = bytes([_SIGN]) + string(key.blob) + string(data) + bytes(4)
        try:
            return unwrapped(self._asked(asked, _SIGNED).string())
        except ValueError:
            raise _odd() from None

    def _asked(self, message: bytes, wanted: int) -> Reader:
        if self.path is None or not hasattr(socket, "AF_UNIX"):
            raise Denied("there is no ssh-agent: SSH_AUTH_SOCK is not set")
        until = self.clock.monotonic() + self.wait_s
        try:
            with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
                line.settimeout(self.wait_s)
                line.connect(self.path)
                line.sendall(string(message))
                size = int.from_bytes(self._received(line, 4, until), "big")
                if not 0 < size <= _LIMIT:
                    raise _odd()
                answer = self._received(line, size, until)
        except TimeoutError:
            raise Denied(f"ssh-agent did not answer in {self.wait_s:g} s") from None
        except (OSError, ValueError) as error:
            raise Denied(f"ssh-agent cannot be asked: {type(error).__name__}") from None
        if answer[0] != wanted:
            raise Denied("ssh-agent refused: is it locked, or was its question answered with no?")
        return Reader(answer[1:])

    def _received(self, line: socket.socket, size: int, until: float) -> bytes:
        data = b""
        while len(data) < size:
            left = until - self.clock.monotonic()
            if left <= 0:
                raise TimeoutError
            line.settimeout(left)
            part = line.recv(size - len(data))
            if not part:
                raise ValueError("it hung up")
            data += part
        return data


def chosen(keys: Sequence[Held], which: str) -> PublicKey:
    """The one key meant by a public key, a fingerprint or a comment.

    Raises Denied where there is none, Usage where several have that comment.
    """
    wanted = " ".join(which.split()[:2])
    exact = [held.key for held in keys if held.key.line == wanted or held.key.fingerprint == which]
    found = dict.fromkeys(exact or [held.key for held in keys if held.comment == which])
    if len(found) > 1:
        raise Usage(
            f"which key? {len(found)} in ssh-agent have the comment {which!r}: name one by its fingerprint",
            next_command="ssh-add -l",
        )
    if not found:
        raise Denied(f"ssh-agent holds no Ed25519 key {which!r}", next_command="ssh-add -l")
    return next(iter(found))


def _ed25519(blob: bytes) -> PublicKey | None:
    try:
        return from_blob(blob)
    except ValueError:
        return None


def _odd() -> Denied:
    return Denied("ssh-agent answered what is no answer")
