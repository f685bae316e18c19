"""Signatures of runs: made by a key file or by ssh-agent, and refused in words where neither can."""

import os
import pickle
import shutil
import subprocess
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from mcpsoar.audit import keyfile, sshsig, trust
from mcpsoar.audit.sign import sign
from mcpsoar.audit.wire import string
from mcpsoar.core.errors import Denied, Usage
from mcpsoar.core.profile import Signing
from mcpsoar.kit.clock import SystemClock
from tests.audit.keys import Honest, agent, made, public

MESSAGE = b"mcpsoar run\nrun one\n"
WAIT_S = 5.0

needs_ssh_keygen = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="no ssh-keygen here")


def by_file(path: Path, socket: str | None = None, wait_s: float = WAIT_S) -> sshsig.Signature:
    return sign(MESSAGE, Signing(str(path), is_file=True, agent=socket), clock=SystemClock(), wait_s=wait_s)


def by_agent(which: str, socket: str | None, wait_s: float = WAIT_S) -> sshsig.Signature:
    return sign(MESSAGE, Signing(which, is_file=False, agent=socket), clock=SystemClock(), wait_s=wait_s)


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short path: a socket's has 107 bytes at most."""
    return tmp_path_factory.mktemp("a")


@needs_ssh_keygen
def test_ssh_keygen_takes_what_a_key_file_signed_and_nothing_else(tmp_path: Path) -> None:
    key = made(tmp_path / "key")
    signature = by_file(tmp_path / "key")
    (tmp_path / "head.sig").write_text(signature.text)
    (tmp_path / "allowed").write_text(trust.line(public(key), "oncall@example.com"))

    def is_taken(message: bytes, who: str = "oncall@example.com", namespace: str = sshsig.NAMESPACE) -> bool:
        words = ["ssh-keygen", "-Y", "verify", "-f", "allowed", "-I", who, "-n", namespace, "-s", "head.sig"]
        done = subprocess.run(words, cwd=tmp_path, input=message, capture_output=True, check=False)
        return done.returncode == 0

    assert is_taken(MESSAGE)
    assert not is_taken(MESSAGE + b" ")
    assert not is_taken(MESSAGE, "somebody@example.com")
    assert not is_taken(MESSAGE, namespace="file")


@needs_ssh_keygen
def test_what_ssh_keygen_signed_is_read(tmp_path: Path) -> None:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", "key"], cwd=tmp_path, check=True)
    words = ["ssh-keygen", "-q", "-Y", "sign", "-n", sshsig.NAMESPACE, "-f", "key"]
    text = subprocess.run(words, cwd=tmp_path, input=MESSAGE, capture_output=True, check=True).stdout.decode()
    signature = sshsig.parsed(text)
    assert signature == by_file(tmp_path / "key"), "Ed25519 has one signature for each text"
    assert signature.text == text
    assert signature.is_of(MESSAGE)
    listed = subprocess.run(["ssh-keygen", "-l", "-f", "key"], cwd=tmp_path, capture_output=True, check=True)
    assert signature.key.fingerprint in listed.stdout.decode()
    assert (tmp_path / "key.pub").read_text().startswith(signature.key.line)


@needs_ssh_keygen
@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["-n", "file"], "for something else"),
        (["-n", sshsig.NAMESPACE, "-O", "hashalg=sha256"], "another hash"),
    ],
)
def test_a_signature_that_was_made_for_something_else_is_refused(
    tmp_path: Path, options: list[str], words: str
) -> None:
    made(tmp_path / "key")
    sign_it = ["ssh-keygen", "-q", "-Y", "sign", "-f", "key", *options]
    done = subprocess.run(sign_it, cwd=tmp_path, input=MESSAGE, capture_output=True, check=True)
    with pytest.raises(ValueError, match=words):
        sshsig.parsed(done.stdout.decode())


def test_every_byte_of_a_signature_counts(tmp_path: Path) -> None:
    made(tmp_path / "key")
    text = by_file(tmp_path / "key").text
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    for at, char in enumerate(text):
        if char not in alphabet:
            continue
        other = text[:at] + alphabet[alphabet.index(char) ^ 1] + text[at + 1 :]
        with suppress(ValueError):
            assert not sshsig.parsed(other).is_of(MESSAGE) or sshsig.parsed(other) == sshsig.parsed(text)


@pytest.mark.parametrize(
    "text", ["", "hunter2", "-----BEGIN SSH SIGNATURE-----\n\n-----END SSH SIGNATURE-----\n"]
)
def test_what_is_no_signature_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no SSH signature"):
        sshsig.parsed(text)


