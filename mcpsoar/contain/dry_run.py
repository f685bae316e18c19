"""The wrapper behind `--dry-run`: reads pass, changes become notes; the runner is the same."""

from mcpsoar.core.plan import Step
from mcpsoar.core.ports import Clock, Connector
from mcpsoar.core.run import Baseline, Effect, Observation
from mcpsoar.kit.clock import stamp


class DryRun:
    """`core.ports.Connector` that sends no change."""

    def __init__(self, inner: Connector, clock: Clock) -> None:
        self._inner = inner
        self._clock = clock
        self.actions = inner.actions

    def baseline(self, step: Step) -> Baseline:
        return self._inner.baseline(step)

    def apply(self, step: Step, was: Baseline | None, key: str) -> Effect:  # noqa: ARG002 (the port's shape)
        return self._noted()

    def verify(self, step: Step) -> Observation:
        return self._inner.verify(step)

    def rollback(self, step: Step, was: Baseline | None, key: str) -> Effect:  # noqa: ARG002
        return self._noted()

    def verify_rollback(self, step: Step, was: Baseline | None) -> Observation:
        return self._inner.verify_rollback(step, was)

    def close(self) -> None:
        self._inner.close()

    def _noted(self) -> Effect:
        return Effect({"dry_run": "nothing was sent"}, stamp(self._clock.now()))
