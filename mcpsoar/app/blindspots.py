"""Blind spots, said aloud: what no content watches, and what no log can answer."""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum

from mcpsoar.app.coverage import Can, Coverage, Item, ItemKind, Outlook
from mcpsoar.pack.landscape import FRAMEWORKS, OWN


class SpotKind(StrEnum):
    """A risk, a technique, a rule that no log answers, a column of no log, a log that tells little, a gap."""

    RISK = "risk"
    TECHNIQUE = "technique"
    CONTENT = "content"
    COLUMN = "column"
    LOG = "log"
    GAP = "gap"


@dataclass(frozen=True, slots=True)
class BlindSpot:
    """`what` is not seen; `why` is the reason, or what would be needed."""

    kind: SpotKind
    what: str
    why: str


def blind_spots(coverage: Coverage) -> tuple[BlindSpot, ...]:
    """Every one that the content, the landscape and the logs show; the lab's own gateway excuses nothing."""
    others = [seen for seen in coverage.seen if seen.evidence != OWN]
    return (
        *_risks(coverage),
        *_techniques(coverage),
        *_content(coverage, others),
        *_columns(coverage, others),
        *_logs(coverage, others),
        *(BlindSpot(SpotKind.GAP, f"{gap.risk}: {gap.what}", gap.why) for gap in coverage.field.gaps),
    )


def _risks(coverage: Coverage) -> Iterator[BlindSpot]:
    nouns = {ItemKind.EVENT: "rule", ItemKind.WINDOW: "detection over a window", ItemKind.GATE: "gate"}
    for risk in coverage.risks():
        absent = [noun for kind, noun in nouns.items() if not coverage.of_risk(risk.id, kind)]
        if len(absent) == len(nouns):
            yield BlindSpot(SpotKind.RISK, f"{risk.id}: {risk.title}", "nothing in this pack watches it")
        elif absent:
            yield BlindSpot(SpotKind.RISK, risk.id, f"it has no {' and no '.join(absent)}")


def _techniques(coverage: Coverage) -> Iterator[BlindSpot]:
    for framework in FRAMEWORKS:
        names = coverage.field.names.get(framework, {})
        for technique in coverage.techniques(framework):
            if not coverage.of_technique(framework, technique):
                of = [risk.id for risk in coverage.field.risks if technique in risk.techniques[framework]]
                named = f"{shown(framework, technique)} {names.get(technique, '')}".strip()
                why = f"; it belongs to {_and(of)}" if of else ""
                yield BlindSpot(SpotKind.TECHNIQUE, named, f"no rule or detection carries it{why}")


def _content(coverage: Coverage, others: list[Outlook]) -> Iterator[BlindSpot]:
    for item in coverage.items:
        answers = [seen.answers[item.id] for seen in others if item.id in seen.answers]
        if answers and all(answer.can is Can.NO for answer in answers):
            least = min((answer.lacks for answer in answers), key=len)
            why = f"no log source answers it alone; the nearest lacks {_and(least)}"
            yield BlindSpot(SpotKind.CONTENT, item.id, why)


def _columns(coverage: Coverage, others: list[Outlook]) -> Iterator[BlindSpot]:
    """Columns that every log lacks wherever they are needed."""
    for name in sorted({name for item in coverage.items for name in item.needs}):
        items = [item for item in coverage.items if name in item.needs]
        if others and all(_lacks(seen, name, items) for seen in others):
            why = f"no log source can fill it; {_and([item.id for item in items])} would need it"
            yield BlindSpot(SpotKind.COLUMN, name, why)


def _lacks(seen: Outlook, column: str, items: list[Item]) -> bool:
    return all(column in seen.answers[item.id].lacks for item in items if item.id in seen.answers)


def _logs(coverage: Coverage, others: list[Outlook]) -> Iterator[BlindSpot]:
    for seen in others:
        unseen = []
        for risk in coverage.risks():
            asked = seen.answered(coverage.of_risk(risk.id))
            if asked and all(can is Can.NO for can in asked):
                unseen.append(risk.id)
        if unseen:
            why = f"it can answer nothing about {_and(unseen)}"
            yield BlindSpot(SpotKind.LOG, seen.id, f"{why}. {seen.cannot}".strip())


def shown(framework: str, technique: str) -> str:
    """A technique as its own framework writes it: AML.T0051.001, MCP03:2025, SAFE-T1001."""
    prefix, suffix = {"atlas": ("AML.", ""), "owasp": ("", ":2025"), "safe": ("SAFE-", "")}[framework]
    return f"{prefix}{technique.upper()}{suffix}"


def _and(words: list[str] | tuple[str, ...]) -> str:
    return ", ".join(words[:-1]) + f" and {words[-1]}" if len(words) > 1 else "".join(words)
