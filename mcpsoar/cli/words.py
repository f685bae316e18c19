"""What an option may say: kinds of text that are checked before anything else happens."""

import re

import click

from mcpsoar.kit.plain import hidden_in


class Line(click.ParamType[str]):
    """One line of at most so many characters, each of which shows; blanks around it count for nothing."""

    name = "line"

    def __init__(self, longest: int) -> None:
        self._longest = longest

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = value.strip()
        if (char := hidden_in(text)) is not None:
            self.fail(f"it holds {char}: one plain line is wanted", param, ctx)
        if len(text) > self._longest:
            self.fail(f"it has {len(text)} characters, {self._longest} are the most", param, ctx)
        return text


class Digest(click.ParamType[str]):
    """The head of a journal, as it was printed."""

    name = "digest"

    def convert(self, value: str, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = value.strip().lower()
        if not re.fullmatch("sha256:[0-9a-f]{64}", text):
            self.fail("a head is sha256: and 64 hexadecimal digits", param, ctx)
        return text
