"""Searches that a person pastes into a SIEM, or that are run there, to see that it answers as a scan does."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from mcpsoar.app import gates
from mcpsoar.core.errors import Denied, Trouble, Usage
from mcpsoar.core.verdict import Verdict, worst
from mcpsoar.siems import asked, installed
from mcpsoar.siems.asked import Content, Options
from mcpsoar.siems.checks import RIGHT, Asking, Check
from mcpsoar.siems.checks.cases import Asked, of_detections, of_gate, of_rules


@dataclass(frozen=True, slots=True)
class Answer:
    """What the SIEM found of one check; `why` says why it could not tell."""

    check: Check
    found: str
    verdict: Verdict
    why: str = ""


def checks(root: Path, name: str, wanted: Sequence[str] = ()) -> tuple[str, tuple[Check, ...]]:
    """How the SIEM writes a comment, and the checks of the wanted rules, gates and detections, or of all.

    Raises Usage for a SIEM or a name that there is not, and BadContent.
    """
    made = installed.siem(name)
    content = asked.content(root, Options())
    return made.comment, tuple(made.checks(tuple(cases(content, wanted, root)), content))


def cases(content: Content, wanted: Sequence[str], root: Path) -> Iterator[Asked]:
    """Those of the rules, then of the gates, then of the detections. Raises Usage, BadContent."""
    known = {one.id for one in content.rules}
    known |= {one.text.id for one in content.gates} | {one.text.id for one in content.detections}
    for one in wanted:
        if one not in known:
            said = f"no rule, gate or detection {one!r} in {root}"
            raise Usage(said, next_command="mcpsoar rules list")
    chosen = set(wanted or known)
    yield from of_rules([rule for rule in content.rules if rule.id in chosen], content.columns)
    asked_gates = [gate for gate in content.gates if gate.text.id in chosen]
    gates.check([gate.text for gate in asked_gates], content.columns)
    for gate in asked_gates:
        for case in gate.text.cases:
            yield of_gate(gate, case, gates.judged(gate.text, case, content.columns))
    own = [one for one in content.detections if one.text.id in chosen]
    yield from of_detections(own, content.columns)


def answers(checks: Sequence[Check], siem: Asking) -> Iterator[Answer]:
    """One after the other. Raises Denied where the SIEM lets nobody ask, Usage."""
    for check in checks:
        if check.why:
            yield Answer(check, "", Verdict.CANNOT_TELL, check.why)
            continue
        try:
            rows = siem.ask(check.query)
        except (Denied, Usage):
            raise
        except Trouble as trouble:
            yield Answer(check, "", Verdict.CANNOT_TELL, str(trouble))
            continue
        row = rows[0] if len(rows) == 1 else {}
        if row.get("case") != check.name or row.get("expected") != check.expected:
            yield Answer(check, "", Verdict.CANNOT_TELL, f"{len(rows)} rows, and not the one of this case")
            continue
        told = Verdict.YES if row.get("verdict") == RIGHT else Verdict.NO
        yield Answer(check, str(row.get("found")), told)


def verdict(answers: Sequence[Answer]) -> Verdict:
    """A wrong answer outranks one that did not come."""
    return worst(answer.verdict for answer in answers)
