"""Gates: what a pack holds, whether its cases hold, and one as a statement for a user's own engine."""

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from mcpsoar.app.proving import CaseResult, lacking, no_columns
from mcpsoar.core.content import Case, CaseKind, GateText
from mcpsoar.core.errors import BadContent, Usage
from mcpsoar.core.event import LAST_TICK_MS, Column, Intake, first_tick_after
from mcpsoar.core.finding import GateState, Judgement
from mcpsoar.core.verdict import Verdict, worst
from mcpsoar.kit.complaints import together
from mcpsoar.pack import gates as pack
from mcpsoar.pack import schema

_SAID = ("state", "numerator", "denominator", "warned", "evidence", "subjects")
_GIVEN = ("approved", "as_of")
_RFC3339 = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt ](?:[01]\d|2[0-3]):\d{2}(?::\d{2}(?:\.\d{1,6})?)?(?:[Zz]|[+-]\d{2}:\d{2})?",
    re.ASCII,
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FIRST_TICK = datetime(2000, 1, 1, tzinfo=UTC)
_LAST_TICK = datetime(2100, 1, 1, tzinfo=UTC)
_FIRES = (GateState.PAGE, GateState.WARN)
_VERDICT = {
    GateState.OK: Verdict.YES,
    GateState.WARN: Verdict.YES,
    GateState.PAGE: Verdict.NO,
    GateState.NO_DATA: Verdict.CANNOT_TELL,
}


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
    """Judge the events of every case of the wanted gates.

    Raises BadContent with every complaint about cases, and Usage for an unknown or no gate.
    """
    from mcpsoar.detect import derived

    columns = schema.load(root)
    derived.check(columns)
    gates = pack.load(root, wanted)
    if not gates:
        raise Usage(f"no gates in {root}", next_command="mcpsoar gates list")
    check(gates, columns)
    return tuple(result for gate in gates for result in _proved(gate, columns))


def check(gates: Sequence[GateText], columns: Sequence[Column]) -> None:
    """Raise BadContent with every complaint about cases."""
    complaints = [bad for gate in gates for case in gate.cases for bad in _odd(case, columns)]
    if complaints:
        raise together(complaints)


def verdict(judgements: Sequence[Judgement], intake: Intake) -> Verdict:
    """A page is NO; no data anywhere, or a log that broke off, is CANNOT_TELL unless another gate pages."""
    told = [_VERDICT[judgement.state] for judgement in judgements]
    return worst([*told, Verdict.CANNOT_TELL] if intake.cut else told)


def judged(text: GateText, case: Case, columns: Sequence[Column]) -> Judgement:
    """One gate over the events of a case, at the tick that the case names or the first after its events."""
    from mcpsoar.detect.gate import parse
    from mcpsoar.detect.judge import judge
    from mcpsoar.detect.scan import Ask, over_events

    gate = parse(text, columns, approved=case.expect.get("approved"))
    with over_events(case.events, Ask(columns, [gate], {}, LAST_TICK_MS)) as scan:
        last_ms = scan.intake.last_ms
        at_ms = as_of(case.expect["as_of"]) if "as_of" in case.expect else first_tick_after(last_ms or 0)
        return judge(text, scan.reading(gate, at_ms))


def fails(text: GateText, case: Case, columns: Sequence[Column]) -> str:
    """Why a gate does not answer a case as it must; empty when it does."""
    return "; ".join(_wrong(case, judged(text, case, columns)))


def as_of(said: str) -> int:
    """A tick in milliseconds from RFC 3339 text; no zone is UTC, and seconds may be left out.

    Raises Usage unless it is a whole minute from 2000, where events may begin, to 2100.
    """
    try:
        at = datetime.fromisoformat(said.upper()) if _RFC3339.fullmatch(said) else None
    except ValueError:
        at = None
    if at is None:
        raise Usage(f"{said!r} is no time; write 2026-03-01T00:10:00Z")
    since = (at if at.tzinfo else at.replace(tzinfo=UTC)) - _FIRST_TICK  # no UTC date: year 1 has none
    if not timedelta() <= since <= _LAST_TICK - _FIRST_TICK:
        raise Usage(f"{said!r} is no minute to judge: gates are judged from 2000 to 2100")
    if since % timedelta(minutes=1):
        raise Usage(f"{said!r} is no whole minute; gates are judged at whole minutes")
    return (_FIRST_TICK - _EPOCH + since) // timedelta(milliseconds=1)


def _proved(gate: GateText, columns: Sequence[Column]) -> Iterator[CaseResult]:
    for case in gate.cases:
        yield CaseResult(gate.id, case.name, case.kind, case.where, fails(gate, case, columns))
    yield from lacking(gate.id, gate.path, gate.cases)


def _wrong(case: Case, got: Judgement) -> Iterator[str]:
    reading = got.reading
    said: dict[str, Any] = {
        "state": got.state.value,
        "numerator": reading.numerator,
        "denominator": reading.denominator,
        "warned": reading.warned,
        "evidence": list(reading.evidence),
        "subjects": [group.key for group in reading.groups],
    }
    for key in _SAID:
        if key in case.expect and case.expect[key] != said[key]:
            yield f"{key} is {said[key]}, not {case.expect[key]}"
    if case.kind is CaseKind.POSITIVE and got.state not in _FIRES:
        yield f"a positive case pages or warns; it is {got.state}"
    if case.kind is not CaseKind.POSITIVE and got.state is GateState.PAGE:
        yield f"a {case.kind} case never pages"


def _odd(case: Case, columns: Sequence[Column]) -> Iterator[BadContent]:
    expect = case.expect
    strange = sorted(set(expect) - {*_SAID, *_GIVEN})
    if strange:
        yield BadContent(f"case {case.name!r} expects {strange[0]!r}, which no gate says", where=case.where)
    if expect.get("state") not in list(GateState):
        yield BadContent(f"case {case.name!r}: state is one of {', '.join(GateState)}", where=case.where)
    names = expect.get("approved", [])
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        yield BadContent(f"case {case.name!r}: approved is a list of names", where=case.where)
    try:
        as_of(str(expect.get("as_of", _FIRST_TICK.isoformat())))
    except Usage as error:
        yield BadContent(f"case {case.name!r}: as_of {error.message}", where=case.where)
    yield from no_columns(case, columns)