@pytest.mark.parametrize("of", ["public key", "fingerprint", "comment"])
def test_the_agent_s_key_is_named_in_three_ways(place: Path, of: str) -> None:
    key, other = Ed25519PrivateKey.generate(), Ed25519PrivateKey.generate()
    names = {
        "public key": public(key).line + " a comment",
        "fingerprint": public(key).fingerprint,
        "comment": "on call",
    }
    with agent(place / "s", Honest((other, "another"), (key, "on call"))) as socket:
        assert by_agent(names[of], socket).key == public(key)


def test_a_comment_of_two_keys_is_no_name(place: Path) -> None:
    keys = [(Ed25519PrivateKey.generate(), "on call") for _ in range(2)]
    with agent(place / "s", Honest(*keys)) as socket, pytest.raises(Usage, match="which key"):
        by_agent("on call", socket)


def test_a_key_with_a_passphrase_signs_by_the_agent_alone(tmp_path: Path, place: Path) -> None:
    path = tmp_path / "my key"
    key = made(path, has_passphrase=True)
    with agent(place / "s", Honest((Ed25519PrivateKey.generate(), "another"))) as socket:
        with pytest.raises(Usage, match="has a passphrase") as caught:
            by_file(path, socket)
        assert caught.value.next_command == f"ssh-add '{path}'"
    with agent(place / "t", Honest((key, "mine"))) as socket:
        assert by_file(path, socket).key == public(key)
    with pytest.raises(Usage, match="has a passphrase"):
        by_file(path, None)


def silent(_: bytes) -> bytes | None:
    time.sleep(0.3)  # longer than it is waited for
    return None


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (lambda _: None, "cannot be asked"),
        (silent, "did not answer in 0.1 s"),
        (lambda _: b"\x05", "refused"),
        (lambda _: b"\x0c\xff\xff\xff\xff", "no answer"),
        (lambda _: b"\x0c" + bytes(4), "holds no Ed25519 key"),
        (lambda _: b"\x0c" + bytes(1 << 18), "no answer"),
    ],
)
def test_an_agent_that_is_of_no_help_is_told(
    place: Path, answer: Callable[[bytes], bytes | None], words: str
) -> None:
    with agent(place / "s", answer) as socket, pytest.raises(Denied, match=words):
        by_agent("on call", socket, 0.1)


def test_an_agent_that_signs_something_else_is_found_out(place: Path) -> None:
    key = Ed25519PrivateKey.generate()
    honest = Honest((key, "on call"))

    def lying(message: bytes) -> bytes:
        another = bytes([13]) + string(public(key).blob) + string(b"x")
        return honest(message if message[0] == 11 else another)

    with agent(place / "s", lying) as socket, pytest.raises(Denied, match="no signature of this text"):
        by_agent("on call", socket)


@pytest.mark.parametrize("socket", [None, "/nowhere/at/all"])
def test_no_agent_is_told(socket: str | None) -> None:
    with pytest.raises(Denied, match="ssh-agent"):
        by_agent("on call", socket)


SECRET = "hunter2-hunter2-hunter2"


def as_text(path: Path) -> None:
    path.write_text(SECRET)


def as_armour(path: Path) -> None:
    path.write_text(f"-----BEGIN OPENSSH PRIVATE KEY-----\n{SECRET}\n-----END OPENSSH PRIVATE KEY-----\n")


def as_pem(path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    path.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))


def as_cut(path: Path) -> None:
    made(path)
    first, *body, last = path.read_text().splitlines()
    path.write_text("\n".join([first, *body[:2], last]))


def as_pipe(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize("harm", [as_text, as_armour, as_pem, as_cut, as_pipe, Path.mkdir, lambda _: None])
def test_what_is_no_key_is_told_without_what_stands_in_it(
    tmp_path: Path, harm: Callable[[Path], None]
) -> None:
    path = tmp_path / "key"
    harm(path)
    inside = path.read_text().splitlines() if path.is_file() else []
    with pytest.raises(Usage) as caught:
        by_file(path)
    told = "".join(traceback.format_exception(caught.value))
    assert caught.value.where == str(path)
    assert SECRET not in told
    assert not any(line in told for line in inside if line and not line.startswith("-----"))


def test_a_private_key_is_in_no_repr_and_cannot_be_pickled(tmp_path: Path) -> None:
    made(tmp_path / "key")
    read = keyfile.read(str(tmp_path / "key"))
    body = (tmp_path / "key").read_text().splitlines()[3]
    assert body not in repr(read)
    with pytest.raises(TypeError):
        pickle.dumps(read)
