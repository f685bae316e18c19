"""The cases of rules, gates and detections, each with what a scan answers: a SIEM has to find the same."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from mcpsoar.core.content import Case, RuleText
from mcpsoar.core.digest import Facts
from mcpsoar.core.event import Column
from mcpsoar.core.finding import Judgement
from mcpsoar.detect import matching
from mcpsoar.detect.detection import Detection
from mcpsoar.detect.gate import OWN
from mcpsoar.detect.joined import blamed
from mcpsoar.siems.checks import ABSENT, NOTHING, place
from mcpsoar.targets import sql
from mcpsoar.targets.gate import Gate

_IDENTITY = ("event_id", "event_time")
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 (the engine's times are UTC and say nothing of it)


@dataclass(frozen=True, slots=True)
class Asked:
    """One case of `id`; `reads` are the columns that its query reads, `expected` what it has to find."""

    id: str
    case: Case
    reads: frozenset[str]
    expected: str

    @property
    def name(self) -> str:
        return f"{self.id}: {self.case.name}"


@dataclass(frozen=True, slots=True)
class RuleCase(Asked):
    """Expects the places of events: `000,002`."""

    rule: RuleText


@dataclass(frozen=True, slots=True)
class GateCase(Asked):
    """Expects a state and its counts at the tick: `page 3/300 warned 0`."""

    gate: Gate
    at_ms: int

    @property
    def approved(self) -> tuple[str, ...] | None:
        names = self.case.expect.get("approved")
        return tuple(map(str, names)) if isinstance(names, list) else None


@dataclass(frozen=True, slots=True)
class DetectionCase(Asked):
    """Expects how many matches there are, and of each the event's id and the subject: `2: e4 web, e6 web`."""

    detection: Detection


def of_rules(rules: Sequence[RuleText], columns: Sequence[Column]) -> Iterator[RuleCase]:
    """Every case of every rule."""
    predicates = sql.predicates(rules, columns)
    cases = [(rule, case) for rule in rules for case in rule.cases]
    events = [event for _, case in cases for event in case.events]
    found = {
        name: frozenset(places) for name, places in matching.matches(predicates, events, columns).items()
    }
    first = 0
    for rule, case in cases:
        here = range(first, first + len(case.events))
        places = sorted(at - first for at in found[rule.id] if at in here)
        expected = ",".join(map(place, places)) or NOTHING
        yield RuleCase(rule.id, case, matching.referenced([predicates[rule.id]]), expected, rule)
        first = here.stop


def of_gate(gate: Gate, case: Case, judgement: Judgement) -> GateCase:
    """One case of a gate, as a scan judges it."""
    reading = judgement.reading
    parts = (gate.subject, gate.hit, gate.judged, *([gate.warned] if gate.warned is not None else []))
    reads = matching.referenced(parts).difference(OWN) | {*_IDENTITY}
    ratio = "" if reading.denominator is None else f"/{reading.denominator}"
    expected = f"{judgement.state} {reading.numerator}{ratio} warned {reading.warned}"
    return GateCase(gate.text.id, case, reads, expected, gate, reading.window.end_ms)


def of_detections(detections: Sequence[Detection], columns: Sequence[Column]) -> Iterator[DetectionCase]:
    """Every case of every detection. Raises BadContent."""
    asked = [(one, case) for one in detections for case in one.text.cases]
    found = blamed([(one, case.events) for one, case in asked], columns)
    events = normal([case for _, case in asked], columns, _IDENTITY)
    for (one, case), matches, own in zip(asked, found, events, strict=True):
        told = {f"{own[at].get('event_id', ABSENT)} {subject or ABSENT}" for at, subject in matches}
        expected = f"{len(matches)}: {', '.join(sorted(told))}" if matches else NOTHING
        yield DetectionCase(one.text.id, case, one.columns | {*_IDENTITY}, expected, one)


def normal(
    cases: Sequence[Case], columns: Sequence[Column], wanted: Collection[str]
) -> Iterator[tuple[Facts, ...]]:
    """The events of each case in normal form, read together."""
    events = iter(matching.normal([event for case in cases for event in case.events], columns, wanted))
    for case in cases:
        yield tuple(islice(events, len(case.events)))


def at_ms(event: Facts) -> int:
    """When an event in normal form happened, 0 for one that has no time."""
    at = event.get("event_time")
    return (at - _EPOCH) // timedelta(milliseconds=1) if isinstance(at, datetime) else 0
