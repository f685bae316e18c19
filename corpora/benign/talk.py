"""A conversation of one actor, and the plan in which conversations run beside each other."""

import heapq
import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Literal

from corpora.ground import Ground
from mcpsoar.core.digest import Facts
from mcpsoar.lab.agent import Agent, Said

# yields how many seconds pass until its next step
Activity = Iterator[float]
DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody with a token for each server that they use; `may` says what for.

    `ttl_s` is how long such a token lasts, `revision` that of the protocol their client speaks.
    The servers in `one_token` are named by one token together.
    """

    name: str
    kind: Literal["human", "service", "agent"]
    may: dict[str, str]
    tags: tuple[str, ...] = ()
    revision: Literal["newest", "session"] = "newest"
    ttl_s: float = 36_000.0
    extra_scopes: tuple[str, ...] = ()
    one_token: tuple[str, ...] = ()

    def scopes(self, server: str) -> tuple[str, ...]:
        """`rwd` stands for read, write and destructive calls."""
        verbs = {"r": "read", "w": "write", "d": "destructive"}
        return tuple(f"{server}:{verbs[letter]}" for letter in self.may[server]) + self.extra_scopes


@dataclass
class Talk:
    """One conversation: it lists a server's tools before it calls them, as clients do."""

    here: Ground
    who: Person
    name: str
    _clients: dict[str, Agent] = field(default_factory=dict)
    _shared: str = ""

    def call(
        self,
        server: str,
        tool: str,
        arguments: Facts | None = None,
        *,
        by: Person | None = None,
        trace: str | None = None,
        after: str | None = None,
    ) -> Said:
        """One call; with `by` it carries that person's approval. `after` is the span that caused it."""
        given = arguments or {}
        approval = None
        if by is not None:
            approval = self.here.lab.approve(server, tool, given, self.who.name, by=by.name)
        client = self._clients.get(server) or self._meet(server)
        return client.call(
            tool,
            given,
            conversation=self.name,
            approval=approval,
            trace=(trace, after) if trace else None,
        )

    def end(self) -> None:
        for client in self._clients.values():
            client.close()
        self._clients.clear()

    def forget(self, server: str) -> None:
        """Close one connection; the next call comes with a new token."""
        self._clients.pop(server).close()

    def _meet(self, server: str) -> Agent:
        token = self._token(server)
        client = self.here.agents.connect(self.here.lab.url, server, token, revision=self.who.revision)
        client.list_tools()
        self._clients[server] = client
        return client

    def _token(self, server: str) -> str:
        together = self.who.one_token if server in self.who.one_token else (server,)
        if len(together) > 1 and self._shared:
            return self._shared
        token = self.here.lab.issue(
            self.who.name,
            together,
            scopes=tuple(scope for one in together for scope in self.who.scopes(one)),
            tags=self.who.tags,
            actor_type=self.who.kind,
            client_id=f"{self.who.name.partition('@')[0]}-client",
            ttl_s=self.who.ttl_s,
        )
        if len(together) > 1:
            self._shared = token
        return token


class Plan:
    """What happens when: the earliest step of all activities is played, then the next."""

    def __init__(self, here: Ground, start: datetime, *, seed: int = 5) -> None:
        self.here = here
        self.start = start
        self.random = Random(seed)
        self._number = itertools.count()
        self._due: list[tuple[float, int, Activity]] = []

    def at(self, day: int, hour: float, activity: Activity) -> None:
        """Begin an activity on a day (0 is the first) at an hour of it."""
        heapq.heappush(self._due, (day * DAY_S + hour * 3600.0, next(self._number), activity))

    def talk(self, who: Person, about: str) -> Talk:
        """A conversation of its own, by name."""
        return Talk(self.here, who, f"{about}-{next(self._number)}")

    def play(self) -> None:
        while self._due:
            at_s, number, activity = heapq.heappop(self._due)
            now_s = (self.here.clock.now() - self.start).total_seconds()
            if at_s > now_s:
                self.here.clock.advance(at_s - now_s)
            pause_s = next(activity, None)
            if pause_s is not None:
                heapq.heappush(self._due, (max(at_s, now_s) + pause_s, number, activity))

    def think(self, low_s: float, high_s: float) -> float:
        """A pause, seeded; never twice the same."""
        return self.random.uniform(low_s, high_s)
