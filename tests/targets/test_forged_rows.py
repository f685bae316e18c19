"""One forged row of `mcp_audit` neither fails a printed statement for all others nor blinds it."""

from typing import Any

import pytest

from mcpsoar.detect import detection, gate, statement
from mcpsoar.pack import detections, gates, rules
from mcpsoar.targets import sql
from tests.targets.test_stored_correlation import START, correlated, event, found
from tests.targets.user_tables import COLUMNS, ROOT, fill

RULE = next(one for one in rules.load(ROOT) if one.path.stem == "call_allowed_to_denied_server")
DETECTION = detections.load(ROOT)[0]
GATE = gates.load(ROOT, ["unapproved-write-calls"])[0]
DENIED = [event(f"e{n}", n, "deny", tool_name="a") for n in range(3)]


def forged(database: Any, name: str, column: str, value: Any) -> None:
    """Give one row something that no event has, as whoever may write a row can."""
    text = "'" + value + "'" if isinstance(value, str) else value
    database.cursor().execute(f"UPDATE mcp_audit SET {column} = {text} WHERE event_id = '{name}'")


@pytest.mark.parametrize("time", ["infinity", "-infinity"])
def test_a_time_without_end_is_no_time(engine: tuple[str, Any], time: str) -> None:
    name, database = engine
    fill(name, database, [*DENIED, event("x", 3, "deny")])
    forged(database, "x", "event_time", time)
    query = correlated("event_count", "[denied]", "{gte: 3}", dialect=name)
    assert found(database, query) == [("e2", START + 120_000, "ann")]
    found(database, sql.make(COLUMNS, name).convert(RULE))
    found(database, statement.matches(detection.parse(DETECTION, COLUMNS), COLUMNS, name))
    found(database, statement.text(gate.parse(GATE, COLUMNS), COLUMNS, name))
