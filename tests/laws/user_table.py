"""Events as a user's own table would hold them, for the statements that are printed for it."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from mcpsoar.core.event import Kind
from mcpsoar.detect import prelude
from mcpsoar.detect.engines.duckdb import connect, rows
from mcpsoar.detect.matching import TABLE
from mcpsoar.detect.matching import place as place_events
from mcpsoar.pack import schema
from tests.laws.random_logs import BASE

COLUMNS = schema.load(Path(__file__).resolve().parents[2])


def table(given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One row an event: text as it was sent, the other kinds typed.

    ingest_time is their order.
    """
    names = [column.name for column in COLUMNS]
    sent = [column.name for column in COLUMNS if column.kind in (Kind.TEXT, Kind.ENUM)]
    ctes = prelude.relation(TABLE, COLUMNS, names, extra="place AS place")
    with connect() as connection:
        place_events(connection, given, COLUMNS)
        listed = f"SELECT place, event_ms, {', '.join(names)} FROM mcp_audit"
        seen = rows(connection, f"WITH {ctes} {listed} WHERE event_ms IS NOT NULL ORDER BY place")
    found = [dict(zip(("place", "event_ms", *names), row, strict=True)) for row in seen]
    for row in found:
        event = given[row["place"]]
        row |= {name: event.get(name) if isinstance(event.get(name), str) else None for name in sent}
        row["event_time"] = clock(row["event_ms"])
        row["ingest_time"] = clock(BASE + row["place"])
    return found


def clock(at_ms: int) -> str:
    at = datetime.fromtimestamp(at_ms // 1000, UTC)
    return at.strftime("%Y-%m-%d %H:%M:%S.") + f"{at_ms % 1000:03d}"
