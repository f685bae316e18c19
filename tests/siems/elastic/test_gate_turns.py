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
TITLE = "MCP gate: Write calls went through without an approval"
GATE = named(built.items(), TITLE)


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


def found(title: str, event: dict[str, Any], received_ms: int, now_ms: int) -> list[dict[str, Any]]:
    """What a rule says at a time, of an event that was received at another."""
    rule = named(built.items(), title)
    reads = built.minutes(rule["from"].removeprefix("now-")) * MINUTE
    by = rule.get("timestamp_override", "@timestamp")
    held = {**stream([event], None), **indices(built.items())}
    documents = [{**one, "event.ingested": received_ms} for one in held[ground.STREAM].documents]
    here = [one for one in documents if received_ms <= now_ms and now_ms - reads <= one[by] <= now_ms]
    held[ground.STREAM] = Index(ground.mapping(ground.columns()), here)
    return run(rule["query"], held, now_ms=now_ms)


@pytest.mark.parametrize("late_s", [1, 599, 601, 659, 661, 3600])
@pytest.mark.parametrize("into_s", [0, 59])
def test_a_write_pages_however_late_it_comes(late_s: int, into_s: int) -> None:
    """By a tick that can still look at its minute, else by the rule for what came too late for all."""
    at_ms = TICK + into_s * 1000
    received_ms = at_ms + late_s * 1000
    event = {**WRITE, "event_time": at_ms}
    first = -(-received_ms // MINUTE)
    turns = [(first + minute) * MINUTE for minute in range(15)]
    ticks = [now for now in turns if found(TITLE, event, received_ms, now)]
    told = found(f"{TITLE} (came late)", event, received_ms, turns[4])
    assert ticks or [row["_id"] for row in told] == ["000000"]
    assert not (late_s < 599 and told)
