"""What a relation of matches shows: how many, when, where, and the newest of them."""

from mcpsoar.core.content import Text
from mcpsoar.core.finding import Finding, Hit
from mcpsoar.detect.engines.duckdb import Connection, rows

_TOP = 5
_HIT = "event_id, event_ms, subject, server"


def finding(
    connection: Connection,
    text: Text,
    relation: str,
    lacks: tuple[str, ...],
    *,
    at_most: int | None,
) -> Finding:
    """A finding over a relation of event_id, event_ms, subject and server; None: all of its matches."""
    count, first_ms, last_ms, unnamed, servers = rows(
        connection,
        "SELECT count(*), min(event_ms), max(event_ms), count(*) - count(event_id), count(DISTINCT server) "
        f"FROM {relation}",
    )[0]
    if not count:
        return Finding(text.id, text.title, text.level, 0, lacks=lacks)
    (oldest,) = hits(connection, relation, at_most=1, order="ASC")
    return Finding(
        text.id,
        text.title,
        text.level,
        count,
        hits(connection, relation, at_most=at_most),
        first_ms,
        last_ms,
        lacks,
        oldest=oldest,
        unnamed=unnamed,
        servers=tuple(
            (name, own)
            for name, own in rows(
                connection,
                f"SELECT server, count(*) FROM {relation} WHERE server IS NOT NULL "
                f"GROUP BY server ORDER BY count(*) DESC, server LIMIT {_TOP}",
            )
        ),
        server_count=servers,
    )


def hits(
    connection: Connection, relation: str, *, at_most: int | None, order: str = "DESC"
) -> tuple[Hit, ...]:
    """Matches by time, newest first, or oldest where the order is ASC."""
    limit = f" LIMIT {at_most}" if at_most is not None else ""
    by = f"event_ms {order}, event_id NULLS LAST, subject, server"
    return tuple(Hit(*row) for row in rows(connection, f"SELECT {_HIT} FROM {relation} ORDER BY {by}{limit}"))
