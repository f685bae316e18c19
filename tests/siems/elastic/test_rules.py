"""Every line of rules.ndjson is one that Kibana takes, and asks what its rule or gate asks."""

import copy
import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from mcpsoar.core.content import CaseKind
from mcpsoar.core.errors import Usage
from mcpsoar.siems.asked import Options
from mcpsoar.siems.in_elastic import atlas, gate_rules
from mcpsoar.siems.in_elastic.asks import CLUSTER
from tests.languages.esql import elastic_parser
from tests.siems.elastic import built
from tests.targets.es import ground

EVERY = {
    "as shipped": Options(),
    "with a licence and tenants": built.options(tenant="organization.id", tier="platinum"),
    "across clusters": built.options(index="logs-mcp.audit-prod,audit-*", cluster="eu", tier="enterprise"),
}
HEALTH = ("MCP audit event that no rule could read whole", "MCP audit events stopped")
WRITES = "MCP gate: Write calls went through without an approval"
RULES = built.lines(built.files()["rules.ndjson"])
BY_ID = {rule["rule_id"]: rule for rule in RULES}


def rules(options: Options) -> list[dict[str, Any]]:
    return built.lines(built.files(options)["rules.ndjson"])


@pytest.mark.parametrize("options", EVERY.values(), ids=EVERY)
def test_every_line_is_a_rule_that_kibana_takes(options: Options) -> None:
    found = {rule["name"]: built.complaints("detection_rule", rule) for rule in rules(options)}
    assert found == {name: [] for name in found}


def test_every_rule_and_gate_is_there_once_and_switched_off() -> None:
    content = built.content()
    left = dict(built.left_out(content))
    every = len(content.rules) + len(content.detections) - len(left) + len(content.gates)
    late = [rule for rule in RULES if rule["name"].endswith("(came late)")]
    assert [rule["name"] for rule in late] == [f"{WRITES} (came late)"]
    assert len(BY_ID) == len(RULES) == every + len(late) + len(HEALTH)
    assert {rule.uuid for rule in content.rules} < set(BY_ID)
    assert not any(rule["enabled"] for rule in RULES)


def test_every_sigma_rule_is_there() -> None:
    left = dict(built.left_out(built.content()))
    assert not left.keys() & {rule.id for rule in built.content().rules}


@pytest.mark.parametrize("options", EVERY.values(), ids=EVERY)
def test_every_query_is_syntax_to_elastics_own_parser(options: Options) -> None:
    module = os.environ.get("MCPSOAR_ESQL_PARSER")
    if not module:
        pytest.skip("MCPSOAR_ESQL_PARSER names no build of Elastic's parser")
    # as Kibana sends it (build_esql_search_request.ts)
    queries = [f"{rule['query']} | limit 1001" for rule in rules(options)]
    assert elastic_parser.complaints(Path(module), queries) == [[] for _ in queries]


@pytest.mark.parametrize("rule", built.content().rules, ids=lambda rule: rule.id)
def test_a_rule_fires_where_its_cases_say(rule: Any) -> None:
    query = BY_ID[rule.uuid]["query"]
    for case in rule.cases:
        held = ground.held([dict(event) for event in case.events], ground.columns())
        fires = bool(ground.places(query, held))
        assert fires == (case.kind is CaseKind.POSITIVE), case.name


def planted(change: Callable[[dict[str, Any]], None]) -> list[str]:
    body = copy.deepcopy(next(rule for rule in rules(EVERY["with a licence and tenants"])))
    assert built.complaints("detection_rule", body) == []
    change(body)
    return built.complaints("detection_rule", body)


METADATA = " METADATA _id, _index, _version"
PLANTED: dict[str, Callable[[dict[str, Any]], Any]] = {
    "an unknown key": lambda rule: rule.update(id="x"),
    "immutable": lambda rule: rule.update(immutable=False),
    "a severity of Sigma": lambda rule: rule.update(severity="informational"),
    "a score over 100": lambda rule: rule.update(risk_score=101),
    "no score": lambda rule: rule.pop("risk_score"),
    "no name": lambda rule: rule.pop("name"),
    "no query": lambda rule: rule.pop("query"),
    "an id that is none": lambda rule: rule.update(rule_id="shadow_server"),
    "an id in capitals": lambda rule: rule.update(rule_id=rule["rule_id"].upper() + "A"),
    "four keys of suppression": lambda rule: rule.update(
        alert_suppression={
            "group_by": list("abcd"),
            "duration": {"unit": "m", "value": 1},
            "missing_fields_strategy": "suppress",
        }
    ),
    "a suppression without keys": lambda rule: rule.update(
        alert_suppression={"duration": {"unit": "m", "value": 1}, "missing_fields_strategy": "suppress"}
    ),
    "no metadata": lambda rule: rule.update(query=rule["query"].replace(METADATA, "")),
    "less than the interval": lambda rule: rule.update({"from": "now-4m"}),
    "nothing for what comes late": lambda rule: rule.update({"from": "now-5m"}),
    "seconds of a cron": lambda rule: rule.update(interval="*/5 * * * *"),
    "a reference without its slash": lambda rule: rule["threat"][0]["tactic"].update(
        reference="https://atlas.mitre.org/tactics/AML.TA0004"
    ),
    "another language": lambda rule: rule.update(language="kuery"),
    "an index beside the query": lambda rule: rule.update(index=["logs-*"]),
    "more alerts than kibana makes": lambda rule: rule.update(max_signals=5000),
    "an empty description": lambda rule: rule.update(description=" "),
}


