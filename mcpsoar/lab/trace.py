"""What the gateway remembers of traces and conversations: depth, fan-out, and where content came from."""

import re
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field

_KEEP = 10_000
# W3C Trace Context §3.2: version-traceid-parentid-flags, lower case, no id of zeros only
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]{2}")


@dataclass(frozen=True, slots=True)
class Place:
    """Where a call stands in its trace. A parent that this gateway never saw makes depth a lower bound."""

    trace_id: str
    span_id: str
    parent: str | None
    depth: int
    fan_out: int | None


@dataclass(slots=True)
class _Trace:
    depths: dict[str, int] = field(default_factory=dict)
    children: dict[str, int] = field(default_factory=dict)


class Traces:
    """Gives each call its span. The newest traces are remembered, not all of them."""

    def __init__(self) -> None:
        self._traces: OrderedDict[str, _Trace] = OrderedDict()

    def enter(self, traceparent: str | None) -> Place:
        """A new span below `traceparent`, or in a trace of its own."""
        match = _TRACEPARENT.fullmatch(traceparent or "")
        trace_id, parent = match.groups() if match else (secrets.token_hex(16), None)
        trace = self._traces.setdefault(trace_id, _Trace())
        self._traces.move_to_end(trace_id)
        if len(self._traces) > _KEEP:
            self._traces.popitem(last=False)
        span = secrets.token_hex(8)
        fan_out = None
        if parent:
            fan_out = trace.children[parent] = trace.children.get(parent, 0) + 1
        depth = trace.depths.get(parent or "", 0) + 1
        if len(trace.depths) < _KEEP:
            trace.depths[span] = depth
        return Place(trace_id, span, parent, depth, fan_out)


class Conversations:
    """Remembers which conversations have read something from the open world."""

    def __init__(self) -> None:
        self._tainted: OrderedDict[tuple[str, str], None] = OrderedDict()

    def taint(self, actor: str, conversation: str) -> None:
        self._tainted[actor, conversation] = None
        self._tainted.move_to_end((actor, conversation))
        if len(self._tainted) > _KEEP:
            self._tainted.popitem(last=False)

    def is_tainted(self, actor: str, conversation: str) -> bool:
        """Conversations are named by clients: two actors with one name do not share one."""
        return (actor, conversation) in self._tainted


def traceparent(trace_id: str, parent: str | None) -> str:
    """The header that puts a call below `parent`; without one it starts from a span of its own."""
    return f"00-{trace_id}-{parent or secrets.token_hex(8)}-01"
