"""What Splunk does with a result: a triggered alert, throttling, and Enterprise Security's notable and risk.

Keys as savedsearches.conf.spec 10.0 and Enterprise Security 7 and 8 have them. Where Enterprise Security is
not installed its actions are not there and nothing else changes.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass

_SEVERITY = {"informational": 2, "low": 3, "medium": 4, "high": 5, "critical": 6}
_RISK = {"informational": 5, "low": 20, "medium": 45, "high": 70, "critical": 90}
_FRAMEWORKS = {"attack": "mitre_attack", "atlas": "mitre_atlas", "owasp": "owasp_mcp", "safe": "safe_mcp"}


@dataclass(frozen=True, slots=True)
class Alert:
    """`level` is Sigma's. `by` are the fields of one throttled subject, `risky` the fields and types (user,
    system or other) that risk is added to. `title` may hold fields as $name$."""

    label: str
    title: str
    description: str
    level: str
    by: Sequence[str]
    period: str
    risky: Sequence[tuple[str, str]]
    tags: Sequence[str] = ()
    domain: str = "threat"


def settings(alert: Alert) -> dict[str, str]:
    """Each result is an alert of its own, one a subject and period."""
    risk = [
        {"risk_object_field": field, "risk_object_type": kind, "risk_score": _RISK[alert.level]}
        for field, kind in alert.risky
    ]
    return {
        "counttype": "number of events",
        "relation": "greater than",
        "quantity": "0",
        "alert.digest_mode": "0",
        "alert.severity": str(_SEVERITY[alert.level]),
        "alert.suppress": "1",
        "alert.suppress.fields": ",".join(alert.by),
        "alert.suppress.period": alert.period,
        "alert.track": "1",
        "action.correlationsearch.enabled": "1",
        "action.correlationsearch.label": alert.label,
        "action.correlationsearch.annotations": _json(annotations(alert.tags)),
        "action.notable": "1",
        "action.notable.param.rule_title": alert.title,
        "action.notable.param.rule_description": alert.description,
        "action.notable.param.security_domain": alert.domain,
        "action.notable.param.severity": alert.level,
        "action.risk": "1",
        "action.risk.param._risk": _json(risk),
        "action.risk.param._risk_message": alert.title,
    }


def annotations(tags: Sequence[str]) -> dict[str, list[str]]:
    """By framework, as its own pages spell the ids; the version of ATLAS is no technique."""
    found: dict[str, list[str]] = {}
    for tag in tags:
        namespace, _, name = tag.partition(".")
        if namespace in _FRAMEWORKS and not (namespace == "atlas" and name.startswith("v")):
            said = name.partition("-")[0] if namespace == "owasp" else name
            found.setdefault(_FRAMEWORKS[namespace], []).append(said.upper())
    return found


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=True, sort_keys=True)
