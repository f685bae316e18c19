"""`mcpsoar runs`: list, show, resume; what makes evidence of them is in `runs_export`."""

import os
import shlex

import click

from mcpsoar.cli import show
from mcpsoar.cli.answer import answer, talker, who
from mcpsoar.cli.at_home import at_home
from mcpsoar.cli.interrupted import begun_runs
from mcpsoar.cli.options import Common, common, common_as
from mcpsoar.cli.runs_export import export, sign, verify
from mcpsoar.cli.words import filled
from mcpsoar.core.digest import Facts
from mcpsoar.core.verdict import Verdict

_home = click.option("--home", type=filled, metavar="DIR", help="Where runs and journals live.")


@click.group()
def runs() -> None:
    """Look at runs, finish killed ones, verify their journals."""


@runs.command("list")
@_home
@common
def list_(given: Common, home: str | None) -> None:
    """Every run, newest first. One whose process died is `interrupted`."""
    from mcpsoar.app import runs as app
    from mcpsoar.app import settings

    rows = app.listed(settings.home(home, os.environ))
    if given.is_json:
        show.document({"runs": list(rows)})
        return
    if not rows:
        show.talk("no runs yet")
        return
    show.table(("RUN", "VERDICT", "BEGAN", "SERVERS"), [_row(row) for row in rows], no_color=given.no_color)


@runs.command("show")
@click.argument("run", metavar="ID")
@_home
@common_as("markdown")
def show_(given: Common, run: str, home: str | None) -> Verdict:
    """The report of one run, from its journal; markdown is a page. Exits as the run did."""
    from mcpsoar.app import runs as app
    from mcpsoar.app import settings

    place = settings.home(home, os.environ)
    if given.format == "markdown":
        report, page = app.page(place, run)
        show.line(page.rstrip("\n"))
        return report.verdict.verdict
    return answer(given, lambda: app.show(place, run))


@runs.command()
@click.argument("run", metavar="ID")
@click.option("--profile", type=filled, metavar="NAME", help="The profile that the run was planned with.")
@click.option("--api", type=filled, metavar="URL", help="The address that the run was planned with.")
@click.option(
    "--changed-too", is_flag=True, help="Also by options of the profile that were edited since the plan."
)
@_home
@common
def resume(
    given: Common, run: str, *, profile: str | None, api: str | None, changed_too: bool, home: str | None
) -> Verdict:
    """Finish a run that was killed or could not tell: looks before it repeats anything."""
    from mcpsoar.app import runs as app
    from mcpsoar.app import settings
    from mcpsoar.kit.clock import SystemClock
    from mcpsoar.pack.locate import locate

    again = shlex.join(["mcpsoar", "runs", "resume", run, *(["--changed-too"] if changed_too else [])])
    with begun_runs(given, resumed=run):
        found = settings.load(settings.Asked(given.config, profile, api), os.environ, command=again)
        for warning in found.warnings:
            show.talk(warning)
        place = settings.home(home, os.environ, again)
        with at_home(place, lambda: again):
            return answer(
                given,
                lambda: app.resume(
                    place,
                    run,
                    profile=found.profile,
                    pack=locate(given.pack, os.environ),
                    clock=SystemClock(),
                    say=talker(given),
                    by=who(),
                    complete=given.told.complete,
                    changed_too=changed_too,
                ),
            )


for _command in (verify, sign, export):
    runs.add_command(_command)


def _since(row: Facts) -> str:
    """What became of a containment later."""
    released = {name for release in row.get("released_by", ()) for name in release["servers"]}
    if not released:
        return ""
    return ", released since" if released >= set(row["servers"]) else ", released in part"


def _row(row: Facts) -> tuple[str, ...]:
    servers = ", ".join(row["servers"])
    problem = f"  {row['problem']}" if "problem" in row else ""
    return (
        row["run"],
        row["verdict"] + _since(row) + (", rehearsed" if row.get("rehearsal") else ""),
        row["started_at"] or "unknown",
        servers + problem,
    )
