"""A connector made of rooms: what a control plane has under one action, seen, done and undone."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from typing import ClassVar, Protocol

from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Unsupported, Usage
from mcpsoar.core.plan import Step
from mcpsoar.core.ports import Clock
from mcpsoar.core.run import Baseline, Effect, Observation
from mcpsoar.core.secret import Secret
from mcpsoar.kit.budget import Calls
from mcpsoar.kit.clock import stamp
from mcpsoar.kit.http import Edge
from mcpsoar.kit.settle import settled, unknown


class Closing(Protocol):
    """What gives its connections back, once."""

    def close(self) -> None: ...


class Room(ABC):
    """One action. Errors are the port's; `look` and `look_back` may raise them too."""

    has_way_back: ClassVar[bool] = True

    def __init__(self, edge: Edge, clock: Clock) -> None:
        self._edge = edge
        self._where = edge.where
        self._clock = clock

    @abstractmethod
    def baseline(self, step: Step) -> Baseline: ...

    @abstractmethod
    def apply(self, step: Step, was: Baseline | None, key: str) -> Effect: ...

    @abstractmethod
    def look(self, step: Step) -> Observation: ...

    @abstractmethod
    def rollback(self, step: Step, was: Baseline | None, key: str) -> Effect: ...

    @abstractmethod
    def look_back(self, step: Step, was: Baseline | None) -> Observation: ...

    @property
    def lacks(self) -> tuple[str, ...]:
        """What cannot be done or seen here, in words for a person. Asks nobody."""
        return ()

    @property
    def marks(self) -> tuple[str, ...]:
        """Names of facts by which another's change shows."""
        return ()

    @property
    def spills(self) -> str | None:
        """What a change for one server does to others; None where each is its own."""
        return None

    def identity(self, server: str) -> str:
        """The entry that a name means. Raises as `baseline`."""
        return server

    def survey(self) -> str | None:
        """Read what this action rests on, of no server: what was seen, None for "look at one". Raises as
        `baseline`.
        """
        return None

    def affects(self, step: Step) -> Facts:  # noqa: ARG002 (there may be more to read)
        """What reads of its own tell of what a step touches, beside the baseline's. Raises as `baseline`."""
        return {}

    def _now(self) -> str:
        return stamp(self._clock.now())


class Rooms:
    """`core.ports.Connector`: each action in its room. `name` is what the control plane is called.

    `propagation_s` is how long its data plane may go on with what it remembers: a canary holds no shorter.
    `secrets` are those beside the binding's that stand in no journal. `edge` is closed with it. `calls` is
    what a step costs where that is not a look, a write and a read.
    """

    def __init__(
        self,
        rooms: Mapping[str, Room],
        edge: Closing,
        *,
        name: str,
        clock: Clock,
        settle_s: float,
        propagation_s: float = 0.0,
        secrets: tuple[Secret, ...] = (),
        calls: Mapping[str, Calls] | None = None,
    ) -> None:
        self._rooms = rooms
        self._edge = edge
        self._name = name
        self._clock = clock
        self._settle_s = settle_s
        self.actions = frozenset(rooms)
        self.propagation_s = propagation_s
        self.secrets = secrets
        self.calls = calls or {}

    def baseline(self, step: Step) -> Baseline:
        return self._room(step).baseline(step)

    def apply(self, step: Step, was: Baseline | None, key: str) -> Effect:
        return self._room(step).apply(step, was, key)

    def verify(self, step: Step) -> Observation:
        return self._settled(step, lambda room: room.look(step))

    def rollback(self, step: Step, was: Baseline | None, key: str) -> Effect:
        """As the port; a step whose aim was met before the run is left as it was, and nothing is sent."""
        room = self._room(step)
        if was is not None and was.in_force and room.has_way_back:
            return Effect({**was.facts, "left": "as it was before the run"}, stamp(self._clock.now()))
        return room.rollback(step, was, key)

    def verify_rollback(self, step: Step, was: Baseline | None) -> Observation:
        return self._settled(step, lambda room: room.look_back(step, was))

    @property
    def lacks(self) -> tuple[str, ...]:
        return tuple(words for room in self._rooms.values() for words in room.lacks)

    def marks(self, action: str) -> tuple[str, ...]:
        return self._rooms[action].marks

    @property
    def spills(self) -> dict[str, str]:
        return {action: words for action, room in self._rooms.items() if (words := room.spills)}

    def identity(self, server: str) -> str:
        room = self._rooms.get("registry.disable")
        return room.identity(server) if room else server

    def survey(self, action: str) -> str | None:
        return self._rooms[action].survey()

    def affects(self, step: Step) -> Facts:
        return self._room(step).affects(step)

    def close(self) -> None:
        self._edge.close()

    def _settled(self, step: Step, look: Callable[[Room], Observation]) -> Observation:
        room = self._rooms.get(step.action)
        if room is None:
            return unknown(f"{self._name} has no {step.action}", self._clock)
        return settled(lambda: look(room), clock=self._clock, settle_s=self._settle_s)

    def _room(self, step: Step) -> Room:
        if step.action not in self._rooms:
            raise Unsupported(f"{self._name} has no {step.action}")
        return self._rooms[step.action]


def server(step: Step) -> str:
    """The server that a step acts on. Raises Usage where it names none."""
    if step.server is None:
        raise Usage(f"{step.action} acts on a server and step {step.id!r} names none")
    return step.server
