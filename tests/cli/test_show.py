"""Tables: whole lines where a program reads them, folded where a person does."""

import os
import pty
import subprocess
import sys

import pytest

from mcpsoar.cli import show

HEADS = ("GATE", "PAGES WHEN")
ROWS = [("scope-mismatch", "a \x1b[31m[red]word[/red]" + " and so on" * 20), ("short", "b")]


def test_a_row_is_one_line_where_no_terminal_is(capsys: pytest.CaptureFixture[str]) -> None:
    show.table(HEADS, ROWS, no_color=False, styles=("bold red", None))
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "GATE            PAGES WHEN"
    assert lines[1] == r"scope-mismatch  a \x1b[31m[red]word[/red]" + " and so on" * 20
    assert lines[2] == "short           b"
    assert len(lines) == 3


def test_a_table_without_rows_is_its_heads(capsys: pytest.CaptureFixture[str]) -> None:
    show.table(HEADS, [], no_color=False)
    assert capsys.readouterr().out == "GATE  PAGES WHEN\n"


def on_terminal(*, no_color: bool) -> str:
    """What the table looks like on a terminal of 60 columns."""
    code = (
        f"from mcpsoar.cli import show; show.table({HEADS!r}, {ROWS!r}, no_color={no_color}, styles=['red'])"
    )
    ours, theirs = pty.openpty()
    env = {**os.environ, "COLUMNS": "60", "TERM": "xterm-256color"}
    env.pop("NO_COLOR", None)
    subprocess.run([sys.executable, "-c", code], stdout=theirs, check=True, env=env)
    os.close(theirs)
    got = b""
    try:
        while data := os.read(ours, 65536):
            got += data
    except OSError:  # Linux's word for the end of a terminal
        pass
    os.close(ours)
    return got.decode()


def test_a_terminal_gets_folded_rows_in_colour_and_every_word() -> None:
    plain = on_terminal(no_color=True)
    assert "\x1b" not in plain
    assert all(len(line) <= 60 for line in plain.splitlines())
    assert len(plain.splitlines()) > 3
    words = "".join(plain.split())
    assert words.count("andsoon") == 20
    assert "[red]word[/red]" in words
    assert "\x1b[31mscope" in on_terminal(no_color=False)
