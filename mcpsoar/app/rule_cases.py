"""The cases of rules and detections, asked on DuckDB: those that are written, and their variants."""

from collections.abc import Collection, Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple

from mcpsoar.app import variants
from mcpsoar.app.proving import CaseResult, lacking, no_columns
from mcpsoar.app.variants import Variant
from mcpsoar.core.content import Case, CaseKind, RuleText, Text
from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import BadContent
from mcpsoar.core.event import Column
from mcpsoar.kit.complaints import together

if TYPE_CHECKING:
    from mcpsoar.detect.scan import Ask

VARIANT = "variant"


class Asked(NamedTuple):
    """Which rule or detection, and over which events."""

    id: str
    events: tuple[Facts, ...]


def proved(texts: Sequence[Text], ask: "Ask") -> tuple[CaseResult, ...]:
    """Every case, every kind of case that is missing, and every variant of a positive case.

    Raises BadContent with every complaint about cases.
    """
    complaints = [bad for text in texts for case in text.cases for bad in _odd(case, ask.columns)]
    if complaints:
        raise together(complaints)
    written = [(text, case) for text in texts for case in text.cases]
    made = [(text, case, one) for text in texts for case, one in _variants(text, ask)]
    logs = [Asked(text.id, case.events) for text, case in written]
    logs += [Asked(text.id, events) for text, _, one in made for events in (one.events, one.like)]
    found = iter(_matched(logs, ask))
    results = [
        CaseResult(text.id, case.name, case.kind, case.where, why(case, next(found)))
        for text, case in written
    ]
    results += [one for text in texts for one in lacking(text.id, text.path, text.cases)]
    for text, case, one in made:
        name = f"{case.name}, variant: {one.name}"
        said = _differs(next(found), next(found))
        results.append(CaseResult(text.id, name, VARIANT, case.where, said))
    return tuple(results)


def why(case: Case, matched: Sequence[int]) -> str:
    """Why the case does not hold, when these of its events match; empty when it does."""
    wanted = case.expect.get("hits")
    if wanted is not None and list(matched) != wanted:
        return f"matches events {_numbers(matched)}, expected {_numbers(wanted)}"
    if case.kind is CaseKind.POSITIVE:
        return "" if matched else "matches none of its events"
    return f"matches event {_numbers(matched)}, must match none" if matched else ""


def _variants(text: Text, ask: "Ask") -> Iterator[tuple[Case, Variant]]:
    read = _read(text, ask)
    make = variants.each if isinstance(text, RuleText) else variants.together
    for case in text.cases:
        if case.kind is CaseKind.POSITIVE:
            yield from ((case, one) for one in make(case, ask.columns, read))


def _read(text: Text, ask: "Ask") -> Collection[str]:
    """The columns that it reads, and those that these are derived from."""
    from mcpsoar.detect import prelude
    from mcpsoar.detect.matching import referenced

    if isinstance(text, RuleText):
        own = referenced([ask.rules[text.id]])
    else:
        own = next(one.columns for one in ask.detections if one.text.id == text.id)
    return own | {name for column in ask.columns if column.name in own for name in prelude.sources(column)}


def _matched(logs: Sequence[Asked], ask: "Ask") -> list[tuple[int, ...]]:
    """For each log, in their order, the places of the events that match; what is asked twice is read once."""
    from mcpsoar.detect.scan import completed, matches

    own = {(log.id, id(log.events)): log for log in logs}  # a variant is like its case: the very same events
    rules = [log for log in own.values() if log.id in ask.rules]
    by_id = {one.text.id: one for one in ask.detections}
    others = [log for log in own.values() if log.id in by_id]
    hits = matches(ask.rules, [event for log in rules for event in log.events], ask.columns) if rules else {}
    places = {id_: set(found) for id_, found in hits.items()}
    found: dict[tuple[str, int], tuple[int, ...]] = {}
    start = 0
    for log in rules:
        some = places.get(log.id, set())
        found[log.id, id(log.events)] = tuple(at for at in range(len(log.events)) if start + at in some)
        start += len(log.events)
    told = completed([(by_id[log.id], log.events) for log in others], ask.columns)
    found |= {(log.id, id(log.events)): one for log, one in zip(others, told, strict=True)}
    return [found[log.id, id(log.events)] for log in logs]


def _differs(got: Sequence[int], like: Sequence[int]) -> str:
    if tuple(got) == tuple(like):
        return ""
    return f"matches events {_numbers(got)}, and {_numbers(like)} where the same is spelled otherwise"


def _odd(case: Case, columns: Sequence[Column]) -> Iterator[BadContent]:
    if not case.events:
        yield BadContent(f"case {case.name!r} has no events", where=case.where)
    hits = case.expect.get("hits", [])
    is_known = isinstance(hits, list) and all(
        type(index) is int and 0 <= index < len(case.events) for index in hits
    )
    if set(case.expect) - {"hits"} or not is_known:
        yield BadContent(
            f'case {case.name!r}: expect is {{"hits": [numbers of its events, from 0]}}', where=case.where
        )
    yield from no_columns(case, columns)


def _numbers(indices: Sequence[int]) -> str:
    return ", ".join(str(index) for index in indices) or "none"
