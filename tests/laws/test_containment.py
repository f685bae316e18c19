"""Laws of containment: the policy is as the unreleased runs need it, and a harmed journal shows it."""

import json
import shutil
import tempfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from mcpsoar.app import contain, runs
from mcpsoar.app.order import Order
from mcpsoar.app.resuming import resume
from mcpsoar.contain.commons import unreleased
from mcpsoar.contain.home import Home
from mcpsoar.contain.journal import Journal, read
from mcpsoar.contain.ledger import Ledger, fold
from mcpsoar.core.digest import GENESIS, canonical, chained
from mcpsoar.core.errors import Denied, Unreachable, Usage
from mcpsoar.core.plan import Direction
from mcpsoar.core.run import Report
from mcpsoar.core.verdict import Verdict
from tests.contain.fakes import FakeClock, FakeConnector, FakePlane, station

ROOT = Path(__file__).resolve().parent.parent.parent
SERVERS = ("crm", "github", "jira")


class Crash(BaseException):
    """The process dies here: no handler of the house sees it."""


class Interleavings(RuleBasedStateMachine):
    """Contain and release several servers in any order; runs may die at any call, and be resumed or not."""

    def __init__(self) -> None:
        super().__init__()
        self.home = Path(tempfile.mkdtemp())
        self.clock = FakeClock()
        self.plane = FakePlane(dict.fromkeys(SERVERS, True), dict.fromkeys(SERVERS, 2))
        self.was_forced = False

    def teardown(self) -> None:
        """In the end all is released, and both laws are asked once more."""
        try:
            self.release(set(SERVERS))
            self.the_policy_is_as_the_unreleased_runs_need_it()
            self.what_nobody_holds_is_at_work()
        finally:
            shutil.rmtree(self.home)

    @initialize(is_forced=st.booleans())
    def somebody_forced_it_before(self, is_forced: bool) -> None:
        self.plane.is_forced = self.was_forced = is_forced

    @rule(servers=st.sets(st.sampled_from(SERVERS), min_size=1))
    def contain(self, servers: set[str]) -> None:
        self.order(servers, Direction.APPLY)

    # nothing that is drawn may depend on what is held: that depends on which thread a death struck

    @rule(servers=st.sets(st.sampled_from(SERVERS), min_size=1))
    def release(self, servers: set[str]) -> None:
        if held := servers & self.held():
            self.order(held, Direction.UNDO)

    @rule(servers=st.sets(st.sampled_from(SERVERS), min_size=1), calls=st.integers(0, 12))
    def die_containing(self, servers: set[str], calls: int) -> None:
        self.die(servers, Direction.APPLY, calls)

    @rule(servers=st.sets(st.sampled_from(SERVERS), min_size=1), calls=st.integers(0, 12))
    def die_releasing(self, servers: set[str], calls: int) -> None:
        if held := servers & self.held():
            self.die(held, Direction.UNDO, calls)

    @rule(server=st.sampled_from(SERVERS))
    def fail_to_release(self, server: str) -> None:
        """The registry cannot be reached: the server stays contained, and its run still needs the policy."""
        if server not in self.held():
            return

        def refuse(call: str) -> None:
            if call.startswith("undo disable"):
                raise Unreachable("no connection")

        self.order({server}, Direction.UNDO, FakeConnector(self.plane, self.clock, refuse))

    @rule(servers=st.sets(st.sampled_from(SERVERS), min_size=1), by_hand=st.booleans())
    def contain_without_leave_to_force(self, servers: set[str], *, by_hand: bool) -> None:
        """Our credential may not force the policy: nothing was done to it. Its owner may do that by hand."""

        def refuse(call: str) -> None:
            if call == "apply force":
                raise Denied("not allowed")

        self.order(servers, Direction.APPLY, FakeConnector(self.plane, self.clock, refuse))
        if by_hand:
            self.somebody_forces_it()

    @rule()
    def somebody_forces_it(self) -> None:
        """Where no run of ours has: it is theirs from now on, and stays whatever we release."""
        if not self.plane.is_forced and not self.may_be_ours():
            self.plane.force(is_forced=True)
            self.was_forced = True

    @rule()
    def somebody_lifts_it(self) -> None:
        """What they forced, by hand, while nobody of ours needs it."""
        if self.was_forced and not unreleased(Home(self.home)) and not self.may_be_ours():
            self.plane.force(is_forced=False)
            self.was_forced = False

    @invariant()
    def the_policy_is_as_the_unreleased_runs_need_it(self) -> None:
        holders = unreleased(Home(self.home))
        if needed := [one.run for one in holders if one.ledger is not None and is_told_forced(one.ledger)]:
            assert self.plane.is_forced, f"{needed} need it"
        is_unfinished = any(row["verdict"] == "interrupted" for row in runs.listed(self.home))
        if not holders and not is_unfinished:
            assert self.plane.is_forced is self.was_forced

    @invariant()
    def what_nobody_holds_is_at_work(self) -> None:
        """A server that is released, and on which no release died, is on again."""
        dead = {
            name
            for row in runs.listed(self.home)
            if row["verdict"] == "interrupted" and row.get("direction") == "undo"
            for name in row["servers"]
        }
        for name in set(SERVERS) - self.held() - dead:
            assert self.plane.servers[name], f"{name} is off, and no run holds it"

    def may_be_ours(self) -> bool:
        """Whether a run that holds it, or a release that died, may have sent a change of the policy."""
        house = Home(self.home)
        ledgers = [one.ledger for one in unreleased(house)]
        ledgers += [
            fold(read(house.journal(row["run"]), house.anchor(row["run"]), row["run"]))[0]
            for row in runs.listed(self.home)
            if row["verdict"] == "interrupted"
        ]
        return any(one is not None and one.steps["force"].may_have_acted for one in ledgers)

    def held(self) -> set[str]:
        return {name for one in unreleased(Home(self.home)) for name in one.servers}

    def order(
        self, servers: set[str], direction: Direction, connector: FakeConnector | None = None
    ) -> Report:
        ready = station(self.home, connector or FakeConnector(self.plane, self.clock), self.clock)
        names = tuple(sorted(servers))
        report = contain.carry_out(Order(names, direction), names, ready, ROOT)
        ready.looks.close()
        return report

    def die(self, servers: set[str], direction: Direction, calls: int) -> None:
        left = [calls]

        def strike(_: str) -> None:
            left[0] -= 1
            if left[0] < 0:
                raise Crash

        with suppress(Crash):
            self.order(servers, direction, FakeConnector(self.plane, self.clock, strike))

    @rule(server=st.sampled_from(SERVERS), calls=st.integers(0, 12))
    def be_overtaken(self, server: str, calls: int) -> None:
        """A containment dies, a second one is ordered, and then somebody resumes the first."""
        self.die({server}, Direction.APPLY, calls)
        self.order({server}, Direction.APPLY)
        self.resume_what_died()

    @rule()
    def resume_what_died(self) -> None:
        """A run that others went past is refused: it would undo what they did."""
        for row in runs.listed(self.home):
            if row["verdict"] == "interrupted":
                ready = station(self.home, FakeConnector(self.plane, self.clock), self.clock)
                with suppress(Usage):
                    assert resume(ready, row["run"], ROOT).verdict.verdict is Verdict.YES
                ready.looks.close()


