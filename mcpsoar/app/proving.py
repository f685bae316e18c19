"""What proving a pack's content gives: one result a case, and one for every kind of case that is missing."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

from mcpsoar.core.content import Case, CaseKind
from mcpsoar.core.errors import BadContent
from mcpsoar.core.event import Column
from mcpsoar.core.verdict import Verdict
from mcpsoar.pack import cases


@dataclass(frozen=True, slots=True)
class CaseResult:
    """One claim about the rule or gate `of`, judged; `why` is empty when it holds.

    `kind` is that of its case, or `variant` or `corpus`.
    """

    of: str
    name: str
    kind: str
    where: str
    why: str


def lacking(of: str, path: Path, held: Sequence[Case]) -> Iterator[CaseResult]:
    """What has no case of some kind is unproven: that is a failure, with the place to write it."""
    for kind in CaseKind:
        if not any(case.kind is kind for case in held):
            where = f"{cases.beside(path)}:1"
            yield CaseResult(of, f"a {kind} case", kind, where, "there is none")


def no_columns(case: Case, columns: Sequence[Column]) -> Iterator[BadContent]:
    """A field that is no column proves nothing: a mistyped one lets a negative case hold by accident."""
    known = {column.name for column in columns}
    for name in dict.fromkeys(name for event in case.events for name in event if name not in known):
        near = get_close_matches(name, known, n=1)
        hint = f"; the nearest is {near[0]!r}" if near else ""
        yield BadContent(f"case {case.name!r}: mcp_audit has no column {name!r}{hint}", where=case.where)


def verdict(results: Sequence[CaseResult]) -> Verdict:
    """YES when there are cases and every one holds; no case at all is a NO."""
    return Verdict.YES if results and not any(result.why for result in results) else Verdict.NO
