"""Options, whatever the command: one that is given empty is not one left out."""

from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from mcpsoar.cli.main import group, main

MAY_BE_BLANK = ("--reason", "--ticket")  # a ticket of blanks is no ticket, wherever one is named


def valued(command: click.Command, *words: str) -> Iterator[tuple[str, ...]]:
    """Each command of the house with each of its options that takes a value: a command line but for that."""
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            yield from valued(inner, *words, name)
        return
    for param in command.params:
        if isinstance(param, click.Option) and not param.is_flag and not param.count:
            needed = ["x" for other in command.params if isinstance(other, click.Argument)]
            yield (*words, *needed, param.opts[0])


LINES = [line for line in valued(group) if line[-1] not in MAY_BE_BLANK]


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@pytest.mark.parametrize("empty", ["", " "])
@pytest.mark.parametrize("line", LINES, ids=" ".join)
def test_an_option_that_is_given_empty_is_refused(
    line: tuple[str, ...], empty: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """A variable that is not set must not choose another home, pack, playbook or control plane."""
    assert main([*line, empty]) == 2
    out, err = capsys.readouterr()
    assert f"'{line[-1]}'" in err
    assert out == ""


@pytest.mark.parametrize(
    "line", ["contain x --playbook", "lab up --home", "drill --keep", "gates list --pack"]
)
def test_an_empty_option_is_told_for_what_it_is(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*line.split(), ""]) == 2
    assert "is empty (a variable that is not set?)" in capsys.readouterr().err