def is_told_forced(ledger: Ledger) -> bool:
    """Whether an ended containment said so."""
    told = ledger.steps["force"].verdict
    return ledger.verdict is not None and told is not None and told.verdict is Verdict.YES


TestInterleavings = pytest.mark.timeout(300)(Interleavings.TestCase)
TestInterleavings.settings = settings(
    max_examples=40, stateful_step_count=8, deadline=None, suppress_health_check=list(HealthCheck)
)


@given(
    sizes=st.lists(st.integers(1, 3), min_size=2, max_size=6),
    harm=st.sampled_from(["edit", "cut", "swap", "repeat", "drop one", "append"]),
    where=st.integers(0, 99),
)
@settings(max_examples=60, deadline=None)
def test_any_harm_to_a_journal_is_found(sizes: list[int], harm: str, where: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path, anchor = Path(folder) / "journal.jsonl", Path(folder) / "anchor.json"
        journal = Journal(path, anchor, clock=FakeClock())
        for n, size in enumerate(sizes):
            journal.append(*({"kind": "plan", "run": "r", "n": n, "of": one} for one in range(size)))
        journal.close()
        whole = read(path, anchor, "r")
        assert whole.problem is None
        assert whole.count == len(sizes)
        lines = path.read_bytes().splitlines(keepends=True)
        path.write_bytes(b"".join(harmed(lines, harm, where)))
        assert read(path, anchor, "r").problem is not None
        assert read(path, anchor, "another").problem is not None


@given(
    sizes=st.lists(st.integers(1, 3), min_size=1, max_size=6),
    where=st.integers(0, 99),
    word=st.text(max_size=20),
    has_anchor=st.booleans(),
)
@settings(max_examples=60, deadline=None)
def test_a_forged_chain_is_found_by_its_anchor_and_by_a_head_that_was_noted(
    sizes: list[int], where: int, word: str, has_anchor: bool
) -> None:
    """The forger knows the format: one line says something else, and all hashes from there are made anew."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home(Path(folder))
        run = home.make(FakeClock().now(), lambda n: "0" * 2 * n)
        path, anchor = home.journal(run), home.anchor(run)
        journal = Journal(path, anchor, clock=FakeClock())
        for n, size in enumerate(sizes):
            journal.append(*({"kind": "plan", "run": run, "n": n, "of": one} for one in range(size)))
        journal.close()
        noted = journal.head
        assert runs.verify(home.path, run, noted).verdict is Verdict.YES
        lines, head = forged(path.read_bytes().splitlines(), where, word)
        path.write_bytes(b"".join(lines))
        if has_anchor:  # the anchor is out of the forger's reach
            assert runs.verify(home.path, run).verdict is Verdict.NO
        else:
            anchor.write_bytes(canonical({"count": len(lines), "head": head}))
            assert runs.verify(home.path, run).verdict is Verdict.YES, "the forgery is a good one"
        assert runs.verify(home.path, run, noted).verdict is Verdict.NO


def forged(lines: list[bytes], where: int, word: str) -> tuple[list[bytes], str]:
    """The lines with one word changed and chained anew from there, and the head that they come to."""
    at = where % len(lines)
    head = GENESIS
    made = []
    for n, raw in enumerate(lines):
        entries = json.loads(raw)["entries"]
        if n == at:
            entries[-1]["forged"] = word
        body = {"n": n, "entries": entries}
        head = chained(head, body)
        made.append(canonical({**body, "hash": head}) + b"\n")
    return made, head


def harmed(lines: list[bytes], harm: str, where: int) -> list[bytes]:
    at = where % len(lines)
    other = (at + 1) % len(lines)
    match harm:
        case "edit":
            lines[at] = lines[at].replace(b'"of":0', b'"of":7')
        case "cut":
            lines = lines[: max(at, 1)] if at else []
        case "swap":
            lines[at], lines[other] = lines[other], lines[at]
        case "repeat":
            lines.insert(at, lines[at])
        case "drop one":
            del lines[at]
        case _:
            lines += [lines[-1], lines[-1]]
    return lines
