"""An overlay changes settings, lookups and exceptions; no text of it ever stands in a query."""

import json
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.core.errors import Usage
from mcpsoar.siems.asked import Options
from mcpsoar.siems.objects import Item
from tests.languages.esql import Field, Index, run
from tests.siems.elastic import built
from tests.targets.es import ground
from tests.targets.es.test_gate import TICK, WRITE, stream

HOSTILE = '" OR true | LIMIT 0 // \n```\n`FROM x` {{x}} \\" \u202e'
OVERLAY = f"""
gates:
  scope-mismatch:
    {{page: ">= 2 %", window: 30m, min_denominator: 200, owner: {json.dumps(HOSTILE)}, enabled: true}}
  unapproved-write-calls: {{min_numerator: 3, severity: low}}
rules:
  shadow_server_in_production:
    level: low
    every: 15m
    owner: Platform
    allow: [{{server_name: {json.dumps(HOSTILE)}}}, {{actor_id: svc-deploy, environment: prod}}]
  token_with_wildcard_scope: {{enabled: true}}
approved: [github, {json.dumps(HOSTILE)}]
pins: {{github: "{"0" * 64}", {json.dumps(HOSTILE)}: abc}}
tickets: {{github: CHG-1}}
deploy_windows: [{{server_name: github, from: 2026-03-01T20:00:00Z, to: 2026-03-01T22:00:00Z}}]
"""
LICENSED = built.options(tier="platinum")


