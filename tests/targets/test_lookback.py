"""How far back a detection is asked, whatever the language: as far as an answer of now may rest on."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlglot import exp

from mcpsoar.targets.detection.lookback import DAY_MS, lookback_ms
from mcpsoar.targets.es import detection
from tests.laws.test_detections import on_duckdb
from tests.targets.es.detected import COLUMNS, TEXTS, parsed
from tests.targets.es.test_detection_laws import made, windowed

MINUTE_MS = 60_000
DAYS = 24 * 60
SHORT = {
    "calls_beyond_daily_budget": 2 * DAYS,
    "error_loop": 10,
    "foreign_audience_attempts": 30,
    "identical_call_repeated": 4,
    "token_on_two_servers": 120,
    "tools_ping_pong": 60,
}
LONG = {  # what was first in thirty days is asked of more than thirty
    "first_seen_client_on_server": (30 + 7 + 1) * DAYS,
    "first_seen_tool_after_retrieval": (30 + 7 + 1 + 1) * DAYS,
    "retrieval_then_write": (30 + 1) * DAYS + 10,
}
_TEN_MINUTES = (
    "COUNT(*) OVER (PARTITION BY conversation_id ORDER BY event_ms RANGE BETWEEN 599999 PRECEDING AND "
    "CURRENT ROW)"
)


def in_minutes(tree: exp.Query) -> float:
    return lookback_ms(tree) / MINUTE_MS


def test_a_lookback_holds_what_a_match_rests_on() -> None:
    for name in TEXTS:
        assert in_minutes(parsed(name).tree) == {**SHORT, **LONG}.get(name, 30 * DAYS), name


@pytest.mark.parametrize("condition", ["w >= 100000", "w >= 100000 AND chain_depth < 86400000"])
def test_a_large_number_that_is_no_time_does_not_lengthen_it(condition: str) -> None:
    asked = made(windowed(_TEN_MINUTES, condition))
    assert in_minutes(asked.tree) == 20
    assert "NOW() - 20 minutes" in detection.query(asked.text, asked.tree, COLUMNS)


def test_how_often_there_is_a_time_is_no_time() -> None:
    often = (
        "conversation_id IN (SELECT conversation_id FROM mcp_audit GROUP BY conversation_id "
        "HAVING COUNT(event_ms) >= 100000)"
    )
    assert in_minutes(made(windowed(_TEN_MINUTES, "w >= 3", often)).tree) == 20


def outputs(first: datetime, results: list[str | None]) -> list[dict[str, Any]]:
    return [
        {
            "event_time": f"{first + timedelta(seconds=number):%Y-%m-%dT%H:%M:%S}Z",
            "event_id": f"{first:%H}-{number}",
            "server_name": "crm",
            "decision": "allow",
            "classifier_result": result,
        }
        for number, result in enumerate(results)
    ]


def test_what_a_prefilter_asks_of_all_times_and_no_window_asks_again_is_looked_for_in_all() -> None:
    """A server whose outputs were classified an hour ago, and are not any more."""
    asked, start = parsed("outputs_not_classified"), datetime(2026, 3, 1, 12, tzinfo=UTC)
    now = outputs(start, [None] * 60)
    before = outputs(start - timedelta(hours=1), ["clean"])
    assert on_duckdb(asked, [*before, *now])
    assert not on_duckdb(asked, now)
    assert lookback_ms(asked.tree) == 30 * DAY_MS
