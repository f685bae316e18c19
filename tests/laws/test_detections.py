"""Laws of the detections: the same rows on two engines, whatever the order in which events come.

The random logs are the cases of a detection, shaken: there it is near its bounds. MCPSOAR_EXAMPLES sets the
number of logs for each.
"""

import os
import random
import re
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.core.content import CaseKind
from mcpsoar.core.digest import Facts
from mcpsoar.detect import statement
from mcpsoar.detect.detection import Detection, parse
from mcpsoar.detect.engines import sqlite
from mcpsoar.detect.scan import Ask, completed, over_events
from mcpsoar.pack import detections, schema
from tests.laws.user_table import table

ROOT = Path(__file__).resolve().parents[2]
COLUMNS = schema.load(ROOT)
TEXTS = {text.id: text for text in detections.load(ROOT)}
_FRAME = re.compile(r"RANGE BETWEEN (\d+) PRECEDING")
EXAMPLES = int(os.environ.get("MCPSOAR_EXAMPLES", "4"))
NOW = 1_795_000_000_000
SHIFTS_MS = (0, 0, 0, 0, 1, -1, 1000, -1000, 60_000, -60_000, 300_000, 3_600_000)


def shaken(events: Sequence[Facts], rng: random.Random) -> list[dict[str, Any]]:
    """Some events of a case: others gone, or later, or with another's field; each has an id of its own."""
    keep = rng.choice((1.0, 1.0, 0.98, 0.9, 0.6))
    change = rng.choice((0.0, 0.02, 0.2))
    found = []
    for number, event in enumerate(one for one in events if rng.random() < keep):
        made = {**event, "event_id": f"{rng.choice('abz')}{number}"}
        if rng.random() < change:
            name = rng.choice(sorted(event))
            if name not in ("event_time", "event_id"):
                made[name] = rng.choice(events).get(name)
        if rng.random() < change and isinstance(event.get("event_time"), str):
            later = timedelta(milliseconds=rng.choice(SHIFTS_MS))
            at = datetime.fromisoformat(str(event["event_time"])) + later
            made["event_time"] = at.isoformat(timespec="milliseconds")
        found.append(made)
    return found


def on_duckdb(detection: Detection, events: Sequence[Facts]) -> list[tuple[str, int, str]]:
    with over_events(events, Ask(COLUMNS, [], {}, NOW, [detection])) as scan:
        return sorted(
            (hit.event_id or "", hit.at_ms, hit.subject or "") for hit in scan.hits(detection.text.id)
        )


def on_sqlite(detection: Detection, events: list[dict[str, Any]]) -> list[tuple[str, int, str]]:
    names = [column.name for column in COLUMNS]
    flat = [{k: int(v) if isinstance(v, bool) else v for k, v in row.items()} for row in table(events)]
    found = sqlite.answers(statement.matches(detection, COLUMNS, "sqlite"), names, flat)
    return sorted((key, at_ms, subject or "") for at_ms, key, subject in found)


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_a_detection_gives_the_same_rows_on_two_engines_in_any_order(name: str) -> None:
    detection = parse(TEXTS[name], COLUMNS)
    rng = random.Random(name)
    cases = sorted(TEXTS[name].cases, key=lambda case: case.kind is not CaseKind.POSITIVE)
    matched = 0
    for number in range(EXAMPLES):
        events = shaken(cases[number % len(cases)].events, rng)
        found = on_duckdb(detection, events)
        matched += len(found)
        rng.shuffle(events)
        assert on_duckdb(detection, events) == found
        assert on_sqlite(detection, events) == found
    assert matched


@pytest.mark.parametrize("name", sorted(name for name, text in TEXTS.items() if _FRAME.search(text.sql)))
def test_a_window_is_half_open_as_those_of_gates_are(name: str) -> None:
    """A row as old as the window is out of it, so its frame ends a millisecond short of whole minutes."""
    frames = _FRAME.findall(TEXTS[name].sql)
    assert [int(frame) for frame in frames if int(frame) != 1 and (int(frame) + 1) % 60_000] == []


def test_both_first_seen_detections_learn_alike() -> None:
    """A detection is one statement and can take in no part of another, so the parts are compared."""
    first, second = (learning(text.sql) for id_, text in TEXTS.items() if id_.startswith("first_seen_"))
    assert all(first)
    assert first == second


def learning(sql: str) -> tuple[str, str]:
    """The days that a log has, and from when on something counts as new."""
    days = sql.partition("logged AS (")[2].partition("days AS (")[0]
    return days, next(line for line in sql.splitlines() if "AND first_ms >= " in line)


@pytest.mark.parametrize("name", sorted(TEXTS))
def test_logs_that_are_asked_together_are_read_each_by_itself(name: str) -> None:
    detection = parse(TEXTS[name], COLUMNS)
    logs = [case.events for case in TEXTS[name].cases]
    alone = [completed([(detection, log)], COLUMNS)[0] for log in logs]
    assert list(completed([(detection, log) for log in logs], COLUMNS)) == alone
    assert any(alone)
