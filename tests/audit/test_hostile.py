"""Bytes of somebody else's are refused in words, whatever they are: signatures, keys, seals, agents."""

import base64
import tempfile
from contextlib import suppress
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from mcpsoar.app import sealing
from mcpsoar.audit import agent, keyfile, sshsig, statement, trust
from mcpsoar.audit.key import KIND, PublicKey, blob_of
from mcpsoar.audit.wire import Reader, string
from mcpsoar.contain.home import Home
from mcpsoar.core.errors import Denied, Tampered, Usage

FEW = settings(max_examples=150, deadline=None)
PARTS = st.one_of(
    st.binary(max_size=60),
    st.sampled_from([b"SSHSIG", bytes(4), b"\0\0\0\1", string(KIND.encode()), string(b"run@mcpsoar")]),
    st.just(string(blob_of(bytes(32)))),
    st.just(b"openssh-key-v1\0" + string(b"none") * 2 + string(b"")),
)
BLOBS = st.lists(PARTS, max_size=8).map(b"".join)


@given(BLOBS)
@FEW
def test_a_signature(blob: bytes) -> None:
    body = base64.encodebytes(blob).decode()
    with suppress(ValueError):
        sshsig.parsed(f"-----BEGIN SSH SIGNATURE-----\n{body}-----END SSH SIGNATURE-----\n")


@given(BLOBS)
@FEW
def test_a_key_file(blob: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "key"
        armour = b"-----BEGIN OPENSSH PRIVATE KEY-----\n%s-----END OPENSSH PRIVATE KEY-----\n"
        path.write_bytes(armour % base64.encodebytes(blob))
        with suppress(Usage):
            keyfile.read(str(path)).sign(b"")


@given(st.one_of(st.text(), st.lists(st.sampled_from(["a", '"', "ssh-ed25519", "=", ",", "!", " "]))))
@FEW
def test_an_allowed_signers_file(said: str | list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "signers"
        path.write_bytes("".join(said).encode("utf-8", "surrogatepass"))
        with suppress(Usage):
            trust.allowed(str(path)).judged(PublicKey(blob_of(bytes(32))), "a")


@given(st.text(alphabet="abc 0123456789:-\n\r\t=+/" + "SHIGNATURE", max_size=400))
@FEW
def test_a_seal(said: str) -> None:
    with suppress(ValueError):
        statement.parsed(said)
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        run = "20260301T000000Z-0a1b2c"
        home.journal(run).parent.mkdir(parents=True)
        home.journal(run).with_name("seal.txt").write_text(said)
        with suppress(Tampered):
            sealing.kept(home, run)


class Answering(agent.Agent):
    """An agent whose answer is at hand: no socket for each example."""

    answer = b""

    def _asked(self, message: bytes, wanted: int) -> Reader:  # noqa: ARG002 (the port's own arguments)
        return Reader(self.answer)


@given(BLOBS)
@FEW
def test_an_agent_s_answer(blob: bytes) -> None:
    asked = Answering(None, None, 1.0)  # type: ignore[arg-type]  # no clock is looked at
    Answering.answer = blob
    with suppress(Denied):
        asked.held()
    with suppress(Denied):
        asked.sign(PublicKey(blob_of(bytes(32))), b"")
