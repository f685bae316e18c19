"""Gates: what a pack holds, whether its cases hold, and one as a statement for a user's own engine."""

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mcpsoar.core.content import Case, CaseKind, GateText
from mcpsoar.core.errors import BadContent, Usage
from mcpsoar.core.event import Column, first_tick_after
from mcpsoar.core.finding import Judgement
from mcpsoar.core.verdict import Verdict, worst
from mcpsoar.pack import gates as pack
from mcpsoar.pack import schema

_EXPECTED = frozenset(
    ("state", "numerator", "denominator", "warned", "evidence", "subjects", "approved", "as_of")
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_TICK = datetime(2000, 1, 1, tzinfo=UTC)
_LAST_TICK = datetime(2100, 1, 1, tzinfo=UTC)
_CASE_CLOCK_MS = 4_102_444_800_000  # the last tick: a case says its own times


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One case of a gate; `why` is empty when it holds. A kind that a gate has no case of fails too."""

    gate: str
    name: str
    where: str
    why: str


def listed(root: Path) -> tuple[GateText, ...]:
    """Every gate of a pack. Reads YAML and JSON alone. Raises BadContent."""
    return pack.load(root)


def statement(
    root: Path,
    gate: str,
    dialect: str,
    *,
    as_of_ms: int | None = None,
    approved: Collection[str] | None = None,
) -> str:
    """One gate as a whole statement. Raises Usage (no such gate or dialect), BadContent, Unsupported."""
    from mcpsoar.detect import statement as made
    from mcpsoar.detect.gate import parse

    columns = schema.load(root)
    text = pack.load(root, [gate])[0]
    return made.text(parse(text, columns, approved=approved), columns, dialect, as_of_ms=as_of_ms)


def proved(root: Path, wanted: Sequence[str] = ()) -> tuple[CaseResult, ...]:
    """Judge the events of every case. Raises BadContent, and Usage for an unknown gate."""
    columns = schema.load(root)
    return tuple(result for text in pack.load(root, wanted) for result in _proved(text, columns))


def verdict(judgements: Sequence[Judgement]) -> Verdict:
    """A page is NO; no data anywhere is CANNOT_TELL unless another gate pages."""
    return worst(_VERDICT[judgement.state] for judgement in judgements)


_VERDICT = {"ok": Verdict.YES, "warn": Verdict.YES, "page": Verdict.NO, "no_data": Verdict.CANNOT_TELL}


def _proved(text: GateText, columns: Sequence[Column]) -> Iterator[CaseResult]:
    kinds = {case.kind for case in text.cases}
    for kind in CaseKind:
        if kind not in kinds:
            yield CaseResult(text.id, kind.value, str(text.path), f"has no {kind} case")
    for case in text.cases:
        got = judged(text, case, columns)
        reading = got.reading
        said: dict[str, Any] = {
            "state": got.state.value,
            "numerator": reading.numerator,
            "denominator": reading.denominator,
            "warned": reading.warned,
            "evidence": list(reading.evidence),
            "subjects": [group.key for group in reading.groups],
        }
        wrong = [key for key in said if key in case.expect and case.expect[key] != said[key]]
        if case.kind is CaseKind.POSITIVE and got.state.value not in ("page", "warn"):
            wrong.append("state")
        if case.kind is not CaseKind.POSITIVE and got.state.value == "page":
            wrong.append("state")
        why = "; ".join(f"{key} is {said[key]}, not {case.expect.get(key)}" for key in dict.fromkeys(wrong))
        yield CaseResult(text.id, case.name, case.where, why)


def judged(text: GateText, case: Case, columns: Sequence[Column]) -> Judgement:
    """One gate over the events of a case, at the tick that the case names or the first after its events."""
    from mcpsoar.detect.gate import parse
    from mcpsoar.detect.judge import judge
    from mcpsoar.detect.scan import Ask, over_events

    unknown = sorted(set(case.expect) - _EXPECTED)
    if unknown or "state" not in case.expect:
        said = f"expects {unknown[0]!r}, which no gate says" if unknown else "expects no state"
        raise BadContent(said, where=case.where)
    gate = parse(text, columns, approved=case.expect.get("approved"))
    with over_events(case.events, Ask(columns, [gate], {}, _CASE_CLOCK_MS)) as scan:
        last_ms = scan.intake.last_ms
        at_ms = as_of(case.expect["as_of"]) if "as_of" in case.expect else first_tick_after(last_ms or 0)
        return judge(text, scan.reading(gate, at_ms))


def as_of(said: str) -> int:
    """A tick in milliseconds from RFC 3339 text; no zone is UTC.

    Raises Usage unless it is a whole minute from 2000, where events may begin, to 2100.
    """
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        raise Usage(f"{said!r} is no time; write 2026-03-01T00:10:00Z") from None
    since = (at if at.tzinfo else at.replace(tzinfo=UTC)) - _FIRST_TICK  # no UTC date: year 1 has none
    if not timedelta() <= since <= _LAST_TICK - _FIRST_TICK:
        raise Usage(f"{said!r} is no minute to judge: gates are judged from 2000 to 2100")
    if since % timedelta(minutes=1):
        raise Usage(f"{said!r} is no whole minute; gates are judged at whole minutes")
    return (_FIRST_TICK - _EPOCH + since) // timedelta(milliseconds=1)
