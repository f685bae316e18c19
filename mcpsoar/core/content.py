"""Pack content as values: what a rule, a gate and their cases are, before anybody runs them."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

from mcpsoar.core.digest import Facts


class CaseKind(StrEnum):
    """positive must fire; negative must not; benign must not and looks as if it should."""

    POSITIVE = "positive"
    NEGATIVE = "negative"
    BENIGN = "benign"


@dataclass(frozen=True, slots=True)
class Case:
    """Events with the answer they must get: a hit for a rule, a state for a gate (`expect`)."""

    name: str
    kind: CaseKind
    events: tuple[Facts, ...]
    expect: Facts
    where: str


@dataclass(frozen=True, slots=True)
class RuleText:
    """One Sigma rule as its file says it; `id` is the file's stem, `uuid` Sigma's own id.

    `needs` are the columns without which a log cannot answer it: silence there is no all-clear. `playbook` is
    the one that answers it, None where nothing is to be contained.
    """

    id: str
    uuid: str
    title: str
    level: str
    status: str
    risk: str
    path: Path
    text: str
    cases: tuple[Case, ...]
    needs: tuple[str, ...] = ()
    playbook: str | None = None
    tags: tuple[str, ...] = ()
    false_alarms: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class DetectionText:
    """One SQL detection: a SELECT over `mcp_audit` for what no single event shows. Known by what a rule is.

    It gives one row a match: `event_ms` and `event_key` of the event that completes the pattern, and the
    `subject` to blame, of the kind that its front matter names. `sql_line` is where the SELECT starts.
    """

    id: str
    uuid: str
    title: str
    level: str
    status: str
    risk: str
    path: Path
    sql: str
    sql_line: int
    cases: tuple[Case, ...]
    subject: str
    needs: tuple[str, ...] = ()
    playbook: str | None = None
    tags: tuple[str, ...] = ()
    false_alarms: tuple[str, ...] = ()


Text: TypeAlias = RuleText | DetectionText


class Counts(StrEnum):
    """What a gate's numerator counts: events that hit, or distinct subjects with a hit."""

    EVENTS = "events"
    SUBJECTS = "subjects"


@dataclass(frozen=True, slots=True)
class Ratio:
    """An exact fraction of integers: 1 % is 1/100. Compared by cross-multiplication, never divided."""

    over: int
    under: int


@dataclass(frozen=True, slots=True)
class Threshold:
    """When a gate pages or warns: >= if `inclusive`, else >. A count gate has no ratio and pages at > 0."""

    ratio: Ratio | None
    inclusive: bool


@dataclass(frozen=True, slots=True)
class GateText:
    """One gate: its front matter and its SELECT (a comment block above it).

    `page`, `warn` compare numerator with denominator for ratio gates; `min_denominator` and
    `min_numerator` are floors under which a ratio cannot page. `sql_line` is where the SELECT starts.
    """

    id: str
    title: str
    owner: str
    severity: str
    window_ms: int
    counts: Counts
    page: Threshold
    warn: Threshold | None
    min_denominator: int
    min_numerator: int
    target: str
    page_when: str
    why: str
    runbook: tuple[str, ...]
    false_alarms: tuple[str, ...]
    references: tuple[str, ...]
    path: Path
    sql: str
    sql_line: int
    cases: tuple[Case, ...]
