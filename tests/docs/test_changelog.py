"""The changelog names the commands that exist, and calls none unbuilt that does."""

import re
from pathlib import Path

import click

from mcpsoar.cli.main import group


def commands() -> set[str]:
    """Every command as it is typed: `contain`, `runs list`."""
    context = click.Context(group)
    found = set()
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            found |= {f"{name} {inner}" for inner in command.list_commands(context)}
        else:
            found.add(name)
    return found


def spoken(text: str) -> set[str]:
    """`runs list`, `show` names runs list and runs show; capitals are arguments."""
    found: set[str] = set()
    head = ""
    for code in re.findall(r"`([^`]+)`", text):
        words = [word for word in code.split() if word.islower()]
        head = words[0] if len(words) > 1 else head
        found.add(" ".join(words if len(words) > 1 or not head else [head, *words]))
    return found


def test_the_changelog_tells_which_commands_there_are(root: Path) -> None:
    built, _, unbuilt = (root / "CHANGELOG.md").read_text().partition("### What the design names")
    named = set()
    for row in built.splitlines():
        if row.startswith("| `"):
            named |= spoken(row.split("|")[1])
    assert named == commands()
    for line in unbuilt.splitlines():
        for part in line.split(";"):
            assert not spoken(part) & commands(), line
