"""The look at the bytes: wherever a pair stands, it is seen, and what may be seen for nothing is rare."""

from pathlib import Path

import pytest

from mcpsoar.detect.rawbytes import may_be_loose

CHUNK = 1 << 18
LONGEST = 3 * CHUNK


def look(path: Path, data: bytes) -> bool:
    path.write_bytes(data)
    return may_be_loose(path, longest=LONGEST)


@pytest.mark.parametrize("pair", [b",}", b" }", b",]", b" ]", b"\t", b"\r"])
@pytest.mark.parametrize("at", [0, 1, CHUNK - 2, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK - 1, 2 * CHUNK + 3])
def test_a_pair_is_seen_at_the_edges_of_every_chunk(tmp_path: Path, pair: bytes, at: int) -> None:
    data = bytearray(b'"x":1,\n' * (CHUNK // 2))
    data[at : at + len(pair)] = pair
    assert look(tmp_path / "log", bytes(data))


def test_plain_lines_are_plain(tmp_path: Path) -> None:
    assert not look(tmp_path / "log", b'{"a":[1, 2],"b":"x, y"}\n' * 40_000)
    assert not look(tmp_path / "empty", b"")


@pytest.mark.parametrize("before", [0, 5, CHUNK - 1, CHUNK])
@pytest.mark.parametrize("end", [b"", b"\n"])
def test_a_line_is_long_from_its_first_byte_to_its_last(tmp_path: Path, before: int, end: bytes) -> None:
    head = b"y" * before + b"\n"
    assert not look(tmp_path / "log", head + b"x" * LONGEST + end)
    assert look(tmp_path / "log", head + b"x" * (LONGEST + 1) + end)
