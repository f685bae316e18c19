"""A list that comes in pages, each naming the next by a cursor."""

from collections.abc import Iterator, Mapping

from mcpsoar.core.digest import Json
from mcpsoar.core.errors import Denied, Indeterminate, Malformed
from mcpsoar.core.ports import Clock
from mcpsoar.kit.http import Edge

_PAGES = 1000


def pages(
    edge: Edge,
    *path: str,
    query: Mapping[str, str],
    clock: Clock,
    seconds: float,
    named: str = "next",
) -> Iterator[Json]:
    """Every page's object, until one names no cursor as `named`; within so many seconds.

    Raises what `Edge.read` does, Malformed for cursors without an end, Indeterminate for a list that changed
    while it was read, or did not end in time.
    """
    cursors: list[str] = []
    until = clock.monotonic() + seconds
    for _ in range(_PAGES):
        asked = {**query, "cursor": cursors[-1]} if cursors else query
        try:
            body = edge.read(*path, query=asked).body
        except Denied as refused:
            if not cursors:
                raise
            # what the cursor stood on may be gone since: begin again
            raise Indeterminate(
                f"the list of {path[-1]} changed while it was read: {refused.message}", where=edge.where
            ) from None
        yield body
        cursor = body.get(named) if isinstance(body, dict) else None
        if cursor is None:
            return
        if not isinstance(cursor, str) or not cursor or cursor in cursors:
            raise Malformed(f"the list of {path[-1]} has no end: its cursors repeat", where=edge.where)
        if clock.monotonic() > until:
            break
        cursors.append(cursor)
    raise Indeterminate(f"the list of {path[-1]} did not end in time", where=edge.where)
