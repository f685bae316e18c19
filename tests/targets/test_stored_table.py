"""What is printed for a user's own table finds what the scan finds in the same events."""

import random
from datetime import UTC, datetime
from typing import Any

import pytest

from mcpsoar.app.watch import ask
from mcpsoar.core.content import RuleText
from mcpsoar.detect.scan import over_events
from mcpsoar.pack import rules
from mcpsoar.targets import sql
from tests.targets.user_tables import COLUMNS, ROOT, Event, fill, worn

OWN = rules.load(ROOT)
NOW = 4_102_444_800_000
Hits = list[tuple[str, int]]


@pytest.fixture(scope="module")
def events() -> list[Event]:
    """All cases of all rules, as sources send them."""
    sent = [dict(event) for text in OWN for case in text.cases for event in case.events]
    return worn(sent, random.Random("stored"))


@pytest.fixture(scope="module")
def scanned(events: list[Event]) -> dict[str, Hits]:
    found = {}
    with over_events(events, ask(COLUMNS, OWN, now_ms=NOW)) as scan:
        for text in OWN:
            hits = scan.finding(text, at_most=None).hits
            found[text.id] = sorted((hit.event_id or "", hit.at_ms) for hit in hits)
    return found


@pytest.fixture(scope="module")
def filled(engine: tuple[str, Any], events: list[Event]) -> tuple[str, Any]:
    fill(*engine, events)
    return engine


def asked(database: Any, statement: str) -> Hits:
    cursor = database.cursor()
    cursor.execute(statement)
    names = [one[0] for one in cursor.description]
    time, name = names.index("event_time"), names.index("event_id")
    return sorted((row[name] or "", _ms(row[time])) for row in cursor.fetchall())


def _ms(stamp: Any) -> int:
    at = datetime.fromisoformat(stamp) if isinstance(stamp, str) else stamp
    return round(at.replace(tzinfo=UTC).timestamp() * 1000)


@pytest.mark.parametrize("text", OWN, ids=lambda text: text.id)
def test_a_printed_rule_finds_in_a_user_s_table_what_the_scan_finds(
    filled: tuple[str, Any], scanned: dict[str, Hits], text: RuleText
) -> None:
    name, database = filled
    found = asked(database, sql.make(COLUMNS, name).convert(text))
    assert found == scanned[text.id]
    assert found
