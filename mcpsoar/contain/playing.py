"""Processes that sleep, wait for each other and queue for turns, played through while no time passes."""

import heapq
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from itertools import count
from math import inf
from typing import TypeAlias

from mcpsoar.kit.budget import Lane, Rank, Ticket


@dataclass(eq=False, slots=True)
class Mark:
    """Something that processes wait for."""

    is_set: bool = False
    waiting: "list[Process]" = field(default_factory=list)


# seconds to sleep, a turn to wait for, or a mark with the time until which it is waited for
_Wish: TypeAlias = "float | tuple[Lane, Rank] | tuple[Mark, float]"
Process: TypeAlias = "Generator[_Wish, None, None]"


class Time:
    """Events in their order. `now` is in seconds since the beginning; pure, and quick."""

    def __init__(self) -> None:
        self.now = 0.0
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        self._numbers = count()
        self._queued: dict[tuple[Lane, Ticket], Process] = {}
        self._next: dict[Lane, float] = {}  # when a lane is looked at again

    def play(self) -> None:
        """To the end."""
        while self._events:
            self.now, _, event = heapq.heappop(self._events)
            event()

    def go(self, process: Process) -> None:
        """Until it wishes for something that is not there yet."""
        match next(process, None):
            case (Lane() as lane, Rank() as rank):
                self._queued[lane, lane.join(rank)] = process
                self._look_at(lane, self.now)
            case (Mark() as mark, until):
                self._wait(mark, until, process)
            case float(seconds):
                self._at(self.now + seconds, lambda: self.go(process))

    def set(self, mark: Mark) -> None:
        mark.is_set = True
        waiting, mark.waiting = mark.waiting, []
        for process in waiting:
            self.go(process)

    def _at(self, when: float, event: Callable[[], None]) -> None:
        heapq.heappush(self._events, (when, next(self._numbers), event))

    def _wait(self, mark: Mark, until: float, process: Process) -> None:
        if mark.is_set or until <= self.now:
            self._at(self.now, lambda: self.go(process))
            return
        mark.waiting.append(process)
        if until < inf:
            self._at(until, lambda: self._give_up(mark, process))

    def _give_up(self, mark: Mark, process: Process) -> None:
        if process in mark.waiting:
            mark.waiting.remove(process)
            self.go(process)

    def _look_at(self, lane: Lane, when: float) -> None:
        if when < self._next.get(lane, inf):
            self._next[lane] = when
            self._at(when, lambda: self._serve(lane, when))

    def _serve(self, lane: Lane, when: float) -> None:
        if self._next.get(lane) != when:
            return  # it was looked at before
        del self._next[lane]
        head = lane.head
        if head is None:
            return
        wait_s = lane.wait_s(head, when)
        if not wait_s:
            self.go(self._queued.pop((lane, head)))
        self._look_at(lane, when + wait_s)


class Joint:
    """One `reading` at a time for all who want it, as `kit.joint.Joint` has it."""

    def __init__(self, time: Time, reading: Callable[[], Process]) -> None:
        self._time = time
        self._reading = reading
        self._last: Mark | None = None
        self._next: Mark | None = None
        self._is_busy = False

    def now(self) -> Process:
        """One that begins now, or else the next."""
        mark = self._next = self._next or Mark()
        if not self._is_busy:
            self._is_busy = True
            self._time.go(self._read())
        yield mark, inf

    def recent(self) -> Process:
        """The last one that began, if any did."""
        if self._last is None:
            yield from self.now()
        else:
            yield self._last, inf

    def _read(self) -> Process:
        while self._next is not None:
            mark, self._last, self._next = self._next, self._next, None
            yield from self._reading()
            self._time.set(mark)
        self._is_busy = False


class Crew:
    """At most `size` processes at once, in the order they came."""

    def __init__(self, time: Time, size: int) -> None:
        self._time = time
        self._free = size
        self._todo: deque[Process] = deque()

    def submit(self, process: Process) -> None:
        self._todo.append(process)
        if self._free:
            self._free -= 1
            self._time.go(self._worker())

    def _worker(self) -> Process:
        while self._todo:
            yield from self._todo.popleft()
        self._free += 1
