"""What makes two events one in SPL, within one tenant: event_id, and the millisecond of its time."""

from mcpsoar.targets.spl.text import field

TENANT = "tenant"
EVENT_MS = "event_ms=floor(exact(round(exact(_time*1000000))/1000))"


def tenant(named: str) -> list[str]:
    """The assignment of whose an event is, from this field, where one is named: `-` is nobody's."""
    return [f'{TENANT}=coalesce({field(named)}, "-")'] if named else []