@pytest.mark.parametrize("change", PLANTED.values(), ids=PLANTED)
def test_a_planted_mistake_is_found(change: Callable[[dict[str, Any]], Any]) -> None:
    assert planted(change)


def test_a_gate_that_reads_less_than_its_window_is_found() -> None:
    gate = copy.deepcopy(next(rule for rule in RULES if rule["name"].startswith("MCP gate: Calls ask")))
    assert built.complaints("detection_rule", gate) == []
    gate["from"] = "now-61m"
    assert built.complaints("detection_rule", gate)


def test_a_gate_is_asked_each_minute_and_suppressed_by_tenant_first_for_its_window() -> None:
    tenants = {rule["name"]: rule for rule in rules(EVERY["with a licence and tenants"])}
    for gate in built.content().gates:
        rule = tenants[f"MCP gate: {gate.text.title}"]
        assert rule["interval"] == "1m"
        own = "state" if gate.text.page.ratio else "subject"
        assert rule["alert_suppression"]["group_by"] == ["organization.id", "gate", own]
        assert rule["alert_suppression"]["duration"]["value"] * 60_000 == gate.text.window_ms
        assert rule["exceptions_list"] == []
    assert not any("alert_suppression" in rule for rule in RULES)


def test_an_event_is_judged_by_when_it_came_in_and_a_window_by_when_it_happened() -> None:
    for rule in RULES:
        is_of_one = any(tag.startswith(("Rule: ", "Late gate: ", "Health: rejected")) for tag in rule["tags"])
        assert rule.get("timestamp_override") == ("event.ingested" if is_of_one else None)


@pytest.mark.parametrize("options", EVERY.values(), ids=EVERY)
def test_every_query_reads_the_events_where_they_are(options: Options) -> None:
    sources = {rule["query"].partition(" METADATA ")[0] for rule in rules(options)}
    wanted = "eu:logs-mcp.audit-prod,eu:audit-*" if options.of(CLUSTER) else "logs-mcp.audit-*"
    assert sources == {f"FROM {wanted}"}


def test_across_clusters_nothing_is_joined_after_counting() -> None:
    """Elastic's page on LOOKUP JOIN allows none there."""
    for rule in rules(EVERY["across clusters"]):
        before, _, after = rule["query"].partition("\n| STATS")
        assert "LOOKUP JOIN" not in after, rule["name"]
        assert "mcp-gates" not in before


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (built.options(cluster="eu"), "Enterprise"),
        (built.options(index="logs-* | LIMIT 1"), "--index"),
        (built.options(index="Logs"), "--index"),
        (built.options(tenant="a`b"), "--tenant-field"),
        (built.options(space="../x"), "--space"),
        (built.options(cluster="eu:x", tier="enterprise"), "--cluster"),
    ],
)
def test_a_name_that_is_none_is_refused(options: Options, said: str) -> None:
    with pytest.raises(Usage, match=said):
        built.items(options)


def test_names_of_techniques_are_those_of_the_landscape() -> None:
    import yaml

    names = yaml.safe_load((built.ROOT / "sql" / "coverage.yml").read_text())["names"]["atlas"]
    for tag, name in names.items():
        id_ = f"AML.{tag.upper()}"
        parent = ".".join(id_.split(".")[:2])
        full = ": ".join(atlas.TECHNIQUES[one][0] for one in dict.fromkeys((parent, id_)))
        assert full == name


def test_every_technique_of_a_tag_is_mapped_below_its_parent() -> None:
    (entry,) = atlas.threat(["atlas.v5.6.0", "atlas.aml.t0051.001", "owasp.mcp06-2025-x", "atlas.aml.t9999"])
    assert entry["tactic"]["id"] == "AML.TA0005"
    (technique,) = entry["technique"]
    assert technique["id"] == "AML.T0051"
    assert [one["id"] for one in technique["subtechnique"]] == ["AML.T0051.001"]


def test_the_gates_have_ids_that_never_change() -> None:
    ids = {rule["name"]: rule["rule_id"] for rule in gate_rules.lines(built.content())}
    assert (
        ids["MCP gate: Calls ask for more than their tokens grant"] == "2805c82d-e7d2-5322-91cf-d37d703d0eae"
    )


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("rule", "MCP Server In Production That The Registry Does Not Approve"),
        ("gate", "MCP gate: Calls ask for more than their tokens grant"),
    ],
)
def test_a_line_reads_as_its_golden_says(name: str, title: str, golden: Any) -> None:
    """Its long texts a line each."""
    (rule,) = [one for one in rules(built.options(tier="platinum")) if one["name"] == title]
    shown = rule | {key: rule[key].split("\n") for key in ("description", "note", "query")}
    path = built.ROOT / "tests" / "golden" / "elastic" / f"{name}.json"
    golden(path, json.dumps(shown, indent=1, ensure_ascii=False) + "\n")
