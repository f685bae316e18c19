"""One forged row of `mcp_audit` neither fails a printed statement for all others nor blinds it."""

from typing import Any

import pytest
from sigma.exceptions import SigmaConversionError

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


FORGED_NUMBERS = {
    "duckdb": ["'infinity'::DOUBLE", "'-infinity'::DOUBLE", "'nan'::DOUBLE", "1e308"],
    "postgres": ["'infinity'::FLOAT8", "'-infinity'::FLOAT8", "'nan'::FLOAT8", "1e308"],
    "sqlite": ["9e999", "-9e999", "1e308"],
}


@pytest.mark.parametrize("kind", ["value_sum", "value_avg", "value_median", "value_percentile"])
def test_a_number_that_no_sum_can_hold_is_none(engine: tuple[str, Any], kind: str) -> None:
    name, database = engine
    late = [event(f"e{n}", n, "deny", latency_ms=20) for n in (20, 21)]
    numbers = [number for number in FORGED_NUMBERS[name] for _ in range(2)]
    fill(name, database, [*late, *(event(f"x{n}", 19, "deny") for n in range(len(numbers)))])
    for n, number in enumerate(numbers):
        cursor = database.cursor()
        cursor.execute(f"UPDATE mcp_audit SET latency_ms = {number} WHERE event_id = 'x{n}'")
    least, more = {"value_sum": (40, ""), "value_percentile": (20, ", percentile: 50")}.get(kind, (20, ""))
    condition = f"{{gte: {least}, field: latency_ms{more}}}"
    hits = found(database, correlated(kind, "[denied]", condition, dialect=name))
    wanted = ["e21"] if kind == "value_sum" else ["e20", "e21"]
    assert [hit[0] for hit in hits] == wanted


@pytest.mark.parametrize("field", ["open_world", "event_time", "decision", "token_scopes"])
def test_only_numbers_and_texts_are_computed_with(field: str) -> None:
    with pytest.raises(SigmaConversionError, match=f"{field} is .*, no number to compute with"):
        correlated("value_sum", "[denied]", f"{{gte: 1, field: {field}}}")
