"""`mcpsoar doctor`: options and words only."""

import os
import shlex

import click

from mcpsoar.cli import show
from mcpsoar.cli.answer import talker
from mcpsoar.cli.options import Common, common
from mcpsoar.cli.words import filled
from mcpsoar.core.verdict import Verdict

_HEADS = {Verdict.YES: "WELL", Verdict.NO: "BROKEN", Verdict.CANNOT_TELL: "CANNOT TELL"}
_LONG = 400


@click.command()
@click.option("--profile", type=filled, metavar="NAME", help="Which profile of the settings to look at.")
@click.option("--api", type=filled, metavar="URL", help="The reference API at URL, for all three roles.")
@click.option("--server", type=filled, metavar="SERVER", help="A real server to look at, and to call.")
@click.option("--home", type=filled, metavar="DIR", help="Where runs and journals live.")
@common
def doctor(
    given: Common, *, profile: str | None, api: str | None, server: str | None, home: str | None
) -> Verdict:
    """Try what a containment would need: every role, every credential, the host, the home, the playbook.

    Reads alone: no control plane is changed. The canary's control is called, and SERVER where one is named;
    these calls are as harmless as the tool that the profile names. A limit is what a system cannot do or the
    profile does not say: it is told before the incident, and nothing is broken.

    Exit 0: well. 1: something is broken. 2: there are no settings to look at. 3: something did not answer.
    """
    from mcpsoar.app import settings
    from mcpsoar.app.checkup import State, document, verdict
    from mcpsoar.app.doctor import doctor as examine
    from mcpsoar.contain.plan import servers
    from mcpsoar.kit.clock import SystemClock
    from mcpsoar.pack.locate import locate

    again = f"mcpsoar doctor --server {shlex.quote(server)}" if server else "mcpsoar doctor"
    found = settings.load(settings.Asked(given.config, profile, api), os.environ, command=again)
    checks = tuple(
        examine(
            found,
            home=settings.home(home, os.environ, again),
            pack=locate(given.pack, os.environ),
            clock=SystemClock(),
            say=talker(given),
            server=servers([server])[0] if server else None,
            complete=given.told.complete,
        )
    )
    answer = verdict(checks)
    if given.is_json:
        show.document(document(found.profile.name, found.profile.where, checks))
        return answer
    counts = {state: sum(check.state is state for check in checks) for state in State}
    show.line(
        f"{_HEADS[answer]}: profile {show.clean(found.profile.name)} of {show.clean(found.profile.where)}: "
        + ", ".join(f"{count} {state}" for state, count in counts.items() if count)
    )
    for check in checks:
        show.line(f"  {check.state:<8} {show.clean(check.about):<12} {show.clean(check.words, limit=_LONG)}")
    return answer
