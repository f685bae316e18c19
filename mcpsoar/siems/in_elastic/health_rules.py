"""Rules about the log itself: events that no rule read whole, and a log that stopped."""

from collections.abc import Iterator
from dataclasses import replace

from mcpsoar.siems.asked import Content
from mcpsoar.siems.in_elastic import gate_rules, naming, prose
from mcpsoar.siems.in_elastic.asks import TIER
from mcpsoar.siems.in_elastic.event_rules import EVERY_MINUTES, LOOK_BACK_MINUTES
from mcpsoar.siems.in_elastic.line import Asked, Told, line
from mcpsoar.targets.es import paths

_SILENT_MINUTES = 15
_DAY_MINUTES = 24 * 60
_UNREAD = "An event was rejected, or a text of it was cut: rules and gates say nothing of what is not there."
_STOPPED = f"Events came in within a day, and none for {_SILENT_MINUTES} minutes: silence is no all-clear."


def lines(content: Content) -> Iterator[dict[str, object]]:
    """Both."""
    source, by = naming.source(content), gate_rules.asked(content).by()
    query = (
        f"FROM {source} METADATA _id, _index, _version\n"
        f'| WHERE event.kind == "pipeline_error" OR {paths.TRUNCATED} IS NOT NULL'
    )
    shown = [*by, "error.message", paths.TRUNCATED, paths.EVENT_ID]
    told = _told("rejected", "MCP audit event that no rule could read whole", _UNREAD, shown)
    asked = Asked(query, EVERY_MINUTES, EVERY_MINUTES + LOOK_BACK_MINUTES, paths.RECEIVED)
    yield line(replace(told, lists=[naming.LIST]), asked, content.columns)
    query = "\n| ".join(
        [
            f"FROM {source} METADATA _id, _index",
            f"WHERE {paths.RECEIVED} >= NOW() - {_DAY_MINUTES} minutes",
            f"STATS last_received = MAX({paths.RECEIVED})" + (f" BY {', '.join(by)}" if by else ""),
            f"WHERE last_received < NOW() - {_SILENT_MINUTES} minutes",
            'EVAL state = "stopped"',
        ]
    )
    asked = Asked(query, _SILENT_MINUTES, _DAY_MINUTES + _SILENT_MINUTES)
    if content.options.of(TIER) != "basic":
        keys = naming.by_tenant(content.options, "state")
        asked = replace(asked, suppressed_by=keys, suppressed_minutes=_DAY_MINUTES)
    told = _told("stopped", "MCP audit events stopped", _STOPPED, [*by, "state", "last_received"])
    yield line(told, asked, content.columns)


def _told(key: str, name: str, description: str, shown: list[str]) -> Told:
    return Told(
        uuid=naming.fixed("health", key),
        name=name,
        description=description,
        level="medium",
        note="## Triage\n\nLook at the dashboard's field health, and ask the owner of the log source.",
        setup=prose.setup(()),
        tags=(f"Health: {key}",),
        shown=shown,
    )
