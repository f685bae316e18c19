"""Rules and detections of a pack together: one namespace, however each is written."""

from collections.abc import Sequence
from pathlib import Path

from mcpsoar.core.content import Text
from mcpsoar.pack import detections, rules
from mcpsoar.pack import heading as headings
from mcpsoar.pack.shelf import several


def load(root: Path, wanted: Sequence[str] = ()) -> tuple[Text, ...]:
    """Every rule and then every detection, each by id; or those in `wanted`, in that order, and no other.

    Raises BadContent with every complaint of every file, Usage for an id that neither has.
    """
    known = headings.known(root)

    def read(path: Path) -> Text:
        return detections.read(path, known) if path.suffix == ".sql" else rules.read(path, known)

    there = [*rules.paths(root), *detections.paths(root)]
    return several(there, wanted, read, noun="rule or detection", home=root)
