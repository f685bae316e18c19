"""What of a pack SPL says: each rule and each detection once, for everything that is built from it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mcpsoar.core.errors import Unsupported
from mcpsoar.siems.asked import Content
from mcpsoar.siems.in_splunk import detections, schedule
from mcpsoar.targets import splunk
from mcpsoar.targets.spl import detection


@dataclass(frozen=True, slots=True)
class Queries:
    """By id; a detection that SPL cannot say has none."""

    rules: Mapping[str, str]
    detections: Mapping[str, str]


def of(content: Content) -> Queries:
    """Raises BadContent, and Unsupported for a rule."""
    target = splunk.make(content.columns)
    rules = {rule.id: target.convert(rule) for rule in content.rules}
    return Queries(rules, dict(_detections(content)))


def _detections(content: Content) -> Iterator[tuple[str, str]]:
    tenant = content.options.tenant
    for one in content.detections:
        minutes = detections.every_minutes(one, content) + schedule.SETTLE
        since = f'relative_time(now(), "-{minutes}m@m")'
        try:
            query = detection.search(one.text, one.tree, content.columns, since=since, tenant=tenant)
        except Unsupported:
            continue
        yield one.text.id, query
