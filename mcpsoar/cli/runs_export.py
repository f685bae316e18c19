"""`mcpsoar runs verify`, `sign` and `export`: what a run is worth as evidence."""

import os
from pathlib import Path
from typing import Any

import click

from mcpsoar.cli import show
from mcpsoar.cli.options import Common, common
from mcpsoar.cli.words import filled, journal_head
from mcpsoar.core.verdict import Verdict

_WORTH = {Verdict.YES: "intact", Verdict.NO: "tampered", Verdict.CANNOT_TELL: "unfinished"}
_WAIT_S = 60.0  # a person may have to answer ssh-agent's question
_home = click.option("--home", type=filled, metavar="DIR", help="Where runs and journals live.")
_profile = click.option(
    "--profile", type=filled, metavar="NAME", help="Whose audit table to use; else the run's own profile."
)


@click.command()
@click.argument("run", metavar="ID")
@click.option(
    "--head",
    metavar="DIGEST",
    callback=journal_head,
    help="The head that was printed, paged or exported at the time.",
)
@click.option(
    "--allowed-signers",
    type=filled,
    metavar="FILE",
    help="Whose signatures count, instead of what the profile trusts; then an unsigned run exits 3.",
)
@_profile
@_home
@common
def verify(given: Common, run: str, head: str | None, **asked: Any) -> Verdict:
    """Is a journal as it was written, and who says so?

    0: yes. 1: edited, cut or reordered, or signed by a key that is not trusted. 3: a crash left it torn; or
    it is unanchored, and no --head was given; or it is unsigned, and the profile or --allowed-signers says
    whose signature is wanted.
    """
    from mcpsoar.app import settings
    from mcpsoar.app.verifying import verify as verified
    from mcpsoar.app.vouching import trusted

    place = settings.home(asked["home"], os.environ)
    whom = settings.Asked(given.config, asked["profile"])
    trust = trusted(place, run, whom, asked["allowed_signers"], os.environ)
    check = verified(place, run, head, trust)
    worth = "unanchored" if check.is_unanchored else _WORTH[check.verdict]
    if given.is_json:
        show.document(
            {
                "run": check.run,
                "verdict": worth,
                "detail": check.detail,
                "lines": check.count,
                "head": check.head,
                "signature": check.signature,
            }
        )
    else:
        show.line(f"{worth}: run {check.run}: {show.clean(check.detail)}")
        show.line(f"  head     {check.head}")
        show.line(f"  {show.clean(check.signature)}")
    return check.verdict


@click.command()
@click.argument("run", metavar="ID")
@_profile
@_home
@common
def sign(given: Common, run: str, profile: str | None, home: str | None) -> None:
    """Sign the head of a run that has ended, by the key of its profile's audit table.

    For a run that could not be signed at its end: the agent was away, the key was not there.
    """
    from mcpsoar.app import sealing, settings
    from mcpsoar.app.vouching import signing
    from mcpsoar.contain.home import Home
    from mcpsoar.kit.clock import SystemClock

    house = Home(settings.home(home, os.environ))
    run = house.named(run)
    named = signing(house.path, run, settings.Asked(given.config, profile), os.environ)
    seal = sealing.make(house, run, named, clock=SystemClock(), wait_s=_WAIT_S)
    signature = sealing.signed(seal)
    if given.is_json:
        show.document({"run": run, "head": seal.statement.head, "signature": signature})
        return
    show.line(f"signed: run {run} by {signature['signer']}, {signature['key']}")
    show.line(f"  head     {seal.statement.head}")


@click.command()
@click.argument("run", metavar="ID")
@click.option("-o", "--out", type=filled, metavar="FILE", required=True, help="The archive, a .zip.")
@click.option("--force", is_flag=True, help="Write over a FILE that is there.")
@_home
@common
def export(given: Common, run: str, out: str, *, force: bool, home: str | None) -> None:
    """One run as one archive that anybody can check without mcpsoar.

    It holds the journal, its anchor, the head and its signature, the report as JSON and as a page, and
    CHECK.txt, which says how to check it: ssh-keygen for the signature, ten lines of Python for the chain.
    """
    from mcpsoar.app import settings
    from mcpsoar.app.exporting import export as exported

    made = exported(settings.home(home, os.environ), run, Path(out), force=force)
    said = made.statement
    if given.is_json:
        show.document(
            {
                "run": said.run,
                "file": str(made.path),
                "bytes": made.size_bytes,
                "digest": made.digest,
                "verdict": said.verdict,
                "lines": said.lines,
                "head": said.head,
                "signature": dict(made.signature),
                "anchored": made.is_anchored,
            }
        )
        return
    state = made.signature["state"]
    anchored = "" if made.is_anchored else ", unanchored"
    show.line(f"{show.clean(str(made.path))}: {made.size_bytes} bytes, {made.digest}")
    show.line(f"  run {said.run} verdict {said.verdict} head {said.head} {state}{anchored}")
    if "why" in made.signature:
        show.line(f"  {state:<8} {show.clean(str(made.signature['why']))}")
        show.line(f"  next     {given.told.complete(f'mcpsoar runs sign {said.run}')}")
