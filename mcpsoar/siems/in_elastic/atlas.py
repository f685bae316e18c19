"""Tags of MITRE ATLAS as Kibana's threat mapping: a tactic with its techniques, names from ATLAS 5.6.0.

A table, because a build asks no network; a technique that is not in it stays a tag alone.
"""

from collections.abc import Sequence
from typing import Any

FRAMEWORK = "MITRE ATLAS"
_SITE = "https://atlas.mitre.org"
_TACTICS = {
    "AML.TA0003": "Resource Development",
    "AML.TA0004": "Initial Access",
    "AML.TA0005": "Execution",
    "AML.TA0006": "Persistence",
    "AML.TA0007": "Defense Evasion",
    "AML.TA0010": "Exfiltration",
    "AML.TA0011": "Impact",
    "AML.TA0012": "Privilege Escalation",
    "AML.TA0013": "Credential Access",
    "AML.TA0015": "Lateral Movement",
}
# what each technique is called and the tactics that it serves; one below another serves its parent's
TECHNIQUES: dict[str, tuple[str, tuple[str, ...]]] = {
    "AML.T0010": ("AI Supply Chain Compromise", ("AML.TA0004",)),
    "AML.T0010.005": ("AI Agent Tool", ()),
    "AML.T0012": ("Valid Accounts", ("AML.TA0004", "AML.TA0012")),
    "AML.T0029": ("Denial of AI Service", ("AML.TA0011",)),
    "AML.T0034": ("Cost Harvesting", ("AML.TA0011",)),
    "AML.T0034.002": ("Agentic Resource Consumption", ()),
    "AML.T0051": ("LLM Prompt Injection", ("AML.TA0005",)),
    "AML.T0051.001": ("Indirect", ()),
    "AML.T0053": ("AI Agent Tool Invocation", ("AML.TA0005", "AML.TA0012")),
    "AML.T0055": ("Unsecured Credentials", ("AML.TA0013",)),
    "AML.T0057": ("LLM Data Leakage", ("AML.TA0010",)),
    "AML.T0080": ("AI Agent Context Poisoning", ("AML.TA0006",)),
    "AML.T0081": ("Modify AI Agent Configuration", ("AML.TA0006", "AML.TA0007")),
    "AML.T0083": ("Credentials from AI Agent Configuration", ("AML.TA0013",)),
    "AML.T0086": ("Exfiltration via AI Agent Tool Invocation", ("AML.TA0010",)),
    "AML.T0091": ("Use Alternate Authentication Material", ("AML.TA0015",)),
    "AML.T0091.000": ("Application Access Token", ()),
    "AML.T0098": ("AI Agent Tool Credential Harvesting", ("AML.TA0013",)),
    "AML.T0099": ("AI Agent Tool Data Poisoning", ("AML.TA0006",)),
    "AML.T0103": ("Deploy AI Agent", ("AML.TA0005",)),
    "AML.T0104": ("Publish Poisoned AI Agent Tool", ("AML.TA0003",)),
    "AML.T0109": ("AI Supply Chain Rug Pull", ("AML.TA0007",)),
    "AML.T0110": ("AI Agent Tool Poisoning", ("AML.TA0006",)),
}


def threat(tags: Sequence[str]) -> list[dict[str, Any]]:
    """One entry a tactic, by id, each with its techniques."""
    found = {tag.removeprefix("atlas.").upper() for tag in tags if tag.startswith("atlas.aml.t")}
    known = sorted(found & TECHNIQUES.keys())
    by_tactic: dict[str, dict[str, list[str]]] = {}
    for one in known:
        parent = _parent(one)
        for tactic in TECHNIQUES[parent][1]:
            below = by_tactic.setdefault(tactic, {}).setdefault(parent, [])
            below += [one] if one != parent else []
    return [
        {
            "framework": FRAMEWORK,
            "tactic": {"id": tactic, "name": _TACTICS[tactic], "reference": f"{_SITE}/tactics/{tactic}/"},
            "technique": [_technique(one, below) for one, below in techniques.items()],
        }
        for tactic, techniques in sorted(by_tactic.items())
    ]


def _technique(id_: str, below: Sequence[str]) -> dict[str, Any]:
    made: dict[str, Any] = _named(id_)
    return made | ({"subtechnique": [_named(one) for one in below]} if below else {})


def _named(id_: str) -> dict[str, Any]:
    return {"id": id_, "name": TECHNIQUES[id_][0], "reference": f"{_SITE}/techniques/{id_}/"}


def _parent(id_: str) -> str:
    return ".".join(id_.split(".")[:2])
