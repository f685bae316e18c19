"""What a playbook means once it meets servers: pure values, digested before anything is sent."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypeAlias

from mcpsoar.core.digest import Facts, digest

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

    `shared` steps act once for all servers of a run (the write-approval policy is everybody's).
    """

    id: str
    title: str
    action: Action
    role: str
    undo: Undo
    after: tuple[str, ...]
    shared: bool
    why: str


@dataclass(frozen=True, slots=True)
class Playbook:
    name: str
    title: str
    steps: tuple[StepSpec, ...]
    digest: str
    where: str


@dataclass(frozen=True, slots=True)
class Step:
    """One action on one target. `server` is None for a shared step. Ids are unique within a plan."""

    id: str
    spec: str
    action: Action
    role: str
    server: str | None
    undo: Undo
    after: tuple[str, ...]

    def as_facts(self) -> Facts:
        return {
            "id": self.id,
            "spec": self.spec,
            "action": self.action,
            "role": self.role,
            "server": self.server,
            "undo": self.undo.value,
            "after": list(self.after),
        }


@dataclass(frozen=True, slots=True)
class Plan:
    """A playbook made concrete. `bindings` names the connector and address of each role, never a secret."""

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
