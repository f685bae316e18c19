"""Searches that a person pastes into a SIEM: each brings its events along and says whether it is right.

Each ends in one row with the case, what was expected, what was found, and the verdict.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Protocol

from mcpsoar.core.content import Case, RuleText
from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import Column
from mcpsoar.core.ports import Target
from mcpsoar.detect import matching
from mcpsoar.targets import sql

RIGHT, WRONG = "ok", "WRONG"
NOTHING = "none"  # an empty text is no field to some
COLUMNS = ("case", "expected", "found", "verdict")


@dataclass(frozen=True, slots=True)
class Check:
    """One search; `name` tells of which rule and case, `expected` the events that it has to find."""

    name: str
    query: str
    expected: str


class Asking(Protocol):
    """A SIEM that can be asked."""

    def ask(self, query: str) -> Sequence[Facts]:
        """The rows that it gives. Raises as `kit.http.Edge`."""

    def close(self) -> None:
        """Give connections back. Raises nothing."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One case of a rule: what it reads, and by the scan's own answer the places that are to be found."""

    rule: RuleText
    case: Case
    reads: frozenset[str]
    places: tuple[int, ...]

    @property
    def name(self) -> str:
        return f"{self.rule.id}: {self.case.name}"

    @property
    def expected(self) -> str:
        return ",".join(map(place, self.places)) or NOTHING


def place(at: int) -> str:
    """Places as texts of one length, so that sorting them is sorting numbers."""
    return f"{at:03d}"


def of_rules(rules: Sequence[RuleText], columns: Sequence[Column]) -> Iterator[Asked]:
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
        places = tuple(sorted(at - first for at in found[rule.id] if at in here))
        yield Asked(rule, case, matching.referenced([predicates[rule.id]]), places)
        first = here.stop


def converted(rules: Sequence[RuleText], target: Target) -> Mapping[str, str]:
    """The query of each rule by its id; what a language refuses is refused where it is converted."""
    found = {}
    for rule in rules:
        with suppress(Unsupported):
            found[rule.id] = target.convert(rule)
    return found
