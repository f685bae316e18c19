"""Detections in SPL: the rows that a search gives are those of the engine, for every case, spelling and log.

MCPSOAR_EXAMPLES sets the number of random logs for each.
"""

import os
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from mcpsoar.app import rules, variants
from mcpsoar.core.content import CaseKind
from mcpsoar.core.digest import Facts
from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import Kind
from mcpsoar.detect.detection import Detection, parse
from mcpsoar.detect.joined import completed
from mcpsoar.detect.prelude import sources
from mcpsoar.targets.spl import detection as spl
from tests.languages.spl import run
from tests.laws import contract_reading as plain
from tests.laws.test_detections import TEXTS, on_duckdb, shaken
from tests.targets.spl.splunk import COLUMNS, EXTRACTIONS, ROOT, Extraction, Fields, event

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
    logs = []
    for place, case in enumerate(TEXTS[name].cases):
        logs.append(case.events)
        if place < 2 or len(case.events) < 100:
            logs += [one.events for one in variants.together(case, COLUMNS, read(name))]
    answers = completed([(detection(name), log) for log in logs], COLUMNS)
    for place, (log, answer) in enumerate(zip(logs, answers, strict=True)):
        found = on_splunk(name, log, extraction=EXTRACTIONS[place % 2])
        wanted = {(str(log[at]["event_id"]), plain.moment(log[at]["event_time"])) for at in answer}
        assert {(key, at) for key, at, _ in found} == wanted
    assert any(answers)


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


HOSTILE = (
    *("7", "7.0", "007", "0x7", "1e5", "-", "=", "=7", "!", "+", "null", "true", "a b", 'a"b', "a\\b", "a|b"),
    *("%", "_", "\u00e9", "A", "a", "10.0.0.1", "9", "10", "*", "a\nb", "-7", " x"),
)
TOLD = {column.name for column in COLUMNS if column.kind is Kind.TEXT} - {"event_id"}


def forged(events: Sequence[Facts], rng: random.Random) -> list[dict[str, Any]]:
    """The same with other texts for the same texts, such as are taken for numbers and marks."""
    old = list(dict.fromkeys(str(one[name]) for one in events for name in TOLD if one.get(name) is not None))
    rng.shuffle(old)
    new = dict(zip(old, rng.sample(HOSTILE, len(HOSTILE)), strict=False))
    return [
        {name: new.get(str(one), one) if name in TOLD else one for name, one in event.items()}
        for event in events
    ]


@pytest.mark.parametrize("name", SAID)
def test_texts_that_look_like_numbers_and_marks_are_texts(name: str) -> None:
    rng = random.Random(name)
    matched = 0
    for case in TEXTS[name].cases[:6]:
        events = forged(case.events, rng)
        found = on_duckdb(detection(name), events)
        matched += len(found)
        assert on_splunk(name, events) == found, case.name
    assert matched


@pytest.mark.parametrize("name", SAID)
def test_an_event_without_an_id_is_its_own_and_a_repeat_is_none(name: str) -> None:
    case = next(case for case in TEXTS[name].cases if case.kind is CaseKind.POSITIVE)
    bare = [{key: one for key, one in event.items() if key != "event_id"} for event in case.events]
    found = on_splunk(name, bare)
    ((*places,),) = completed([(detection(name), bare)], COLUMNS)
    assert [at for _, at, _ in found] == sorted(plain.moment(bare[place]["event_time"]) for place in places)
    assert [key for key, *_ in found] == [""] * len(found)
    assert found
    assert on_splunk(name, [*case.events, *case.events]) == on_splunk(name, case.events)


