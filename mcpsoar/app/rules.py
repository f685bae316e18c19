"""Rules: what a pack holds, and what a rule is in another language."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from mcpsoar.core.content import DetectionText, RuleText, Text
from mcpsoar.core.errors import Unsupported, Usage
from mcpsoar.core.event import Column
from mcpsoar.core.ports import DetectionTarget, Target
from mcpsoar.kit import find
from mcpsoar.pack import content, schema

TARGETS = "mcpsoar.targets"


@dataclass(frozen=True, slots=True)
class Converted:
    """One rule in the target's language; `comment` is how that writes one, as in `heading`, the title.

    A detection that cannot be said there has no query, and a `refusal` that tells why.
    """

    rule: Text
    query: str | None
    comment: str
    refusal: str = ""

    @property
    def heading(self) -> str:
        return self.comment.format(f"{self.rule.id}: {self.rule.title}")


def listed(root: Path) -> tuple[Text, ...]:
    """Every rule and detection of a pack. Reads YAML and JSON alone. Raises BadContent."""
    return content.load(root)


def converted(
    root: Path, target: str, wanted: Sequence[str] = (), *, dialect: str | None = None
) -> tuple[Converted, ...]:
    """The wanted rules and detections in another language; a detection named by its id is not let off.

    Raises Usage (no such target, rule or dialect), BadContent, Unsupported.
    """
    made, columns = _target(root, target, dialect), schema.load(root)
    texts = content.load(root, wanted)
    if not texts:
        raise Usage(f"no rules in {root}", next_command="mcpsoar rules list")
    found = []
    for text in texts:
        query, refusal = None, ""
        try:
            if isinstance(text, RuleText):
                query = made.convert(text)
            else:
                query = _detection(text, columns, made, target, dialect or "duckdb")
        except Unsupported as error:
            if isinstance(text, RuleText) or wanted:
                raise
            refusal = error.message
        found.append(Converted(text, query, made.comment, refusal))
    return tuple(found)


def _detection(
    text: DetectionText, columns: Sequence[Column], made: Target, target: str, dialect: str
) -> str:
    from mcpsoar.detect import statement
    from mcpsoar.detect.detection import parse
    from mcpsoar.detect.dialects import EVENT_MS

    parsed = parse(text, columns)
    if isinstance(made, DetectionTarget):
        return made.detection(text, parsed.tree)
    if target != "sql":
        said = f"detection {text.id} joins events over time: no query of {target}"
        raise Unsupported(said, where=str(text.path), next_command=f"mcpsoar rules convert sql {text.id}")
    if dialect not in EVENT_MS:
        raise Unsupported(f"detection {text.id} cannot be said in {dialect}", where=str(text.path))
    return statement.matches(parsed, columns, dialect)


def _target(root: Path, name: str, dialect: str | None) -> Target:
    made: Target = find.load(TARGETS, name).make(schema.load(root), dialect)
    return made
