"""Runs after the fact: list them, show one, finish a killed one, and prove a journal."""

from collections.abc import Callable
from dataclasses import dataclass
from os import getpid
from pathlib import Path

from mcpsoar.app.engine import Engine
from mcpsoar.app.station import station
from mcpsoar.contain import plan as plans
from mcpsoar.contain.home import Home, ServerLocks
from mcpsoar.contain.journal import Chain, read
from mcpsoar.contain.ledger import Ledger, fold
from mcpsoar.contain.run import is_settled
from mcpsoar.contain.summary import report
from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Held, Tampered, Usage
from mcpsoar.core.ports import Clock
from mcpsoar.core.profile import Profile
from mcpsoar.core.run import Report
from mcpsoar.core.verdict import RunVerdict, Verdict
from mcpsoar.kit.clock import stamp
from mcpsoar.pack import playbooks


@dataclass(frozen=True, slots=True)
class Check:
    """What a journal is worth. YES: as it was written. NO: not. CANNOT_TELL: a crash left it unfinished."""

    run: str
    verdict: Verdict
    detail: str
    count: int
    head: str


def listed(home: Path) -> tuple[Facts, ...]:
    """Every run, newest first: run, servers, verdict, started_at; `problem` where a journal is not whole."""
    house = Home(home)
    rows = []
    for run in house.runs():
        chain = _chain(house, run)
        ledger = fold(chain.entries)
        row: dict[str, object] = {"run": run, "servers": [], "verdict": "interrupted", "started_at": None}
        if ledger is not None:
            row["servers"] = list(ledger.servers)
            row["verdict"] = _shown(house, run, chain, ledger).verdict.value
            row["started_at"] = ledger.started_at
            row["direction"] = ledger.direction.value
        if chain.problem is not None:
            row["problem"] = chain.problem
        rows.append(row)
    return tuple(sorted(rows, key=lambda row: (str(row["started_at"] or ""), str(row["run"])), reverse=True))


def show(home: Path, run: str) -> Report:
    """The report of one run as its journal tells it. Raises Usage, Tampered."""
    house = Home(home)
    run = house.named(run)
    chain = _chain(house, run)
    ledger = fold(chain.entries)
    if chain.problem is not None:
        raise Tampered(chain.problem, next_command=f"mcpsoar runs verify {run}")
    if ledger is None:
        raise Usage(f"run {run} was killed before it wrote a plan: nothing was sent")
    return _shown(house, run, chain, ledger)


def verify(home: Path, run: str, head: str | None = None) -> Check:
    """Check a journal against its chain, and against a head noted at the time or else its anchor.

    Raises Usage when there is no such run.
    """
    house = Home(home)
    run = house.named(run)
    chain = _chain(house, run)
    verdict, detail = _judged(chain, head)
    if verdict is Verdict.CANNOT_TELL and house.is_live(run):
        detail = f"the run is still at work; {detail}"
    return Check(run, verdict, detail, chain.count, chain.head)


def resume(
    home: Path,
    run: str,
    *,
    profile: Profile,
    pack: Path,
    clock: Clock,
    say: Callable[[str], None],
    by: str = "",
) -> Report:
    """Finish a run: steps that are proven stay, all others are looked at before anything is repeated.

    Raises Usage (unknown run, a dry one, another plan), Tampered, Held, Unwritable.
    """
    house = Home(home)
    run = house.named(run)
    shown = show(home, run)
    if shown.verdict is RunVerdict.PLANNED:
        raise Usage(f"run {run} was a dry run: there is nothing to resume")
    if shown.verdict.verdict is Verdict.YES:
        say(f"run {run} is at its end: {shown.verdict.value}")
        return shown
    with station(profile, house, clock, say) as ready, house.run_lock(run) as own:
        engine = Engine(ready)
        ledger = engine.ledger(run)
        made = plans.make(
            playbooks.load(pack, ledger.playbook),
            ledger.servers,
            direction=ledger.direction,
            bindings=ready.bindings(),
            has_canary=profile.canary is not None,
        )
        if made.digest != ledger.plan_digest:
            raise Usage(
                f"run {run} was planned as {ledger.plan_digest}, today's playbook and profile give "
                f"{made.digest}: the same step would mean something else",
                next_command=f"mcpsoar runs show {run}",
            )
        since = stamp(clock.now())
        if not own.take():
            raise Held(f"run {run} is still at work", by="its own process", run=run, since=ledger.started_at)
        locks = ServerLocks(house, ledger.servers, clock)
        try:
            locks.take()
            locks.sign({"by": by, "run": run, "since": since, "pid": getpid()})
            journal = engine.journal(run)
            try:
                again = [state for state in ledger.steps.values() if state.verdict and not is_settled(state)]
                journal.append(
                    {"kind": "resumed", "by": by or None},
                    *({"kind": "again", "step": state.step.id} for state in again),
                )
                say(f"{since}  run {run} is resumed")
                return engine.carry_out(run, journal)
            finally:
                journal.close()
        finally:
            locks.free()


def _judged(chain: Chain, head: str | None) -> tuple[Verdict, str]:
    if chain.problem is not None:
        return Verdict.NO, chain.problem
    if head is not None and head not in chain.heads:
        return Verdict.NO, f"no line of this journal has the head {head}"
    if head is not None and head != chain.head:
        later = chain.count - 1 - chain.heads.index(head)
        return Verdict.CANNOT_TELL, f"whole up to that head; {later} lines were added since"
    if chain.torn:
        return Verdict.CANNOT_TELL, "whole but for a torn last line, as a crash leaves it: resume the run"
    if chain.beyond and head is None:
        return Verdict.CANNOT_TELL, "one line longer than its anchor, as a crash leaves it: resume the run"
    against = "the head that was noted" if head is not None else "its anchor"
    return Verdict.YES, f"{chain.count} lines, chained, and as {against} says"


def _chain(house: Home, run: str) -> Chain:
    return read(house.journal(run), house.anchor(run), run)


def _shown(house: Home, run: str, chain: Chain, ledger: Ledger) -> Report:
    is_live = ledger.verdict is None and house.is_live(run)
    return report(ledger, path=str(house.journal(run)), head=chain.head, is_live=is_live)
