"""`mcpsoar rules coverage`: options and words only."""

import os
import shlex

import click

from mcpsoar.cli import show
from mcpsoar.cli.answer import talker
from mcpsoar.cli.heartbeat import heartbeat
from mcpsoar.cli.options import Common, common_as
from mcpsoar.cli.words import filled
from mcpsoar.core.errors import Usage
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit.clock import SystemClock, now_ms
from mcpsoar.pack.locate import locate


@click.command("coverage", context_settings={"allow_extra_args": True})
@click.option(
    "--logs",
    type=filled,
    multiple=True,
    metavar="LOG",
    help="Say it of this log instead of the known log sources; repeatable.",
)
@common_as("navigator", "html")
def coverage(given: Common, logs: tuple[str, ...]) -> Verdict:
    """Tell what watches which risk and technique, on which logs it can be asked, and what nobody sees.

    A rule can be asked of a log that has the columns that it needs. Without --logs the answer is about the
    log sources that this pack knows of, as far as their schemas are known; with it, about the columns that
    some event of LOG really has. navigator prints a layer for the ATLAS Navigator, html one page. Nothing is
    sent anywhere. Exit codes: 0 told, 2 nothing was told, 3 a LOG has no event or broke off, or a detection
    ran out of time or room on it.
    """
    from mcpsoar.app import coverage as app
    from mcpsoar.cli import coverage_text

    if bare := click.get_current_context().args:
        named = " ".join(f"--logs {shlex.quote(log)}" for log in bare)
        raise Usage(
            f"a log stands after --logs, as {bare[0]} does not", next_command=f"{app.COMMAND} {named}"
        )
    with heartbeat(talker(given), "reading " + " ".join(logs)):
        found = app.covered(locate(given.pack, os.environ), logs, now_ms=now_ms(SystemClock()))
    for seen in found.seen:
        coverage_text.doubts(seen, show.line if given.format == "text" else show.talk)
    match given.format:
        case "json":
            from mcpsoar.app.coverage_document import document

            show.document(document(found))
        case "navigator":
            from mcpsoar.app.navigator import layer

            show.document(layer(found))
        case "html":
            from mcpsoar.app.coverage_page import page

            show.line(page(found).rstrip("\n"))
        case _:
            coverage_text.tell(found, no_color=given.no_color)
    return app.verdict(found)
