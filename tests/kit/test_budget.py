"""One budget per host: no window above the limit, writes first, and a host that locks out is left alone."""

import heapq
import threading
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpsoar.core.errors import Unreachable
from mcpsoar.core.profile import Network
from mcpsoar.kit.budget import LEAST, Budget, Lane, Rank, Tier, metered
from mcpsoar.kit.http import Edge
from mcpsoar.kit.retry import Bounds, persist
from tests.contain.fakes import FakeClock

WINDOW_S = 60.0
LOCKED = {
    "error": "Account locked",
    "message": "Too many rate limit violations. Account locked for 15 minutes.",
    "lockout_duration_minutes": 15,
    "reset_in_seconds": 900,
}  # ContextForge 1.0.7, recorded
Call = tuple[float, Rank]


def granted(tier: Tier, calls: list[Call]) -> list[tuple[float, float, Rank]]:
    """When each call came and when it went, played through without a clock."""
    lane, went = Lane(tier, 0.0), []
    events: list[tuple[float, int, Any]] = [(came, n, None) for n, (came, _) in enumerate(calls)]
    heapq.heapify(events)
    while events:
        now, n, ticket = heapq.heappop(events)
        came, rank = calls[n]
        ticket = ticket or lane.join(rank)
        wait_s = lane.wait_s(ticket, now)
        if wait_s:
            heapq.heappush(events, (now + wait_s, n, ticket))
        else:
            went.append((came, now, rank))
    return went


def most_in_a_window(times: list[float]) -> int:
    times = sorted(times)
    return max((sum(at <= other < at + WINDOW_S for other in times) for at in times), default=0)


CALLS = st.lists(st.tuples(st.floats(0, 200), st.sampled_from(Rank)), max_size=80)


@settings(deadline=None)
@given(limit=st.integers(LEAST, 150), has_writes=st.booleans(), calls=CALLS)
def test_no_minute_holds_more_than_the_limit_and_every_call_goes(
    limit: int, has_writes: bool, calls: list[Call]
) -> None:
    went = granted(Tier("all", limit, has_writes=has_writes), calls)
    assert len(went) == len(calls)
    assert most_in_a_window([at for _, at, _ in went]) <= limit


@settings(deadline=None)
@given(limit=st.integers(LEAST, 150), calls=CALLS)
def test_no_read_goes_while_a_write_waits_and_equals_go_as_they_came(limit: int, calls: list[Call]) -> None:
    went = granted(Tier("all", limit), calls)
    for came, at, rank in went:
        for other_came, other_at, other in went:
            assert not (came < other_at < at and other > rank), "a call of less weight went first"
            assert not (other is rank and came < other_came and other_at < at), "a later call went first"


@settings(deadline=None)
@given(
    limit=st.integers(LEAST, 600), reads=st.integers(0, 60), ranks=st.sampled_from([Rank.READ, Rank.PROBE])
)
def test_the_first_write_waits_for_no_read_and_no_probe(limit: int, reads: int, ranks: Rank) -> None:
    went = granted(Tier("all", limit), [(0.0, ranks)] * reads + [(1.0, Rank.WRITE)])
    assert [at for _, at, rank in went if rank is Rank.WRITE] == [1.0]


