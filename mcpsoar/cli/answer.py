"""How a command that runs a playbook talks meanwhile, and how it answers."""

import os
import shlex
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from mcpsoar.cli import show, stdout
from mcpsoar.cli.options import Common
from mcpsoar.cli.progress import Progress
from mcpsoar.core.errors import Conflict, Held
from mcpsoar.core.run import Report
from mcpsoar.core.verdict import Verdict

if TYPE_CHECKING:
    from mcpsoar.app.changed import Changed


def who() -> str:
    """The person at the keyboard, for those who find a server held."""
    import socket

    user = os.environ.get("SUDO_USER") or os.environ.get("USER") or os.environ.get("LOGNAME") or "somebody"
    return f"{user}@{socket.gethostname()}"


def talker(given: Common) -> Callable[[str], None]:
    """Where progress goes: standard error, or nowhere under -q."""
    return (lambda _: None) if given.loud < 0 else Progress()


def answer(given: Common, run: Callable[[], Report]) -> Verdict:
    """Run, and print the report. A server that another run holds, and one that was changed since, has a
    document of its own; Held and Changed go on.
    """
    from mcpsoar.app.report import document
    from mcpsoar.cli.report_text import lines

    try:
        report = run()
    except Held as held:
        tell_held(held, given)
        raise
    except Conflict as conflict:
        from mcpsoar.app.changed import Changed  # whoever contains does not wait for what a release looks at

        if isinstance(conflict, Changed):
            _tell(conflict, given)
        raise
    if given.is_json:
        show.document(document(report))
    else:
        for text in lines(report, given.told.at(report.extra).complete):
            show.line(text)
    if (why := stdout.why_lost()) is not None:  # what was done is on disk: nothing to take back
        home = shlex.quote(str(Path(report.journal_path).parents[2]))
        show.talk(
            f"run {report.run} ended as {report.verdict.value}; its report was not read to the end ({why}): "
            f"mcpsoar runs show {report.run} --home {home}"
        )
    return report.verdict.verdict


def tell_held(held: Held, given: Common) -> None:
    """The document of a server that another run holds."""
    if given.is_json:
        show.document({"error": "held", "by": held.by, "run": held.run, "since": held.since})


def _tell(changed: "Changed", given: Common) -> None:
    if given.is_json:
        show.document({"error": "changed", "changes": [one.as_facts() for one in changed.changes]})
    for one in changed.changes:
        show.talk(f"  changed  {one.words}")
