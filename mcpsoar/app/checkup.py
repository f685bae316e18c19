"""What a check-up says: values, and how many of them come to one answer."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from mcpsoar.core.digest import Facts, Json
from mcpsoar.core.verdict import Verdict, worst


class State(StrEnum):
    """`limit` is what a system cannot do or a profile does not say: it holds, and nobody has to mend it."""

    OK = "ok"
    LIMIT = "limit"
    BROKEN = "broken"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `words` may quote other systems: clean them where they are shown."""

    about: str
    state: State
    words: str


_VERDICT = {State.BROKEN: Verdict.NO, State.UNKNOWN: Verdict.CANNOT_TELL}


def verdict(checks: Iterable[Check]) -> Verdict:
    """NO where anything is broken, else CANNOT_TELL where something did not answer."""
    return worst(_VERDICT.get(check.state, Verdict.YES) for check in checks)


def document(profile: str, where: str, checks: Iterable[Check]) -> Json:
    """The document of `doctor --format json`. More keys may come, none goes."""
    listed = tuple(checks)
    found: list[Facts] = [
        {"about": check.about, "state": check.state.value, "words": check.words} for check in listed
    ]
    return {"profile": profile, "where": where, "verdict": verdict(listed).name.lower(), "checks": found}
