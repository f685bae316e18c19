"""What is asked for: servers to contain or to release, and what is kept of why."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mcpsoar.core.digest import Facts
from mcpsoar.core.plan import Direction

if TYPE_CHECKING:
    from mcpsoar.app.victims import Chosen

DEFAULT_PLAYBOOK = "contain-server"


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What marks both runs of a rehearsal. `asked_at` is when it was typed; `left_out` has, by the step of
    the playbook, why it was not rehearsed.
    """

    asked_at: str
    with_shared: bool = False
    left_out: Mapping[str, str] = field(default_factory=dict)

    def as_facts(self) -> Facts:
        return {
            "asked_at": self.asked_at,
            "with_shared": self.with_shared,
            "left_out": dict(self.left_out),
        }


@dataclass(frozen=True, slots=True)
class Order:
    """`by` is who asked, for those who find the servers held. `chosen` tells how the servers were named
    (None: typed, all of them), and `command` what was typed, for the next one. `entries` are what the
    registry calls servers that it calls otherwise. `assume_on`: what nobody saw before a run was on;
    `changed_too`: what was changed since is undone all the same. `only` is the one run that a
    release may undo. `begun` hears of each run, by its id, before it sends anything.
    """

    servers: tuple[str, ...]
    direction: Direction
    playbook: str = DEFAULT_PLAYBOOK
    reason: str | None = None
    ticket: str | None = None
    dry_run: bool = False
    by: str = ""
    chosen: "Chosen | None" = None
    protected_too: bool = False
    assume_on: bool = False
    changed_too: bool = False
    command: str = "mcpsoar contain"
    entries: Mapping[str, str] = field(default_factory=dict)
    only: str | None = None
    rehearsal: Rehearsed | None = None
    begun: Callable[[str], None] = field(default=lambda _: None, repr=False, compare=False)
