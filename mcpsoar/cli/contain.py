"""`mcpsoar contain` and `mcpsoar release`: options and words; the work is in `app.contain`."""

import os
import shlex
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import click

from mcpsoar.cli import show
from mcpsoar.cli.answer import answer, talker, who
from mcpsoar.cli.at_home import ELSEWHERE, at_home
from mcpsoar.cli.interrupted import begun_runs
from mcpsoar.cli.options import Common, common
from mcpsoar.cli.words import filled, line
from mcpsoar.core.errors import Usage
from mcpsoar.core.plan import Direction
from mcpsoar.core.verdict import Verdict

if TYPE_CHECKING:
    from mcpsoar.app.victims import Chosen

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
                help="Also the servers in FILE (- is standard input): one name a line, or, for contain, "
                "what gates check and rules scan print as JSON.",
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
@click.option(
    "--max-servers",
    "at_most",
    type=click.IntRange(min=1),
    metavar="N",
    help="Refuse more servers than N; of findings, 10 are the most unless this says otherwise.",
)
@click.option(
    "--without",
    type=filled,
    multiple=True,
    metavar="NAME",
    help="Not this one of --from's servers; repeatable.",
)
@click.option(
    "--protected-too", is_flag=True, help="Also servers that the profile protects and that are typed here."
)
@click.option(
    "--rehearse",
    is_flag=True,
    help="Contain in earnest and release one server that nobody needs: the profile names it in rehearsal.",
)
@click.option(
    "--with-shared",
    is_flag=True,
    help="With --rehearse: also the steps that touch others, as the approval of everybody's writes.",
)
@common
def contain(given: Common, servers: tuple[str, ...], **asked: Any) -> Verdict:
    """Contain servers: disable them, revoke their tokens, hold every write for approval; look at each after.

    Disables the registry entry (connections already open last until their next call is refused), revokes
    opaque and refresh tokens (a JWT lasts until it expires, and is listed), and forces approval of writes
    everywhere. Never asks: the name typed is the confirmation.

    Names out of findings are what a log says: a server that the profile protects, one more than --max-servers
    or a log that is not trusted stops the whole list.

    A rehearsal is both runs on the real plane, timed; doctor shows the last one. It revokes tokens of that
    server for good, and leaves out what is everybody's. Exit 0: contained and released; else as below.

    Exit 0: contained and verified. 1: not contained. 3: cannot tell; the report says what is unknown.
    """
    from mcpsoar.app.victims import choose

    if asked["rehearse"]:
        from mcpsoar.cli.contain_rehearse import rehearse

        return rehearse(given, servers, asked)
    if asked["with_shared"]:
        raise Usage("--with-shared goes with --rehearse", next_command="mcpsoar contain --help")
    again = _again("contain", servers, asked)
    with begun_runs(given, is_dry=asked["dry_run"]) as begun:
        chosen = choose(
            servers, asked["source"], without=asked["without"], at_most=asked["at_most"], command=again
        )
        if chosen.silent:
            show.talk(f"left out are the servers of findings that no playbook answers: {chosen.silent}")
        return _execute(given, Direction.APPLY, chosen, asked, again, begun=begun)


@click.command()
@_options
@click.option(
    "--assume-on", is_flag=True, help="What nobody saw before the containment was on: switch it on."
)
@click.option("--changed-too", is_flag=True, help="Undo also what was changed since the containment.")
@common
def release(given: Common, servers: tuple[str, ...], **asked: Any) -> Verdict:
    """Undo a containment, step by step, and look at each step after.

    Enables the registry entry if it was enabled before. Lifts the write approval with the last run that
    needs it. Revoked tokens do not come back: clients fetch new ones.

    What was changed since is listed, and then nothing is sent (exit 1), unless --changed-too is said.
    """
    from mcpsoar.app.victims import choose

    again = _again("release", servers, asked)
    with begun_runs(given, is_dry=asked["dry_run"]) as begun:
        chosen = choose(servers, asked["source"], command=again)
        if chosen.found:
            words = "findings choose nobody to release: name the servers"
            raise Usage(words, next_command="mcpsoar runs list")
        return _execute(given, Direction.UNDO, chosen, asked, again, begun=begun)


def _execute(
    given: Common,
    direction: Direction,
    chosen: "Chosen",
    asked: dict[str, Any],
    again: str,
    *,
    begun: list[str],
) -> Verdict:
    from mcpsoar.app import settings
    from mcpsoar.app.contain import execute
    from mcpsoar.app.order import DEFAULT_PLAYBOOK, Order
    from mcpsoar.app.victims import allow
    from mcpsoar.kit.clock import SystemClock
    from mcpsoar.pack.locate import locate

    said = settings.Asked(given.config, asked["profile"], asked["api"])
    found = settings.load(said, os.environ, may_be_empty=asked["dry_run"], command=again)
    for warning in found.warnings:
        show.talk(warning)
    is_protected_too = bool(asked.get("protected_too"))
    is_apply = direction is Direction.APPLY
    if is_apply:
        allow(chosen, found.profile, protected_too=is_protected_too, command=again)
    if not is_apply or asked["source"] or len(chosen.servers) > _MANY:
        verb = "contain" if is_apply else "release"
        _confirm(f"{verb} {', '.join(chosen.servers)}", again, asked)
    order = Order(
        servers=chosen.servers,
        direction=direction,
        playbook=asked["playbook"] or DEFAULT_PLAYBOOK,
        reason=asked["reason"],
        ticket=asked["ticket"],
        dry_run=asked["dry_run"],
        by=who(),
        chosen=chosen,
        protected_too=is_protected_too,
        assume_on=bool(asked.get("assume_on")),
        changed_too=bool(asked.get("changed_too")),
        command=again,
        begun=begun.append,
    )
    home = settings.home(asked["home"], os.environ, again)
    goes_on = again + ELSEWHERE if is_apply else again

    def then() -> str:
        is_begun = begun and not is_apply and not order.dry_run
        return f"mcpsoar runs resume {begun[-1]}" if is_begun else goes_on

    with at_home(home, then):
        return answer(
            given,
            lambda: execute(
                order,
                profile=found.profile,
                home=home,
                pack=locate(given.pack, os.environ),
                clock=SystemClock(),
                say=talker(given),
                complete=given.told.complete,
            ),
        )


def _again(verb: str, servers: tuple[str, ...], asked: dict[str, Any]) -> str:
    """The same command, with --yes where it would ask."""
    words = ["mcpsoar", verb, *servers]
    for option, name in (("--from", "source"), ("--reason", "reason"), ("--ticket", "ticket")):
        words += [option, asked[name]] if asked[name] else []
    words += [word for name in asked.get("without", ()) for word in ("--without", name)]
    words += ["--max-servers", str(asked["at_most"])] if asked.get("at_most") else []
    words += ["--protected-too"] if asked.get("protected_too") else []
    words += ["--assume-on"] if asked.get("assume_on") else []
    words += ["--changed-too"] if asked.get("changed_too") else []
    words += ["--dry-run"] if asked["dry_run"] else []
    is_asked = verb == "release" or asked["source"] or len(servers) > _MANY
    return shlex.join([*words, "--yes"] if is_asked else words)


def _confirm(what: str, again: str, asked: dict[str, Any]) -> None:
    if asked["yes"] or asked["dry_run"]:
        return
    if asked["source"] == "-" or sys.stdin is None or not sys.stdin.isatty():
        raise Usage(f"{what} wants --yes", next_command=again)
    click.confirm(f"{what}?", abort=True, err=True)
