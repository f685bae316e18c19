"""What a file of content says to people beyond its values: its description and its references."""

import re
from collections.abc import Sequence
from typing import Any

from mcpsoar.core.content import GateText, RuleText, Text
from mcpsoar.kit import yamltext
from mcpsoar.pack import front

_PARAGRAPH = re.compile(r"\n(?=[A-Z][A-Za-z ]{2,30}: )")
_RESPONSE = "Response: "


def heading(text: Text) -> dict[str, Any]:
    """The heading as it stands in the file. Raises BadContent for one that changed since it was read."""
    if isinstance(text, RuleText):
        located = yamltext.parse(text.text, text.path)
    else:
        located = front.read(text.path).located
    value: dict[str, Any] = located.value
    return value


def described(text: Text, said: dict[str, Any]) -> str:
    """What it does, why that matters and what it misses: a paragraph each."""
    kept = [one for one in _paragraphs(said) if not one.startswith(_RESPONSE)]
    return "\n\n".join(kept) or text.title


def triage(text: Text, said: dict[str, Any]) -> str:
    """The investigation guide, in Markdown."""
    response = [one.removeprefix(_RESPONSE) for one in _paragraphs(said) if one.startswith(_RESPONSE)]
    steps = [one[:1].upper() + one[1:] for one in response] or ["Ask the owner of the server what happened."]
    contain = f"Playbook `{text.playbook}`: `mcpsoar contain SERVER`" if text.playbook else ""
    parts = ["## Triage", *steps, *([contain] if contain else [])]
    return "\n\n".join([*parts, *_benign(text.false_alarms)])


def runbook(gate: GateText, owner: str) -> str:
    """The same of a gate, whose steps are numbered."""
    steps = "\n".join(f"{number}. {step.strip()}" for number, step in enumerate(gate.runbook, 1))
    facts = f"Owner: {owner}. Target: {gate.target}. Pages, as shipped, when: {gate.page_when}."
    return "\n\n".join(["## Triage", facts, steps, *_benign(gate.false_alarms)])


def setup(needs: Sequence[str]) -> str:
    """What has to be there before a rule can answer."""
    named = ", ".join(f"`{one}`" for one in needs)
    own = f"It cannot answer for events without {named}: silence is no all-clear there." if named else ""
    return " ".join(["Send events through the ingest pipeline `mcp-audit`.", own]).strip()


def _benign(false_alarms: Sequence[str]) -> list[str]:
    listed = "\n".join(f"- {one.strip()}" for one in false_alarms)
    return ["## Looks like it and is not", listed] if listed else []


def _paragraphs(said: dict[str, Any]) -> list[str]:
    text = str(said.get("description", "")).strip()
    return [" ".join(one.split()) for one in _PARAGRAPH.split(text) if one.strip()]
