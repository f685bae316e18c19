"""Tool manifests: their hash, and what the pinned one says of a tool."""

import hashlib
from collections.abc import Iterable

from mcpsoar.core.digest import Facts, canonical
from mcpsoar.lab.records import Entry

# what changes without changing what a tool is; cache hints and cursors stand outside the tools already.
# `execution` is in one revision alone (2025-11-25): a client that speaks another one is not shown it
_VOLATILE = frozenset({"_meta", "icons", "execution"})


def manifest_hash(tools: Iterable[Facts]) -> str:
    """SHA-256 over the canonical JSON of all tools, sorted by name: 64 hex digits."""
    kept = [{key: value for key, value in tool.items() if key not in _VOLATILE} for tool in tools]
    ordered = sorted(kept, key=lambda tool: str(tool.get("name")))
    return hashlib.sha256(canonical(ordered)).hexdigest()


def action_class(entry: Entry, tool: str) -> str:
    """read, write or destructive by the pinned annotations; unknown when the pin does not know the tool.

    MCP's defaults are readOnlyHint false and destructiveHint true; a tool without any annotation counts as
    a write all the same: most of those are reads, and calling them destructive teaches nobody anything.
    """
    pinned = entry.tool(tool)
    if pinned is None:
        return "unknown"
    hints = pinned.get("annotations")
    if not hints:
        return "write"
    if hints.get("readOnlyHint") is True:
        return "read"
    return "write" if hints.get("destructiveHint") is False else "destructive"


def open_world(entry: Entry, tool: str) -> bool | None:
    """Whether the pin says that the tool meets the outside world (MCP's default: yes); None: unknown."""
    hints = (entry.tool(tool) or {}).get("annotations")
    return hints.get("openWorldHint", True) is True if hints else None


def required_scopes(server: str, action: str) -> tuple[str, ...]:
    """One scope per server and action class: `github:read`, `github:write`, `github:destructive`."""
    return () if action == "unknown" else (f"{server}:{action}",)
