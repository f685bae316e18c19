"""What a mutant is: a text of the pack with one small thing changed."""

from dataclasses import dataclass
from typing import Generic, TypeVar

from mcpsoar.core.content import DetectionText, GateText, RuleText

Text = RuleText | DetectionText | GateText
T = TypeVar("T", bound=Text)


@dataclass(frozen=True, slots=True)
class Mutant(Generic[T]):
    """`name` says what was changed; `text` has an id of its own, to stand beside others."""

    of: str
    name: str
    text: T
