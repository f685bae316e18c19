"""What Kibana would refuse, or take and then do something else: looked for before a pack is written.

The cheap part of it, without a schema: what content or an overlay of one's own can bring about.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any
from uuid import UUID

from mcpsoar.core.errors import BadContent
from mcpsoar.siems.in_elastic.line import MOST_ALERTS, MOST_KEYS
from mcpsoar.siems.objects import Item

_NEEDED = ("author", "description", "name", "query", "risk_score", "rule_id", "severity", "type")


def check(items: Sequence[Item]) -> None:
    """Raise BadContent for the first complaint."""
    for said in complaints(items):
        raise BadContent(f"{said}: Elastic would not take it")


def complaints(items: Sequence[Item]) -> Iterator[str]:
    """One line each, with the name of the object."""
    for (kind, name), count in Counter((item.kind, item.name) for item in items).items():
        if count > 1:
            yield f"{kind} {name} stands {count} times"
    lists = {item.name for item in items if item.kind == "exception_list"}
    for item in items:
        if item.kind == "detection_rule":
            for why in _of_rule(dict(item.body), lists):
                yield f"rule {item.body.get('name')!r} {why}"


def _of_rule(rule: dict[str, Any], lists: set[str]) -> Iterator[str]:
    for key in _NEEDED:
        if rule.get(key) in (None, "", []):
            yield f"has no {key}"
    if not _is_uuid(rule.get("rule_id")):
        yield "has a rule_id that is no UUID in lower case"
    if not 0 <= rule.get("risk_score", -1) <= 100:
        yield "has a risk_score that is not from 0 to 100"
    if not 1 <= rule.get("max_signals", 0) <= MOST_ALERTS:
        yield f"makes more alerts than {MOST_ALERTS}"
    if len(rule.get("alert_suppression", {}).get("group_by", ())) > MOST_KEYS:
        yield f"is suppressed by more than {MOST_KEYS} fields"
    if _minutes(rule["from"].removeprefix("now-")) <= _minutes(rule["interval"]):
        yield "reads no more than its interval: what comes late is lost"
    for one in rule.get("exceptions_list", ()):
        if one["list_id"] not in lists:
            yield f"asks the exception list {one['list_id']}, which is not there"


def _is_uuid(said: Any) -> bool:
    try:
        return bool(str(UUID(said)) == said)
    except (ValueError, TypeError, AttributeError):
        return False


def _minutes(text: str) -> int:
    return int(text.removesuffix("m"))
