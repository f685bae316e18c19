"""What a step touches, as the reference API tells it: nothing of calls is known there."""

from collections.abc import Iterator, Sequence
from typing import Any

from mcpsoar.core.digest import Facts, Json
from mcpsoar.core.plan import Step
from mcpsoar.core.ports import Clock
from mcpsoar.kit import shape
from mcpsoar.kit.http import Edge
from mcpsoar.kit.pages import pages
from mcpsoar.kit.touched import counted, named, touched

_LISTING_S = 2.0


def entry_touched(step: Step, body: Facts) -> Facts:
    """`environment`, `tools` and `owner` of a registry's entry are the plane's to tell or not."""
    tools = body.get("tools")
    known: dict[str, Json] = {
        name: body[name] for name in ("environment", "owner") if isinstance(body.get(name), str)
    }
    if isinstance(tools, list) and tools and all(isinstance(tool, str) for tool in tools):
        known["tools"] = named(tools)  # none at all is an entry that was never pinned
    return touched(step.role, **known)


def tokens_touched(step: Step, active: Sequence[Facts]) -> Facts:
    """Of active tokens, JWTs among them: those are touched and outlive it."""
    clients = [token.get("client_id") for token in active]
    are_known = all(isinstance(client, str) and client for client in clients)
    return touched(
        step.role,
        tokens=len(active),
        kinds=counted(token["kind"] for token in active),
        principals=named(map(str, clients)) if are_known else None,
    )


def listed(edge: Edge, clock: Clock) -> list[str] | int:
    """Every server of the registry. Raises as `pages`."""
    return named(_servers(edge, clock))


def _servers(edge: Edge, clock: Clock) -> Iterator[str]:
    for body in pages(edge, "registry", query={}, clock=clock, seconds=_LISTING_S):
        for item in shape.items(body, "servers", where=edge.where):
            entry: Any = item
            if isinstance(entry, dict) and isinstance(entry.get("server"), str):
                yield entry["server"]
