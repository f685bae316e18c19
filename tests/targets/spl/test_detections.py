"""Detections in SPL: the rows that a search gives are those of the engine, for every case, spelling and log.

MCPSOAR_EXAMPLES sets the number of random logs for each.
"""

import os
import random
from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

import pytest

from mcpsoar.app import variants
from mcpsoar.core.content import CaseKind
from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Unsupported
from mcpsoar.detect.detection import Detection, parse
from mcpsoar.detect.prelude import sources
from mcpsoar.targets.spl import detection as spl
from tests.languages.spl import run
from tests.laws import contract_reading as plain
from tests.laws.test_detections import TEXTS, on_duckdb, shaken
from tests.targets.spl.splunk import COLUMNS, EXTRACTIONS, Extraction, Fields, event

EXAMPLES = int(os.environ.get("MCPSOAR_EXAMPLES", "3"))
MACROS = {"mcp_audit_events": 'index="mcp"'}
Found = list[tuple[str, int, str]]


@cache
def detection(name: str) -> Detection:
    return parse(TEXTS[name], COLUMNS)


@cache
def searched(name: str) -> str | None:
    made = detection(name)
    try:
        return spl.search(made.text, made.tree, COLUMNS)
    except Unsupported:
        return None


SAID = [name for name in sorted(TEXTS) if searched(name) is not None]


def in_splunk(events: Sequence[Facts], name: str, extraction: Extraction = EXTRACTIONS[0]) -> list[Fields]:
    """The events as a search finds them, received in their order, a second apart."""
    wanted = detection(name).columns | {"event_id"}
    return [
        event(
            one,
            at_ms=plain.moment(one.get("event_time")),
            received_ms=1_900_000_000_000 + place * 1000,
            extraction=extraction,
            wanted=frozenset(wanted),
        )
        | {"index": "mcp"}
        for place, one in enumerate(events)
    ]


def on_splunk(
    name: str,
    events: Sequence[Facts],
    *,
    extraction: Extraction = EXTRACTIONS[0],
    reverse_ties: bool = False,
) -> Found:
    query = searched(name)
    assert query is not None
    rows = run(query, in_splunk(events, name, extraction), now_ms=0, macros=MACROS, reverse_ties=reverse_ties)
    assert {row["truncated"] for row in rows} <= {"false"}
    return sorted((_id(row), int(row["event_ms"]), row.get("subject") or "") for row in rows)


def _id(row: Mapping[str, Any]) -> str:
    return "" if row["event_key"][0] == " " else str(row["event_key"])


def read(name: str) -> frozenset[str]:
    """The columns that a detection reads, and those that they are derived from."""
    names = detection(name).columns
    return names | {word for one in COLUMNS if one.name in names for word in sources(one)}


@pytest.mark.parametrize("name", SAID)
def test_every_case_and_spelling_is_found_as_the_engine_finds_it(name: str) -> None:
    for place, case in enumerate(TEXTS[name].cases):
        logs = [case.events, *(one.events for one in variants.together(case, COLUMNS, read(name)))]
        for events in logs:
            found = on_splunk(name, events, extraction=EXTRACTIONS[place % 2])
            assert found == on_duckdb(detection(name), events), case.name


@pytest.mark.parametrize("name", SAID)
def test_a_random_log_is_found_as_the_engine_finds_it(name: str) -> None:
    rng = random.Random(name)
    cases = sorted(TEXTS[name].cases, key=lambda case: case.kind is not CaseKind.POSITIVE)
    matched = 0
    for number in range(EXAMPLES):
        events = shaken(cases[number % len(cases)].events, rng)
        rng.shuffle(events)
        found = on_duckdb(detection(name), events)
        matched += len(found)
        assert on_splunk(name, events, reverse_ties=number % 2 == 1) == found
    assert matched
