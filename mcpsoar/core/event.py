"""Events as the rest of the house sees them: columns, rejects, windows and ticks.

Bulk logs never become Python objects; what is here describes them.
"""

from dataclasses import dataclass, field
from enum import Enum

MINUTE_MS = 60_000
LAST_TICK_MS = 4_102_444_800_000  # 2100: the clock of cases and recorded logs, which say their own times


class Kind(Enum):
    """The type of a column of `mcp_audit`; the engine's spelling is the prelude's business."""

    TEXT = "text"
    ENUM = "enum"
    BOOL = "bool"
    INTEGER = "integer"
    NUMBER = "number"
    TIME = "time"
    TEXTS = "texts"


@dataclass(frozen=True, slots=True)
class Column:
    """One column of `mcp_audit`: its type, the lower-case values of an enumeration, its one meaning.

    `derived` is the SQL that gives the value from other columns, or empty: what an event carries itself
    counts where that is NULL, and where it is `worse`, the boolean that wins whoever says it. `where` is the
    file:line that says so.
    """

    name: str
    kind: Kind
    meaning: str
    values: tuple[str, ...] = ()
    derived: str = ""
    worse: bool | None = None
    where: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class Reject:
    """One line that is not a valid event: where it stands (line 1 is the first), why, and the line itself.

    `is_cut` tells that nothing could be read from there to the end of the source.
    """

    source: str
    line: int
    why: str
    raw: bytes
    is_cut: bool = False


@dataclass(frozen=True, slots=True)
class LogRef:
    """One log to read: a local path (standard input is spooled to one); `name` is what people call it."""

    name: str
    path: str


@dataclass(frozen=True, slots=True)
class Intake:
    """What reading the logs gave, before any question was asked.

    `events` counts each identity once; `repeats` are further rows of an identity; `conflicts` are the first
    ten ids seen with other content or at several times, and `conflict_count` how many there are;
    `malformed` counts, per column, values that were not of its type and therefore absent; `cut` are the
    sources that could not be read to their end.
    """

    events: int
    rejected: int
    repeats: int
    conflicts: tuple[str, ...]
    conflict_count: int
    malformed: dict[str, int]
    cut: tuple[str, ...]
    first_ms: int | None
    last_ms: int | None


@dataclass(frozen=True, slots=True)
class Window:
    """Half open, in integer milliseconds since 1970 UTC: `start_ms <= t < end_ms`."""

    start_ms: int
    end_ms: int


def first_tick_after(at_ms: int) -> int:
    """The first whole minute strictly after an event: the event lies in the window that ends there."""
    return (at_ms // MINUTE_MS + 1) * MINUTE_MS