def test_threads_share_one_budget() -> None:
    clock, at, lock = FakeClock(), [], threading.Lock()
    budget = Budget("plane.example.com", [Tier("all", 30)], clock=clock)

    def call(rank: Rank) -> None:
        budget.turn("/registry", rank, within_s=5.0)
        with lock:
            at.append(clock.monotonic())

    threads = [threading.Thread(target=call, args=(Rank(n % 3),)) for n in range(90)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(at) == 90
    assert most_in_a_window(at) <= 30


def test_a_path_goes_by_the_longest_prefix_that_fits() -> None:
    clock = FakeClock()
    tiers = [Tier("mcp", 10, ("/mcp", "/servers"), has_writes=False), Tier("rest", 100)]
    budget = Budget("plane.example.com", tiers, clock=clock)
    for _ in range(2):
        budget.turn("/servers/9f3c/mcp", Rank.PROBE, within_s=5.0)
    assert budget.turn("/v1/gateways", Rank.READ, within_s=5.0) < 0.1
    assert budget.turn("/mcp", Rank.PROBE, within_s=5.0) > 5.0, "the same tier, and its burst is gone"


def test_what_the_host_says_is_left_counts() -> None:
    """Colleagues behind the same address, or the run before this one, call it too."""
    clock = FakeClock()
    budget = Budget("plane.example.com", [Tier("all", 60)], clock=clock)
    budget.heard("/registry", 200, {"x-ratelimit-remaining": "0"}, b"", Rank.READ)
    assert budget.turn("/registry", Rank.WRITE, within_s=5.0) == pytest.approx(60 / 48, abs=0.1)


class NoClock(FakeClock):
    def monotonic(self) -> float:
        raise AssertionError("a host without a limit costs no look at the clock")


def test_a_host_without_a_limit_waits_for_nothing() -> None:
    budget = Budget("plane.example.com", clock=NoClock())
    for _ in range(1000):
        assert budget.turn("/registry", Rank.PROBE, within_s=5.0) == 0.0
        budget.heard("/registry", 200, {}, b"", Rank.PROBE)


class Plane:
    """Answers as it is told to, one after the other; then 200."""

    def __init__(self, *answers: httpx.Response, tiers: tuple[Tier, ...] = ()) -> None:
        self.clock = FakeClock()
        self.sent: list[str] = []
        self.told: list[str] = []
        self._answers = list(answers)
        self.budget = Budget("plane.example.com", tiers, clock=self.clock, tell=self.told.append)

    def edge(self, timeout_s: float = 10.0) -> Edge:
        return Edge(
            "https://plane.example.com",
            None,
            clock=self.clock,
            timeout_s=timeout_s,
            network=metered(Network(), self.budget),
            transport=httpx.MockTransport(self._answer),
        )

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.sent.append(request.method)
        return self._answers.pop(0) if self._answers else httpx.Response(200, json={})


def limited(retry_after: str, body: Any = None) -> httpx.Response:
    return httpx.Response(429, headers={"retry-after": retry_after}, json=body or {"error": "slow_down"})


@pytest.mark.parametrize("answer", [limited("900", LOCKED), limited("60", LOCKED), limited("301")])
def test_a_lockout_stops_every_call_to_that_host_and_is_told_once(answer: httpx.Response) -> None:
    plane = Plane(answer)
    with pytest.raises(Unreachable):
        plane.edge().read("registry")
    for edge in (plane.edge(), plane.edge(timeout_s=5000.0)):
        with pytest.raises(Unreachable, match="not sent: it has locked its callers out until 2026") as caught:
            edge.change("POST", "registry", "crm", "disable")
        assert caught.value.retry_after_s == pytest.approx(float(answer.headers["retry-after"]), abs=1)
    assert plane.sent == ["GET"]
    assert len(plane.told) == 1
    assert "not called before 2026-03-01T00:" in plane.told[0]
    plane.clock.sleep(1000)
    plane.edge().read("registry")
    assert plane.sent == ["GET", "GET"]


def test_a_lockout_that_several_meet_is_told_once() -> None:
    plane = Plane()
    for _ in range(5):
        plane.budget.heard("/mcp", 429, {"retry-after": "900"}, b"", Rank.PROBE)
    assert len(plane.told) == 1


@pytest.mark.parametrize(
    ("status", "headers", "body"),
    [
        (429, {"retry-after": "999999"}, b""),
        (429, {}, b"locked"),
        (200, {"x-ratelimit-remaining": "0"}, b""),
    ],
)
def test_what_a_suspect_answers_a_probe_delays_no_change(
    status: int, headers: dict[str, str], body: bytes
) -> None:
    plane = Plane(tiers=(Tier("all", 60),))
    plane.budget.heard("/mcp/crm", status, headers, body, Rank.PROBE)
    began = plane.clock.monotonic()
    plane.edge().change("POST", "registry", "crm", "disable")
    assert plane.clock.monotonic() - began < 0.1
    if status == 429:
        with pytest.raises(Unreachable) as caught:
            plane.budget.turn("/mcp/crm", Rank.PROBE, within_s=5.0)
        assert (caught.value.retry_after_s or 0.0) <= 900


def test_a_lockout_does_not_burn_the_time_for_retries() -> None:
    plane = Plane(limited("900", LOCKED))
    edge = plane.edge()
    with pytest.raises(Unreachable):
        edge.read("registry")
    began = plane.clock.monotonic()
    with pytest.raises(Unreachable, match="locked"):
        persist(
            lambda: edge.change("POST", "registry", "crm", "disable"),
            again=(Unreachable,),
            bounds=Bounds(4, 30.0),
            clock=plane.clock,
        )
    assert plane.clock.monotonic() - began < 0.5


def test_who_is_told_to_wait_waits_for_everybody() -> None:
    plane = Plane(limited("7"))
    with pytest.raises(Unreachable):
        plane.edge().read("registry")
    began = plane.clock.monotonic()
    plane.edge(timeout_s=10.0).change("POST", "registry", "crm", "disable")
    assert plane.clock.monotonic() - began > 6.9
    assert plane.sent == ["GET", "POST"]
    assert plane.told == []


@pytest.mark.parametrize(
    ("word", "is_lockout"),
    [("account_locked", True), ("Account locked.", True), ("blocked", False), ("unlocked", False)],
)
def test_a_lockout_is_told_from_a_block(word: str, is_lockout: bool) -> None:
    plane = Plane(limited("7", {"error": word}))
    with pytest.raises(Unreachable):
        plane.edge().read("registry")
    assert bool(plane.told) is is_lockout
    assert bool(plane.budget.locked_s) is is_lockout


def test_a_pause_that_does_not_fit_ends_a_call_at_once() -> None:
    plane = Plane(limited("60"))
    edge = plane.edge(timeout_s=10.0)
    for _ in range(2):
        began = plane.clock.monotonic()
        with pytest.raises(Unreachable) as caught:
            edge.change("POST", "registry", "crm", "disable")
        assert caught.value.retry_after_s == pytest.approx(60, abs=1)
        assert plane.clock.monotonic() - began < 0.5
    assert plane.sent == ["POST"]


def test_who_gives_up_leaves_the_queue() -> None:
    plane = Plane(limited("900", LOCKED), tiers=(Tier("all", 60),))
    for _ in range(3):
        with pytest.raises(Unreachable):
            plane.edge().read("registry")
    plane.clock.sleep(1000)
    assert plane.budget.turn("/registry", Rank.READ, within_s=5.0) < 0.1


def test_a_turn_that_is_too_far_off_is_not_waited_for() -> None:
    clock = FakeClock()
    budget = Budget("plane.example.com", [Tier("all", LEAST, per_s=1e6)], clock=clock)
    budget.turn("/registry", Rank.READ, within_s=5.0)
    with pytest.raises(Unreachable, match=r"not sent: the budget of plane\.example\.com is spent"):
        budget.turn("/registry", Rank.READ, within_s=5.0)
    assert clock.monotonic() < 1
