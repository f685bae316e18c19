"""Results as JUnit XML, as CI servers read it: a suite a rule, a test case a result, with file and line."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, NamedTuple
from xml.etree.ElementTree import Element, SubElement, tostring

from mcpsoar.app.proving import CaseResult
from mcpsoar.kit.plain import shown

if TYPE_CHECKING:
    from mcpsoar.app.scanning import Scanned

_OUTCOMES = {"failure": "failures", "error": "errors", "skipped": "skipped"}


class _Case(NamedTuple):
    """A test case; `outcome` is a key of the outcomes, or empty where it passed."""

    of: str
    name: str
    where: str
    outcome: str
    type: str
    why: str


def document(results: Sequence[CaseResult], scanned: "Scanned | None" = None) -> str:
    """One document, in ASCII: what hides is escaped, and what XML cannot hold with it.

    Of the user's own logs each rule has one case: an error where it could not be asked, skipped where they
    lack a column. What they leave unknown of themselves is an error in a suite of its own.
    """
    cases = [
        _Case(one.of, f"{one.kind}: {one.name}", one.where, "failure" if one.why else "", one.kind, one.why)
        for one in results
    ]
    cases += [] if scanned is None else _asked(scanned)
    root = Element("testsuites", {"name": "mcpsoar rules test", **_counts(cases)})
    for of in dict.fromkeys(one.of for one in cases):
        own = [one for one in cases if one.of == of]
        suite = SubElement(root, "testsuite", {"name": shown(of), **_counts(own)})
        for one in own:
            file, _, line = one.where.rpartition(":")
            named = {"classname": of, "name": one.name, "file": file, "line": line}
            case = SubElement(suite, "testcase", {key: shown(value) for key, value in named.items()})
            if one.outcome:
                told = SubElement(case, one.outcome, {"message": shown(one.why), "type": str(one.type)})
                told.text = shown(f"{one.where}: {one.of}: {one.name.partition(': ')[2]}: {one.why}")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="us-ascii").decode()}'


def _asked(scanned: "Scanned") -> Iterator[_Case]:
    from mcpsoar.app.scanning import doubts

    for one in scanned.claims:
        finding, where = one.finding, f"{one.text.path}:1"
        outcome, why = "", ""
        if finding.lacks:
            outcome, why = "skipped", f"not evaluable: no {', '.join(finding.lacks)}"
        elif finding.failed:
            outcome, why = "error", f"failed: {finding.failed}"
        yield _Case(finding.rule, "logs: can be asked of the logs", where, outcome, "logs", why)
    for why in doubts(scanned.look):
        where = f"{next(iter(scanned.look.logs), '-')}:1"
        yield _Case("logs", "logs: are known whole", where, "error", "logs", why)


def _counts(cases: Sequence[_Case]) -> dict[str, str]:
    counted = {key: str(sum(one.outcome == outcome for one in cases)) for outcome, key in _OUTCOMES.items()}
    return {"tests": str(len(cases)), **counted}
