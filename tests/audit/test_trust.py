"""Whose signature counts: as ssh-keygen judges it, or more strictly, and never less."""

import shutil
import subprocess
from pathlib import Path

import pytest

from mcpsoar.audit import sshsig, trust
from mcpsoar.audit.sign import sign
from mcpsoar.core.errors import Usage
from mcpsoar.core.profile import Signing
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit.clock import SystemClock
from tests.audit.keys import made, public

YES, NO, OPEN = Verdict.YES, Verdict.NO, Verdict.CANNOT_TELL
MESSAGE = b"mcpsoar run\n"


@pytest.mark.parametrize(
    ("line", "counts"),
    [
        ("a@example.com {key}", YES),
        ("b@example.com {key}", NO),
        ("*@example.com {key}", YES),
        ("!a@example.com,*@example.com {key}", NO),
        ("b@example.com {key}\na@example.com {key}", YES),
        ("a@example.com,b@example.com {key} a comment", YES),
        ('a@example.com namespaces="run@mcpsoar" {key}', YES),
        ('a@example.com namespaces="git,run@*" {key}', YES),
        ('a@example.com namespaces="git" {key}', NO),
        ('a@example.com namespaces="!run@mcpsoar,*" {key}', OPEN),
        ('a@example.com valid-before="20200101" {key}', OPEN),
        ('a@example.com namespaces="git",valid-before="20200101" {key}', NO),
        ("a@example.com cert-authority {key}", OPEN),
        ("# a@example.com {key}", NO),
        ("", NO),
        ("a@example.com {other}", NO),
        ("a@example.com {other}\na@example.com {key}", YES),
        ("a@example.com ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAAAgQC7", NO),
    ],
)
def test_a_line_counts_only_where_ssh_keygen_would_take_it(
    tmp_path: Path, line: str, counts: Verdict
) -> None:
    key, other = made(tmp_path / "key"), made(tmp_path / "other")
    path = tmp_path / "allowed"
    path.write_text(line.format(key=public(key).line, other=public(other).line) + "\n")
    assert trust.allowed(str(path)).judged(public(key), "a@example.com")[0] is counts
    if shutil.which("ssh-keygen") is None:
        pytest.skip("there is no ssh-keygen here to compare with")
    signed = sign(MESSAGE, Signing(str(tmp_path / "key"), is_file=True), clock=SystemClock(), wait_s=1)
    (tmp_path / "sig").write_text(signed.text)
    words = ["ssh-keygen", "-Y", "verify", "-f", "allowed", "-I", "a@example.com"]
    words += ["-n", sshsig.NAMESPACE, "-s", "sig"]
    done = subprocess.run(words, cwd=tmp_path, input=MESSAGE, capture_output=True, check=False)
    if counts is not OPEN:
        assert (done.returncode == 0) is (counts is YES), done.stdout + done.stderr


def test_a_line_that_is_none_is_told_by_its_place(tmp_path: Path) -> None:
    path = tmp_path / "allowed"
    path.write_text("# keys\na@example.com ssh-ed25519 AAAA\n")
    with pytest.raises(Usage) as caught:
        trust.allowed(str(path))
    assert caught.value.where == f"{path}:2"
    with pytest.raises(Usage):
        trust.allowed(str(tmp_path / "none"))


def test_a_profile_trusts_its_own_key(tmp_path: Path) -> None:
    key, other = public(made(tmp_path / "key")), public(made(tmp_path / "other"))
    sealed = public(made(tmp_path / "sealed", has_passphrase=True))
    for signing, trusted in (
        (Signing(str(tmp_path / "key"), is_file=True), key),
        (Signing(str(tmp_path / "sealed"), is_file=True), sealed),
        (Signing(key.fingerprint, is_file=False), key),
        (Signing(f"{key.line} a comment", is_file=False), key),
    ):
        found = trust.own(signing)
        assert found is not None
        assert found.judged(trusted, "any")[0] is YES
        assert found.judged(other, "any")[0] is NO
    assert trust.own(Signing("a comment", is_file=False)) is None
    path = tmp_path / "allowed"
    path.write_text(trust.line(other, "b@example.com"))
    found = trust.own(Signing(str(tmp_path / "key"), is_file=True, allowed_signers=str(path)))
    assert found is not None
    assert found.judged(other, "b@example.com") == (YES, f"trusted by {path}:1")
    assert found.judged(key, "b@example.com")[0] is NO
