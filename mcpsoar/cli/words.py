"""What an option may say: kinds of text that are checked before anything else happens."""

import re
from collections.abc import Callable

import click

from mcpsoar.kit.plain import hidden_in


def filled(text: str) -> str:
    """The type of an option's text: one given empty is none left out, which would mean the default."""
    if not text.strip():
        raise click.BadParameter("is empty (a variable that is not set?)")
    return text


def line(longest: int) -> Callable[[click.Context, click.Parameter, str | None], str | None]:
    """One line of at most so many characters, each of which shows; blanks alone are nothing said."""

    def checked(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
        text = (value or "").strip()
        if (char := hidden_in(text)) is not None:
            raise click.BadParameter(f"it holds {char}: one plain line is wanted", ctx, param)
        if len(text) > longest:
            raise click.BadParameter(f"it has {len(text)} characters, {longest} are the most", ctx, param)
        return text or None

    return checked


def journal_head(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """The head of a journal, as it was printed."""
    if value is None:
        return None
    text = value.strip().lower()
    if not re.fullmatch("sha256:[0-9a-f]{64}", text):
        raise click.BadParameter("a head is sha256: and 64 hexadecimal digits", ctx, param)
    return text
