"""One run on a station: its journal opened, its steps carried out, its end written, its report made."""

from mcpsoar.app.station import Station
from mcpsoar.contain.commons import ROLE, Commons, Open, close, unreleased
from mcpsoar.contain.holds import Holds
from mcpsoar.contain.home import Home
from mcpsoar.contain.journal import Journal, read
from mcpsoar.contain.ledger import Ledger, fold
from mcpsoar.contain.plan import CANARY
from mcpsoar.contain.proof import Proof
from mcpsoar.contain.run import Means, Runner
from mcpsoar.contain.shut_out import ShutOut
from mcpsoar.contain.summary import judged, report
from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Tampered
from mcpsoar.core.plan import Direction
from mcpsoar.core.run import Report
from mcpsoar.core.verdict import RunVerdict
from mcpsoar.kit.retry import Bounds


class Carrier:
    """Carries runs out on one station; who calls it holds the run's locks and closes its journal."""

    def __init__(self, station: Station) -> None:
        self._station = station

    def journal(self, run: str) -> Journal:
        """A run's journal, opened where it ends; torn bytes are cut, and that is written down.

        Raises Tampered, Unwritable.
        """
        path, anchor = self._station.home.journal(run), self._station.home.anchor(run)
        chain = read(path, anchor, run) if path.exists() else None
        if chain is not None and chain.problem is not None:
            raise Tampered(chain.problem, next_command=f"mcpsoar runs verify {run}")
        journal = Journal(path, anchor, clock=self._station.clock, hide=self._station.secrets, chain=chain)
        if chain is not None and chain.torn:
            journal.cut(chain)
        return journal

    def ledger(self, run: str) -> Ledger:
        """A run's state, as its journal says. Raises Tampered."""
        chain = read(self._station.home.journal(run), self._station.home.anchor(run), run)
        ledger, problem = fold(chain)
        if ledger is None:
            raise Tampered(problem or "the journal has no plan", where=str(self._station.home.journal(run)))
        return ledger

    def carry_out(self, run: str, journal: Journal) -> Report:
        """Every step that is not settled, to its end; then the run's end is written and the report made."""
        ledger = self.ledger(run)
        Runner(ledger, self._means(ledger, journal)).run()
        ledger = self.ledger(run)
        verdict = judged(ledger)
        journal.append({"kind": "end", "verdict": verdict.value})
        if verdict is RunVerdict.RELEASED:
            self._close(ledger)
        return report(self.ledger(run), path=str(journal.path), head=journal.head, is_live=False)

    def _means(self, ledger: Ledger, journal: Journal) -> Means:
        profile = self._station.profile
        binding = ledger.bindings.get(ROLE)
        proofs = {
            route: Proof(canary, profile.canaries[route], journal, self._station.clock, ledger.servers)
            for route, canary in self._station.canaries.items()
        }
        home, clock = self._station.home, self._station.clock
        commons = Commons(home, binding, clock) if binding is not None else None
        return Means(
            roles=self._station.roles,
            proofs=proofs,
            commons=commons,
            holds=Holds(home, ledger, commons),
            shut_out=ShutOut(home, ledger, clock),
            journal=journal,
            clock=self._station.clock,
            say=self._station.say,
            bounds=Bounds(profile.attempts, profile.retry_s),
            looks=self._station.looks,
            threads=profile.threads,
            worked_before=self._worked_before(ledger) if proofs else {},
        )

    def _worked_before(self, ledger: Ledger) -> dict[str, str]:
        """By step, that its canary executed before an earlier containment which still stands."""
        if ledger.direction is Direction.UNDO:
            return {}
        where = _way(ledger)
        return {
            state.step.id: f"executed before run {one.run}"
            for one in unreleased(self._station.home)
            if one.ledger is not None and _way(one.ledger) == where
            for state in one.ledger.steps.values()
            if state.step.action == CANARY and state.executed_before
        }

    def _close(self, ledger: Ledger) -> None:
        still_open = {one.run for one in unreleased(self._station.home)}
        runs = {run for run, _ in ledger.releases}
        if not runs & still_open:
            close(self._station.home, runs | {ledger.run})


def _way(ledger: Ledger) -> tuple[str | None, Facts | None]:
    """Where the canaries of a run call."""
    bound = ledger.bindings.get("canary", {})
    return bound.get("url"), bound.get("routes")


def open_runs(home: Home, servers: tuple[str, ...]) -> tuple[tuple[Open, Ledger], ...]:
    """Containments that still hold one of these servers, oldest first."""
    return tuple(
        (one, one.ledger)
        for one in unreleased(home)
        if one.ledger is not None and set(one.servers) & set(servers)
    )
