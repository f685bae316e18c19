"""The saved searches of detections as shipped: what they find in their cases, how often, and filters."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from mcpsoar.core.content import CaseKind, DetectionText
from mcpsoar.core.errors import Usage
from mcpsoar.core.event import MINUTE_MS
from mcpsoar.pack.overlay import RuleTuning, Tuning
from mcpsoar.siems.in_splunk import detections, queries
from tests.laws import contract_reading as plain
from tests.siems.splunk import built
from tests.targets.spl.splunk import event

SAID = [
    one for one in built.content().detections if detections.name(one.text.id) in built.searches(built.files())
]
LEFT = dict(detections.left_out(built.content(), queries.of(built.content()).detections))
RULE = "error_loop"


def test_each_detection_has_a_search_or_is_named_as_left_out() -> None:
    assert {one.text.id for one in SAID} | set(LEFT) == {one.text.id for one in built.content().detections}
    assert len(SAID) > len(built.content().detections) / 2
    assert queries.of(built.tuned(Tuning(), tenant="org")).detections.keys() == {one.text.id for one in SAID}


def found(
    text: DetectionText, events: Any, files: built.Files | None = None, tenants: Sequence[str] = ("",)
) -> list[dict[str, Any]]:
    """The rows of a run just after the last event; all were received as they happened."""
    one = next(one for one in SAID if one.text.id == text.id)
    moments = [plain.moment(event["event_time"]) for event in events]
    here = [
        event(facts, at_ms=at, received_ms=at // 1000 * 1000, wanted=one.columns | {"event_id"})
        | ({"org": tenant} if tenant else {})
        for facts, at in zip(events, moments, strict=True)
        for tenant in tenants
    ]
    last = max(moments)
    return built.ran(files or built.files(), detections.name(text.id), here, now_ms=last + 2 * MINUTE_MS)


@cache
def shipped(id_: str, place: int) -> tuple[Mapping[str, Any], ...]:
    """The rows of the untuned search on one case."""
    text = next(one.text for one in SAID if one.text.id == id_)
    return tuple(found(text, text.cases[place].events))


@pytest.mark.parametrize("text", [one.text for one in SAID], ids=lambda text: text.id)
def test_a_saved_search_fires_and_stays_quiet_as_the_detection_does(text: DetectionText) -> None:
    """Asked just after the last event, which completes the pattern where the case is a positive one."""
    for place, case in enumerate(text.cases):
        rows = shipped(text.id, place)
        assert all(row["truncated"] == "false" and row["by_subject"] for row in rows)
        if case.kind is not CaseKind.POSITIVE:
            assert not rows, case.name


def test_most_positive_cases_end_with_the_event_that_completes_them() -> None:
    fired = [
        bool(shipped(one.text.id, place))
        for one in SAID
        for place, case in enumerate(one.text.cases)
        if case.kind is CaseKind.POSITIVE
    ]
    assert sum(fired) > len(fired) * 0.8


@cache
def of_tenants() -> built.Files:
    return built.unpacked(built.tuned(Tuning(), tenant="org"))


@pytest.mark.parametrize("text", [one.text for one in SAID], ids=lambda text: text.id)
def test_each_tenant_has_its_own_finding_of_the_same_events(text: DetectionText) -> None:
    """And one of its own to be throttled by; an event without a tenant is under `-`."""
    place = next((at for at, _ in enumerate(text.cases) if shipped(text.id, at)), 0)
    rows = found(text, text.cases[place].events, of_tenants(), ("a", "b", ""))
    keys = built.searches(of_tenants())[detections.name(text.id)]["alert.suppress.fields"].split(",")
    alone = [tuple(row[key] for key in keys[1:]) for row in shipped(text.id, place)]
    told = sorted(tuple(row[key] for key in keys) for row in rows)
    assert told == sorted((tenant, *one) for tenant in ("-", "a", "b") for one in alone)


def test_a_subject_is_allowed_by_name_and_nothing_else_is() -> None:
    chosen = next(one for one in SAID if one.text.subject == "server")
    text = chosen.text
    place, case = next((at, case) for at, case in enumerate(text.cases) if shipped(text.id, at))
    subject = shipped(text.id, place)[0]["subject"]
    for name, is_quiet in ((subject, True), (subject.upper(), False), ("*", False)):
        allow = ((("server_name", name),),)
        tuned = built.small(Tuning(rules={text.id: RuleTuning(allow=allow)}))
        files = built.unpacked(replace(tuned, detections=(chosen,)))
        assert (found(text, case.events, files) == []) is is_quiet
    allow = ((("actor_id", "eve"),),)
    with pytest.raises(Usage, match="allows server_name and nothing else, not actor_id"):
        built.unpacked(built.tuned(Tuning(rules={text.id: RuleTuning(allow=allow)})))


def test_a_detection_runs_as_often_as_the_overlay_says_without_a_gap() -> None:
    files = built.unpacked(built.tuned(Tuning(rules={RULE: RuleTuning(every_minutes=30, enabled=True)})))
    search = built.searches(files)[detections.name(RULE)]
    assert search["cron_schedule"].endswith("-59/30 * * * *")
    assert '_indextime>=relative_time(now(), "-31m@m")' in search["search"]
    assert search["disabled"] == "0"
