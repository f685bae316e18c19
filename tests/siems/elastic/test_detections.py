"""Detections of the pack: asked of what came in lately, whatever its own time; those left out are named."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from mcpsoar.core.content import Case, CaseKind
from mcpsoar.siems.asked import Options
from mcpsoar.siems.in_elastic.asks import TIER
from mcpsoar.targets.es import paths
from tests.languages.esql import Field, Index, run
from tests.laws import contract_reading as contract
from tests.siems.elastic import built
from tests.siems.elastic.test_rules import EVERY
from tests.targets.es import ground

MINUTE = 60_000
SOME = ("error_loop", "token_on_two_servers", "foreign_audience_attempts", "tools_ping_pong")
KINDS = (  # counts, spans and pairs, and what was never before
    *SOME,
    "retrieval_then_write",
    "server_cycle_in_trace",
    "outputs_not_classified",
)
LICENSED = built.options(tier="platinum")


def rules(options: Options) -> tuple[Mapping[str, Any], ...]:
    return tuple(built.of_kind("detection_rule", built.items(options)).values())


def of(id_: str, options: Options) -> Mapping[str, Any]:
    (rule,) = [one for one in rules(options) if f"Detection: {id_}" in one["tags"]]
    return rule


def test_every_detection_is_there_or_named() -> None:
    content = built.content()
    left = set(dict(built.left_out(content)))
    there = {
        tag.removeprefix("Detection: ")
        for rule in rules(Options())
        for tag in rule["tags"]
        if tag.startswith("Detection: ")
    }
    assert there | left == {one.text.id for one in content.detections}
    assert not there & left
    assert len(there) > 15


@pytest.mark.parametrize("id_", KINDS)
def test_each_tenant_has_its_own_finding_of_the_same_events(id_: str) -> None:
    """And one of its own to be suppressed by; an event without a tenant has one, too."""
    rule, tenants = of(id_, EVERY["with a licence and tenants"]), ("a", "b", None)
    keys = ["organization.id", paths.EVENT_ID, "subject"]
    assert rule["alert_suppression"]["group_by"] == keys
    assert rule["investigation_fields"]["field_names"][0] == "organization.id"
    events = [dict(event) for event in _positive(id_).events]
    alone = found(of(id_, LICENSED)["query"], events, came_ago=MINUTE)
    rows = found(rule["query"], events, came_ago=MINUTE, tenants=tenants)
    told = [tuple(row[key] for key in keys) for row in rows]
    wanted = [(tenant, *(row[key] for key in keys[1:])) for tenant in tenants for row in alone]
    assert sorted(told, key=repr) == sorted(wanted, key=repr)
    assert told


def _positive(id_: str) -> Case:
    (one,) = [one for one in built.content().detections if one.text.id == id_]
    return next(case for case in one.text.cases if case.kind is CaseKind.POSITIVE)


@pytest.mark.parametrize("id_", SOME)
@pytest.mark.parametrize("options", [Options(), LICENSED], ids=["basic", "platinum"])
def test_a_match_is_asked_for_by_when_its_last_event_came_in(id_: str, options: Options) -> None:
    rule = of(id_, options)
    (one,) = [one for one in built.content().detections if one.text.id == id_]
    since = built.minutes(rule["interval"]) + (1 if options.of(TIER) == "basic" else 60)
    for case in one.text.cases:
        events = [dict(event) for event in case.events]
        fires = case.kind is CaseKind.POSITIVE
        assert bool(found(rule["query"], events, came_ago=since * MINUTE - 1000)) == fires, case.name
        assert not found(rule["query"], events, came_ago=since * MINUTE + 1000), case.name


def found(
    query: str, events: Sequence[dict[str, Any]], *, came_ago: int, tenants: Sequence[str | None] = ()
) -> list[dict[str, Any]]:
    """Asked an hour after the last event happened: all of them are late."""
    held = ground.held(events, ground.columns())[ground.STREAM]
    now = max(contract.moment(one["event_time"]) for one in events) + 60 * MINUTE
    documents = [{**one, paths.RECEIVED: now - came_ago + place} for place, one in enumerate(held.documents)]
    if tenants:
        documents = [{**one, "organization.id": tenant} for one in documents for tenant in tenants]
        documents = [{**one, "_id": str(place)} for place, one in enumerate(documents)]
    fields = {**held.fields, **({"organization.id": Field("keyword")} if tenants else {})}
    return run(query, {ground.STREAM: Index(fields, documents)}, now_ms=now)


def test_suppression_makes_one_alert_of_what_runs_find_again() -> None:
    for id_ in SOME:
        rule = of(id_, LICENSED)
        assert rule["alert_suppression"]["group_by"] == ["event.id", "subject"]
        again = rule["alert_suppression"]["duration"]["value"]
        assert again >= built.minutes(rule["interval"]) + 60
        assert "alert_suppression" not in of(id_, Options())


def test_a_long_lookback_is_not_read_every_five_minutes() -> None:
    for rule in rules(Options()):
        if any(tag.startswith("Detection: ") for tag in rule["tags"]):
            reads, every = (built.minutes(rule[key].removeprefix("now-")) for key in ("from", "interval"))
            assert every == (5 if reads < 1440 else 15 if reads < 28 * 1440 else 60)
