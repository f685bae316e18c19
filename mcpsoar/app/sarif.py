"""What every SARIF 2.1.0 log of ours is made of (OASIS, errata 01): rules, places, and text without tricks.

Section numbers are those of https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html.
"""

from collections.abc import Sequence
from pathlib import Path
from urllib.parse import quote

import mcpsoar
from mcpsoar.core.content import Text
from mcpsoar.core.digest import Facts
from mcpsoar.core.finding import Finding
from mcpsoar.kit.plain import shown

LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note", "informational": "note"}
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
# what GitHub's code scanning sorts by: over 9.0 is critical, from 7.0 high, from 4.0 medium
_SEVERITIES = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "2.5", "informational": "0.0"}
_LONGEST = 500


def document(texts: Sequence[Text], run: Facts) -> Facts:
    """One run of this tool: its rules are the texts, whose places are the `ruleIndex` of results."""
    driver = {
        "name": "mcpsoar",
        "version": mcpsoar.__version__,
        "rules": [_rule(text) for text in texts],
    }
    return {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, **run, "columnKind": "unicodeCodePoints"}],
    }


def uri(name: str) -> str:
    """A relative reference where the path is one (§3.4.3): a report reads the same on two machines."""
    path = Path(name)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


def plain(text: str, *, longest: int = _LONGEST) -> str:
    """Text without what hides, and whose brackets make no link (§3.11.6)."""
    return shown(text[:longest]).replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")


def notification(text: str, *, level: str) -> Facts:
    """What the tool says of itself, and not of what it looked at."""
    return {"level": level, "message": {"text": text}}


def unasked(finding: Finding) -> Facts:
    """The notification of a rule that these logs could not be asked, because they lack a column."""
    said = plain(f"{finding.rule} could not be asked: no event has {', '.join(finding.lacks)}")
    return {**notification(said, level="warning"), "associatedRule": {"id": finding.rule}}


def failed(finding: Finding) -> Facts:
    """The notification of a rule that ran out of time or room."""
    said = plain(f"{finding.rule} could not be asked: {finding.failed}")
    return {**notification(said, level="error"), "associatedRule": {"id": finding.rule}}


def _rule(text: Text) -> Facts:
    help_ = [f"{text.title}. Risk: {text.risk}."]
    help_ += [f"False alarm: {one}." for one in text.false_alarms]
    help_ += [f"Needs the columns {', '.join(text.needs)}."] if text.needs else []
    help_ += [f"Answered by the playbook {text.playbook}."] if text.playbook else []
    return {
        "id": text.id,
        "guid": text.uuid,
        "name": "".join(word.capitalize() for word in text.id.split("_")),
        "shortDescription": {"text": plain(text.title)},
        "help": {"text": plain(" ".join(help_), longest=4 * _LONGEST)},
        "defaultConfiguration": {"level": LEVELS[text.level]},
        "properties": {
            "tags": ["security", *text.tags],
            "security-severity": _SEVERITIES[text.level],
            "risk": text.risk,
        },
    }
