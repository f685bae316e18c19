"""One scan answers every rule and every gate."""

from mcpsoar.detect.matching import matches

__all__ = ["matches"]
