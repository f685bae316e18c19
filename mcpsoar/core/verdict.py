"""Verdicts: the only three answers this project gives, and the finer words that map onto them."""

from collections.abc import Iterable
from enum import Enum, StrEnum


class Verdict(Enum):
    """Values are the exit codes; 2 is left to usage errors."""

    YES = 0
    NO = 1
    CANNOT_TELL = 3


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Fold many answers into one: a known NO outranks a doubt, a doubt a YES.

    No verdict at all is CANNOT_TELL: nobody looked.
    """
    seen = set(verdicts)
    for verdict in (Verdict.NO, Verdict.CANNOT_TELL, Verdict.YES):
        if verdict in seen:
            return verdict
    return Verdict.CANNOT_TELL


class StepVerdict(StrEnum):
    """What became of one step."""

    VERIFIED = "verified"
    ALREADY = "already"
    APPLIED_UNVERIFIED = "applied_unverified"
    PARTIAL = "partial"
    FAILED = "failed"
    CANNOT_TELL = "cannot_tell"
    SKIPPED = "skipped"
    PLANNED = "planned"

    @property
    def verdict(self) -> Verdict | None:
        """YES, NO or CANNOT_TELL; None for a step that counts for nothing (skipped, planned)."""
        return _STEP.get(self)


_STEP = {
    StepVerdict.VERIFIED: Verdict.YES,
    StepVerdict.ALREADY: Verdict.YES,
    StepVerdict.PARTIAL: Verdict.NO,
    StepVerdict.FAILED: Verdict.NO,
    StepVerdict.APPLIED_UNVERIFIED: Verdict.CANNOT_TELL,
    StepVerdict.CANNOT_TELL: Verdict.CANNOT_TELL,
}


class RunVerdict(StrEnum):
    """What became of a run; `running` and `interrupted` are said of runs without an end."""

    CONTAINED = "contained"
    NOT_CONTAINED = "not_contained"
    RELEASED = "released"
    NOT_RELEASED = "not_released"
    UNVERIFIED = "unverified"
    PLANNED = "planned"
    RUNNING = "running"
    INTERRUPTED = "interrupted"

    @property
    def verdict(self) -> Verdict:
        """YES, NO or CANNOT_TELL: a run without an end is CANNOT_TELL."""
        return _RUN[self]


_RUN = {
    RunVerdict.CONTAINED: Verdict.YES,
    RunVerdict.RELEASED: Verdict.YES,
    RunVerdict.PLANNED: Verdict.YES,
    RunVerdict.NOT_CONTAINED: Verdict.NO,
    RunVerdict.NOT_RELEASED: Verdict.NO,
    RunVerdict.UNVERIFIED: Verdict.CANNOT_TELL,
    RunVerdict.RUNNING: Verdict.CANNOT_TELL,
    RunVerdict.INTERRUPTED: Verdict.CANNOT_TELL,
}
