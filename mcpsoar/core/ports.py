"""Every port of the house: what a plug-in must do, and what it may raise."""

from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

from mcpsoar.core.plan import Step
from mcpsoar.core.run import Baseline, Effect, Observation, Sighting

if TYPE_CHECKING:  # containing a server starts without the vocabulary of watching
    from mcpsoar.core.content import DetectionText, RuleText


class Clock(Protocol):
    """Raises nothing."""

    def now(self) -> datetime:
        """Aware, UTC."""

    def monotonic(self) -> float:
        """Seconds."""

    def sleep(self, seconds: float) -> None: ...


class Connector(Protocol):
    """One control plane in one role. Never retries, never prints; the runner owns both.

    Used from several threads at once, for different steps. It may also have, and a caller asks first:
    `propagation_s`, how long its data plane may go on with what it remembers;
    `secrets`, those beside its binding's that stand in no journal (tuple[Secret, ...]);
    `lacks`, what this system cannot do or show, in words for a person (tuple[str, ...]);
    `marks(action)`, the names of facts that only somebody's change of the target alters, never the plane
    itself (tuple[str, ...]): a release compares them with what the read-back after its containment saw;
    `spills`, by action, what a change for one server does to others (Mapping[str, str]);
    `identity(server)`, the one entry of the registry that a name means (str; raises as `baseline`);
    `survey(action)`, a read of what that action rests on, of no server in particular, and what it saw (str,
    or None: look at a server; raises as `baseline`). Neither sends a change.
    `recall(looked, did, seen)`, told before the first look, once for each step of this role in runs of this
    home that still stand: the facts of its look, of what its change said and of its last read-back.
    `affects(step)`, what the step touches, as far as reads beside those of `baseline` tell it (Facts; raises
    as `baseline`, sends no change, and no change waits for it). Its keys, of which one that was not asked is
    not there and what is not known is None: `tokens` (a count), `kinds` of them ({kind: count}), `principals`
    whose they are, `tools`, of which those in `may_write` do not only read, `servers` that clients reach it
    by or that it is about (lists of names, or counts where they are long), `calls_last_day` (a count),
    `owner` and `environment` (texts).
    """

    actions: frozenset[str]

    def baseline(self, step: Step) -> Baseline:
        """Read the state before a change.

        Raises Unreachable, Indeterminate, Denied (401, 403), UnknownTarget (there is no such server),
        Malformed, Unsupported (this control plane has no read-back).
        """

    def apply(self, step: Step, was: Baseline | None, key: str) -> Effect:
        """Send one change, once; repeating it with the same `key` is harmless.

        One of many calls tells `kit.telling` what it is about to alter, before the first of them: a list
        `open` of what is still on, so that a release knows it even if nobody lives to answer. In the baseline
        of a registry's entry `tools_off` are those that its undo would switch on with it.

        Raises Unreachable (nothing was processed), Indeterminate (sent, no trustworthy answer), Denied,
        Conflict, Malformed.
        """

    def verify(self, step: Step) -> Observation:
        """Read the state after a change. Raises nothing; may say CANNOT_TELL."""

    def rollback(self, step: Step, was: Baseline | None, key: str) -> Effect:
        """Send the reverse of `apply`, once. Raises as `apply`, and Unsupported without a way back."""

    def verify_rollback(self, step: Step, was: Baseline | None) -> Observation:
        """Read whether the step is undone. Raises nothing; may say CANNOT_TELL."""

    def close(self) -> None:
        """Give connections back; the connector is not used after. Raises nothing."""


class Canary(Protocol):
    """A harmless data-plane call."""

    def probe(self, server: str) -> Sighting:
        """Try once, on fresh connections. Raises nothing."""

    def close(self) -> None:
        """Give back what was kept open. Raises nothing."""


class Target(Protocol):
    """One language a rule is converted to; what `make(columns, dialect)` of a target's module gives."""

    @property
    def comment(self) -> str:
        """A comment in that language, with {} for its words."""

    def convert(self, rule: "RuleText") -> str:
        """One query. Raises BadContent, and Unsupported for what that language cannot say."""


@runtime_checkable
class DetectionTarget(Target, Protocol):
    """One that says detections too."""

    def detection(self, text: "DetectionText", tree: Any) -> str:
        """One query; `tree` is the detection's statement as sqlglot reads it.

        Raises Unsupported for what that language cannot say exactly.
        """
