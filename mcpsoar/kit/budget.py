"""One call budget per host: whoever calls it, by whatever road, waits here for a turn; writes come first.

A gateway that counts calls locks out who goes over: five times too many are 15 minutes without a control
plane (ContextForge 1.0.7, measured), for the whole team behind one address. So what a host says of its limit
to one call holds for all of them.
"""

import logging
import re
import threading
from bisect import insort
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, fields
from datetime import timedelta
from enum import IntEnum
from itertools import count
from typing import TypeAlias

from mcpsoar.core.errors import Unreachable
from mcpsoar.core.ports import Clock
from mcpsoar.core.profile import Network
from mcpsoar.kit.clock import stamp
from mcpsoar.kit.status import retry_after_s

LEAST = 10  # calls a minute; below that no call could be kept for a write
PATIENCE_S = 600.0  # the longest that a call waits for a turn that is sure to come
_LOCKED_S = 300.0  # who asks for more than that asks for a person
_LOCKED_WORD = re.compile(rb"(?<![a-z])locked(?![a-z])")  # no "blocked"
_LOCKOUT_S = 900.0  # where an answer names no end (ContextForge's is always 15 min)
_LONGEST_S = 1e8
_SLICE_S = 1.0  # after so long who waits looks whether the host closed meanwhile
_TICK_S = 0.01


class Rank(IntEnum):
    """Who goes first."""

    WRITE = 0
    READ = 1
    PROBE = 2


