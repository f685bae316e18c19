"""Sigma's correlations as SQL: windows that slide, exact at every event."""

from mcpsoar.targets.correlation.statement import Source, statement

__all__ = ["Source", "statement"]
