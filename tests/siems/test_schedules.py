"""Each event is judged exactly once: late ones, through outages, restarts and runs that come twice."""

from collections.abc import Mapping
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.siems.elastic import built as elastic
from tests.siems.scheduler import MINUTE_S, Down, kibana_runs, splunk_runs, splunk_sees
from tests.siems.splunk import built as splunk

START_S, HOURS = 1_790_000_000, 8
END_S = START_S + HOURS * 3600
HOUR_S = 3600
_SCHEDULE = [f"dispatch.{one}" for one in ("earliest_time", "latest_time", "index_earliest", "index_latest")]
_SCHEDULE += ["cron_schedule", "realtime_schedule"]


def searches() -> dict[str, Mapping[str, str]]:
    """One of each schedule of those that go by index time."""
    every = splunk.searches(splunk.files())
    by_index_time = {name: one for name, one in every.items() if "dispatch.index_earliest" in one}
    alike = {tuple(one[key] for key in _SCHEDULE): name for name, one in by_index_time.items()}
    return {name: every[name] for name in alike.values()}


def rules() -> dict[str, dict[str, Any]]:
    """One of each schedule of those that go by the time of receipt."""
    lines = elastic.lines(elastic.files()["rules.ndjson"])
    by_receipt = [line for line in lines if line.get("timestamp_override") == "event.ingested"]
    alike = {(line["interval"], line["from"], "_id" in line["query"]): line for line in by_receipt}
    return {line["name"]: line for line in alike.values()}


SEARCHES, RULES = searches(), rules()

outages = st.lists(
    st.builds(
        lambda start, long: Down(start, start + long),
        st.integers(START_S + HOUR_S, END_S - 4 * HOUR_S),
        st.integers(1, HOUR_S),
    ),
    max_size=1,
)
# when it happened, and how much later it was indexed
events = st.tuples(st.integers(START_S + HOUR_S, END_S - 3 * HOUR_S), st.integers(1, HOUR_S))
again = st.sets(st.integers(0, 200), max_size=5)  # the runs that come twice


def judged_in_splunk(
    stanza: Mapping[str, str], event: tuple[int, int], down: list[Down], twice: set[int]
) -> set[int]:
    """The scheduled times whose run looks at it; one that comes twice is the same question."""
    runs = splunk_runs(stanza, START_S, END_S, down)
    repeated = [*runs, *(runs[at] for at in twice if at < len(runs))]
    return {run for run in repeated if splunk_sees(stanza, run, event[0], sum(event))}


@pytest.mark.parametrize("name", SEARCHES)
@given(event=events, down=outages, twice=again)
def test_splunk_judges_an_event_in_one_run(
    name: str, event: tuple[int, int], down: list[Down], twice: set[int]
) -> None:
    assert len(judged_in_splunk(SEARCHES[name], event, down, twice)) == 1


def test_without_its_repairs_splunk_loses_events_or_takes_them_twice() -> None:
    stanza = next(iter(SEARCHES.values()))
    event, down = (START_S + 2 * HOUR_S, 30), [Down(START_S + 2 * HOUR_S, START_S + 3 * HOUR_S)]
    assert len(judged_in_splunk(stanza, event, down, set())) == 1
    skipping = {**stanza, "realtime_schedule": "1"}
    assert len(judged_in_splunk(skipping, event, down, set())) == 0
    overlapping = {**stanza, "dispatch.index_earliest": "-11m@m"}
    assert len(judged_in_splunk(overlapping, event, [], set())) == 2
    narrow = {**stanza, "dispatch.earliest_time": "-6m@m"}
    assert len(judged_in_splunk(narrow, (event[0], HOUR_S), [], set())) == 0


def alerts(line: Mapping[str, Any], event: tuple[int, int], down: list[Down], twice: set[int]) -> int:
    """How many alerts an event gets: one however many runs see it, since it is told by its _id."""
    interval = elastic.minutes(line["interval"]) * MINUTE_S
    reads = elastic.minutes(line["from"].removeprefix("now-")) * MINUTE_S
    runs = kibana_runs(interval, START_S, END_S, down)
    repeated = [*runs, *(runs[at] for at in twice if at < len(runs))]
    ingested = sum(event)
    seen = [run for run in repeated if run - reads <= ingested < run]
    told_apart = "METADATA _id, _index, _version" in line["query"]
    return min(len(seen), 1) if told_apart else len(seen)


@pytest.mark.parametrize("name", RULES)
@given(event=events, down=outages, twice=again)
def test_elastic_makes_one_alert_of_an_event(
    name: str, event: tuple[int, int], down: list[Down], twice: set[int]
) -> None:
    assert alerts(RULES[name], event, down, twice) == 1


def test_without_its_repairs_elastic_loses_events_or_alerts_twice() -> None:
    line = next(iter(RULES.values()))
    event, down = (START_S + 2 * HOUR_S, 30), [Down(START_S + 2 * HOUR_S, START_S + 3 * HOUR_S)]
    assert alerts(line, event, down, set()) == 1
    assert alerts({**line, "from": "now-5m"}, event, down, set()) == 0
    assert alerts({**line, "query": line["query"].replace("METADATA _id, ", "")}, event, [], set()) > 1
