"""A profile brought to life: connectors by role, the canary, the journal's home; and one run on them."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field

from mcpsoar.contain.canary import McpCanary
from mcpsoar.contain.commons import ROLE, Commons, Open, close, unreleased
from mcpsoar.contain.home import Home
from mcpsoar.contain.journal import Journal, read
from mcpsoar.contain.ledger import Ledger, fold
from mcpsoar.contain.plan import CANARY
from mcpsoar.contain.proof import Proof
from mcpsoar.contain.run import Means, Runner
from mcpsoar.contain.summary import judged, report
from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Tampered, Usage
from mcpsoar.core.plan import Direction
from mcpsoar.core.ports import Canary, Clock, Connector
from mcpsoar.core.profile import Binding, Profile
from mcpsoar.core.run import Report
from mcpsoar.core.secret import Secret
from mcpsoar.core.verdict import RunVerdict
from mcpsoar.kit import find
from mcpsoar.kit.retry import Bounds

_CONNECTORS = "mcpsoar.connectors"


@dataclass(frozen=True, slots=True)
class Station:
    home: Home
    profile: Profile
    roles: Mapping[str, Connector]
    canary: Canary | None
    clock: Clock
    say: Callable[[str], None]
    secrets: tuple[Secret, ...] = field(default=(), repr=False)

    def bindings(self) -> Facts:
        """What a plan says of the profile: names and addresses, no secret."""
        bound: dict[str, object] = {
            role: {"connector": binding.connector, "url": binding.base_url}
            for role, binding in self.profile.roles.items()
        }
        if (canary := self.profile.canary) is not None:
            bound["canary"] = {
                "url": canary.url,
                "tool": canary.tool,
                "hold_s": canary.hold_s,
                "every_s": canary.every_s,
                "control": canary.control,
            }
        return bound

    def journal(self, run: str) -> Journal:
        """A run's journal, opened where it ends; torn bytes are cut, and that is written down."""
        path, anchor = self.home.journal(run), self.home.anchor(run)
        chain = read(path, anchor, run) if path.exists() else None
        if chain is not None and chain.problem is not None:
            raise Tampered(chain.problem, next_command=f"mcpsoar runs verify {run}")
        journal = Journal(path, anchor, clock=self.clock, hide=self.secrets, chain=chain)
        if chain is not None and chain.torn:
            journal.cut(chain)
        return journal

    def ledger(self, run: str) -> Ledger:
        chain = read(self.home.journal(run), self.home.anchor(run), run)
        ledger = fold(chain.entries)
        if ledger is None:
            raise Tampered(chain.problem or "the journal has no plan", where=str(self.home.journal(run)))
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
        profile = self.profile
        binding = ledger.bindings.get(ROLE)
        proof = (
            Proof(self.canary, profile.canary, journal, self.clock, ledger.servers)
            if self.canary is not None and profile.canary is not None
            else None
        )
        return Means(
            roles=self.roles,
            proof=proof,
            commons=Commons(self.home, binding, self.clock) if binding is not None else None,
            journal=journal,
            clock=self.clock,
            say=self.say,
            bounds=Bounds(profile.attempts, profile.retry_s),
            look_s=profile.look_s,
            threads=profile.threads,
            worked_before=self._worked_before(ledger) if proof is not None else {},
        )

    def _worked_before(self, ledger: Ledger) -> dict[str, str]:
        """Servers whose canary executed before an earlier containment that still stands."""
        if ledger.direction is Direction.UNDO:
            return {}
        url = ledger.bindings["canary"]["url"]
        return {
            state.step.server: f"executed before run {one.run}"
            for one in unreleased(self.home)
            if one.ledger is not None and one.ledger.bindings.get("canary", {}).get("url") == url
            for state in one.ledger.steps.values()
            if state.step.action == CANARY and state.step.server is not None and state.executed_before
        }

    def _close(self, ledger: Ledger) -> None:
        still_open = {one.run for one in unreleased(self.home)}
        runs = {run for run, _ in ledger.releases}
        if not runs & still_open:
            close(self.home, runs | {ledger.run})


@contextmanager
def station(profile: Profile, home: Home, clock: Clock, say: Callable[[str], None]) -> Iterator[Station]:
    """Connect each binding once, and give everything back. Sends nothing. Raises Usage."""
    with ExitStack() as stack:
        made: list[tuple[Binding, Connector]] = []
        roles: dict[str, Connector] = {}
        for role, binding in profile.roles.items():
            known = next((connector for other, connector in made if other == binding), None)
            if known is None:
                known = _connected(binding, clock)
                stack.callback(known.close)
                made.append((binding, known))
            roles[role] = known
        canary = McpCanary(profile.canary, clock=clock) if profile.canary is not None else None
        tokens = [binding.token for binding in profile.roles.values()]
        tokens += [profile.canary.token] if profile.canary is not None else []
        secrets = {token.reveal(): token for token in tokens if token is not None}
        yield Station(home, profile, roles, canary, clock, say, tuple(secrets.values()))


def open_runs(home: Home, servers: tuple[str, ...]) -> tuple[tuple[Open, Ledger], ...]:
    """Containments that still hold one of these servers, oldest first."""
    return tuple(
        (one, one.ledger)
        for one in unreleased(home)
        if one.ledger is not None and set(one.servers) & set(servers)
    )


def _connected(binding: Binding, clock: Clock) -> Connector:
    module = find.load(_CONNECTORS, binding.connector)
    connect = getattr(module, "connect", None)
    if connect is None:
        raise Usage(f"connector {binding.connector!r} has no connect(binding, clock=…)")
    connector: Connector = connect(binding, clock=clock)
    return connector
