"""SQLite, the second opinion: the same statement over the same events has to give the same rows."""

import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing
from typing import Any


def answers(
    statement: str, columns: Sequence[str], events: Sequence[Mapping[str, Any]]
) -> list[tuple[Any, ...]]:
    """The rows a statement gives over a table `mcp_audit` of these events.

    Times are text, `YYYY-MM-DD HH:MM:SS.mmm` in UTC; booleans are 1 and 0. Nothing is read from disk.
    """
    with closing(sqlite3.connect(":memory:")) as connection:
        names = ", ".join(f'"{name}"' for name in columns)
        connection.execute(f"CREATE TABLE mcp_audit ({names})")
        marks = ", ".join("?" * len(columns))
        rows = [tuple(event.get(name) for name in columns) for event in events]
        connection.executemany(f"INSERT INTO mcp_audit VALUES ({marks})", rows)
        connection.execute("PRAGMA query_only = 1")
        found: list[tuple[Any, ...]] = connection.execute(statement).fetchall()
    return found
