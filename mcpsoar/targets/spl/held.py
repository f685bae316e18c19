"""What a column is in an expression of SPL."""

from dataclasses import dataclass

from mcpsoar.core.event import Kind
from mcpsoar.targets.spl.text import Said


@dataclass(frozen=True, slots=True)
class Held:
    """A column's value as an expression: null where it is absent, "true" or "false" for a boolean.

    A list is a field of several values, null when it is empty: `listed` tells whether it is there at all.
    """

    kind: Kind
    text: str
    listed: Said | None = None
