"""What the settings say to a connector beside its address and token."""

import math

from mcpsoar.core.errors import Usage
from mcpsoar.core.profile import Binding


def seconds(binding: Binding, name: str, default: float) -> float:
    """A number of seconds. Raises Usage with the place of the connector's table."""
    value = binding.options.get(name, default)
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        words = f"{name} of connector {binding.connector!r} must be a number of seconds above 0"
        raise Usage(words, where=binding.where)
    return float(value)
