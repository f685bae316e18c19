"""What is asked for: servers to contain or to release, and what is kept of why."""

from dataclasses import dataclass

from mcpsoar.core.plan import Direction

DEFAULT_PLAYBOOK = "contain-server"


@dataclass(frozen=True, slots=True)
class Order:
    """`by` is who asked, for those who find the servers held."""

    servers: tuple[str, ...]
    direction: Direction
    playbook: str = DEFAULT_PLAYBOOK
    reason: str | None = None
    ticket: str | None = None
    dry_run: bool = False
    by: str = ""
