"""The options that every command has, in one decorator."""

import os
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any, TypeVar

import click

from mcpsoar.cli.told import Told, told
from mcpsoar.cli.words import filled
from mcpsoar.core.errors import Trouble

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True, slots=True)
class Common:
    """`format` is text, json or one of the command's own; `loud` is -1 for -q, 0, or the number of -v.

    `told` completes commands.
    """

    format: str
    pack: str | None
    config: str | None
    no_color: bool
    loud: int
    told: Told

    @property
    def is_json(self) -> bool:
        return self.format == "json"


def common(command: F) -> F:
    """Give a command --format, --pack, --config, --no-color, -q and -v, all in its first argument."""
    return _given(command, ())


def common_as(*formats: str) -> Callable[[F], F]:
    """The same for a command that knows further formats beside text and json."""
    return lambda command: _given(command, formats)


def _given(command: F, formats: Sequence[str]) -> F:
    def wrapped(
        *args: Any,
        format: str,  # noqa: A002 (the option is called so)
        pack: str | None,
        config: str | None,
        no_color: bool,
        quiet: bool,
        verbose: int,
        **kwargs: Any,
    ) -> Any:
        loud = -1 if quiet else verbose
        known = told({**kwargs, "pack": pack, "config": config}, os.environ)
        try:
            with _heard(loud):
                return command(Common(format, pack, config, no_color, loud, known), *args, **kwargs)
        except Trouble as error:
            if error.next_command:
                error.next_command = known.complete(error.next_command)
            raise

    wrapped.__doc__ = command.__doc__
    wrapped.__name__ = command.__name__
    if hasattr(command, "__click_params__"):
        wrapped.__click_params__ = command.__click_params__  # type: ignore[attr-defined]  # click keeps its list here
    for option in reversed((_format(formats), *_OPTIONS)):
        wrapped = option(wrapped)
    return wrapped  # type: ignore[return-value]  # same call for click, which is its only caller


def _heard(loud: int) -> AbstractContextManager[None]:
    if loud <= 0:
        return nullcontext()
    from mcpsoar.cli.verbose import heard

    return heard()


def _format(more: Sequence[str]) -> Callable[[Any], Any]:
    return click.option(
        "--format",
        type=click.Choice(["text", "json", *more]),
        default="text",
        show_default=True,
        help="json prints exactly one document on standard output.",
    )


_OPTIONS: tuple[Callable[[Any], Any], ...] = (
    click.option(
        "--pack",
        type=filled,
        metavar="DIR",
        help="Content to use instead of the pack that came with mcpsoar.",
    ),
    click.option("--config", type=filled, metavar="FILE", help="Settings to use instead of ./mcpsoar.toml."),
    click.option("--no-color", is_flag=True, help="No colour (also: NO_COLOR)."),
    click.option("-q", "--quiet", is_flag=True, help="No progress on standard error."),
    click.option("-v", "--verbose", count=True, help="Also one line for each call to another system."),
)
