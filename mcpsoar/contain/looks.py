"""The looks before the changes: all at once, early, and within one budget of time for all of them."""

import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Trouble
from mcpsoar.core.plan import Direction, Step, Undo
from mcpsoar.core.ports import Clock, Connector
from mcpsoar.core.run import Baseline
from mcpsoar.kit.crew import Crew, wait_for

if TYPE_CHECKING:
    from concurrent.futures import Future

_GRACE_S = 0.2


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen before a change: a baseline, or why there is none."""

    baseline: Baseline | None = None
    trouble: Trouble | None = None

    @property
    def why_unknown(self) -> str:
        return str(self.trouble) if self.trouble else "the look before it did not end in time"


class Looks:
    """The budget runs from the moment this is made; a look that is late is left behind."""

    def __init__(
        self, roles: Mapping[str, Connector], *, clock: Clock, budget_s: float, threads: int
    ) -> None:
        self._roles = roles
        self._clock = clock
        self._begun = clock.monotonic()
        self._budget_s = budget_s
        self._crew = Crew(threads, "mcpsoar-look")
        self._tasks: dict[str, Future[Look]] = {}
        self._is_closed = False
        self._told: dict[str, Facts] = {}

    def begin(self, steps: Iterable[Step], direction: Direction) -> None:
        """Look at every target, but for what cannot be undone, and what is undone only under a lock."""
        for step in steps:
            is_void = direction is Direction.UNDO and (step.undo is Undo.NONE or step.server is None)
            if step.role in self._roles and not is_void:
                self._tasks[step.id] = self._crew.submit(partial(self._look_in_time, step))

    def then(self, hear: Callable[[Mapping[str, Baseline]], None]) -> None:
        """`hear` what the looks saw, by step, once all that have begun have ended: on the thread of the last,
        and nothing where they are closed before.
        """
        left = len(self._tasks)
        lock = threading.Lock()

        def ended(_: "Future[Look]") -> None:
            nonlocal left
            with lock:
                left -= 1
                is_last = not left
            if is_last and not self._is_closed:
                whole = {name: task for name, task in self._tasks.items() if task.exception() is None}
                looks = {name: task.result().baseline for name, task in whole.items()}
                hear({name: was for name, was in looks.items() if was is not None})

        for task in self._tasks.values():
            task.add_done_callback(ended)

    def of(self, step: Step) -> Look:
        """The look at this step, begun now if it was not; an empty one when the budget is spent first."""
        task = self._tasks.get(step.id) or self._crew.submit(partial(self._look, step))
        return self._given(step, task, self.left_s)

    def told(self, step: Step) -> Facts:
        """What the last look at this step that was in time said of what it touches."""
        return self._told.get(step.id, {})

    def late(self, step: Step) -> Baseline | None:
        """What a look found that was waited for in vain, and only that the aim was not met: whenever that was
        read, it was so before the change. What it says of an aim that is met may be the change's own work.
        """
        task = self._tasks.get(step.id)
        found = task.result().baseline if task is not None and wait_for(task, _GRACE_S) else None
        return found if found is not None and not found.in_force else None

    def again(self, step: Step, within_s: float | None = None) -> Look:
        """A fresh one: within what the budget has left, or else within a time of its own."""
        task = self._crew.submit(partial(self._look, step))
        return self._given(step, task, self.left_s if within_s is None else within_s)

    @property
    def spent_s(self) -> float:
        return self._clock.monotonic() - self._begun

    @property
    def left_s(self) -> float:
        return self._budget_s - self.spent_s

    def close(self) -> None:
        """A look under way gets a moment to end, so that connections are not closed while they are opened."""
        self._is_closed = True
        self._crew.close(_GRACE_S)

    def _given(self, step: Step, task: "Future[Look]", within_s: float) -> Look:
        look = task.result() if wait_for(task, within_s) else Look()
        self._told[step.id] = look.baseline.affects if look.baseline else {}
        return look

    def _look_in_time(self, step: Step) -> Look:
        """One that begins too late is spared: nobody waits for it, and some hosts count calls."""
        return self._look(step) if self.left_s > 0 else Look()

    def _look(self, step: Step) -> Look:
        connector = self._roles.get(step.role)
        if connector is None or step.action not in connector.actions:
            return Look()
        try:
            return Look(connector.baseline(step))
        except Trouble as trouble:
            return Look(trouble=trouble)
