"""What every part of a drill stands on: its settings, the lab, and the checks made so far."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mcpsoar.app import watch
from mcpsoar.app.drill_outcome import Check
from mcpsoar.app.watch import Look
from mcpsoar.core.ports import Clock
from mcpsoar.kit.clock import now_ms

if TYPE_CHECKING:
    from mcpsoar.lab.stage import Stage

CANARY_TOOL = "list_issues"


@dataclass(frozen=True, slots=True)
class Settings:
    """`home` holds everything the drill writes. `hold_s` is how long denials must last, `every_s` apart.

    `weakness` (registry or tokens) switches one of the lab's controls off, and `canary_tool` may name a tool
    that is not there: a drill that cannot fail proves nothing.
    """

    home: Path
    pack: Path
    clock: Clock
    say: Callable[[str], None]
    hold_s: float = 3.0
    every_s: float = 0.5
    weakness: str | None = None
    canary_tool: str = CANARY_TOOL


@dataclass(slots=True)
class Ground:
    """One drill under way; `checks` grows."""

    settings: Settings
    stage: "Stage"
    checks: list[Check] = field(default_factory=list)

    @property
    def log(self) -> Path:
        """What the gateway appends to."""
        return self.stage.lab.audit_log

    def say(self, text: str) -> None:
        self.settings.say(text)

    def check(self, name: str, saw: str, *, holds: bool) -> Check:
        """Keep one claim; one that does not hold is told at once."""
        check = Check(name, holds, saw)
        self.checks.append(check)
        if not holds:
            self.say(f"DOES NOT HOLD: {name}: {saw}")
        return check

    def look(self, log: Path) -> Look:
        """What rules and gates make of a log."""
        settings = self.settings
        return watch.look([str(log)], pack=settings.pack, with_rules=True, now_ms=now_ms(settings.clock))


def events(data: bytes) -> list[dict[str, Any]]:
    """The events of an audit log that the lab wrote."""
    return [json.loads(line) for line in data.splitlines() if line.strip()]
