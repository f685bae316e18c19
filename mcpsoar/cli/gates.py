"""`mcpsoar gates`: options and words only."""

import os
from pathlib import Path
from typing import Any

import click

from mcpsoar.app import gates as app
from mcpsoar.app.look_document import document
from mcpsoar.cli import look_text, show
from mcpsoar.cli.case_text import answer
from mcpsoar.cli.options import Common, common
from mcpsoar.cli.words import filled
from mcpsoar.core.content import GateText
from mcpsoar.core.errors import Usage
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit.clock import SystemClock, now_ms
from mcpsoar.kit.names import names
from mcpsoar.pack.locate import locate


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def gates() -> None:
    """List and test paging gates, check logs against them, print them as SQL for your own engine."""


_approved = click.option(
    "--approved",
    type=filled,
    metavar="FILE",
    help="The approved servers, a name a line; a # line is a remark.",
)
_as_of = click.option(
    "--as-of",
    type=filled,
    metavar="TIME",
    help="The whole minute to judge; default: the first after the last event.",
)


@gates.command("list")
@common
def list_(given: Common) -> None:
    """List the gates of the pack: what pages whom, and when. Reads files alone."""
    found = app.listed(locate(given.pack, os.environ))
    if given.is_json:
        show.document({"gates": [_facts(gate) for gate in found]})
        return
    heads = ("GATE", "WINDOW", "TARGET", "PAGES WHEN", "SEVERITY", "OWNER")
    rows = [
        (gate.id, _span(gate.window_ms), gate.target, gate.page_when, gate.severity, gate.owner)
        for gate in found
    ]
    show.table(heads, rows, no_color=given.no_color)


@gates.command("test")
@click.argument("wanted", nargs=-1, metavar="[GATE]...")
@common
def test(given: Common, wanted: tuple[str, ...]) -> Verdict:
    """Judge the events of every case of the gates (all, or those named) on DuckDB.

    A positive case must page or warn, a negative or benign one must not page; each must be in the state that
    it names. A gate without a case of each kind fails. Exit codes: 0 every case holds, 1 a case fails, 2 a
    gate or a case cannot be read.
    """
    results = app.proved(locate(given.pack, os.environ), wanted)
    return answer(results, "gate", is_json=given.is_json)


@gates.command("check")
@click.argument("logs", nargs=-1, required=True, metavar="LOG...")
@click.option(
    "--gate", "wanted", type=filled, multiple=True, metavar="ID", help="Judge only this gate; repeatable."
)
@_approved
@_as_of
@click.option("--rejects", type=filled, metavar="FILE", help="Write every line that is no event to FILE.")
@click.option("--mapping", type=filled, metavar="FILE", help="What the logs call the columns.")
@common
def check(
    given: Common,
    *,
    logs: tuple[str, ...],
    wanted: tuple[str, ...],
    approved: str | None,
    as_of: str | None,
    rejects: str | None,
    mapping: str | None,
) -> Verdict:
    """Read LOGs once and judge the gates at one minute.

    LOG is a path, a glob or - for standard input: NDJSON, plain, gzip or zstd, or Parquet, told by the first
    bytes. Exit codes: 0 no gate pages, 1 one pages, 2 nothing was judged, 3 a gate has no data or a log
    broke off.
    """
    from mcpsoar.app import watch

    if approved == "-" and "-" in logs:
        raise Usage("standard input is either the log or the approved list")
    look = watch.look(
        logs,
        pack=locate(given.pack, os.environ),
        gates=wanted or None,
        approved=names(approved) if approved else None,
        as_of_ms=app.as_of(as_of) if as_of else None,
        now_ms=now_ms(SystemClock()),
        rejects=Path(rejects) if rejects else None,
        mapping=Path(mapping) if mapping else None,
    )
    if given.is_json:
        show.document(document(look))
    else:
        look_text.tell(look, is_kept=bool(rejects), no_color=given.no_color)
    return app.verdict(look.judgements, look.intake)


@gates.command("sql")
@click.argument("gate")
@click.option(
    "--dialect", type=filled, default="duckdb", show_default=True, metavar="D", help="The engine's SQL."
)
@_approved
@_as_of
@common
def sql(given: Common, gate: str, dialect: str, approved: str | None, as_of: str | None) -> None:
    """Print GATE as one whole statement over your table mcp_audit: identity, window, counts."""
    made = app.statement(
        locate(given.pack, os.environ),
        gate,
        dialect,
        as_of_ms=app.as_of(as_of) if as_of else None,
        approved=names(approved) if approved else None,
    )
    if given.is_json:
        show.document({"gate": gate, "dialect": dialect, "sql": made})
    else:
        show.line(made)


def _facts(gate: GateText) -> dict[str, Any]:
    return {
        "id": gate.id,
        "title": gate.title,
        "owner": gate.owner,
        "severity": gate.severity,
        "window_s": gate.window_ms // 1000,
        "target": gate.target,
        "page_when": gate.page_when,
        "counts": gate.counts.value,
        "why": gate.why,
        "runbook": list(gate.runbook),
        "false_alarms": list(gate.false_alarms),
        "references": list(gate.references),
        "cases": len(gate.cases),
        "path": str(gate.path),
    }


def _span(window_ms: int) -> str:
    minutes = window_ms // 60_000
    return f"{minutes // 60} h" if minutes % 60 == 0 else f"{minutes} m"
