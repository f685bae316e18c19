"""Rehearsals as the journals tell them: two marked runs, what they came to, and how long each part took."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from itertools import groupby
from pathlib import Path

from mcpsoar.contain.home import Home
from mcpsoar.contain.journal import Chain, read
from mcpsoar.contain.ledger import Ledger, fold
from mcpsoar.core.digest import Facts
from mcpsoar.core.plan import Direction
from mcpsoar.core.verdict import RunVerdict, StepVerdict, Verdict, worst


@dataclass(frozen=True, slots=True)
class Timings:
    """Seconds since the command was given; None for what did not come. `acknowledged_s` is the last answer to
    a write, where each write was answered.
    """

    first_write_s: float | None = None
    acknowledged_s: float | None = None
    verified_s: float | None = None
    released_s: float | None = None

    def as_facts(self) -> Facts:
        return asdict(self)

    @property
    def words(self) -> str:
        """In one line, those that are known."""
        named = (
            ("first write", self.first_write_s),
            ("last write acknowledged", self.acknowledged_s),
            ("verified", self.verified_s),
            ("released", self.released_s),
        )
        return ", ".join(f"{name} {took_s:.1f} s" for name, took_s in named if took_s is not None)


@dataclass(frozen=True, slots=True)
class Past:
    """One rehearsal. `release` is None where none was begun; `is_live` while it is at work."""

    contain: Ledger
    release: Ledger | None
    timings: Timings
    is_live: bool

    @property
    def mark(self) -> Facts:
        said: Facts = self.contain.about["rehearsal"]
        return said

    @property
    def profile(self) -> str:
        return str(self.contain.about["profile"])

    @property
    def server(self) -> str:
        return self.contain.servers[0]

    @property
    def untried(self) -> tuple[str, ...]:
        """Steps that found things so, and sent nothing."""
        states = self.contain.steps.items()
        return tuple(name for name, state in states if state.verdict is StepVerdict.ALREADY)

    @property
    def is_back(self) -> bool:
        """Whether a release let go of the server again, however it ended."""
        pair = (self.contain.run, self.server)
        return self.release is not None and pair in self.release.released

    @property
    def verdict(self) -> Verdict:
        """NO too where it is not released, CANNOT_TELL where there was nothing to do."""
        ended = [self.contain.verdict, self.release.verdict if self.release else RunVerdict.NOT_RELEASED]
        tried = Verdict.CANNOT_TELL if self.timings.first_write_s is None else Verdict.YES
        return worst([tried, *((verdict or RunVerdict.INTERRUPTED).verdict for verdict in ended)])


def past(home: Path) -> Iterator[Past]:
    """Newest first; a journal that is not whole tells of none."""
    house = Home(home)
    releases: list[Ledger] = []
    for _, together in groupby(reversed(house.runs()), key=lambda run: run.partition("-")[0]):
        told = [found for run in together if (found := _told(house, run)) is not None]
        # ids tell the second, and both may have begun in one
        told.sort(key=lambda found: found[0].started_at, reverse=True)
        releases += [ledger for ledger, _ in told if ledger.direction is Direction.UNDO]
        for ledger, chain in told:
            if ledger.direction is Direction.APPLY and ledger.about["rehearsal"]:
                yield _past(house, ledger, chain, releases)


def _told(house: Home, run: str) -> tuple[Ledger, Chain] | None:
    chain = read(house.journal(run), house.anchor(run), run)
    ledger, problem = fold(chain)
    return None if ledger is None or problem is not None or ledger.is_dry else (ledger, chain)


def _past(house: Home, contain: Ledger, chain: Chain, releases: list[Ledger]) -> Past:
    """With the release that let go of it, else with the last one that was begun."""
    run = contain.run
    of_it = [one for one in releases if any(pair[0] == run for pair in one.releases)]
    ended = [one for one in of_it if any(pair[0] == run for pair in one.released)]
    release = next(iter([*ended, *of_it]), None)
    is_live = house.is_live(run) or (release is not None and house.is_live(release.run))
    return Past(contain, release, _timings(contain, chain.entries, release), is_live)


def _timings(contain: Ledger, entries: Iterable[Facts], release: Ledger | None) -> Timings:
    listed = tuple(entries)
    asked_at = contain.about["rehearsal"]["asked_at"]
    writes = [entry["at"] for entry in listed if entry["kind"] == "intent"]
    answers = [entry["at"] for entry in listed if entry["kind"] == "effect"]
    sent = [state for state in contain.steps.values() if state.intents]
    are_answered = bool(sent) and all(state.effect is not None for state in sent)
    is_contained = contain.verdict is RunVerdict.CONTAINED
    is_released = release is not None and release.verdict is RunVerdict.RELEASED
    return Timings(
        _since(asked_at, writes[0] if writes else None),
        _since(asked_at, answers[-1] if are_answered else None),
        _since(asked_at, contain.ended_at if is_contained else None),
        _since(asked_at, release.ended_at if release is not None and is_released else None),
    )


def _since(begin: str, end: str | None) -> float | None:
    if end is None:
        return None
    return round((datetime.fromisoformat(end) - datetime.fromisoformat(begin)).total_seconds(), 3)
