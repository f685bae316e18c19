"""What each step touches, read where it delays nobody: after the last change, beside the canaries.

In a dry run it is read as soon as its step was looked at. What the look told already is not repeated.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from typing import TYPE_CHECKING

from mcpsoar.contain.journal import Journal
from mcpsoar.contain.looks import Looks
from mcpsoar.contain.plan import CANARY
from mcpsoar.core.digest import Facts
from mcpsoar.core.plan import Step
from mcpsoar.core.ports import Connector
from mcpsoar.kit.crew import Crew, wait_for
from mcpsoar.kit.touched import touched

if TYPE_CHECKING:
    from concurrent.futures import Future

_THREADS = 4
_GRACE_S = 0.2


class Affected:
    """Asks connectors that can tell, within what the looks' budget has left; who is late, or in whatever
    trouble, is unknown, and no run ends otherwise for it.
    """

    def __init__(
        self,
        steps: Iterable[Step],
        roles: Mapping[str, Connector],
        *,
        looks: Looks,
        is_dry: bool,
    ) -> None:
        self._changes = {step.id: step for step in steps if step.action != CANARY}
        self._roles = roles
        self._looks = looks
        self._is_dry = is_dry
        self._crew = Crew(_THREADS, "mcpsoar-affects")
        self._tasks: dict[str, Future[Facts]] = {}

    def ended(self, name: str, left: Collection[str]) -> None:
        """A step came to its end, and these have not yet."""
        if self._is_dry and name in self._changes:
            self._ask(self._changes[name])
        elif not any(other in self._changes for other in left):
            for step in self._changes.values():
                self._ask(step)

    def note(self, journal: Journal) -> None:
        """Write down what came of it; waits as long as the budget lasts. Raises Unwritable."""
        found = {name: self._found(self._changes[name], task) for name, task in self._tasks.items()}
        entries = [{"kind": "affects", "step": name, "affects": news} for name, news in found.items() if news]
        if entries:
            journal.append(*entries)

    def close(self) -> None:
        """A read under way gets a moment to end, so that connections are not closed while they are opened."""
        self._crew.close(_GRACE_S)

    def _ask(self, step: Step) -> None:
        connector = self._roles.get(step.role)
        affects: Callable[[Step], Facts] | None = getattr(connector, "affects", None)
        is_able = connector is not None and step.action in connector.actions
        if affects is not None and is_able and step.id not in self._tasks:
            self._tasks[step.id] = self._crew.submit(partial(self._read, affects, step))

    def _read(self, affects: Callable[[Step], Facts], step: Step) -> Facts:
        """One that begins too late is spared."""
        return affects(step) if self._looks.left_s > 0 else {}

    def _found(self, step: Step, task: "Future[Facts]") -> Facts:
        """What is news."""
        told = self._looks.told(step)
        is_read = wait_for(task, self._looks.left_s) and task.exception() is None
        found = {**({} if told else touched(step.role)), **(task.result() if is_read else {})}
        return {
            name: known
            for name, known in found.items()
            if name not in told or (told[name] is None and known is not None)
        }
