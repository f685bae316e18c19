"""`mcpsoar rules scan`: options and words only."""

import json
import os
from pathlib import Path

import click

from mcpsoar.cli import look_text, scan_text, show
from mcpsoar.cli.answer import talker
from mcpsoar.cli.heartbeat import heartbeat
from mcpsoar.cli.options import Common, common_as
from mcpsoar.cli.words import filled
from mcpsoar.core.errors import Usage
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit.clock import SystemClock, now_ms
from mcpsoar.pack.heading import LEVELS
from mcpsoar.pack.locate import locate


@click.command("scan")
@click.argument("logs", nargs=-1, required=True, metavar="LOG...")
@click.option("--rule", "wanted", type=filled, multiple=True, metavar="ID", help="Ask this one; repeatable.")
@click.option(
    "--fail-on",
    type=click.Choice(LEVELS),
    help="Exit 1 when something of this level or above is found.",
)
@click.option(
    "--evaluable-only",
    is_flag=True,
    help="Let --fail-on judge by the rules that LOG can be asked; the others are named, and no doubt.",
)
@click.option("--rejects", type=filled, metavar="FILE", help="Write every line that is no event to FILE.")
@click.option("--mapping", type=filled, metavar="FILE", help="What the logs call the columns.")
@click.option(
    "--evidence",
    type=click.IntRange(min=0),
    default=20,
    show_default=True,
    metavar="N",
    help="Name the newest N events of a finding; 0 names all.",
)
@common_as("ndjson", "sarif")
def scan(
    given: Common,
    *,
    logs: tuple[str, ...],
    wanted: tuple[str, ...],
    fail_on: str | None,
    evaluable_only: bool,
    rejects: str | None,
    mapping: str | None,
    evidence: int,
) -> Verdict:
    """Read LOGs once and ask every rule and detection of them.

    LOG is a path, a glob or - for standard input: NDJSON, plain, gzip or zstd, or Parquet, told by the first
    bytes. A rule that needs a column which no event has is not evaluable: it is named, and what it matches is
    no finding. ndjson prints one finding a line, sarif one SARIF 2.1.0 document; both say what is no event on
    standard error. Exit codes: 0 the logs were asked (found or not), 1 something of --fail-on's level or
    above was found, 2 nothing was asked, 3 no event, a log that broke off, ids that stand for several events,
    no rule that can be asked, a detection that ran out of time or room, or, nothing else being found, a rule
    of --fail-on's level or above that is not evaluable.
    """
    from mcpsoar.app import scanning

    if evaluable_only and fail_on is None:
        raise Usage("--evaluable-only is about --fail-on, which is not given")
    root = locate(given.pack, os.environ)
    with heartbeat(talker(given), f"reading {_named(logs)}"):
        scanned = scanning.scan(
            logs,
            pack=root,
            now_ms=now_ms(SystemClock()),
            wanted=wanted,
            rejects=Path(rejects) if rejects else None,
            evidence=evidence or None,
            mapping=Path(mapping) if mapping else None,
        )
    if given.format not in ("text", "json"):
        look_text.doubts(scanned.look, is_kept=bool(rejects), say=show.talk)
    match given.format:
        case "json":
            show.document(scanning.document(scanned, fail_on, evaluable_only=evaluable_only))
        case "ndjson":
            for facts in scanning.lines(scanned):
                show.line(json.dumps(facts, ensure_ascii=True))
        case "sarif":
            from mcpsoar.app.scan_sarif import document

            show.document(document(scanned))
        case _:
            scan_text.tell(scanned, given.told.complete, is_kept=bool(rejects), no_color=given.no_color)
    if fail_on and not evaluable_only and (open_ := scanning.undecided(scanned, fail_on)):
        say = show.line if given.format == "text" else show.talk
        scan_text.undecided(scanned, fail_on, len(open_), say=say, complete=given.told.complete)
    return scanning.verdict(scanned, fail_on, evaluable_only=evaluable_only)


def _named(logs: tuple[str, ...]) -> str:
    more = f" and {len(logs) - 1} more" if len(logs) > 1 else ""
    return f"{logs[0]}{more}"
