"""Rules: what a pack holds, whether every case holds, and what a rule is in another language."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from mcpsoar.app.proving import CaseResult, lacking, strangers
from mcpsoar.core.content import Case, CaseKind, DetectionText, RuleText
from mcpsoar.core.errors import BadContent, Unsupported, Usage
from mcpsoar.core.event import Column
from mcpsoar.core.ports import Target
from mcpsoar.kit import find
from mcpsoar.kit.complaints import together
from mcpsoar.pack import content, schema
from mcpsoar.pack import rules as pack

TARGETS = "mcpsoar.targets"


@dataclass(frozen=True, slots=True)
class Converted:
    """One rule in the target's language; `comment` is how that writes one, as in `heading`, the title.

    A detection that cannot be said there has no query, and a `refusal` that tells why.
    """

    rule: RuleText | DetectionText
    query: str | None
    comment: str
    refusal: str = ""

    @property
    def heading(self) -> str:
        return self.comment.format(f"{self.rule.id}: {self.rule.title}")


def listed(root: Path) -> tuple[RuleText | DetectionText, ...]:
    """Every rule and detection of a pack. Reads YAML and JSON alone. Raises BadContent."""
    return content.load(root)


def proved(root: Path, wanted: Sequence[str] = ()) -> tuple[CaseResult, ...]:
    """Run every case of the wanted rules: each rule as SQL, over the events of its cases, on DuckDB.

    Raises BadContent with every complaint, Usage for an unknown or no rule, Unsupported for a part of Sigma
    that is not bridged.
    """
    from mcpsoar.detect import derived
    from mcpsoar.detect.scan import matches
    from mcpsoar.targets import sql

    rules = _some(root, wanted)
    columns = schema.load(root)
    derived.check(columns)
    asked = sql.predicates(rules, columns)
    cases = [(rule.id, case) for rule in rules for case in rule.cases]
    complaints = [bad for _, case in cases for bad in (*_odd(case), *strangers(case, columns))]
    if complaints:
        raise together(complaints)
    events = [event for _, case in cases for event in case.events]
    hits = matches(asked, events, columns) if events else {}
    missing = [one for rule in rules for one in lacking(rule.id, rule.path, rule.cases)]
    return (*_judged(cases, hits), *missing)


def converted(
    root: Path, target: str, wanted: Sequence[str] = (), *, dialect: str | None = None
) -> tuple[Converted, ...]:
    """The wanted rules and detections in another language; a detection named by its id is not let off.

    Raises Usage (no such target, rule or dialect), BadContent, Unsupported.
    """
    made, columns = _target(root, target, dialect), schema.load(root)
    texts = content.load(root, wanted)
    if not texts:
        raise Usage(f"no rules in {root}", next_command="mcpsoar rules list")
    found = []
    for text in texts:
        query, refusal = None, ""
        try:
            if isinstance(text, RuleText):
                query = made.convert(text)
            else:
                query = _statement(text, columns, target, dialect or "duckdb")
        except Unsupported as error:
            if isinstance(text, RuleText) or wanted:
                raise
            refusal = error.message
        found.append(Converted(text, query, made.comment, refusal))
    return tuple(found)


def _statement(text: DetectionText, columns: Sequence[Column], target: str, dialect: str) -> str:
    from mcpsoar.detect import statement
    from mcpsoar.detect.detection import parse
    from mcpsoar.detect.dialects import EVENT_MS

    parsed = parse(text, columns)
    if target != "sql":
        said = f"detection {text.id} joins events over time, and is SQL alone: no query of {target}"
        raise Unsupported(said, where=str(text.path), next_command=f"mcpsoar rules convert sql {text.id}")
    if dialect not in EVENT_MS:
        raise Unsupported(f"detection {text.id} cannot be said in {dialect}", where=str(text.path))
    return statement.matches(parsed, columns, dialect)


def _target(root: Path, name: str, dialect: str | None) -> Target:
    made: Target = find.load(TARGETS, name).make(schema.load(root), dialect)
    return made


def _some(root: Path, wanted: Sequence[str]) -> tuple[RuleText, ...]:
    rules = pack.load(root, wanted)
    if not rules:
        raise Usage(f"no rules in {root}", next_command="mcpsoar rules list")
    return rules


def _judged(cases: Sequence[tuple[str, Case]], hits: Mapping[str, Sequence[int]]) -> Iterator[CaseResult]:
    start = 0
    for rule, case in cases:
        end = start + len(case.events)
        matched = [index - start for index in sorted(hits.get(rule, ())) if start <= index < end]
        yield CaseResult(rule, case.name, case.kind, case.where, _why(case, matched))
        start = end


def _why(case: Case, matched: Sequence[int]) -> str:
    wanted = case.expect.get("hits")
    if wanted is not None and list(matched) != wanted:
        return f"matches events {_numbers(matched)}, expected {_numbers(wanted)}"
    if case.kind is CaseKind.POSITIVE:
        return "" if matched else "matches none of its events"
    return f"matches event {_numbers(matched)}, must match none" if matched else ""


def _odd(case: Case) -> Iterator[BadContent]:
    if not case.events:
        yield BadContent(f"case {case.name!r} has no events", where=case.where)
    hits = case.expect.get("hits", [])
    known = isinstance(hits, list) and all(
        type(index) is int and 0 <= index < len(case.events) for index in hits
    )
    if set(case.expect) - {"hits"} or not known:
        yield BadContent(
            f'case {case.name!r}: expect is {{"hits": [numbers of its events, from 0]}}', where=case.where
        )


def _numbers(indices: Sequence[int]) -> str:
    return ", ".join(str(index) for index in indices) or "none"
