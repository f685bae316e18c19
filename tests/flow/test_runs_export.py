"""A run as evidence: exported, and checked with nothing of ours; whatever is changed in it is found."""

import json
import resource
import shutil
import stat
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from mcpsoar.app import runs
from mcpsoar.contain.home import Home
from mcpsoar.contain.journal import read
from mcpsoar.core.digest import GENESIS, canonical, chained
from mcpsoar.lab.faults import Fault
from mcpsoar.lab.serving import Handle, control_plane
from tests.audit.keys import made, public
from tests.flow.typed import Ran, ran

Captured = pytest.CaptureFixture[str]
WHO = "oncall@example.com"

needs_ssh_keygen = pytest.mark.skipif(shutil.which("ssh-keygen") is None, reason="no ssh-keygen here")


@dataclass(frozen=True)
class Bench:
    """A plane, a home, settings that sign by a key file, and a command line."""

    plane: Handle
    folder: Path
    capsys: Captured

    @property
    def home(self) -> Path:
        return self.folder / "home"

    def type(self, *words: str) -> Ran:
        return ran(self.capsys, *words)

    def contain(self, *words: str) -> str:
        assert self.type("contain", "github", "-q", *words).code == 0
        return str(runs.listed(self.home)[0]["run"])

    def journal(self, run: str) -> Path:
        return self.home / "runs" / run / "journal.jsonl"

    def exported(self, run: str, name: str = "run.zip") -> Path:
        """The archive's folder, unpacked."""
        done = self.type("runs", "export", run, "-o", name)
        assert done.code == 0, done.err
        with zipfile.ZipFile(name) as archive:
            archive.extractall(self.folder / "out")
        return self.folder / "out" / f"mcpsoar-run-{run}"


@pytest.fixture
def bench(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> Iterator[Bench]:
    (tmp_path / "plane").mkdir()
    monkeypatch.chdir(tmp_path)
    for name in ("API", "MCPSOAR_API", "MCPSOAR_CONFIG", "MCPSOAR_PACK", "SSH_AUTH_SOCK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MCPSOAR_HOME", str(tmp_path / "home"))
    made(tmp_path / "key")
    with control_plane(tmp_path / "plane", servers=("github", "jira")) as plane:
        monkeypatch.setenv("MCPSOAR_TOKEN", plane.token)
        (tmp_path / "mcpsoar.toml").write_text(
            f'[profiles.prod]\napi = "{plane.url}"\ntoken = {{ env = "MCPSOAR_TOKEN" }}\n'
            f'[profiles.prod.audit]\nkey = {{ file = "key" }}\nidentity = "{WHO}"\n'
        )
        yield Bench(plane, tmp_path, capsys)


def unsigned(bench: Bench) -> None:
    """From here on the settings name no key."""
    path = bench.folder / "mcpsoar.toml"
    path.write_text(path.read_text().partition("[profiles.prod.audit]")[0])


def checked(folder: Path, *words: str) -> subprocess.CompletedProcess[bytes]:
    """What the archive's own script says; nothing of ours can be imported."""
    code = [sys.executable, "-I", "-S", "check.py", *words]
    return subprocess.run(code, cwd=folder, capture_output=True, check=False)


def vouched(folder: Path) -> bool:
    words = ["ssh-keygen", "-Y", "verify", "-f", "allowed_signers", "-I", WHO, "-n", "run@mcpsoar"]
    words += ["-s", "head.txt.sig"]
    done = subprocess.run(
        words, cwd=folder, input=(folder / "head.txt").read_bytes(), capture_output=True, check=False
    )
    return done.returncode == 0


@needs_ssh_keygen
def test_an_export_is_checked_without_us(bench: Bench) -> None:
    run = bench.contain()
    folder = bench.exported(run)
    assert sorted(path.name for path in folder.iterdir()) == [
        "CHECK.txt",
        "allowed_signers",
        "anchor.json",
        "check.py",
        "head.txt",
        "head.txt.sig",
        "journal.jsonl",
        "report.json",
        "report.md",
    ]
    head = runs.show(bench.home, run).journal_head
    assert checked(folder).stdout.decode().endswith(f"lines come to {head}\n")
    assert checked(folder, head).returncode == 0
    assert checked(folder, "sha256:" + "0" * 64).returncode == 1
    assert vouched(folder)
    assert (folder / "journal.jsonl").read_bytes() == bench.journal(run).read_bytes()
    report = json.loads((folder / "report.json").read_text())
    assert report["signature"]["state"] == "signed"
    assert report["journal"] == {"path": "journal.jsonl", "head": head}
    assert str(bench.folder) not in (folder / "report.json").read_text() + (folder / "report.md").read_text()


@needs_ssh_keygen
@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("head.txt", "contained", "released"),
        ("head.txt", WHO, "somebody@example.com"),
        ("head.txt.sig", "AAAA", "AAAB"),
        ("allowed_signers", "run@mcpsoar", "git"),
    ],
)
def test_a_head_that_nobody_signed_so_is_found(bench: Bench, file: str, old: str, new: str) -> None:
    folder = bench.exported(bench.contain())
    text = (folder / file).read_text()
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1))
    assert not vouched(folder)


