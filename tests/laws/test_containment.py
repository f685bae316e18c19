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
from mcpsoar.core.digest import GENESIS, canonical, chained
from mcpsoar.core.errors import Unreachable, Usage
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

    @invariant()
    def the_policy_is_as_the_unreleased_runs_need_it(self) -> None:
        holders = unreleased(Home(self.home))
        if any(one.ledger is not None and one.ledger.verdict is not None for one in holders):
            assert self.plane.is_forced, f"{holders} need it"
        is_unfinished = any(row["verdict"] == "interrupted" for row in runs.listed(self.home))
        if not holders and not is_unfinished:
            assert self.plane.is_forced is self.was_forced

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

    @rule()
    def resume_what_died(self) -> None:
        """A run that others went past is refused: it would undo what they did."""
        for row in runs.listed(self.home):
            if row["verdict"] == "interrupted":
                ready = station(self.home, FakeConnector(self.plane, self.clock), self.clock)
                with suppress(Usage):
                    assert resume(ready, row["run"], ROOT).verdict.verdict is Verdict.YES
                ready.looks.close()


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
