"""What a playbook means once it meets servers: pure values, digested before anything is sent."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeAlias

from mcpsoar.core.digest import Facts, digest
from mcpsoar.core.verdict import StepVerdict

Action: TypeAlias = str  # "<role>.<verb>": registry.disable, tokens.revoke, policy.force_write_approval, …


class Direction(StrEnum):
    APPLY = "apply"
    UNDO = "undo"


class Undo(StrEnum):
    """EXACT brings back the baseline; COMPENSATE something close to it; NONE nothing."""

    EXACT = "exact"
    COMPENSATE = "compensate"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class StepSpec:
    """One line of a playbook. `after` names steps that must have ended, well or badly: order, not condition.

    `shared` steps act once for all servers of a run (the write-approval policy is everybody's). A step with a
    condition is carried out if the step called `when` ended with one of `verdicts`, else it is skipped. An
    `optional` one is left out of a plan where nothing can do it. `attempts`, `retry_s` and `limit_s` are as
    in `Step`.
    """

    id: str
    title: str
    action: Action
    role: str
    undo: Undo
    after: tuple[str, ...]
    shared: bool
    why: str
    when: str | None = None
    verdicts: tuple[StepVerdict, ...] = ()
    attempts: int | None = None
    retry_s: float | None = None
    limit_s: float | None = None
    optional: bool = False

    @property
    def aim(self) -> str:
        """Its title within a sentence: can *disable the registry entry*."""
        return self.title[:1].lower() + self.title[1:]


@dataclass(frozen=True, slots=True)
class Playbook:
    name: str
    title: str
    steps: tuple[StepSpec, ...]
    digest: str
    where: str


@dataclass(frozen=True, slots=True)
class Step:
    """One action on one target. `server` is None for a shared step. Ids are unique within a plan.

    `when` are the steps of which one must have ended with one of `verdicts`; empty: no condition. A change is
    tried `attempts` times and for `retry_s` at most (None: as the profile says), and is not sent again once
    `limit_s` have passed since the step began.
    """

    id: str
    spec: str
    action: Action
    role: str
    server: str | None
    undo: Undo
    after: tuple[str, ...]
    when: tuple[str, ...] = ()
    verdicts: tuple[StepVerdict, ...] = ()
    attempts: int | None = None
    retry_s: float | None = None
    limit_s: float | None = None

    def as_facts(self) -> Facts:
        """What a step does not say is left out: its digest is what it was before there was such a word."""
        more: dict[str, Any] = {"when": list(self.when), "verdicts": [one.value for one in self.verdicts]}
        more |= {"attempts": self.attempts, "retry_s": self.retry_s, "limit_s": self.limit_s}
        return {
            "id": self.id,
            "spec": self.spec,
            "action": self.action,
            "role": self.role,
            "server": self.server,
            "undo": self.undo.value,
            "after": list(self.after),
            **{name: said for name, said in more.items() if said not in ([], None)},
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """A playbook made concrete. `bindings` names the connector and address of each role, and has digests of
    what `options` make steps mean; never a secret.
    """

    playbook: str
    playbook_digest: str
    direction: Direction
    servers: tuple[str, ...]
    steps: tuple[Step, ...]
    bindings: Facts

    @property
    def digest(self) -> str:
        """Same intent, same digest, whatever the layout of the playbook file."""
        return digest(
            {
                "playbook": self.playbook_digest,
                "direction": self.direction.value,
                "servers": list(self.servers),
                "steps": [step.as_facts() for step in self.steps],
                "bindings": self.bindings,
            }
        )
