"""The dashboard: its shape and references, and queries that tell what they say they tell."""

import copy
import json
import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.siems.asked import Options
from mcpsoar.siems.in_elastic import detection_rules, views
from mcpsoar.targets.es import paths
from tests.languages.esql import Field, Index, elastic_parser, run
from tests.siems.elastic import built
from tests.siems.elastic.test_rules import EVERY
from tests.siems.elastic.test_tuning import indices
from tests.targets.es import ground
from tests.targets.es.test_gate import TICK

OBJECTS = built.lines(built.files()["dashboard.ndjson"])
NOW = TICK + 61_000
FIELDS = ground.mapping(ground.columns())


def test_every_line_is_an_object_that_kibana_takes() -> None:
    assert [built.complaints("saved_object", one) for one in OBJECTS] == [[] for _ in OBJECTS]


def test_every_panel_shows_an_object_that_comes_before_it() -> None:
    *sessions, dashboard = OBJECTS
    assert dashboard["type"] == "dashboard"
    by_name = {one["name"]: one["id"] for one in dashboard["references"]}
    panels = json.loads(dashboard["attributes"]["panelsJSON"])
    shown = [by_name[f"{one['panelIndex']}:{one['panelRefName']}"] for one in panels]
    assert shown == [one["id"] for one in sessions]
    tops = [one["gridData"]["y"] for one in panels]
    assert tops == sorted(tops)
    assert all(one["gridData"]["i"] == one["panelIndex"] for one in panels)


def test_the_ids_never_change() -> None:
    assert OBJECTS[-1]["id"] == "63aa7e2c-28f4-5e0b-9d08-2e60dbd1c81a"


PLANTED: dict[str, Callable[[dict[str, Any]], Any]] = {
    "an id by name": lambda one: one.update(id="mcp-gates"),
    "versions of a newer kibana": lambda one: one.update(coreMigrationVersion="9.5.0"),
    "a key of an export": lambda one: one.update(updated_at="2026-01-01T00:00:00Z"),
    "another type": lambda one: one.update(type="lens"),
    "no title": lambda one: one["attributes"].pop("title"),
    "an unknown attribute": lambda one: one["attributes"].update(panels=[]),
}


@pytest.mark.parametrize("change", PLANTED.values(), ids=PLANTED)
@pytest.mark.parametrize("place", [0, -1], ids=["session", "dashboard"])
def test_a_planted_mistake_is_found(change: Callable[[dict[str, Any]], Any], place: int) -> None:
    body = copy.deepcopy(OBJECTS[place])
    change(body)
    assert built.complaints("saved_object", body)


@pytest.mark.parametrize("options", EVERY.values(), ids=EVERY)
def test_every_query_is_syntax_to_elastics_own_parser(options: Options) -> None:
    module = os.environ.get("MCPSOAR_ESQL_PARSER")
    if not module:
        pytest.skip("MCPSOAR_ESQL_PARSER names no build of Elastic's parser")
    queries = [view.query for view in views.views(built.held(options))]
    assert elastic_parser.complaints(Path(module), queries) == [[] for _ in queries]


def answer(
    key: str,
    events: list[dict[str, Any]],
    options: Options = built.SHIPPED,
    more: Mapping[str, Any] | None = None,
) -> list[dict[str, Any]]:
    (view,) = [one for one in views.views(built.held(options)) if one.key == key]
    documents = [
        ground.stored(event, place, ground.columns()) | {paths.RECEIVED: TICK - 30_000} | dict(more or {})
        for place, event in enumerate(events)
    ]
    tenant = {options.tenant: Field("keyword")} if options.tenant else {}
    held = {ground.STREAM: Index(FIELDS | tenant, documents), **indices(built.items(options))}
    return run(view.query, held, now_ms=NOW)


AT = "2026-03-01T11:59:00Z"
CALL = {"event_time": AT, "event_id": "a", "server_name": "crm", "decision": "allow"}


def test_each_gate_says_how_it_is_even_without_events() -> None:
    for gate in built.content().gates:
        (row,) = answer(f"gate {gate.text.id}", [])
        assert (row["gate"], row["state"]) == (gate.text.id, "no_data")
        (row,) = answer(f"gate {gate.text.id}", [CALL])
        assert row["state"] in ("ok", "page", "no_data")


def test_a_log_without_events_is_no_data() -> None:
    (row,) = answer("status", [])
    assert (row["state"], row["events"], row["last_event"]) == ("no_data", 0, None)


def test_a_log_says_when_something_came_last_and_what_was_lost() -> None:
    (row,) = answer("status", [CALL], more={"event.kind": "pipeline_error", "mcp.truncated": ["tool_name"]})
    assert (row["state"], row["silent_minutes"], row["waited_seconds"]) == ("ok", 1, 30)
    assert (row["rejected"], row["truncated"]) == (1, 1)
    (row,) = answer("status", [CALL], more={"event.kind": "event"})
    assert (row["rejected"], row["truncated"]) == (0, 0)


def test_a_field_that_no_event_has_names_the_rules_that_need_it() -> None:
    found = [row["finding"] for row in answer("fields", [CALL, CALL | {"token_aud": []}])]
    (statuses,) = [one for one in found if one.startswith("registry_status: ")]
    assert statuses.startswith("registry_status: in 0 of 2 events; of the others silent: ")
    assert "shadow_server_in_production" in statuses
    assert any(one.startswith("token_aud: in 1 of 2 events") for one in found)
    assert not any(one.startswith(("server_name:", "decision:")) for one in found)
    needed = {name for text in detection_rules.texts(built.held()) for name in text.needs}
    assert len(found) == len(needed - {"server_name", "decision"})


def test_what_was_rejected_on_the_way_in_lacks_no_field() -> None:
    assert answer("fields", [CALL], more={"event.kind": "pipeline_error"}) == []


def test_the_story_of_servers_is_newest_first() -> None:
    later = CALL | {"event_time": "2026-03-01T11:59:30Z", "event_id": "b"}
    assert [row["event.id"] for row in answer("story", [CALL, later])] == ["b", "a"]


def test_with_tenants_every_view_is_by_tenant_first() -> None:
    options = built.options(tenant="organization.id", tier="platinum")
    for view in views.views(built.held(options)):
        (row, *_) = answer(view.key, [CALL], options, {"organization.id": "acme"})
        assert next(iter(row.items())) == ("organization.id", "acme")
