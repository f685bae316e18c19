"""`mcpsoar lab`: the embedded control plane and data plane."""

import os
import shlex
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import TYPE_CHECKING

import click

from mcpsoar.cli import show, stdout
from mcpsoar.cli.options import Common, common
from mcpsoar.cli.words import filled

if TYPE_CHECKING:
    from mcpsoar.app.lab import Up


@click.group()
def lab() -> None:
    """Run the embedded lab: a control plane, real MCP servers and the gateway before them."""


@lab.command()
@click.option(
    "--home",
    type=filled,
    metavar="DIR",
    help="Where state lives (also: $MCPSOAR_HOME); a restart finds it there.",
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=0,
    show_default=True,
    help="Port on 127.0.0.1; 0 takes a free one.",
)
@common
def up(given: Common, home: str | None, port: int) -> None:
    """Serve the lab in the foreground until Ctrl-C; touches nothing but loopback and its home.

    Prints what to paste into another shell. Tokens stay in files that only you can read.
    """
    from mcpsoar.app import lab as work

    over = threading.Event()

    def ready(running: "Up") -> None:
        if given.is_json:
            show.document(running.as_facts())
        else:
            for text in _lines(running):
                show.line(text)
        if (why := stdout.why_lost()) is not None:
            show.talk(f"standard output cannot be written: {why}; tokens are in {running.token_file.parent}")
        if given.loud >= 0:
            show.talk(f"the lab is up at {running.url}; Ctrl-C ends it, {running.home} keeps its state")

    with _tidy_end():
        work.up(work.home_of(home, os.environ), port=port, ready=ready, wait=over.wait)


def _lines(running: "Up") -> list[str]:
    """Shell lines that can be pasted, or evaluated as they are."""
    return [
        f"export MCPSOAR_API={shlex.quote(running.url)}",
        f'export MCPSOAR_TOKEN="$(cat {shlex.quote(str(running.token_file))})"',
        f"# servers   {running.url}/mcp/{{{','.join(running.agent_tokens)}}}",
        f"# tokens    {shlex.quote(str(running.token_file.parent))}",
        f"# audit log {shlex.quote(str(running.audit_log))}",
        "# next      mcpsoar contain github",
    ]


@contextmanager
def _tidy_end() -> Iterator[None]:
    """Ctrl-C and a supervisor's signal both end with the shell's own number.

    Click would make a usage error of Ctrl-C, and Python dies of SIGTERM where it stands.
    """
    before = {number: signal.signal(number, _stop) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _stop(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 (the signal module's signature)
    raise SystemExit(128 + number)
