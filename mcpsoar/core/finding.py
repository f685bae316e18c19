"""What watching concludes: findings of rules, readings and states of gates, pages for people."""

from dataclasses import dataclass
from enum import StrEnum

from mcpsoar.core.event import Window


class GateState(StrEnum):
    OK = "ok"
    WARN = "warn"
    PAGE = "page"
    NO_DATA = "no_data"


@dataclass(frozen=True, slots=True)
class Group:
    """One subject's share of a reading."""

    key: str
    state: GateState
    numerator: int
    denominator: int | None


@dataclass(frozen=True, slots=True)
class Reading:
    """What one gate saw in one window; counts are exact integers.

    `events` are all events of the window, `judged` those the gate could judge. `evidence` holds the newest
    20 event ids by time, newest first.
    """

    gate: str
    window: Window
    events: int
    judged: int
    numerator: int
    denominator: int | None
    warned: int
    evidence: tuple[str, ...]
    groups: tuple[Group, ...]


@dataclass(frozen=True, slots=True)
class Judgement:
    """A reading, judged: `value` is the numerator or the ratio, None on no_data."""

    reading: Reading
    state: GateState
    value: float | None


@dataclass(frozen=True, slots=True)
class Hit:
    """One event that a rule matched, or that completed the pattern of a detection, which then says whom.

    `event_id` is None where the event has no id. `server` is the subject where that is a server, else the
    event's own, if it names one.
    """

    event_id: str | None
    at_ms: int
    subject: str | None = None
    server: str | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """What one rule or detection claims about one log: how many matches, and the newest of them.

    `first_ms` and `last_ms` are the times of the first and the last match, `oldest` is the first. `unnamed`
    matches are of events without an id. `servers` are the five with most matches, of `server_count`.
    `lacks` are the columns that it needs and no event of the log has, `failed` is why it could not be asked:
    its count is then no answer.
    """

    rule: str
    title: str
    level: str
    count: int
    hits: tuple[Hit, ...] = ()
    first_ms: int | None = None
    last_ms: int | None = None
    lacks: tuple[str, ...] = ()
    failed: str = ""
    oldest: Hit | None = None
    unnamed: int = 0
    servers: tuple[tuple[str, int], ...] = ()
    server_count: int = 0

    @property
    def evidence(self) -> tuple[str, ...]:
        """The ids of the events that have one, newest first."""
        return tuple(hit.event_id for hit in self.hits if hit.event_id is not None)


@dataclass(frozen=True, slots=True)
class Page:
    """What wakes a person. Two pages with one `dedup_key` are one incident."""

    dedup_key: str
    gate: str
    title: str
    severity: str
    owner: str
    subjects: tuple[str, ...]
    summary: str
    evidence: tuple[str, ...]
    runbook: tuple[str, ...]
    at_ms: int
