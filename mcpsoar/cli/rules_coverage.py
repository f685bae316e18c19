"""`mcpsoar rules coverage`: options and words only."""

import os
from collections import Counter
from collections.abc import Callable

import click

from mcpsoar.app import blindspots
from mcpsoar.app import coverage as app
from mcpsoar.app.coverage import Can, Coverage, ItemKind
from mcpsoar.cli import look_text, show
from mcpsoar.cli.answer import talker
from mcpsoar.cli.heartbeat import heartbeat
from mcpsoar.cli.options import Common, common_as
from mcpsoar.cli.words import filled
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit.clock import SystemClock, now_ms
from mcpsoar.pack.landscape import FRAMEWORKS
from mcpsoar.pack.locate import locate


@click.command("coverage")
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
    with heartbeat(talker(given), "reading " + " ".join(logs)):
        found = app.covered(locate(given.pack, os.environ), logs, now_ms=now_ms(SystemClock()))
    for seen in found.seen:
        _doubts(seen, show.line if given.format == "text" else show.talk)
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
            _tell(found, no_color=given.no_color)
    return app.verdict(found)


def _doubts(seen: app.Seen, say: Callable[[str], None]) -> None:
    """Say what is not known of a log; a log source that is known by its schema leaves no doubt."""
    if seen.look is None:
        return
    look_text.doubts(seen.look, say=say, keeper=look_text.KEEPER)
    if not seen.look.intake.events:
        say(show.clean(f"CANNOT TELL: {seen.id} holds no event"))
    for name, answer in seen.answers.items():
        if answer.failed:
            say(show.clean(f"CANNOT TELL: {seen.id}: {name} could not be asked: {answer.failed}"))


def _tell(found: Coverage, *, no_color: bool) -> None:
    rows = []
    for risk in found.risks():
        counts = [str(len(found.of_risk(risk.id, kind))) for kind in ItemKind]
        rows.append((risk.id, *counts, *(_share(found, name, risk.techniques[name]) for name in FRAMEWORKS)))
    heads = ("RISK", "RULES", "DETECTIONS", "GATES", "ATLAS", "OWASP", "SAFE-MCP")
    show.table(heads, rows, no_color=no_color)
    show.line()
    show.table(
        ("LOG SOURCE", "KNOWN BY", "ANSWERS", "WITH HELP", *(risk.id for risk in found.risks())),
        [_source(found, seen) for seen in found.seen],
        no_color=no_color,
    )
    show.line()
    for name in FRAMEWORKS:
        rows = [
            (
                blindspots.shown(name, one),
                str(len(found.of_technique(name, one))),
                found.field.names.get(name, {}).get(one, ""),
            )
            for one in found.techniques(name)
        ]
        show.table(("TECHNIQUE", "CONTENT", "NAME"), rows, no_color=no_color)
        show.line()
    for spot in blindspots.blind_spots(found):
        show.line(show.clean(f"BLIND {spot.kind.value}: {spot.what}: {spot.why}"))


def _share(found: Coverage, framework: str, techniques: tuple[str, ...]) -> str:
    watched = sum(bool(found.of_technique(framework, one)) for one in techniques)
    return f"{watched} of {len(techniques)}"


def _source(found: Coverage, seen: app.Seen) -> tuple[str, ...]:
    counts = Counter(answer.can for answer in seen.answers.values())
    cells = []
    for risk in found.risks():
        asked = seen.answered(found.of_risk(risk.id))
        most = sum(can in (Can.YES, Can.IF) for can in asked)
        cells.append(f"{most} of {len(asked)}")
    return (seen.id, seen.evidence, str(counts[Can.YES]), str(counts[Can.IF]), *cells)
