"""What the settings say to a connector beside its address and token. All raise Usage with its place."""

import math
from typing import Any

from mcpsoar.core.errors import Usage
from mcpsoar.core.profile import Binding


def seconds(binding: Binding, name: str, default: float, *, least: float | None = None) -> float:
    """A number of seconds above 0, or not below `least`."""
    value = binding.options.get(name, default)
    is_number = isinstance(value, int | float) and not isinstance(value, bool) and value < math.inf
    if not is_number or (value <= 0 if least is None else value < least):
        raise _bad(binding, name, f"a number of seconds{' above 0' if least is None else ''}")
    return float(value)


def word(binding: Binding, name: str) -> str:
    """A text; empty where there is none."""
    value = binding.options.get(name, "")
    if not isinstance(value, str):
        raise _bad(binding, name, "a text")
    return value


def words(binding: Binding, name: str) -> frozenset[str]:
    """A list of texts."""
    value: Any = binding.options.get(name, [])
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise _bad(binding, name, "a list of texts")
    return frozenset(value)


def _bad(binding: Binding, name: str, kind: str) -> Usage:
    return Usage(f"{name} of connector {binding.connector!r} must be {kind}", where=binding.where)
