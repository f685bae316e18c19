"""Runs after the fact: list them, show one, finish a killed one, and prove a journal."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from mcpsoar.app import resuming
from mcpsoar.app.station import station
from mcpsoar.contain.home import Home
from mcpsoar.contain.journal import Chain, read
from mcpsoar.contain.ledger import Ledger, fold
from mcpsoar.contain.summary import report
from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Tampered, Usage
from mcpsoar.core.ports import Clock
from mcpsoar.core.profile import Profile
from mcpsoar.core.run import Report
from mcpsoar.core.verdict import RunVerdict, Verdict


@dataclass(frozen=True, slots=True)
class Check:
    """What a journal is worth. YES: as it was written. NO: not. CANNOT_TELL: a crash left it unfinished."""

    run: str
    verdict: Verdict
    detail: str
    count: int
    head: str


def listed(home: Path) -> tuple[Facts, ...]:
    """Every run, newest first: run, servers, verdict, started_at; `problem` where a journal is not whole;
    `released_by` where later runs released it: {run, at, servers} of each.
    """
    house = Home(home)
    rows = []
    chains = {run: _chain(house, run) for run in house.runs()}
    folded = {run: fold(chain) for run, chain in chains.items()}
    since = _released_since(ledger for ledger, _ in folded.values() if ledger is not None)
    for run, (ledger, problem) in folded.items():
        row: dict[str, object] = {"run": run, "servers": [], "verdict": "interrupted", "started_at": None}
        if ledger is not None:
            row["servers"] = list(ledger.servers)
            row["verdict"] = _shown(house, run, chains[run], ledger).verdict.value
            row["started_at"] = ledger.started_at
            row["direction"] = ledger.direction.value
        if run in since:
            row["released_by"] = since[run]
        if problem is not None:
            row["problem"] = problem
        rows.append(row)
    return tuple(sorted(rows, key=lambda row: (str(row["started_at"] or ""), str(row["run"])), reverse=True))


def show(home: Path, run: str) -> Report:
    """The report of one run as its journal tells it, and who released it since. Raises Usage, Tampered."""
    house = Home(home)
    run = house.named(run)
    chain = _chain(house, run)
    ledger, problem = fold(chain)
    if problem is not None:
        raise Tampered(problem, next_command=f"mcpsoar runs verify {run}")
    if ledger is None:
        raise Usage(f"run {run} was killed before it wrote a plan: nothing was sent")
    shown = _shown(house, run, chain, ledger)
    others = (fold(_chain(house, other))[0] for other in house.runs() if other != run)
    since = _released_since(other for other in others if other is not None)
    return replace(shown, extra={**shown.extra, "released_by": since[run]}) if run in since else shown


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
    chain = _chain(house, run)
    if shown.verdict.verdict is Verdict.YES and not chain.beyond and not chain.torn:
        say(f"run {run} is at its end: {shown.verdict.value}")
        return shown
    with station(profile, house, clock, say) as ready:
        return resuming.resume(ready, run, pack, by)


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


def _released_since(ledgers: Iterable[Ledger]) -> dict[str, list[Facts]]:
    """By containment, the releases that brought servers of it back: {run, at, servers}, oldest first."""
    found: dict[str, list[Facts]] = {}
    for ledger in ledgers:
        servers: dict[str, list[str]] = {}
        for run, name in ledger.releases:
            if (run, name) in ledger.released:
                servers.setdefault(run, []).append(name)
        at = ledger.ended_at or ledger.started_at
        for run, names in servers.items():
            found.setdefault(run, []).append({"run": ledger.run, "at": at, "servers": names})
    return found


def _shown(house: Home, run: str, chain: Chain, ledger: Ledger) -> Report:
    is_live = ledger.verdict is None and house.is_live(run)
    return report(ledger, path=str(house.journal(run)), head=chain.head, is_live=is_live)
