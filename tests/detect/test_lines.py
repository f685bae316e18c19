"""The second pass: a line of any length costs a bounded piece of memory."""

import gzip
import tracemalloc
from pathlib import Path
from typing import Any

import pytest
import zstandard

from mcpsoar.core.event import LogRef, Reject
from mcpsoar.detect import files, lines
from mcpsoar.detect.files import Form, Source

EVENT = b'{"event_time":"2026-03-01T12:00:00Z"}'
NOW = 1_772_367_000_000
MIB = 1 << 20


def sifted(path: Path, data: bytes) -> tuple[list[Reject], bytes]:
    path.write_bytes(data)
    clean = path.with_name("clean")
    source = Source(LogRef("log", str(path)), Form.LINES)
    return list(lines.sift(source, clean, known=frozenset({"event_time"}), now_ms=NOW)), clean.read_bytes()


@pytest.mark.parametrize("end", [b"", b"\n", b"\n" + EVENT, b"\r\n" + EVENT + b"\n{"])
@pytest.mark.parametrize("fill", [b"x", b" "])
def test_an_endless_line_is_one_reject_that_keeps_its_beginning(
    tmp_path: Path, fill: bytes, end: bytes
) -> None:
    long = EVENT + fill * (2 * lines.LONGEST) + b"}"
    rejects, clean = sifted(tmp_path / "log", EVENT + b"\n" + long + end)
    assert [(one.line, one.raw) for one in rejects[1:]] == ([(4, b"{")] if end.endswith(b"{") else [])
    assert (rejects[0].line, rejects[0].raw) == (2, long[:1024])
    assert f"longer than {lines.LONGEST} bytes" in rejects[0].why
    assert clean == (EVENT + b"\n") * (1 + end.count(EVENT))


@pytest.mark.parametrize("end", [b"\n", b"\r\n", b""])
@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize(("more", "is_event"), [(0, True), (1, False)])
def test_the_longest_line_is_a_line(
    tmp_path: Path, start: bytes, end: bytes, more: int, is_event: bool
) -> None:
    text = EVENT[:-1] + b" " * (lines.LONGEST - len(EVENT) + more) + b"}"
    rejects, clean = sifted(tmp_path / "log", start + text + end)
    assert (not rejects, bool(clean)) == (is_event, is_event)


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_bomb_costs_no_more_than_the_longest_line(tmp_path: Path, pack: Any) -> None:
    log = tmp_path / "log"
    log.write_bytes(pack(b"x" * (256 * MIB)))
    tracemalloc.start()
    try:
        (source,) = files.sources([str(log)], tmp_path)
        known = frozenset({"event_time"})
        rejects = list(lines.sift(source, tmp_path / "clean", known=known, now_ms=NOW))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert len(rejects) == 1
    assert peak < 4 * lines.LONGEST
