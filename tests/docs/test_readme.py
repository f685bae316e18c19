"""The README is executed: its commands parse, its files exist, its output is what the drill prints."""

import re
import shlex
from pathlib import Path

import pytest

from mcpsoar.cli.main import group

BLOCK = re.compile(r"^```(?:sh|bash|shell|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?://)([^)#]+)\)")


def blocks(root: Path) -> list[str]:
    return BLOCK.findall((root / "README.md").read_text())


def test_the_first_two_blocks_are_one_line_each(root: Path) -> None:
    job, checks = blocks(root)[:2]
    assert len(job.strip().splitlines()) == 1
    assert job.strip().endswith("mcpsoar drill")
    assert len(checks.strip().splitlines()) == 1
    assert checks.strip().endswith("poe check")


def test_every_command_that_is_shown_exists(root: Path) -> None:
    import click

    shown = re.findall(r"(?<![\w/.'-])mcpsoar ([a-z][^\n`#|&]*)", "\n".join(blocks(root)))
    assert shown
    for words in shown:
        parts = shlex.split(words.replace("…", ""))
        context = click.Context(group, info_name="mcpsoar")
        command = group.get_command(context, parts[0])
        assert command is not None, words
        if isinstance(command, click.Group):
            assert command.get_command(context, parts[1]) is not None, words


def test_every_file_that_is_linked_exists(root: Path) -> None:
    for target in LINK.findall((root / "README.md").read_text()):
        assert (root / target).exists(), target


@pytest.mark.parametrize("word", ["registry.npmjs", "pypi.org/simple"])
def test_no_registry_host_is_named(root: Path, word: str) -> None:
    assert word not in (root / "README.md").read_text()
