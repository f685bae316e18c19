"""Kibana's turns, played over a gate: it pages for its window, whenever in a minute it is asked.

As getRuleRangeTuples does it (elastic/kibana, 9.2) a turn reads what happened since `from`, counted from when
it started; the query runs later and counts from then. Of rules over events: tests/siems/test_schedules.py.
"""

from typing import Any

import pytest

from tests.languages.esql import Index, run
from tests.siems.elastic import built
from tests.siems.elastic.test_tuning import indices, named
from tests.targets.es import ground
from tests.targets.es.test_gate import TICK, WRITE, stream

MINUTE = 60_000
GATE = named(built.items(), "MCP gate: Write calls went through without an approval")


def paged(events: list[dict[str, Any]], now_ms: int, started_ms: int) -> list[dict[str, Any]]:
    """One turn that started some time before its query ran; the rule's range is of the events' own time."""
    reads = built.minutes(GATE["from"].removeprefix("now-")) * MINUTE
    held = {**stream(events, None), **indices(built.items())}
    documents = [
        one for one in held[ground.STREAM].documents if started_ms - reads <= one["@timestamp"] <= started_ms
    ]
    held[ground.STREAM] = Index(ground.mapping(ground.columns()), documents)
    return run(GATE["query"], held, now_ms=now_ms)


@pytest.mark.parametrize("waited_ms", [0, 1_000, 40_000])
@pytest.mark.parametrize("second", [0, 1, 30, 59])
def test_a_gate_pages_for_just_its_window_whenever_in_a_minute_it_is_asked(
    second: int, waited_ms: int
) -> None:
    write = {**WRITE, "event_time": "2026-03-01T11:59:00Z"}
    pages = []
    for minute in range(-2, 14):
        started = TICK + minute * MINUTE + second * 1000
        if paged([write], started + waited_ms, started):
            pages.append((started + waited_ms) // MINUTE - TICK // MINUTE)
    # asked a minute late: at 12:01 about [11:50, 12:00), at 12:10 about [11:59, 12:09)
    first, last = pages[0], pages[-1]
    assert (first, last) == (1, 10)
    assert set(pages) == set(range(1, 11))
