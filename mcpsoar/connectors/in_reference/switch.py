"""What the registry switches off and on again: an entry, or a tool of one."""

from abc import abstractmethod

from mcpsoar.core.digest import Facts
from mcpsoar.core.plan import Step
from mcpsoar.core.run import Baseline, Effect, Observation
from mcpsoar.core.verdict import Verdict
from mcpsoar.kit.rooms import Room

STATES = ("enabled", "disabled")


class Switch(Room):
    """Its entries have a `state`; errors are the room's."""

    def baseline(self, step: Step) -> Baseline:
        entry = self._entry(step)
        return Baseline(entry["state"] == "disabled", entry, self._now())

    def apply(self, step: Step, was: Baseline | None, key: str) -> Effect:  # noqa: ARG002 (the port's shape)
        return self._post(step, "disable", key)

    def rollback(self, step: Step, was: Baseline | None, key: str) -> Effect:  # noqa: ARG002
        return self._post(step, "enable", key)

    def look(self, step: Step) -> Observation:
        return self._seen(step, "disabled")

    def look_back(self, step: Step, was: Baseline | None) -> Observation:
        return self._seen(step, "disabled" if was is not None and was.in_force else "enabled")

    def _seen(self, step: Step, wanted: str) -> Observation:
        entry = self._entry(step)
        verdict = Verdict.YES if entry["state"] == wanted else Verdict.NO
        words = f"the registry says {self._called(entry)} is {entry['state']}"
        return Observation(verdict, words, entry, self._now())

    @abstractmethod
    def _entry(self, step: Step) -> Facts:
        """As the registry has it now."""

    @abstractmethod
    def _post(self, step: Step, verb: str, key: str) -> Effect:
        """Send one change: enable or disable."""

    @abstractmethod
    def _called(self, entry: Facts) -> str: ...
