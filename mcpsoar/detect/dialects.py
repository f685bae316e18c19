"""The SQL dialects that gates and detections are printed in, and how each tells the time of an event."""

from mcpsoar.core.errors import Usage
from mcpsoar.kit import stored

# MySQL compares names without regard to case by default: those that gates count apart would merge
EVENT_MS = {dialect: text for dialect, text in stored.EVENT_MS.items() if dialect != "mysql"}


def known(dialect: str) -> str:
    """The dialect, if it is one of ours. Raises Usage."""
    if dialect not in EVENT_MS:
        raise Usage(f"no SQL dialect {dialect!r} for gates; there are: {', '.join(EVENT_MS)}")
    return dialect
