"""Detections of the pack: asked of what came in lately, whatever its own time; those left out are named."""

from collections.abc import Sequence
from typing import Any

import pytest

from mcpsoar.core.content import CaseKind
from mcpsoar.siems.asked import Options
from mcpsoar.targets.es import paths
from tests.languages.esql import Index, run
from tests.laws import contract_reading as contract
from tests.siems.elastic import built
from tests.siems.elastic.test_rules import EVERY
from tests.targets.es import ground

MINUTE = 60_000
SOME = ("error_loop", "token_on_two_servers", "foreign_audience_attempts", "tools_ping_pong")
LICENSED = Options(tier="platinum")


def of(id_: str, options: Options) -> dict[str, Any]:
    (rule,) = [
        dict(one)
        for one in built.of_kind("detection_rule", built.items(options)).values()
        if f"Detection: {id_}" in one["tags"]
    ]
    return rule


def test_every_detection_is_there_or_named() -> None:
    content = built.content()
    left = set(dict(built.left_out(content)))
    there = {
        tag.removeprefix("Detection: ")
        for rule in built.of_kind("detection_rule", built.items()).values()
        for tag in rule["tags"]
        if tag.startswith("Detection: ")
    }
    assert there | left == {one.text.id for one in content.detections}
    assert not there & left
    assert len(there) > 15


def test_in_a_pack_of_tenants_there_is_none_that_puts_tenants_together() -> None:
    content = built.content(EVERY["with a licence and tenants"])
    assert len(built.left_out(content)) == len(content.detections)


@pytest.mark.parametrize("id_", SOME)
@pytest.mark.parametrize("options", [Options(), LICENSED], ids=["basic", "platinum"])
def test_a_match_is_asked_for_by_when_its_last_event_came_in(id_: str, options: Options) -> None:
    rule = of(id_, options)
    (one,) = [one for one in built.content().detections if one.text.id == id_]
    since = built.minutes(rule["interval"]) + (1 if options.tier == "basic" else 60)
    for case in one.text.cases:
        events = [dict(event) for event in case.events]
        fires = case.kind is CaseKind.POSITIVE
        assert bool(found(rule["query"], events, came_ago=since * MINUTE - 1000)) == fires, case.name
        assert not found(rule["query"], events, came_ago=since * MINUTE + 1000), case.name


def found(query: str, events: Sequence[dict[str, Any]], *, came_ago: int) -> list[dict[str, Any]]:
    """Asked an hour after the last event happened: all of them are late."""
    held = ground.held(events, ground.columns())[ground.STREAM]
    now = max(contract.moment(one["event_time"]) for one in events) + 60 * MINUTE
    documents = [{**one, paths.RECEIVED: now - came_ago + place} for place, one in enumerate(held.documents)]
    return run(query, {ground.STREAM: Index(held.fields, documents)}, now_ms=now)


def test_suppression_makes_one_alert_of_what_runs_find_again() -> None:
    for id_ in SOME:
        rule = of(id_, LICENSED)
        assert rule["alert_suppression"]["group_by"] == ["event.id", "subject"]
        again = rule["alert_suppression"]["duration"]["value"]
        assert again >= built.minutes(rule["interval"]) + 60
        assert "alert_suppression" not in of(id_, Options())


def test_a_long_lookback_is_not_read_every_five_minutes() -> None:
    for rule in built.of_kind("detection_rule", built.items()).values():
        if any(tag.startswith("Detection: ") for tag in rule["tags"]):
            reads, every = (built.minutes(rule[key].removeprefix("now-")) for key in ("from", "interval"))
            assert every == (5 if reads < 1440 else 15 if reads < 28 * 1440 else 60)