def edited(lines: list[bytes], at: int) -> list[bytes]:
    middle = len(lines[at]) // 2
    changed = lines[at][:middle] + bytes([lines[at][middle] ^ 1]) + lines[at][middle + 1 :]
    return [*lines[:at], changed, *lines[at + 1 :]]


def deleted(lines: list[bytes], at: int) -> list[bytes]:
    return [*lines[:at], *lines[at + 1 :]]


def repeated(lines: list[bytes], at: int) -> list[bytes]:
    return [*lines[: at + 1], *lines[at:]]


def swapped(lines: list[bytes], at: int) -> list[bytes]:
    other = (at + 1) % len(lines)
    result = list(lines)
    result[at], result[other] = lines[other], lines[at]
    return result


def cut_before(lines: list[bytes], at: int) -> list[bytes]:
    return lines[:at]


def cut_within(lines: list[bytes], at: int) -> list[bytes]:
    return [*lines[:at], lines[at][: len(lines[at]) // 2]]


def cut_of_its_end(lines: list[bytes], at: int) -> list[bytes]:
    return [*lines[:at], lines[at][:-1]]


HARMS = (edited, deleted, repeated, swapped, cut_before, cut_within, cut_of_its_end)


def test_every_harm_to_every_line_is_found_at_home_and_in_an_export(bench: Bench) -> None:
    """All lines of a real run, each harmed in each way: by `runs verify`, and by the archive's own script."""
    run = bench.contain()
    folder = bench.exported(run)
    whole = bench.journal(run).read_bytes()
    lines = whole.splitlines(keepends=True)
    assert len(lines) >= 5
    missed = []
    for harm in HARMS:
        for at in range(len(lines)):
            harmed = b"".join(harm(lines, at))
            assert harmed != whole
            bench.journal(run).write_bytes(harmed)
            (folder / "journal.jsonl").write_bytes(harmed)
            if bench.type("runs", "verify", run).code != 1 or checked(folder).returncode != 1:
                missed.append((harm.__name__, at))
    assert not missed
    bench.journal(run).write_bytes(whole)
    assert bench.type("runs", "verify", run).code == 0


def test_bytes_all_over_a_journal_count(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The archive's script in this process: a process for each byte would take minutes."""
    run = bench.contain()
    folder = bench.exported(run)
    code = compile((folder / "check.py").read_text(), "check.py", "exec")
    monkeypatch.setattr(sys, "argv", ["check.py"])
    monkeypatch.chdir(folder)

    def is_whole() -> bool:
        try:
            exec(code, {"__name__": "__main__"})
        except SystemExit:
            return False
        return True

    whole = (folder / "journal.jsonl").read_bytes()
    assert is_whole()
    anchor = bench.home / "anchors" / f"{run}.json"
    missed = []
    for at in range(0, len(whole), 7):
        harmed = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
        (folder / "journal.jsonl").write_bytes(harmed)
        bench.journal(run).write_bytes(harmed)
        if is_whole() or read(bench.journal(run), anchor, run).problem is None:
            missed.append(at)
    assert not missed


def test_the_same_run_is_the_same_bytes_wherever_its_home_is(bench: Bench) -> None:
    run = bench.contain()
    bench.exported(run, "one.zip")
    shutil.copytree(bench.home, bench.folder / "moved")
    assert bench.type("release", "github", "--yes", "-q").code == 0
    assert bench.type("runs", "export", run, "-o", "two.zip", "--home", "moved").code == 0
    assert bench.type("runs", "export", run, "-o", "three.zip").code == 0
    one = Path("one.zip").read_bytes()
    assert one == Path("two.zip").read_bytes() == Path("three.zip").read_bytes()


def test_an_archive_is_for_its_owner_and_takes_no_file_s_place(bench: Bench) -> None:
    run = bench.contain()
    Path("there.zip").write_text("somebody's")
    refused = bench.type("runs", "export", run, "-o", "there.zip")
    assert refused.code == 2
    assert "there.zip: is there already" in refused.err
    assert Path("there.zip").read_text() == "somebody's"
    done = bench.type("runs", "export", run, "-o", "there.zip", "--force", "--format", "json")
    assert done.code == 0
    assert done.document["file"] == "there.zip"
    assert done.document["signature"]["state"] == "signed"
    assert done.document["bytes"] == Path("there.zip").stat().st_size
    assert stat.S_IMODE(Path("there.zip").stat().st_mode) == 0o600
    assert bench.type("runs", "export", run, "-o", "no/such/folder/x.zip").code == 3
    assert not list(Path().glob(".there*"))


def test_no_link_is_written_through(bench: Bench) -> None:
    run = bench.contain()
    Path("precious").write_text("somebody's")
    Path("dangling.zip").symlink_to("not there yet")
    assert bench.type("runs", "export", run, "-o", "dangling.zip").code == 2
    Path("link.zip").symlink_to("precious")
    assert bench.type("runs", "export", run, "-o", "link.zip", "--force").code == 0
    assert not Path("link.zip").is_symlink()
    assert Path("precious").read_text() == "somebody's"
    assert not Path("not there yet").exists()


@contextmanager
def no_room(size_bytes: int) -> Iterator[None]:
    """No file of this process may grow beyond that."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size_bytes, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_without_room_leaves_no_half_archive(bench: Bench) -> None:
    run = bench.contain()
    Path("old.zip").write_text("the one before")
    for words in (["-o", "new.zip"], ["-o", "old.zip", "--force"]):
        with no_room(1000):
            done = bench.type("runs", "export", run, *words)
        assert done.code == 3
        assert "cannot be written: File too large" in done.err
    assert not Path("new.zip").exists()
    assert Path("old.zip").read_text() == "the one before"
    assert not list(Path().glob(".*.zip*"))


def test_an_unsigned_run_says_so_everywhere(bench: Bench) -> None:
    unsigned(bench)
    contained = bench.type("contain", "github", "-q")
    run, head = contained.out.split("  to note  run ")[1].split()[0], contained.out.split()[-2]
    assert contained.out.endswith(f"  to note  run {run} verdict contained head {head} unsigned\n")
    verified = bench.type("runs", "verify", run)
    assert verified.code == 0
    assert "  unsigned\n" in verified.out
    assert bench.type("runs", "show", run, "--format", "json").document["signature"] == {"state": "unsigned"}
    folder = bench.exported(run)
    assert not (folder / "head.txt.sig").exists()
    assert "this run is unsigned" in (folder / "CHECK.txt").read_text()
    assert "ssh-keygen" not in (folder / "CHECK.txt").read_text()
    assert "**unsigned**" in (folder / "report.md").read_text()
    assert checked(folder, head).returncode == 0
    refused = bench.type("runs", "sign", run)
    assert refused.code == 2
    assert "no key is named" in refused.err


def test_a_run_without_its_anchor_is_unanchored_and_a_noted_head_or_a_signature_stands_in(
    bench: Bench,
) -> None:
    unsigned(bench)
    run = bench.contain()
    head = runs.show(bench.home, run).journal_head
    (bench.home / "anchors" / f"{run}.json").unlink()
    found = bench.type("runs", "verify", run)
    assert found.code == 3
    assert found.out.startswith(f"unanchored: run {run}: ")
    assert bench.type("runs", "verify", run, "--format", "json").document["verdict"] == "unanchored"
    assert bench.type("runs", "verify", run, "--head", head).code == 0
    assert bench.type("runs", "verify", run, "--head", "sha256:" + "0" * 64).code == 1
    exported = bench.type("runs", "export", run, "-o", "x.zip")
    assert exported.code == 0
    assert "unsigned, unanchored" in exported.out
    with zipfile.ZipFile("x.zip") as archive:
        assert not [name for name in archive.namelist() if name.endswith("anchor.json")]
    lines = bench.journal(run).read_bytes().splitlines(keepends=True)
    bench.journal(run).write_bytes(b"".join(edited(lines, 1)))
    assert bench.type("runs", "verify", run).code == 1, "an edit needs no anchor to be found"


def test_a_trusted_signature_stands_in_for_an_anchor(bench: Bench) -> None:
    run = bench.contain()
    (bench.home / "anchors" / f"{run}.json").unlink()
    found = bench.type("runs", "verify", run)
    assert found.code == 0
    assert "as its signature says" in found.out
    lines = bench.journal(run).read_bytes().splitlines(keepends=True)
    bench.journal(run).write_bytes(b"".join(lines[:-1]))
    assert bench.type("runs", "verify", run).code == 1, "what was signed is not there any more"
    unsigned(bench)
    bench.journal(run).write_bytes(b"".join(lines))
    assert bench.type("runs", "verify", run).code == 3, "nobody was told to trust that key"


def test_a_forger_who_has_the_anchor_too_is_found_by_the_signature(bench: Bench) -> None:
    """All hashes are made anew after the edit: chain and anchor agree, and only the signer knows better."""
    run = bench.contain()
    folder = bench.exported(run)
    head, forged = GENESIS, b""
    lines = bench.journal(run).read_bytes().splitlines()
    for n, raw in enumerate(lines):
        entries = json.loads(raw.replace(b"disabled", b"enabled"))["entries"]
        head = chained(head, {"n": n, "entries": entries})
        forged += canonical({"n": n, "entries": entries, "hash": head}) + b"\n"
    bench.journal(run).write_bytes(forged)
    anchor = bench.home / "anchors" / f"{run}.json"
    anchor.write_bytes(canonical({"count": len(lines), "head": head}))
    found = bench.type("runs", "verify", run)
    assert found.code == 1
    assert "are not in this journal" in found.out
    (folder / "journal.jsonl").write_bytes(forged)
    assert checked(folder).returncode == 1
    bench.journal(run).with_name("seal.txt").unlink()
    assert bench.type("runs", "verify", run).code == 3, "stripped of its signature, it is unsigned"
    unsigned(bench)
    assert bench.type("runs", "verify", run).code == 0, "nobody says whose signature is wanted"


def test_the_key_that_the_profile_trusts_must_have_signed(bench: Bench) -> None:
    run = bench.contain()
    other = public(made(bench.folder / "other"))
    good = bench.type("runs", "verify", run)
    assert good.code == 0
    assert f"signed by {WHO}, SHA256:" in good.out
    Path("signers").write_text(f"{WHO} {other.line}\n")
    wrong = bench.type("runs", "verify", run, "--allowed-signers", "signers")
    assert wrong.code == 1
    assert "a key that signers does not trust" in wrong.out
    settings = Path("mcpsoar.toml").read_text()
    Path("mcpsoar.toml").write_text(settings + 'allowed_signers = "signers"\n')
    assert bench.type("runs", "verify", run).code == 1
    Path("mcpsoar.toml").write_text(settings)
    bench.journal(run).with_name("seal.txt").unlink()
    stripped = bench.type("runs", "verify", run)
    assert stripped.code == 3
    assert "unsigned" in stripped.out
    assert bench.type("runs", "verify", run, "--allowed-signers", "nowhere").code == 2


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("verdict contained", "verdict released"),
        ("mcpsoar run", "mcpsoar ran"),
        ("BEGIN SSH", "BEGIN PGP"),
        ("\nsigner", "\n"),
    ],
)
def test_a_seal_that_was_touched_is_found(bench: Bench, old: str, new: str) -> None:
    run = bench.contain()
    seal = bench.journal(run).with_name("seal.txt")
    assert old in seal.read_text()
    seal.write_text(seal.read_text().replace(old, new, 1))
    assert bench.type("runs", "verify", run).code == 1
    assert bench.type("runs", "export", run, "-o", "x.zip").code == 1
    assert runs.show(bench.home, run).extra["signature"]["state"] == "bad"
    assert bench.type("runs", "sign", run).code == 0
    assert bench.type("runs", "verify", run).code == 0


def test_another_run_s_seal_is_no_seal_of_this_one(bench: Bench) -> None:
    first = bench.contain()
    assert bench.type("release", "github", "--yes", "-q").code == 0
    second = str(runs.listed(bench.home)[0]["run"])
    shutil.copy(bench.journal(first).with_name("seal.txt"), bench.journal(second).with_name("seal.txt"))
    assert bench.type("runs", "verify", second).code == 1


def test_a_run_that_went_on_is_signed_anew(bench: Bench) -> None:
    bench.plane.faults.set(Fault.STATUS, "registry.disable", status=403)
    assert bench.type("contain", "github", "-q").code == 1
    run = str(runs.listed(bench.home)[0]["run"])
    early = bench.journal(run).with_name("seal.txt").read_bytes()
    bench.plane.faults.clear()
    assert bench.type("runs", "resume", run, "-q").code == 0
    assert bench.type("runs", "verify", run).code == 0
    bench.journal(run).with_name("seal.txt").write_bytes(early)
    stale = bench.type("runs", "verify", run)
    assert stale.code == 3
    assert "lines were added since" in stale.out
    shown = runs.show(bench.home, run).extra["signature"]
    assert shown == {"state": "unsigned", "why": "it went on after it was signed"}
    folder = bench.exported(run)
    assert not (folder / "head.txt.sig").exists(), "an old signature is none of this head"


def test_what_a_crash_tore_is_kept_beside_what_is_whole(bench: Bench) -> None:
    run = bench.contain()
    whole = bench.journal(run).read_bytes()
    lines = whole.splitlines(keepends=True)
    bench.journal(run).write_bytes(b"".join(lines) + b'{"entries":[{"at"')
    folder = bench.exported(run)
    assert checked(folder).returncode == 0
    assert (folder / "journal.torn").read_bytes() == b'{"entries":[{"at"'


def as_edited(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"verified", b"falsified", 1))


def as_gone(path: Path) -> None:
    path.unlink()


@pytest.mark.parametrize("harm", [as_edited, as_gone])
def test_what_was_tampered_with_is_no_evidence(bench: Bench, harm: Callable[[Path], None]) -> None:
    run = bench.contain()
    harm(bench.journal(run))
    done = bench.type("runs", "export", run, "-o", "x.zip")
    assert done.code == 1
    assert f"mcpsoar runs verify {run}" in done.err
    assert bench.type("runs", "sign", run).code in (1, 2)
    assert not Path("x.zip").exists()


def test_a_run_that_is_at_work_is_not_exported(bench: Bench) -> None:
    run = bench.contain()
    with Home(bench.home).run_lock(run) as lock:
        assert lock.take()
        for words in (("export", run, "-o", "x.zip"), ("sign", run)):
            refused = bench.type("runs", *words)
            assert refused.code == 2
            assert "still at work" in refused.err
    assert not Path("x.zip").exists()
    assert bench.type("runs", "export", "20200101T000000Z-000000", "-o", "x.zip").code == 2


def test_the_page_is_what_show_prints(bench: Bench) -> None:
    run = bench.contain("--ticket", "INC-7", "--reason", "it *listens*")
    shown = bench.type("runs", "show", run, "--format", "markdown")
    assert shown.code == 0
    assert (bench.exported(run) / "report.md").read_text() == shown.out
    assert "- Ticket: `INC-7`\n- Reason: `it *listens*`\n" in shown.out
