"""Which files a LOG means: pipes, devices and standard input are read once, like files."""

import gzip
import io
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mcpsoar.core.errors import Usage
from mcpsoar.detect import files

TEXT = b'{"event_time":"2026-03-01T12:00:00Z"}\n'


def piped(path: Path, data: bytes) -> threading.Thread:
    """A named pipe into which somebody writes once."""
    os.mkfifo(path)
    writer = threading.Thread(target=path.write_bytes, args=(data,))
    writer.start()
    return writer


@pytest.mark.parametrize("data", [TEXT, gzip.compress(TEXT), b""], ids=["plain", "gzip", "empty"])
def test_a_named_pipe_is_read_once_and_kept_as_a_file(tmp_path: Path, data: bytes) -> None:
    folder = tmp_path / "folder"
    folder.mkdir()
    pipe = tmp_path / "pipe"
    writer = piped(pipe, data)
    (found,) = files.sources([str(pipe)], folder)
    writer.join(10)
    assert found.log.name == str(pipe)
    assert Path(found.log.path).parent == folder
    assert Path(found.log.path).read_bytes() == (TEXT if data else b"")


def test_a_device_is_a_log_of_what_it_gives(tmp_path: Path) -> None:
    (found,) = files.sources(["/dev/null"], tmp_path)
    assert (found.log.name, Path(found.log.path).read_bytes()) == ("/dev/null", b"")


def test_what_can_be_read_but_once_is_named_but_once(tmp_path: Path) -> None:
    for twice in ("-", "/dev/null"):
        with pytest.raises(Usage, match="once"):
            files.sources([twice, twice], tmp_path, stdin=io.BytesIO(TEXT))
    plain = tmp_path / "log"
    plain.write_bytes(TEXT)
    assert len(files.sources([str(plain), str(plain)], tmp_path)) == 2


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        ("gates check - <&-", 2),
        ("gates check - - </dev/null", 2),
        ("gates check <(zcat LOG)", 1),
        ("gates check /dev/stdin < <(zcat LOG)", 1),
        ("gates check /dev/stdin < LOG", 1),
        ("gates check - < LOG", 1),
    ],
)
def test_a_shell_hands_over_its_logs_as_it_likes(tmp_path: Path, typed: str, code: int) -> None:
    event = TEXT.replace(b"}", b',"server_name":"x","action_class":"write","decision":"allow"}')
    (tmp_path / "LOG").write_bytes(gzip.compress(event))
    argv = ["bash", "-c", f"{sys.executable} -m mcpsoar {typed}"]
    done = subprocess.run(argv, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == code, done.stderr
    assert "fault" not in done.stderr
