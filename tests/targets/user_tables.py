"""`mcp_audit` on each engine as a user has it: made from `sql/schema.sql`, filled with what was sent."""

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mcpsoar.core.event import Kind
from mcpsoar.pack import schema
from tests.laws.user_table import table

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = schema.load(ROOT)
_MADE = (ROOT / "sql" / "schema.sql").read_text(encoding="utf-8")
_BLANKS = ("", " ", "\t\u00a0", "\u3000\n", "\x1c\u2028 ")
_ENUMS = [column for column in COLUMNS if column.kind is Kind.ENUM]
_TEXTS = [column.name for column in COLUMNS if column.kind is Kind.TEXT]
Event = dict[str, Any]


def fill(engine: str, database: Any, events: Sequence[Event]) -> None:
    """Create the table anew, as the schema has it, and insert the events, the first received first.

    Booleans are 1 and 0 on SQLite.
    """
    cursor = database.cursor()
    cursor.execute("DROP TABLE IF EXISTS mcp_audit")
    cursor.execute(_MADE)
    mark = "%s" if engine == "postgres" else "?"
    marks = ", ".join([mark] * len(COLUMNS))
    rows = [[_flat(engine, row[column.name]) for column in COLUMNS] for row in table(list(events))]
    if rows:
        cursor.executemany(f"INSERT INTO mcp_audit VALUES ({marks})", rows)


def worn(events: Sequence[Event], rng: random.Random) -> list[Event]:
    """The events as sources send them, each in capitals and once more: blanks for absent, padding, copies."""
    found: list[Event] = []
    for number, event in enumerate(events):
        shouted = {name: _shouted(name, value) for name, value in event.items()}
        one = _worn({**event, "event_id": f"e{number}"}, rng)
        found.append({**shouted, "event_id": f"s{number}"})
        found.append(one)
        if rng.random() < 0.15:  # the copy that was received later, with other content
            found.append({**rng.choice(events), **_identity(one)})
        if rng.random() < 0.1:  # another event: its id differs by case, or its time does
            other = one["event_id"].upper() if rng.random() < 0.5 else "e0"
            found.append({**one, "event_id": other})
        if rng.random() < 0.1:
            found += [{**one, "event_id": rng.choice(_BLANKS)}] * 2
    return found


def _worn(event: Event, rng: random.Random) -> Event:
    for column in _ENUMS:
        value = event.get(column.name)
        if isinstance(value, str):
            changes = (value.upper(), value.upper(), value.title(), value, f" {value} ", "", "made up")
            event[column.name] = rng.choice(changes)
        elif rng.random() < 0.5:
            event[column.name] = rng.choice(_BLANKS)
    for name in _TEXTS:
        value = event.get(name)
        if name == "event_id":
            continue
        if isinstance(value, str) and value.strip():
            event[name] = rng.choice((value, value, value.upper(), f"{value} ", *_BLANKS[:1]))
        elif rng.random() < 0.5:
            event[name] = rng.choice(_BLANKS)
    return event


def _shouted(name: str, value: Any) -> Any:
    return value.upper() if name in {column.name for column in _ENUMS} and isinstance(value, str) else value


def _identity(event: Event) -> Event:
    return {name: event[name] for name in ("event_id", "event_time")}


def _flat(engine: str, value: Any) -> Any:
    return int(value) if engine == "sqlite" and isinstance(value, bool) else value
