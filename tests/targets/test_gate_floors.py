"""A gate with a floor above one: the whole count decides whether it pages, each subject's own what it is
told as, and a page names every subject that counts, in the engine and in both languages.
"""

import json
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from mcpsoar.app.watch import page
from mcpsoar.core.content import GateText
from mcpsoar.core.event import LAST_TICK_MS, MINUTE_MS
from mcpsoar.core.finding import Judgement
from mcpsoar.detect import gate as detected
from mcpsoar.detect.judge import judge
from mcpsoar.detect.scan import Ask, over_events
from mcpsoar.targets.es import alert, gate
from mcpsoar.targets.spl import gate as spl
from mcpsoar.targets.spl import tuned
from tests.languages.esql import Index
from tests.languages.esql import run as run_esql
from tests.languages.spl import run as run_spl
from tests.laws.judged import facts
from tests.targets.es import test_alert, test_gate
from tests.targets.es.test_gate import BY_TICK, COLUMNS, GATES, SOME, TICK
from tests.targets.spl.test_gate import MACROS, gate_of, in_splunk
from tests.targets.spl.test_gate import told as told_in_splunk

Events = Sequence[dict[str, Any]]
_AT = {"event_time": "2026-03-01T11:59:00Z", "action_class": "write", "decision": "allow"}
_AT |= {"registry_status": "pending", "environment": "production"}
EVENTS: Events = [
    {**_AT, "event_id": str(number), "server_name": name}
    for number, name in enumerate(("crm", "crm", "jira", None))
]
FLOORS = [
    pytest.param(replace(GATES[name], min_numerator=floor), id=f"{name} {floor}")
    for name, most in (("unapproved-write-calls", 4), ("registry-drift", 2))
    for floor in range(most + 2)
]


def engine(text: GateText) -> Judgement:
    own = detected.parse(text, COLUMNS)
    with over_events(EVENTS, Ask(COLUMNS, [own], {}, LAST_TICK_MS)) as scan:
        return judge(text, scan.reading(own, TICK))


def subjects(text: GateText, judgement: Judgement) -> list[str]:
    """Of its page, an event without one as `-`."""
    return [name or "-" for name in page(text, judgement).subjects] if judgement.state == "page" else []


@pytest.mark.parametrize("text", FLOORS)
def test_a_floor_means_the_same_in_esql(text: GateText) -> None:
    want = engine(text)
    indices = test_gate.stream(EVENTS, None)
    assert test_gate.said(text, indices, BY_TICK) == facts(want)
    shipped = GATES[text.id]
    document = test_alert.tuned(text.id, min_numerator=text.min_numerator)
    lookup = {alert.LOOKUP: Index(test_alert.FIELDS, [document], lookup=True)}
    for query in (
        gate.state(gate_of(text), SOME, BY_TICK, only_pages=True),
        alert.state(gate_of(text), SOME, BY_TICK, only_pages=True),
        alert.state(gate_of(shipped), SOME, BY_TICK, only_pages=True),
    ):
        rows = run_esql(query, {**indices, **lookup}, now_ms=0)
        assert sorted(row["subject"] for row in rows) == subjects(text, want)


@pytest.mark.parametrize("text", FLOORS)
def test_a_floor_means_the_same_in_spl(text: GateText) -> None:
    want = engine(text)
    events = in_splunk("\n".join(map(json.dumps, EVENTS)).encode())
    own = {
        f"{name.partition('(')[0]}({arguments})" if arguments else name: said
        for name, (said, arguments) in tuned.macros(text).items()
    }
    macros = {**MACROS, **own, tuned.LAG: "1", tuned.APPROVED: tuned.ANY_NAME, tuned.FILLED: "eval one=1"}
    shown = []
    for only_pages in (False, True):
        query = spl.tunable(gate_of(text), COLUMNS, only_pages=only_pages)
        shown.append(run_spl(query, events, now_ms=TICK + MINUTE_MS, macros=macros))
    (row,), rows = shown
    found = row["groups"]
    assert sorted(found if isinstance(found, list) else [found]) == told_in_splunk(want)["groups"]
    assert (row["state"], row["numerator"]) == (want.state, want.reading.numerator)
    assert sorted(row["subject"] for row in rows) == subjects(text, want)
