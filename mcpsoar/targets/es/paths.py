"""What Elastic calls each column: ECS where ECS has a home without loss, `mcp.*` for the rest.

`source.ip` is no home for src_ip, which is text as the gateway saw it: an address that is none would be lost.
"""

import re

INDEX = "logs-mcp.audit-*"
TIME = "@timestamp"
RECEIVED = "event.ingested"
EVENT_ID = "event.id"
EMPTY_LISTS = "mcp.empty_lists"  # the columns whose list is there and holds nothing
TRUNCATED = "mcp.truncated"  # the columns whose text was longer than a term, and `arguments` that did not fit
ARGUMENTS = "mcp.arguments"
ADDRESS = "source.ip"
# a condition of ES|QL: the ingest pipeline leaves what is no event where it came in, and no window counts it
IS_EVENT = 'COALESCE(event.kind, "") != "pipeline_error"'
_ECS = {
    "event_time": TIME,
    "ingest_time": RECEIVED,
    "event_id": EVENT_ID,
    "actor_id": "user.id",
    "user_agent": "user_agent.original",
    "trace_id": "trace.id",
    "span_id": "span.id",
}
_BARE = re.compile(r"[a-z_@][a-z0-9_]*", re.ASCII | re.IGNORECASE)
# Elastic's published grammar (elastic/esql-js, Expression.g4): no bare names
_RESERVED = (
    *("and", "asc", "by", "desc", "false", "first", "in", "is", "last", "like", "not", "null", "nulls"),
    *("on", "or", "rlike", "true", "where", "with"),
)


def of(column: str) -> str:
    """The field of a column."""
    return _ECS.get(column, f"mcp.{column}")


def quoted(path: str) -> str:
    """The field as ES|QL writes it."""
    return ".".join(map(_quoted, path.split(".")))


def _quoted(part: str) -> str:
    if _BARE.fullmatch(part) and part.lower() not in _RESERVED:
        return part
    return "`" + part.replace("`", "``") + "`"
