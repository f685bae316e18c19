"""Searches that a person pastes into a SIEM, or that are run there, to see that it answers as a scan does."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from mcpsoar.core.errors import Denied, Trouble, Usage
from mcpsoar.core.verdict import Verdict, worst
from mcpsoar.siems import asked, installed
from mcpsoar.siems.asked import Options
from mcpsoar.siems.checks import RIGHT, Asking, Check


@dataclass(frozen=True, slots=True)
class Answer:
    """What the SIEM found of one check; `why` says why it could not tell."""

    check: Check
    found: str
    verdict: Verdict
    why: str = ""


def checks(root: Path, name: str, wanted: Sequence[str] = ()) -> tuple[str, tuple[Check, ...]]:
    """How the SIEM writes a comment, and the checks of the wanted rules, or of all.

    Raises Usage for a SIEM or a rule that there is not, and BadContent.
    """
    made = installed.siem(name)
    content = asked.content(root, Options())
    known = {rule.id: rule for rule in content.rules}
    for one in wanted:
        if one not in known:
            raise Usage(f"no rule {one!r} in {root}", next_command="mcpsoar rules list")
    chosen = tuple(known[one] for one in dict.fromkeys(wanted or known))
    return made.comment, tuple(made.checks(replace(content, rules=chosen)))


def answers(checks: Sequence[Check], siem: Asking) -> Iterator[Answer]:
    """One after the other. Raises Denied where the SIEM lets nobody ask, Usage."""
    for check in checks:
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
