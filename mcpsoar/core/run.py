"""One execution of a plan: what was seen, what was promised, what was said, what was seen again."""

from dataclasses import dataclass, field
from enum import StrEnum

from mcpsoar.core.digest import Facts
from mcpsoar.core.verdict import RunVerdict, StepVerdict, Verdict


@dataclass(frozen=True, slots=True)
class Exposure:
    """What stays open after a change, and until when (RFC 3339, UTC); None means no end is known.

    `is_beside` is what the step never aimed at: worth knowing, and no doubt whether it did what it is for.
    """

    what: str
    until: str | None
    is_beside: bool = False


@dataclass(frozen=True, slots=True)
class Baseline:
    """State before a change. `in_force`: the step's aim was met already; `facts` are kept for the undo, and
    `affects` for people: what that look told, by the way, of what the step touches (`Connector.affects`).
    """

    in_force: bool
    facts: Facts
    seen_at: str
    affects: Facts = field(default_factory=dict, compare=False)


@dataclass(frozen=True, slots=True)
class Effect:
    """What the control plane says it did. It is a claim, not proof. `found_in_force`: how the change itself
    found things, where it has to look before it acts.
    """

    facts: Facts
    at: str
    found_in_force: bool | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """State read back. YES: the aim is met. NO: it is not. CANNOT_TELL: `detail` says why.

    `is_partial` refines a NO: some of it is done and some is not.
    """

    verdict: Verdict
    detail: str
    facts: Facts
    seen_at: str
    exposures: tuple[Exposure, ...] = ()
    is_partial: bool = False


class Passage(StrEnum):
    """What a canary met: it executed, was explicitly denied, or neither can be said."""

    EXECUTED = "executed"
    DENIED = "denied"
    UNCLEAR = "unclear"


@dataclass(frozen=True, slots=True)
class Sighting:
    """One canary call on a fresh connection."""

    passage: Passage
    detail: str
    seen_at: str


@dataclass(frozen=True, slots=True)
class StepReport:
    id: str
    server: str | None
    action: str
    verdict: StepVerdict
    attempts: int
    started_at: str | None
    finished_at: str | None
    detail: str
    evidence: Facts = field(default_factory=dict)
    affects: Facts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Report:
    """The end of a run."""

    run: str
    playbook: str
    playbook_digest: str
    servers: tuple[str, ...]
    verdict: RunVerdict
    steps: tuple[StepReport, ...]
    remaining_exposure: tuple[Exposure, ...]
    journal_path: str
    journal_head: str
    extra: Facts = field(default_factory=dict)
