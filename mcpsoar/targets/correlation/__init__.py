"""Sigma's correlations as SQL: windows that slide, exact at every event."""

from mcpsoar.targets.correlation.engine import ordered, refuse
from mcpsoar.targets.correlation.nested import nested
from mcpsoar.targets.correlation.statement import Source, statement

__all__ = ["Source", "nested", "ordered", "refuse", "statement"]
