"""`mcpsoar contain` and `mcpsoar release`: options and words; the work is in `app.contain`."""

import os
import shlex
import sys
from collections.abc import Callable
from typing import Any, TypeVar

import click

from mcpsoar.cli import show
from mcpsoar.cli.answer import answer, talker, who
from mcpsoar.cli.options import Common, common
from mcpsoar.cli.words import filled, line
from mcpsoar.core.errors import Usage
from mcpsoar.core.plan import Direction
from mcpsoar.core.verdict import Verdict

F = TypeVar("F", bound=Callable[..., Any])

_MANY = 10


def _options(command: F) -> F:
    """What both commands take."""
    for option in reversed(
        (
            click.argument("servers", metavar="SERVER...", nargs=-1),
            click.option(
                "--from",
                "source",
                type=filled,
                metavar="FILE",
                help="Also the servers in FILE, one name a line.",
            ),
            click.option("--reason", metavar="TEXT", callback=line(1000), help="Why; kept in the journal."),
            click.option(
                "--ticket",
                metavar="ID",
                callback=line(128),
                help="The incident's ticket; kept in the journal.",
            ),
            click.option("--playbook", type=filled, metavar="NAME", help="Instead of contain-server."),
            click.option(
                "--profile", type=filled, metavar="NAME", help="Which profile of the settings to use."
            ),
            click.option(
                "--api", type=filled, metavar="URL", help="The reference API at URL, for all three roles."
            ),
            click.option("--dry-run", is_flag=True, help="Look and plan; send no change."),
            click.option("--yes", is_flag=True, help="Do not ask."),
            click.option("--home", type=filled, metavar="DIR", help="Where runs and journals live."),
        )
    ):
        command = option(command)
    return command


@click.command()
@_options
@common
def contain(given: Common, servers: tuple[str, ...], **asked: Any) -> Verdict:
    """Contain servers: disable them, revoke their tokens, hold every write for approval; look at each after.

    Disables the registry entry (connections already open last until their next call is refused), revokes
    opaque and refresh tokens (a JWT lasts until it expires, and is listed), and forces approval of writes
    everywhere. Never asks: the name typed is the confirmation.

    Exit 0: contained and verified. 1: not contained. 3: cannot tell; the report says what is unknown.
    """
    names = _named(servers, asked["source"])
    if asked["source"] or len(names) > _MANY:
        _confirm(f"contain {len(names)} servers", _again("contain", servers, asked), asked)
    return _execute(given, Direction.APPLY, names, asked)


@click.command()
@_options
@common
def release(given: Common, servers: tuple[str, ...], **asked: Any) -> Verdict:
    """Undo a containment, step by step, and look at each step after.

    Enables the registry entry if it was enabled before. Lifts the write approval with the last run that
    needs it. Revoked tokens do not come back: clients fetch new ones.
    """
    names = _named(servers, asked["source"])
    _confirm(f"release {', '.join(names)}", _again("release", servers, asked), asked)
    return _execute(given, Direction.UNDO, names, asked)


def _execute(given: Common, direction: Direction, names: tuple[str, ...], asked: dict[str, Any]) -> Verdict:
    from mcpsoar.app import settings
    from mcpsoar.app.contain import execute
    from mcpsoar.app.order import DEFAULT_PLAYBOOK, Order
    from mcpsoar.kit.clock import SystemClock
    from mcpsoar.pack.locate import locate

    said = settings.Asked(given.config, asked["profile"], asked["api"])
    found = settings.load(said, os.environ, may_be_empty=asked["dry_run"])
    for warning in found.warnings:
        show.talk(warning)
    order = Order(
        servers=names,
        direction=direction,
        playbook=asked["playbook"] or DEFAULT_PLAYBOOK,
        reason=asked["reason"],
        ticket=asked["ticket"],
        dry_run=asked["dry_run"],
        by=who(),
    )
    return answer(
        given,
        lambda: execute(
            order,
            profile=found.profile,
            home=settings.home(asked["home"], os.environ),
            pack=locate(given.pack, os.environ),
            clock=SystemClock(),
            say=talker(given),
            complete=given.told.complete,
        ),
    )


def _named(servers: tuple[str, ...], source: str | None) -> tuple[str, ...]:
    """The names as typed, checked before anything else happens. Raises Usage."""
    from mcpsoar.contain.plan import servers as checked

    if source is None:
        return checked(servers)
    from mcpsoar.kit.names import names

    return checked((*servers, *names(source)))


def _again(verb: str, servers: tuple[str, ...], asked: dict[str, Any]) -> str:
    """The same command with --yes."""
    words = ["mcpsoar", verb, *servers]
    for option, name in (("--from", "source"), ("--reason", "reason"), ("--ticket", "ticket")):
        words += [option, asked[name]] if asked[name] else []
    return shlex.join([*words, "--yes"])


def _confirm(what: str, again: str, asked: dict[str, Any]) -> None:
    if asked["yes"] or asked["dry_run"]:
        return
    if sys.stdin is None or not sys.stdin.isatty():
        raise Usage(f"{what} wants --yes", next_command=again)
    click.confirm(f"{what}?", abort=True, err=True)
