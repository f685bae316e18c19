"""Signing comes after a run, costs it nothing, and says why where it cannot be done."""

import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mcpsoar.app import runs, sealing
from mcpsoar.contain.home import Home
from mcpsoar.lab.serving import Handle, control_plane
from tests.audit.keys import Honest, agent, made, public
from tests.flow.typed import Ran, ran

Captured = pytest.CaptureFixture[str]
needs_agent = pytest.mark.skipif(
    not all(map(shutil.which, ("ssh-agent", "ssh-add", "ssh-keygen"))), reason="no OpenSSH here"
)


@pytest.fixture
def plane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Handle]:
    (tmp_path / "plane").mkdir()
    monkeypatch.chdir(tmp_path)
    for name in ("API", "MCPSOAR_API", "MCPSOAR_CONFIG", "MCPSOAR_PACK", "SSH_AUTH_SOCK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MCPSOAR_HOME", str(tmp_path / "home"))
    with control_plane(tmp_path / "plane", servers=("github", "jira")) as handle:
        monkeypatch.setenv("MCPSOAR_TOKEN", handle.token)
        yield handle


@pytest.fixture
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A short path, for sockets."""
    return tmp_path_factory.mktemp("a")


def settings(plane: Handle, key: str) -> None:
    Path("mcpsoar.toml").write_text(
        f'[profiles.prod]\napi = "{plane.url}"\ntoken = {{ env = "MCPSOAR_TOKEN" }}\n'
        f"[profiles.prod.audit]\nkey = {key}\n"
    )


def writes(plane: Handle) -> list[str]:
    return [line["path"] for line in plane.ledger() if line["method"] != "GET"]


def contained(capsys: Captured) -> tuple[str, Ran]:
    done = ran(capsys, "contain", "github")
    assert done.code == 0, done.err
    return str(runs.listed(Path("home"))[0]["run"]), done


def test_the_agent_is_asked_when_the_run_is_over_and_every_lock_is_free(
    plane: Handle, place: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    """And one that never answers costs the signature, and nothing else."""
    seen: list[tuple[bool, bool, list[str]]] = []

    def dead(_: bytes) -> None:
        (run,) = Home(Path("home")).runs()
        has_ended = b'"kind":"end"' in Home(Path("home")).journal(run).read_bytes()
        seen.append((has_ended, Home(Path("home")).is_live(run), writes(plane)))
        time.sleep(1)

    monkeypatch.setattr(sealing, "AT_THE_END_S", 0.2)
    settings(plane, '{ agent = "on call" }')
    with agent(place / "s", dead) as socket:
        monkeypatch.setenv("SSH_AUTH_SOCK", socket)
        run, done = contained(capsys)
    assert seen == [(True, False, writes(plane))]
    assert len(writes(plane)) == 3
    why = "ssh-agent did not answer in 0.2 s"
    assert f"warning: run {run} is unsigned: {why}; mcpsoar runs sign {run}" in done.err
    assert "  unsigned ssh-agent did not answer in 0.2 s\n" in done.out
    key = Ed25519PrivateKey.generate()
    with agent(place / "t", Honest((key, "on call"))) as socket:
        monkeypatch.setenv("SSH_AUTH_SOCK", socket)
        assert ran(capsys, "runs", "sign", run).code == 0
    assert runs.show(Path("home"), run).extra["signature"] == {
        "state": "signed",
        "key": public(key).fingerprint,
        "signer": "mcpsoar",
    }


def as_text(path: Path) -> None:
    path.write_text("hunter2-hunter2")


def with_passphrase(path: Path) -> None:
    made(path, has_passphrase=True)


@pytest.mark.parametrize("harm", [as_text, with_passphrase, Path.mkdir, lambda _: None])
def test_a_key_that_cannot_sign_stops_nothing_and_is_told_in_one_line(
    plane: Handle, capsys: Captured, harm: Callable[[Path], object]
) -> None:
    settings(plane, '{ file = "key" }')
    harm(Path("key"))
    run, done = contained(capsys)
    assert len(writes(plane)) == 3
    assert f"warning: run {run} is unsigned: key: " in done.err
    refused = ran(capsys, "runs", "sign", run)
    assert refused.code == 2
    assert refused.err.startswith("mcpsoar: key: ")
    assert len(refused.err.splitlines()) <= 2
    assert "hunter2" not in done.err + done.out + refused.err


def test_a_comment_of_two_keys_is_usage(
    plane: Handle, place: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings(plane, '{ agent = "on call" }')
    keys = [(Ed25519PrivateKey.generate(), "on call") for _ in range(2)]
    with agent(place / "s", Honest(*keys)) as socket:
        monkeypatch.setenv("SSH_AUTH_SOCK", socket)
        run, _ = contained(capsys)
        refused = ran(capsys, "runs", "sign", run)
    assert refused.code == 2
    assert "which key? 2 in ssh-agent have the comment 'on call'" in refused.err
    monkeypatch.delenv("SSH_AUTH_SOCK")
    assert ran(capsys, "runs", "sign", run).code == 3, "no agent is nobody's mistake"


def test_without_the_library_a_run_is_unsigned(
    plane: Handle, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(Path("key"))
    settings(plane, '{ file = "key" }')
    monkeypatch.setitem(sys.modules, "cryptography.hazmat.primitives.serialization", None)
    _, done = contained(capsys)
    assert "is unsigned: signing failed: ModuleNotFoundError" in done.err


class Panic(BaseException):
    """As a library written in another language dies."""


@pytest.mark.parametrize("error", [RuntimeError("hunter2"), KeyError("hunter2"), Panic("hunter2")])
def test_a_fault_in_signing_costs_no_report(
    plane: Handle, capsys: Captured, monkeypatch: pytest.MonkeyPatch, error: BaseException
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise error

    settings(plane, '{ file = "key" }')
    monkeypatch.setattr(sealing, "sign", broken)
    _, done = contained(capsys)
    assert f"is unsigned: signing failed: {type(error).__name__};" in done.err
    assert "hunter2" not in done.out + done.err


def test_a_key_on_a_disk_that_hangs_holds_no_report_up(
    plane: Handle, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    release = threading.Event()
    settings(plane, '{ file = "key" }')
    monkeypatch.setattr(sealing, "WHOLE_S", 0.2)
    monkeypatch.setattr(sealing, "sign", lambda *_, **__: release.wait(30))
    try:
        _, done = contained(capsys)
    finally:
        release.set()
    assert "is unsigned: signing took longer than 0.2 s" in done.err


def test_a_disk_that_is_full_by_then_costs_the_signature(
    plane: Handle, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    made(Path("key"))
    settings(plane, '{ file = "key" }')
    real = Path.rename

    def rename(self: Path, target: Path) -> Path:
        if target.name == "seal.txt":
            raise OSError(28, "No space left on device")
        return real(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    run, done = contained(capsys)
    assert "is unsigned: the signature cannot be written beside the journal" in done.err
    assert runs.show(Path("home"), run).extra["signature"]["state"] == "unsigned"


@contextmanager
def real_agent(socket: Path) -> Iterator[str]:
    """ssh-agent in the foreground, ended when the block ends."""
    process = subprocess.Popen(["ssh-agent", "-D", "-a", str(socket)], stdout=subprocess.DEVNULL)
    try:
        until = time.monotonic() + 10
        while not socket.exists() and time.monotonic() < until:
            time.sleep(0.01)
        yield str(socket)
    finally:
        process.terminate()
        process.wait(10)


@needs_agent
@pytest.mark.parametrize("named", ["fingerprint", "file with a passphrase"])
def test_a_real_agent_signs_and_ssh_keygen_takes_it(
    plane: Handle, place: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch, named: str
) -> None:
    make = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "correct horse", "-C", "on call", "-f", "key"]
    subprocess.run(make, check=True)
    answers = place / "askpass"
    answers.write_text("#!/bin/sh\necho correct horse\n")
    answers.chmod(0o700)
    listed = subprocess.run(["ssh-keygen", "-l", "-f", "key.pub"], capture_output=True, text=True, check=True)
    fingerprint = listed.stdout.split()[1]
    settings(plane, f'{{ agent = "{fingerprint}" }}' if named == "fingerprint" else '{ file = "key" }')
    with real_agent(place / "s") as socket:
        asks = {"SSH_AUTH_SOCK": socket, "SSH_ASKPASS": str(answers), "SSH_ASKPASS_REQUIRE": "force"}
        subprocess.run(["ssh-add", "-q", "key"], env={**os.environ, **asks}, check=True, capture_output=True)
        monkeypatch.setenv("SSH_AUTH_SOCK", socket)
        run, done = contained(capsys)
    assert done.out.endswith(" signed\n")
    assert ran(capsys, "runs", "verify", run).code == 0
    assert ran(capsys, "runs", "export", run, "-o", "run.zip").code == 0
    shutil.unpack_archive("run.zip", "out")
    folder = Path("out") / f"mcpsoar-run-{run}"
    words = ["ssh-keygen", "-Y", "verify", "-f", "allowed_signers", "-I", "mcpsoar", "-n", "run@mcpsoar"]
    words += ["-s", "head.txt.sig"]
    subprocess.run(words, cwd=folder, input=(folder / "head.txt").read_bytes(), check=True)
