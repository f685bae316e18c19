"""Runs after the fact: list them, show one, finish a killed one; to prove one is `app.verifying`."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

from mcpsoar.app import resuming, sealing
from mcpsoar.app.sealing import whole
from mcpsoar.app.station import station
from mcpsoar.app.verifying import Check, verify
from mcpsoar.contain.home import Home
from mcpsoar.contain.journal import Chain, read
from mcpsoar.contain.ledger import Ledger, fold
from mcpsoar.contain.summary import report
from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Usage
from mcpsoar.core.ports import Clock
from mcpsoar.core.profile import Profile
from mcpsoar.core.run import Report
from mcpsoar.core.verdict import RunVerdict, Verdict

__all__ = ["Check", "listed", "page", "resume", "show", "verify"]


def listed(home: Path) -> tuple[Facts, ...]:
    """Every run, newest first: run, servers, verdict, started_at; `problem` where a journal is not whole;
    `released_by` where later runs released it: {run, at, servers} of each; `rehearsal` where it was one.
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
            if ledger.about["rehearsal"]:
                row["rehearsal"] = True
        if run in since:
            row["released_by"] = since[run]
        if problem is not None:
            row["problem"] = problem
        rows.append(row)
    return tuple(sorted(rows, key=lambda row: (str(row["started_at"] or ""), str(row["run"])), reverse=True))


def show(home: Path, run: str) -> Report:
    """The report of one run as its journal tells it, and who released it since. Raises Usage, Tampered."""
    return _told(home, run)[0]


def page(home: Path, run: str) -> tuple[Report, str]:
    """The same, and as a Markdown page. Raises as `show`."""
    from mcpsoar.app import run_page

    shown, entries = _told(home, run)
    return shown, run_page.page(shown, entries)


def resume(
    home: Path,
    run: str,
    *,
    profile: Profile,
    pack: Path,
    clock: Clock,
    say: Callable[[str], None],
    by: str = "",
    complete: Callable[[str], str] = str,
    changed_too: bool = False,
) -> Report:
    """Finish a run: steps that are proven stay, all others are looked at before anything is repeated.

    Raises Usage (unknown run, a dry one, another place), Tampered, Held, Unwritable.
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
        ended = resuming.resume(ready, run, pack, by, changed_too=changed_too)
    return sealing.sealed(ended, profile.audit, house, clock=clock, say=say, complete=complete)


def _told(home: Path, run: str) -> tuple[Report, tuple[Facts, ...]]:
    house = Home(home)
    run = house.named(run)
    chain = _chain(house, run)
    ledger = whole(run, chain)
    statement = sealing.stated(run, chain, ledger)
    shown = sealing.shown(house, run, _shown(house, run, chain, ledger), statement)
    others = (fold(_chain(house, other))[0] for other in house.runs() if other != run)
    since = _released_since(other for other in others if other is not None)
    if run in since:
        shown = replace(shown, extra={**shown.extra, "released_by": since[run]})
    return shown, chain.entries


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
