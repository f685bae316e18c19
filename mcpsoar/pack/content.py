"""Rules and detections of a pack together: one namespace, however each is written."""

from collections.abc import Sequence
from pathlib import Path

from mcpsoar.core.content import DetectionText, RuleText
from mcpsoar.core.errors import BadContent, Usage
from mcpsoar.kit.complaints import together
from mcpsoar.pack import detections, rules
from mcpsoar.pack import heading as headings
from mcpsoar.pack.heading import twins


def load(root: Path, wanted: Sequence[str] = ()) -> tuple[RuleText | DetectionText, ...]:
    """Every rule and then every detection, each by id; or those in `wanted`, in that order, and no other.

    Raises BadContent with every complaint of every file, Usage for an id that neither has.
    """
    at_rules, at_detections = rules.paths(root), detections.paths(root)
    missing = set(wanted) - {path.stem for path in (*at_rules, *at_detections)}
    if missing:
        first = next(name for name in wanted if name in missing)
        raise Usage(f"no rule or detection {first!r} in {root}", next_command="mcpsoar rules list")
    known = headings.known(root)
    complaints: list[BadContent] = []
    found: list[RuleText | DetectionText] = []
    for path in (path for path in (*at_rules, *at_detections) if not wanted or path.stem in wanted):
        try:
            found.append((detections if path.suffix == ".sql" else rules).read(path, known))
        except BadContent as error:
            complaints.append(error)
    complaints += twins(found)
    if complaints:
        raise together(complaints)
    by_id = {text.id: text for text in found}
    return tuple(by_id[name] for name in dict.fromkeys(wanted or by_id))
