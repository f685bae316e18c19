"""What a mutant is: a text of the pack with one small thing changed."""

from collections import Counter
from dataclasses import dataclass
from typing import Generic, TypeVar

from mcpsoar.core.content import DetectionText, GateText, RuleText

Text = RuleText | DetectionText | GateText
T = TypeVar("T", bound=Text)


@dataclass(frozen=True, slots=True)
class Mutant(Generic[T]):
    """`name` says what was changed, no two of a text alike; `text` has an id of its own beside others."""

    of: str
    name: str
    text: T


class Names:
    """Tells apart the changes of one text that read the same: from the second on they are numbered."""

    def __init__(self) -> None:
        self._given: Counter[str] = Counter()

    def __call__(self, name: str) -> str:
        self._given[name] += 1
        return name if self._given[name] == 1 else f"{name} ({self._given[name]})"
