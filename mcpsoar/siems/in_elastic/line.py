"""One detection rule of Kibana: the keys that its import takes, and nothing that it makes itself.

Keys and bounds: Kibana's API reference, "Detections API", 9.2. An import replaces the whole rule, so what a
pack does not say (`actions`) is not among the keys, and `enabled` is false unless the overlay says so.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from mcpsoar.core.event import Column
from mcpsoar.siems.in_elastic import atlas, naming
from mcpsoar.targets.es import fields, paths

# page "Rule settings reference": the scores that the form gives to each severity
_SEVERITY = {
    "informational": ("low", 10),
    "low": ("low", 21),
    "medium": ("medium", 47),
    "high": ("high", 73),
    "critical": ("critical", 99),
}
MOST_ALERTS = 1000  # setting xpack.alerting.rules.run.alerts.max, as Kibana ships it
MOST_KEYS = 3  # of alert_suppression.group_by


@dataclass(frozen=True, slots=True)
class Told:
    """What a rule, a detection and a gate tell alike; `level` is Sigma's, `needs` are columns.

    `shown` are the fields that an alert shows first.
    """

    uuid: str
    name: str
    description: str
    level: str
    note: str
    setup: str
    owner: str | None = None
    is_enabled: bool = False
    tags: Sequence[str] = ()
    false_alarms: Sequence[str] = ()
    references: Sequence[str] = ()
    needs: Sequence[str] = ()
    shown: Sequence[str] = ()
    lists: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class Asked:
    """The query and when it is asked: every `every_minutes`, over the last `reads_minutes`.

    `time` is the field that these minutes are of. `suppressed_by` are the keys of one alert, for `minutes`.
    """

    query: str
    every_minutes: int
    reads_minutes: int
    time: str = paths.TIME
    suppressed_by: Sequence[str] = field(default=())
    suppressed_minutes: int = 0


def line(told: Told, asked: Asked, columns: Sequence[Column]) -> dict[str, Any]:
    """The rule as a line of an import, its keys in order."""
    severity, score = _SEVERITY[told.level]
    owner = [f"Owner: {told.owner}"] if told.owner else []
    body: dict[str, Any] = {
        "author": ["mcpsoar project"],
        "description": told.description,
        "enabled": told.is_enabled,
        "exceptions_list": [_list(one) for one in told.lists],
        "false_positives": list(told.false_alarms),
        "from": f"now-{asked.reads_minutes}m",
        "interval": f"{asked.every_minutes}m",
        "investigation_fields": {"field_names": list(dict.fromkeys([*told.shown, *_paths(told.needs)]))},
        "language": "esql",
        "license": "Apache-2.0",
        "max_signals": MOST_ALERTS,
        "name": told.name,
        "note": told.note,
        "query": asked.query,
        "references": list(told.references),
        "related_integrations": [],
        "required_fields": required(told.needs, columns),
        "risk_score": score,
        "rule_id": told.uuid.lower(),
        "setup": told.setup,
        "severity": severity,
        "tags": [naming.TAG, "MCP", *owner, *told.tags],
        "threat": atlas.threat(told.tags),
        "to": "now",
        "type": "esql",
        "version": 1,
    }
    if asked.time != paths.TIME:
        body["timestamp_override"] = asked.time
    if asked.suppressed_by:
        body["alert_suppression"] = {
            "duration": {"unit": "m", "value": asked.suppressed_minutes},
            "group_by": list(asked.suppressed_by),
            "missing_fields_strategy": "suppress",
        }
    return dict(sorted(body.items()))


def required(needs: Sequence[str], columns: Sequence[Column]) -> list[dict[str, str]]:
    """The fields without which a log cannot answer it, with their types."""
    properties = fields.template(columns)["template"]["mappings"]["properties"]
    return [{"name": path, "type": _type(path, properties)} for path in _paths(needs)]


def _paths(needs: Sequence[str]) -> list[str]:
    return sorted(map(paths.of, needs))


def _type(path: str, properties: Mapping[str, Any]) -> str:
    first, _, rest = path.partition(".")
    return _type(rest, properties[first]["properties"]) if rest else str(properties[first]["type"])


def _list(list_id: str) -> dict[str, str]:
    # an import finds the list by list_id and puts in its own id (check_rule_exception_references.ts)
    return {"id": list_id, "list_id": list_id, "namespace_type": "single", "type": "detection"}