@pytest.mark.parametrize("name", SAID)
def test_what_memory_does_not_hold_is_said(name: str) -> None:
    """Whatever is left of the results: all of them, or a row that says that some are not."""
    case = next(case for case in TEXTS[name].cases if case.kind is CaseKind.POSITIVE)
    events, query = in_splunk(case.events[:60], name), str(searched(name))
    whole = run(query, events, now_ms=0, macros=MACROS)
    lost = 0
    for memory in (1, 2, len(events) // 2, len(events) - 1, len(events) + 1, 2 * len(events)):
        rows = run(query, events, now_ms=0, macros=MACROS, memory=memory)
        lost += any(row["truncated"] == "true" for row in rows)
        assert rows == whole or any(row["truncated"] == "true" for row in rows)
    assert lost


def test_no_field_of_an_event_passes_for_one_of_the_search() -> None:
    name = "error_loop"
    events = in_splunk(TEXTS[name].cases[0].events, name)
    query = str(searched(name))
    made = [word.split("=")[0] for word in query.replace(",", " ").split() if "=" in word]
    forgery = {one: "1" for one in made if one.isidentifier() and one not in events[0]}
    assert {"lost", "step", "half", "in_counted"} <= set(forgery)
    given = [{**one, **forgery} for one in events]
    assert run(query, given, now_ms=0, macros=MACROS) == run(query, events, now_ms=0, macros=MACROS)


@pytest.mark.parametrize("name", SAID)
def test_only_what_is_completed_by_a_new_event_is_asked_for(name: str) -> None:
    made, case = detection(name), next(c for c in TEXTS[name].cases if c.kind is CaseKind.POSITIVE)
    events = in_splunk(case.events, name)
    found = on_splunk(name, case.events)
    received = {(one.get("event_id"), round(one["_time"] * 1000)): one["_indextime"] for one in events}
    for since in sorted({received[key, at] for key, at, _ in found}):
        query = spl.search(made.text, made.tree, COLUMNS, since=str(int(since)))
        rows = run(query, events, now_ms=0, macros=MACROS)
        wanted = [(key, at) for key, at, _ in found if received[key, at] >= since]
        assert sorted((_id(row), int(row["event_ms"])) for row in rows) == sorted(wanted)
    assert found


@pytest.mark.parametrize("name", SAID)
def test_each_tenant_is_asked_for_by_itself(name: str) -> None:
    """The same ids and names at several tenants, and at none."""
    made, rng = detection(name), random.Random(name)
    cases = sorted(TEXTS[name].cases, key=lambda case: case.kind is not CaseKind.POSITIVE)
    logs = dict(zip(("a", "b", "-"), (one.events for one in cases), strict=False))
    events = [
        {**one, **({} if tenant == "-" else {"customer": tenant})}
        for tenant, log in logs.items()
        for one in in_splunk(log, name)
    ]
    rng.shuffle(events)
    query = spl.search(made.text, made.tree, COLUMNS, tenant="customer")
    rows = run(query, events, now_ms=0, macros=MACROS)
    found = sorted((row["tenant"], _id(row), int(row["event_ms"]), row.get("subject") or "") for row in rows)
    assert found == sorted((tenant, *one) for tenant, log in logs.items() for one in on_splunk(name, log))
    assert found


def test_every_detection_of_the_pack_is_said() -> None:
    assert sorted(TEXTS) == SAID


def test_a_detection_is_converted_by_its_name() -> None:
    (made,) = rules.converted(ROOT, "splunk", ["error_loop"])
    assert made.query == searched("error_loop")
    assert made.heading == f"``` error_loop: {made.rule.title} ```"


def test_what_spl_cannot_say_is_refused_by_name() -> None:
    sql = """SELECT a.event_ms, a.event_key, b.server_name AS subject
    FROM mcp_audit AS a LEFT JOIN mcp_audit AS b ON a.trace_id = b.trace_id AND a.event_ms > b.event_ms"""
    made = parse(replace(TEXTS["error_loop"], sql=sql), COLUMNS)
    with pytest.raises(Unsupported, match=r"detection error_loop has no search of splunk: a LEFT JOIN ON"):
        spl.search(made.text, made.tree, COLUMNS)


@pytest.mark.parametrize("name", ["deputy_acts_without_delegation", "error_loop", "token_scopes_grew"])
def test_a_search_reads_as_its_golden_says(name: str, golden: Any) -> None:
    golden(ROOT / "tests" / "golden" / "detections" / f"{name}.spl", f"{searched(name)}\n")
