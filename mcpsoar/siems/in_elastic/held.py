"""What of a pack ES|QL can say: found out once, for everything that is built from it."""

from collections.abc import Iterator
from dataclasses import replace

from mcpsoar.core.errors import Unsupported
from mcpsoar.siems.asked import Content
from mcpsoar.targets import esql
from mcpsoar.targets.es import detection


def parted(content: Content) -> tuple[Content, tuple[tuple[str, str], ...]]:
    """The content without the rules and detections that cannot be said, and these by id, with the reason."""
    left = dict((*_rules(content), *_detections(content)))
    rules = tuple(rule for rule in content.rules if rule.id not in left)
    detections = tuple(one for one in content.detections if one.text.id not in left)
    return replace(content, rules=rules, detections=detections), tuple(left.items())


def _rules(content: Content) -> Iterator[tuple[str, str]]:
    target = esql.make(content.columns)
    for rule in content.rules:
        try:
            target.convert(rule)
        except Unsupported as why:
            yield rule.id, why.message


def _detections(content: Content) -> Iterator[tuple[str, str]]:
    for one in content.detections:
        try:
            detection.query(one.text, one.tree, content.columns)
        except Unsupported as why:
            yield one.text.id, why.message