@dataclass(frozen=True, slots=True)
class Tier:
    """`calls` in any `per_s` seconds on paths that begin with one of `prefixes` ("" is any path).

    A fifth may go at once, the rest evenly. `has_writes` keeps a few of that fifth for them.
    """

    name: str
    calls: int
    prefixes: tuple[str, ...] = ("",)
    has_writes: bool = True
    per_s: float = 60.0

    @property
    def burst(self) -> int:
        return max(2, self.calls // 5)

    @property
    def rate(self) -> float:
        """Calls a second, once the burst is gone: burst and rate together never exceed `calls`."""
        return (self.calls - self.burst) / self.per_s

    @property
    def kept(self) -> int:
        """Of the burst, what only a write may take."""
        return max(1, self.burst // 4) if self.has_writes else 0

    def fit(self, path: str) -> int:
        """The length of the longest prefix that `path` begins with; -1 for none."""
        return max((len(one) for one in self.prefixes if path.startswith(one)), default=-1)


@dataclass(frozen=True, slots=True)
class Calls:
    """How many calls one step is, all going well: looks before the change, its writes, and reads with it and
    after. `each` names what else costs one call apiece, where nobody can know how many there are; `counted`
    is the fact of a baseline that lists what costs a write apiece. What is `joint` is read for every step of
    the action that wants it at that time. Writes that take long, `write_s`, are made one after the other.
    """

    looks: int = 1
    writes: int = 1
    reads: int = 1
    each: str = ""
    counted: str = ""
    joint: bool = False
    write_s: float = 0.0


Ticket: TypeAlias = tuple[Rank, int]


class Lane:
    """One tier's tokens and the queue for them. Pure: `now` is the caller's, and so is the lock."""

    def __init__(self, tier: Tier, now: float) -> None:
        self.tier = tier
        self._tokens = float(tier.burst)
        self._at = now
        self._queue: list[Ticket] = []
        self._numbers = count()

    def join(self, rank: Rank) -> Ticket:
        ticket = (rank, next(self._numbers))
        insort(self._queue, ticket)
        return ticket

    @property
    def head(self) -> Ticket | None:
        """Whose turn is the next."""
        return self._queue[0] if self._queue else None

    def leave(self, ticket: Ticket) -> None:
        self._queue.remove(ticket)

    def wait_s(self, ticket: Ticket, now: float) -> float:
        """0: it is this one's turn, and it is taken. Else ask again in so many seconds."""
        self._tokens = min(self._tokens + max(now - self._at, 0.0) * self.tier.rate, self.tier.burst)
        self._at = max(now, self._at)
        need = 1 + (self.tier.kept if ticket[0] is not Rank.WRITE else 0)
        if self._tokens < need:
            return max((need - self._tokens) / self.tier.rate, _TICK_S)
        if self._queue[0] != ticket:
            return _TICK_S
        self._queue.pop(0)
        self._tokens -= 1
        return 0.0

    def told(self, remaining: int) -> None:
        """What the host itself says is left: others behind our address call it too."""
        self._tokens = min(self._tokens, float(remaining))


@dataclass(slots=True)
class _Silence:
    """Until when a host is left alone, by the clock; None where it asked for nothing."""

    until: float | None = None
    is_lockout: bool = False

    def left_s(self, now: float) -> float:
        if self.until is not None and self.until <= now:
            self.until, self.is_lockout = None, False
        return 0.0 if self.until is None else self.until - now


class Budget:
    """A host's budget. Threads share it. Without tiers nothing waits, and a host that asked for silence is
    still left alone: of what a probe hears that is for probes alone, for the suspect answers them.
    """

    def __init__(
        self,
        host: str,
        tiers: Sequence[Tier] = (),
        *,
        clock: Clock,
        tell: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.host = host
        self.tiers = tuple(tiers)
        self._clock = clock
        self._tell = tell
        self._lanes = tuple(Lane(tier, clock.monotonic()) for tier in tiers)
        self._of_all, self._of_probes = _Silence(), _Silence()
        self._lock = threading.Lock()

    def turn(self, path: str, rank: Rank, *, within_s: float, patience_s: float = PATIENCE_S) -> float:
        """Wait for this call's turn, `patience_s` at most; the seconds it took. A host that closed is waited
        for if it opens `within_s`. Raises Unreachable: then nothing may be sent.
        """
        if self._of_all.until is None and self._of_probes.until is None and not self._lanes:
            return 0.0
        began = self._clock.monotonic()
        with self._lane(path, rank) as wait_s:
            while True:
                with self._lock:
                    now = self._clock.monotonic()
                    pause_s = self._open_in(now, within_s - (now - began), rank) or wait_s(now)
                if not pause_s:
                    return now - began
                if now + pause_s - began > patience_s:
                    words = f"not sent: the budget of {self.host} is spent"
                    raise Unreachable(words, where=self.host, retry_after_s=pause_s)
                self._clock.sleep(min(pause_s, _SLICE_S))

    @property
    def locked_s(self) -> float:
        """How long probes are locked out yet; 0 where they are not."""
        with self._lock:
            now = self._clock.monotonic()
            return max(one.left_s(now) * one.is_lockout for one in (self._of_all, self._of_probes))

    def tier(self, path: str) -> Tier | None:
        """What calls by this path count as."""
        lane = self._lane_of(path)
        return lane.tier if lane else None

    def heard(self, path: str, status: int, headers: Mapping[str, str], body: bytes, rank: Rank) -> None:
        """What an answer says of the next calls. The first lockout is told."""
        if status == 429:
            self._close(headers, body, self._of_probes if rank is Rank.PROBE else self._of_all)
        elif (
            rank is not Rank.PROBE
            and self._lanes
            and (left := headers.get("x-ratelimit-remaining", "")).isdecimal()
        ):
            lane = self._lane_of(path)
            with self._lock:
                if lane is not None:
                    lane.told(int(left[:9]))

    def _close(self, headers: Mapping[str, str], body: bytes, silence: _Silence) -> None:
        later = retry_after_s(headers, self._clock)
        is_lockout = (later or 0.0) > _LOCKED_S or _LOCKED_WORD.search(body.lower()) is not None
        if is_lockout:
            later = min(later or _LOCKOUT_S, _LOCKOUT_S)
        if not later:
            return
        with self._lock:
            silence.until = max(self._clock.monotonic() + later, silence.until or 0.0)
            is_news = is_lockout and not silence.is_lockout
            silence.is_lockout |= is_lockout
        if is_news:
            words = f"{self.host} has locked its callers out: it is not called before {self._at(later)}"
            self._tell(f"{self._at(0.0)}  {words}")
        elif not is_lockout:
            logging.getLogger(__name__).info("%s asks for %.0f s without calls", self.host, later)

    def _open_in(self, now: float, left_s: float, rank: Rank) -> float:
        """Seconds until the host is open, 0 if it is. Raises Unreachable where that is too long to wait."""
        asked = [self._of_all, self._of_probes] if rank is Rank.PROBE else [self._of_all]
        silence = max(asked, key=lambda one: one.left_s(now))
        wait_s = silence.left_s(now)
        if wait_s and (silence.is_lockout or wait_s > left_s):
            why = (
                "it has locked its callers out until" if silence.is_lockout else "it asks for no call before"
            )
            words = f"not sent: {why} {self._at(wait_s)}"
            raise Unreachable(words, where=self.host, retry_after_s=wait_s)
        return wait_s

    def _at(self, wait_s: float) -> str:
        return stamp(self._clock.now() + timedelta(seconds=min(wait_s, _LONGEST_S)))

    @contextmanager
    def _lane(self, path: str, rank: Rank) -> Iterator[Callable[[float], float]]:
        """A place in the queue of this path's lane, given up again where no turn came of it."""
        lane = self._lane_of(path)
        if lane is None:
            yield lambda _: 0.0
            return
        with self._lock:
            ticket = lane.join(rank)
        had_turn = False
        try:
            yield lambda now: lane.wait_s(ticket, now)
            had_turn = True
        finally:
            if not had_turn:
                with self._lock:
                    lane.leave(ticket)

    def _lane_of(self, path: str) -> Lane | None:
        fits = [(lane.tier.fit(path), lane) for lane in self._lanes]
        length, best = max(fits, key=lambda one: one[0], default=(-1, None))
        return best if length >= 0 else None


@dataclass(frozen=True, slots=True)
class Metered(Network):
    """A network whose calls pass a budget."""

    budget: Budget | None = None


def budget_of(network: Network) -> Budget | None:
    return network.budget if isinstance(network, Metered) else None


def metered(network: Network, budget: Budget) -> Metered:
    """The same network, through a budget."""
    said = {one.name: getattr(network, one.name) for one in fields(Network)}
    return Metered(**said, budget=budget)
