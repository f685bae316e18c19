"""Whatever became of standard output and error, a run's verdict is its exit code."""

import fcntl
import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from mcpsoar.lab.serving import Handle, control_plane

MCPSOAR = f"{sys.executable} -m mcpsoar"
OUTPUTS = {
    "full": "> /dev/full",
    "closed": ">&-",
    "left": "> >(exec true)",
    "full and mute": "> /dev/full 2> /dev/full",
    "all closed": ">&- 2>&- <&-",
}


@pytest.fixture
def plane(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Handle]:
    folder = tmp_path / "plane"
    folder.mkdir()
    monkeypatch.chdir(tmp_path)
    with control_plane(folder, servers=("github",)) as handle:
        monkeypatch.setenv("API", handle.url)
        monkeypatch.setenv("MCPSOAR_TOKEN", handle.token)
        monkeypatch.setenv("MCPSOAR_HOME", str(tmp_path / "it's home"))
        yield handle


def shell(words: str, **env: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        ["bash", "-c", words], capture_output=True, text=True, timeout=60, check=False, env=os.environ | env
    )


@pytest.mark.parametrize("kind", OUTPUTS)
@pytest.mark.parametrize("form", ["text", "json"])
def test_a_contained_run_exits_0_whoever_reads_it(
    plane: Handle, tmp_path: Path, kind: str, form: str
) -> None:
    done = shell(f"{MCPSOAR} contain github --format {form} {OUTPUTS[kind]}")
    assert done.returncode == 0, done.stderr
    assert "fault of mcpsoar" not in done.stderr
    assert "Traceback" not in done.stderr
    entry = plane.plane.server("github")
    assert entry is not None
    assert not entry.is_enabled
    if kind in ("full", "closed"):
        told = done.stderr.splitlines()[-1]
        shown = shell(f"{MCPSOAR} {told.partition('mcpsoar ')[2]} --format json")
        assert (shown.returncode, json.loads(shown.stdout)["verdict"]) == (0, "contained")
        (run,) = os.listdir(tmp_path / "it's home" / "runs")  # noqa: PTH208
        assert run in told


def test_a_run_that_is_not_contained_exits_1_with_a_closed_output(plane: Handle) -> None:
    done = shell(f"{MCPSOAR} contain githb >&-")
    assert done.returncode == 1
    assert "ended as not_contained" in done.stderr
    assert plane.ledger()


def test_a_journal_never_gets_the_number_of_a_closed_stream(tmp_path: Path) -> None:
    code = (
        "import os, sys; from mcpsoar import __main__; from mcpsoar.cli import main\n"
        "main.main = lambda argv: os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY)\n"
        "__main__.run()"
    )
    done = shell(f"{sys.executable} -c '{code}' {tmp_path / 'journal'} >&- 2>&- <&-")
    assert done.returncode == 3  # the number that a file opened by the command got


def test_an_answer_that_was_the_whole_point_is_no_0_when_it_is_lost() -> None:
    full = shell(f"{MCPSOAR} rules list > /dev/full")
    assert full.returncode == 3
    assert (
        full.stderr
        == "mcpsoar: the answer is lost: standard output cannot be written: No space left on device\n"
    )
    closed = shell(f"{MCPSOAR} rules convert splunk >&-")
    assert (closed.returncode, "it is closed" in closed.stderr) == (3, True)


def test_a_reader_that_left_is_no_failure() -> None:
    done = shell(f"set -o pipefail; {MCPSOAR} rules convert splunk | head -0; exit ${{PIPESTATUS[0]}}")
    assert (done.returncode, done.stderr) == (0, "")
    done = shell(f"{MCPSOAR} playbooks show nonesuch 2> >(exec true) | head -0; exit ${{PIPESTATUS[0]}}")
    assert done.returncode == 2


def test_a_coding_without_umlauts_ends_no_run(plane: Handle) -> None:
    done = shell(
        f"{MCPSOAR} contain github --reason 'Prüfung 漢'", PYTHONIOENCODING="ascii:strict", PYTHONUTF8="0"
    )
    assert done.returncode == 0, done.stderr
    assert r"Pr\xfcfung \u6f22" in done.stdout
    assert plane.ledger()


def test_a_reader_who_stops_reading_progress_does_not_stop_the_writes(plane: Handle, tmp_path: Path) -> None:
    """As behind a pager that waits for a key: the pipe is full and stays full."""
    ours, theirs = os.pipe()
    fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, 4096)
    os.write(theirs, b"x" * 4096)
    words = [sys.executable, "-m", "mcpsoar", "contain", "github", "-v", "--format", "json"]
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=theirs, timeout=30, check=False)
    assert (done.returncode, json.loads(done.stdout)["verdict"]) == (0, "contained")
    os.close(theirs)
    os.close(ours)
    assert plane.ledger()
    assert (tmp_path / "it's home").exists()


def test_lines_that_were_not_taken_are_counted() -> None:
    code = (
        "import os; from mcpsoar.cli.progress import Progress; say = Progress()\n"
        "say('one'); say('two'); os.read(int(os.environ['OURS']), 8192); say('three'); say('four')"
    )
    ours, theirs = os.pipe()
    fcntl.fcntl(theirs, fcntl.F_SETPIPE_SZ, 8192)
    os.write(theirs, b"x" * 8192)
    subprocess.run(
        [sys.executable, "-c", code],
        stderr=theirs,
        pass_fds=(ours,),
        env=os.environ | {"OURS": str(ours)},
        timeout=30,
        check=True,
    )
    assert os.read(ours, 8192) == b"[2 lines before this were not taken] three\nfour\n"
    os.close(theirs)
    os.close(ours)