@pytest.fixture(scope="module")
def overlay(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("overlay") / "overlay.yml"
    path.write_text(OVERLAY)
    return path


@pytest.fixture(scope="module")
def tuned(overlay: Path) -> tuple[Item, ...]:
    return built.items(LICENSED, overlay)


def named(items: tuple[Item, ...], title: str) -> Any:
    (rule,) = [one for one in built.of_kind("detection_rule", items).values() if one["name"] == title]
    return rule


def write(folder: Path, text: str) -> Path:
    path = folder / "overlay.yml"
    path.write_text(text)
    return path


def test_every_object_of_a_tuned_pack_is_one_that_elastic_takes(tuned: tuple[Item, ...]) -> None:
    for item in tuned:
        if item.kind not in ("lookup_document", "saved_object"):
            assert built.complaints(item.kind, item.body) == [], item.name


def test_settings_are_those_of_the_overlay(tuned: tuple[Item, ...]) -> None:
    rule = named(tuned, "MCP Server In Production That The Registry Does Not Approve")
    assert (rule["severity"], rule["risk_score"], rule["interval"], rule["from"]) == (
        "low",
        21,
        "15m",
        "now-75m",
    )
    assert "Owner: Platform" in rule["tags"]
    gate = named(tuned, "MCP gate: Write calls went through without an approval")
    assert (gate["severity"], gate["enabled"]) == ("low", False)
    scope = named(tuned, "MCP gate: Calls ask for more than their tokens grant")
    assert scope["enabled"]
    assert scope["alert_suppression"]["duration"] == {"unit": "m", "value": 30}
    switched = [one["name"] for one in built.of_kind("detection_rule", tuned).values() if one["enabled"]]
    assert len(switched) == 2


def test_no_text_of_an_overlay_stands_in_a_query(tuned: tuple[Item, ...], tmp_path: Path) -> None:
    """The lists that are given switch a join on; with other names on them the queries are the same."""
    other = OVERLAY.replace("github", "jira").replace("svc-deploy", "svc").replace("30m", "45m")
    others = built.items(LICENSED, write(tmp_path, other.replace(">= 2 %", ">= 5 %").replace("200", "300")))
    queries = [
        {name: rule["query"] for name, rule in built.of_kind("detection_rule", items).items()}
        for items in (tuned, others)
    ]
    assert queries[0] == queries[1]
    assert not any(word in text for text in queries[0].values() for word in ("github", "LIMIT 0", "CHG-1"))


def test_without_lists_the_queries_are_the_shipped_ones(tmp_path: Path) -> None:
    settings = OVERLAY.partition("approved:")[0]
    shipped = built.of_kind("detection_rule", built.items(LICENSED))
    tuned = built.of_kind("detection_rule", built.items(LICENSED, write(tmp_path, settings)))
    assert {name: one["query"] for name, one in tuned.items()} == {
        name: one["query"] for name, one in shipped.items()
    }


def test_what_is_allowed_is_an_exception_that_compares_exactly(tuned: tuple[Item, ...]) -> None:
    rule = named(tuned, "MCP Server In Production That The Registry Does Not Approve")
    own = "mcpsoar-shadow_server_in_production"
    assert [one["list_id"] for one in rule["exceptions_list"]] == ["mcpsoar", own]
    items = built.of_kind("exception_item", tuned).values()
    entries = [one["entries"] for one in items if one["list_id"] == own]
    match = {"operator": "included", "type": "match"}
    assert entries == [
        [{"field": "mcp.server_name", "value": HOSTILE, **match}],
        [
            {"field": "user.id", "value": "svc-deploy", **match},
            {"field": "mcp.environment", "value": "prod", **match},
        ],
    ]
    for other in built.of_kind("detection_rule", tuned).values():
        lists = [one["list_id"] for one in other["exceptions_list"]]
        assert other is rule or lists == (
            [] if other["name"].startswith(("MCP gate", "MCP audit events stopped")) else ["mcpsoar"]
        )


def test_an_allowed_event_has_no_alert_and_its_neighbours_have(tuned: tuple[Item, ...]) -> None:
    """Kibana takes away, before the query, what an item of a rule's lists matches (buildExceptionFilter)."""
    title = "MCP Server In Production That The Registry Does Not Approve"
    shadow = {"event_time": "2026-03-01T11:59:00Z", "registry_status": "unknown", "server_name": "x"}
    events = [
        {**shadow, "server_name": HOSTILE},
        {**shadow, "server_name": HOSTILE.upper()},
        {**shadow, "actor_id": "svc-deploy", "environment": "PROD"},
        {**shadow, "actor_id": "svc-deploy"},
        {**shadow, "actor_id": "svc-deploy", "environment": "production"},
    ]
    held = ground.held(events, ground.columns())
    index = held[ground.STREAM]
    items = built.of_kind("exception_item", tuned).values()
    kept = [one for one in index.documents if not any(_matches(item["entries"], one) for item in items)]
    query = named(tuned, title)["query"]
    assert ground.places(query, held) == (0, 1, 2, 3, 4)
    assert ground.places(query, {ground.STREAM: Index(index.fields, kept)}) == (1, 3, 4)


def _matches(entries: Any, document: Any) -> bool:
    return all(document.get(one["field"]) == one["value"] for one in entries)


def test_every_list_that_a_rule_names_is_there(tuned: tuple[Item, ...]) -> None:
    there = built.of_kind("exception_list", tuned).keys()
    rules = built.of_kind("detection_rule", tuned).values()
    assert {one["list_id"] for rule in rules for one in rule["exceptions_list"]} == set(there)
    assert {one["list_id"] for one in built.of_kind("exception_item", tuned).values()} <= set(there)


def indices(items: tuple[Item, ...]) -> dict[str, Index]:
    """The lookup indices as they stand after everything was sent."""
    documents = built.of_kind("lookup_document", items)
    made = {}
    for name, body in built.of_kind("lookup_index", items).items():
        fields = {path: Field(kind) for path, kind in _flat(body["mappings"]["properties"])}
        own = [one for full, one in documents.items() if full.startswith(f"{name}/")]
        made[name] = Index(fields, own, lookup=True)
    return made


def _flat(properties: Any, above: str = "") -> Any:
    for name, kind in properties.items():
        if "properties" in kind:
            yield from _flat(kind["properties"], f"{above}{name}.")
        else:
            yield f"{above}{name}", kind["type"]


def paged(items: tuple[Item, ...], title: str, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    held = {**stream(events, None), **indices(items)}
    whole = {**ground.mapping(ground.columns())}
    held[ground.STREAM] = Index(whole, held[ground.STREAM].documents)
    return run(named(items, title)["query"], held, now_ms=TICK + 61_000)


WRITES = [
    {**WRITE, "event_time": "2026-03-01T11:59:00Z", "event_id": str(number), "registry_status": "approved"}
    for number in range(3)
]


def test_a_tuned_floor_holds(tuned: tuple[Item, ...]) -> None:
    title = "MCP gate: Write calls went through without an approval"
    assert [row["numerator"] for row in paged(tuned, title, WRITES)] == [3]
    assert paged(tuned, title, WRITES[:2]) == []
    assert [row["numerator"] for row in paged(built.items(LICENSED), title, WRITES[:2])] == [2]


def test_the_approved_are_asked_where_a_list_is_given(tuned: tuple[Item, ...]) -> None:
    title = "MCP gate: A server in production is not an approved one"
    names = ("github", HOSTILE, "github")
    listed = [{**one, "server_name": name} for one, name in zip(WRITES, names, strict=True)]
    assert paged(tuned, title, listed) == []
    assert [row["numerator"] for row in paged(tuned, title, WRITES)] == [1]
    assert paged(built.items(LICENSED), title, WRITES) == []


def test_pins_tickets_and_windows_are_asked(tuned: tuple[Item, ...]) -> None:
    title = "MCP gate: A server's tools are not the ones that were approved"
    drift = {**WRITES[0], "manifest_hash": "new", "server_name": HOSTILE}
    assert [row["numerator"] for row in paged(tuned, title, [drift])] == [1]
    assert paged(tuned, title, [{**drift, "server_name": "github"}]) == []  # it has a ticket
    assert paged(built.items(LICENSED), title, [drift]) == []


@pytest.mark.parametrize(
    ("options", "text", "said"),
    [
        (Options(), "gates: {scope-mismatch: {window: 2h}}", "60 minutes"),
        (Options(), "gates: {registry-drift: {window: 25h}}", "no window is longer than 24h"),
        (
            built.options(cluster="eu", tier="enterprise"),
            'gates: {scope-mismatch: {page: ">= 2 %"}}',
            "across clusters",
        ),
    ],
)
def test_tuning_that_no_query_could_follow_is_refused(
    tmp_path: Path, options: Options, text: str, said: str
) -> None:
    with pytest.raises(Usage, match=said):
        built.items(options, write(tmp_path, text))
