"""A rehearsal: a server that nobody needs is contained in earnest, and released, as in an incident."""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from mcpsoar.app import rehearsals, runs
from mcpsoar.app.contain import execute
from mcpsoar.app.order import DEFAULT_PLAYBOOK, Order, Rehearsed
from mcpsoar.app.rehearsals import Past
from mcpsoar.app.report import document as report_document
from mcpsoar.app.sparing import check
from mcpsoar.contain.plan import CANARY
from mcpsoar.core.digest import Facts, Json
from mcpsoar.core.errors import Trouble
from mcpsoar.core.plan import Direction
from mcpsoar.core.ports import Clock
from mcpsoar.core.profile import Profile
from mcpsoar.core.run import Report
from mcpsoar.core.verdict import Verdict

_WORDS = {Verdict.YES: "rehearsed", Verdict.NO: "not_rehearsed", Verdict.CANNOT_TELL: "unverified"}


@dataclass(frozen=True, slots=True)
class Rehearsal:
    """`release` is None where none came to an end: `problem` says why; the server may still be contained."""

    contain: Report
    release: Report | None
    problem: Trouble | None
    past: Past

    @property
    def verdict(self) -> Verdict:
        return self.past.verdict

    @property
    def word(self) -> str:
        return _WORDS[self.verdict]

    @property
    def server(self) -> str:
        return self.contain.servers[0]

    @property
    def left_out(self) -> Facts:
        """By the step of the playbook, why it was not rehearsed."""
        found: Facts = self.contain.extra["rehearsal"]["left_out"]
        return found


def rehearse(
    order: Order,
    *,
    profile: Profile,
    home: Path,
    pack: Path,
    clock: Clock,
    say: Callable[[str], None],
    complete: Callable[[str], str] = str,
    random_hex: Callable[[int], str] = secrets.token_hex,
) -> Rehearsal:
    """Two runs as any others, marked as a rehearsal. However the first one ends, the second is begun.

    Raises Usage (not a server for that, or still contained: nothing was attempted), and what
    `contain.execute` raises of the first run.
    """

    def run(one: Order) -> Report:
        return execute(
            one,
            profile=profile,
            home=home,
            pack=pack,
            clock=clock,
            say=say,
            complete=complete,
            random_hex=random_hex,
        )

    check(order.servers[0], profile)
    contained = run(order)
    say(f"rehearsal: {contained.verdict.value.replace('_', ' ')}; now the release")
    released, problem = None, None
    try:
        released = run(_back(order, contained))
    except Trouble as trouble:
        problem = trouble
    found = next(one for one in rehearsals.past(home) if one.contain.run == contained.run)
    # read again: a containment says who released it
    return Rehearsal(runs.show(home, contained.run), released, problem, found)


def document(made: Rehearsal) -> Json:
    """The document of `contain --rehearse --format json`. More keys may come, none goes."""
    mark = made.contain.extra["rehearsal"]
    return {
        "rehearsal": {
            "server": made.server,
            "profile": made.contain.extra["profile"],
            "playbook": made.contain.playbook,
            "asked_at": mark["asked_at"],
            "with_shared": mark["with_shared"],
            "left_out": [{"step": step, "why": why} for step, why in made.left_out.items()],
            "untried": list(made.past.untried),
            "problem": str(made.problem) if made.problem else None,
        },
        "contain": report_document(made.contain),
        "release": report_document(made.release) if made.release else None,
        "timings": made.past.timings.as_facts(),
        "verdict": made.word,
    }


def _back(order: Order, contained: Report) -> Order:
    """The release of that one run. That the server was on before is known where its canary executed."""
    seen = (step.evidence.get("before") or {} for step in contained.steps if step.action == CANARY)
    mark = order.rehearsal or Rehearsed("")
    return replace(
        order,
        servers=contained.servers,
        direction=Direction.UNDO,
        playbook=DEFAULT_PLAYBOOK,
        assume_on=any("executed" in before for before in seen),
        only=contained.run,
        rehearsal=replace(mark, left_out=contained.extra["rehearsal"]["left_out"]),
        command=f"mcpsoar release {' '.join(contained.servers)} --yes",
    )
