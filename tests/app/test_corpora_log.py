"""The recorded logs as one: a line that is no event is told by its own file and line."""

from pathlib import Path

from mcpsoar.app import corpora_log
from mcpsoar.core.event import LogRef
from mcpsoar.detect.files import Form, Source


def test_a_line_is_placed_by_the_whole_of_it(tmp_path: Path) -> None:
    path = tmp_path / "one.ndjson"
    path.write_bytes(b'{"event_time":"2026-03-01T12:00:00Z","token_aud":[]}\r\n[]\r\n')
    source = Source(LogRef("one", str(path)), Form.LINES)
    assert corpora_log.place(b"[]", [source]) == "one:2"
    assert corpora_log.place(b"{}", [source]) == "one of them"
