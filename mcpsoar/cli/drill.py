"""`mcpsoar drill`: the whole main job on the embedded lab."""

import shlex
import tempfile
from contextlib import ExitStack
from pathlib import Path

import click

from mcpsoar.cli import show
from mcpsoar.cli.answer import talker
from mcpsoar.cli.options import Common, common
from mcpsoar.cli.words import filled
from mcpsoar.core.errors import Usage
from mcpsoar.core.verdict import Verdict


@click.command()
@click.option(
    "--keep", type=filled, metavar="DIR", help="Keep the log, the findings, the reports and the runs in DIR."
)
@common
def drill(given: Common, keep: str | None) -> Verdict:
    """Play incidents for real on the embedded lab, detect, page, contain and release, and prove each.

    Starts MCP servers, a gateway and a control plane on loopback; touches nothing else. Exits 0 only if
    every attack was caught as the table says, benign traffic paged nobody, and containment and release were
    verified.
    """
    import os

    from mcpsoar.app import lab
    from mcpsoar.app.drill import drill as play
    from mcpsoar.app.drill_ground import Settings
    from mcpsoar.app.drill_outcome import facts
    from mcpsoar.cli.drill_text import lines
    from mcpsoar.kit.clock import SystemClock
    from mcpsoar.pack.locate import locate

    lab.demand()
    with ExitStack() as stack:
        home = _home(keep, stack)
        outcome = play(
            Settings(
                home=home,
                pack=locate(given.pack, os.environ),
                clock=SystemClock(),
                say=talker(given),
            )
        )
        if given.is_json:
            show.document(facts(outcome))
        else:
            for text in lines(outcome, is_kept=keep is not None):
                show.line(text)
    return outcome.verdict


def _home(keep: str | None, stack: ExitStack) -> Path:
    if keep is None:
        return Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="mcpsoar-drill-")))
    home = Path(keep)
    try:
        home.mkdir(parents=True, exist_ok=True)
        is_empty = not any(home.iterdir())
    except OSError as error:
        raise Usage(f"cannot keep anything in {keep}: {error.strerror}") from None
    if not is_empty:
        raise Usage(f"{keep} is not empty", next_command=f"mcpsoar drill --keep {shlex.quote(f'{keep}-2')}")
    return home
