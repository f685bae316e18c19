"""The saved searches of rules, whole, as shipped: fire and stay quiet as their cases say; each event once."""

import json
import random
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from mcpsoar.core.content import Case, CaseKind, RuleText
from mcpsoar.pack.overlay import RuleTuning, Tuning
from mcpsoar.siems.in_splunk import rules
from tests.languages.spl.evaluate import Scope, evaluate
from tests.languages.spl.expression import parse
from tests.languages.spl.results import stored
from tests.siems.splunk import built
from tests.targets.spl.splunk import EXTRACTIONS, Fields

NOW_MS = 1_790_000_400_000
RULES = built.content().rules
PROPS = built.stanzas(built.files(), "TA-mcpsoar/default/props.conf")["mcp:audit"]
CALCULATED = {key.removeprefix("EVAL-"): parse(one) for key, one in PROPS.items() if key.startswith("EVAL-")}


def indexed(event: Any, *, at_s: float, received_s: float, place: int = 0) -> Fields:
    """An event as a search finds it, through the fields that are shipped."""
    extracted = EXTRACTIONS[place % 2].fields(json.dumps(event))
    found = dict(extracted)
    for name, node in CALCULATED.items():
        stored(found, name, evaluate(node, Scope(extracted, 0)))
    said = {name: str(one) if isinstance(one, int | float) else one for name, one in found.items()}
    return said | {"_time": at_s, "_indextime": received_s, "place": str(place)}


def found(rule: str, events: list[Fields], files: Any = None, now_ms: int = NOW_MS) -> list[int]:
    rows = built.ran(files or built.files(), rules.name(rule), events, now_ms=now_ms)
    return sorted(int(row["place"]) for row in rows)


def of(case: Case) -> list[Fields]:
    now = NOW_MS / 1000
    return [
        indexed(one, at_s=now - 300, received_s=now - 120, place=at) for at, one in enumerate(case.events)
    ]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_a_saved_search_fires_and_stays_quiet_as_its_rule_does(rule: RuleText) -> None:
    for case in rule.cases:
        assert bool(found(rule.id, of(case))) is (case.kind is CaseKind.POSITIVE), case.name


RULE = next(rule for rule in RULES if rule.id == "call_allowed_to_denied_server")
HIT = {"registry_status": "denied", "decision": "ALLOW", "server_name": "lab-fetch", "actor_id": "eve"}


def test_late_and_early_events_and_missed_runs_are_judged_once() -> None:
    """However late a run itself starts, its range is that of its scheduled time."""
    chance = random.Random(7)
    start = NOW_MS // 1000
    cron = built.searches(built.files())[rules.name(RULE.id)]["cron_schedule"]
    first = int(cron.partition("-")[0])
    events = []
    for place in range(60):
        at = start + chance.uniform(0, 3000)
        late = chance.choice([-500, 0, 1, 59, 60, 61, 300, 3600, 86_400])
        event = {**HIT, "actor_id": f"eve-{place}"}
        events.append(indexed(event, at_s=at - late, received_s=float(int(at)), place=place))
    due = [start + 60 * minute for minute in range(-5, 90) if ((start // 60 + minute) % 5) == first]
    runs = [found(RULE.id, events, now_ms=at * 1000) for at in due]
    assert sorted(place for run in runs for place in run) == list(range(60))


def test_a_rule_is_quiet_about_what_the_overlay_allows_and_nothing_else() -> None:
    hostile = [
        'x" OR 1=1 | delete',
        "`mcp_audit_events`",
        "$result.x$",
        "a*",
        "\\",
        "a\\",
        "007",
        "é",
        "[x",
        "#",
    ]
    allow = tuple((("server_name", name), ("tool_name", "t")) for name in hostile)
    files = built.unpacked(built.small(Tuning(rules={RULE.id: RuleTuning(allow=allow)})))
    shipped = built.searches(built.files())[rules.name(RULE.id)]["search"]
    assert built.searches(files)[rules.name(RULE.id)]["search"] == shipped
    events = [{**HIT, "server_name": name, "tool_name": "t"} for name in hostile]
    events += [{**HIT, "server_name": name, "tool_name": "u"} for name in hostile]
    events += [{**HIT, "server_name": name, "tool_name": "t"} for name in ("ab", "7", "7.0", "A*", "É")]
    events += [{**HIT, "server_name": name} for name in hostile]
    here = [
        indexed(one, at_s=NOW_MS / 1000 - 200, received_s=NOW_MS / 1000 - 100, place=at)
        for at, one in enumerate(events)
    ]
    assert found(RULE.id, here, files) == list(range(len(hostile), len(events)))


def test_an_enumeration_is_allowed_in_any_case() -> None:
    tuning = Tuning(rules={RULE.id: RuleTuning(allow=((("environment", "STAGING"),),))})
    files = built.unpacked(built.small(tuning))
    events = [
        indexed(
            {**HIT, "environment": one, "tool_name": str(one)},
            at_s=NOW_MS / 1000,
            received_s=NOW_MS / 1000 - 100,
            place=at,
        )
        for at, one in enumerate(["Staging", "prod", None])
    ]
    assert found(RULE.id, events, files) == [1, 2]


def test_level_schedule_owner_and_enabled_are_settings_of_the_search() -> None:
    tuning = RuleTuning(level="critical", every_minutes=15, owner="Blue", enabled=True)
    search = built.searches(built.unpacked(built.small(Tuning(rules={RULE.id: tuning}))))[rules.name(RULE.id)]
    assert search["alert.severity"] == "6"
    assert search["disabled"] == "0"
    assert "Owner: Blue." in search["description"]
    assert search["cron_schedule"].endswith("-59/15 * * * *")
    assert search["dispatch.index_earliest"] == "-16m@m"
    others = [one for name, one in built.searches(built.files()).items() if one["enableSched"] == "1"]
    assert {one["disabled"] for one in others} == {"1"}


def test_minutes_are_spread() -> None:
    starts = [
        one["cron_schedule"].partition("-")[0]
        for name, one in built.searches(built.files()).items()
        if name.startswith("MCP rule ")
    ]
    assert set(starts) == {"0", "1", "2", "3", "4"}
    assert max(starts.count(one) for one in set(starts)) < len(starts) / 2


def test_throttling_begins_with_the_tenant() -> None:
    search = built.searches(built.unpacked(built.small(Tuning(), tenant="org")))[rules.name(RULE.id)]
    assert search["alert.suppress.fields"].split(",")[0] == "by_tenant"
    assert 'by_tenant=coalesce(org, "-")' in search["search"]


def rows(events: Sequence[Mapping[str, Any]], files: Any = None) -> list[dict[str, Any]]:
    """Of hits that were received at once, the last of them the oldest."""
    files = files or built.files()
    received = NOW_MS / 1000 - 100
    hits = [
        {"registry_status": "denied", "decision": "allow", **one, "place": str(at)}
        | {"_time": received - at / 1000, "_indextime": received}
        for at, one in enumerate(events)
    ]
    return built.ran(files, rules.name(RULE.id), hits, now_ms=NOW_MS)


def calls(actor: str, tools: int, server: str = "lab") -> list[dict[str, str]]:
    return [{"server_name": server, "actor_id": actor, "tool_name": f"t{at}"} for at in range(tools)]


def subjects(found: Sequence[Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    return [(row["by_server"], row["by_actor"], row["by_tool"]) for row in found]


QUIET = [{"server_name": "crm", "actor_id": "ann", "tool_name": "t0"}, *calls("ann", 2)]
FLOODS = {
    "600 tools": calls("eve", 600),
    "21 tools": calls("eve", 21),
    "20 tools": calls("eve", 20),
    "60 servers": [one for at in range(60) for one in calls("eve", 20, f"s{at}")],
    "the server of another": calls("eve", 600, "crm"),
    "one tool 600 times": calls("eve", 1) * 600,
    "names like ours": [{**one, "tool_name": "(many)"} for one in calls("eve", 1)],
}
ROWS = {"600 tools": 1, "21 tools": 1, "20 tools": 20, "60 servers": 1, "the server of another": 1}


@pytest.mark.parametrize("name", FLOODS)
@pytest.mark.parametrize("tenant", ["", "org"])
def test_what_one_actor_calls_changes_no_row_of_another(name: str, tenant: str) -> None:
    """Splunk makes alerts of 500 rows: those of a quiet actor come before."""
    files = built.unpacked(built.small(Tuning(), tenant=tenant)) if tenant else built.files()
    found = subjects(rows([*FLOODS[name], *QUIET], files))
    assert sorted(one for one in found if one[1] == "ann") == sorted(subjects(rows(QUIET, files)))
    noisy = [one for one in found if one[1] == "eve"]
    assert len(noisy) == ROWS.get(name, 1)
    assert len(noisy) <= len(QUIET) or found[: len(QUIET)] == [one for one in found if one[1] == "ann"]


def test_an_actor_of_two_tenants_is_two() -> None:
    files = built.unpacked(built.small(Tuning(), tenant="org"))
    both = [{**one, "org": org} for org in ("a", "b") for one in calls("eve", 15)]
    assert len(rows(both, files)) == 30


def test_no_name_is_taken_for_nothing_or_for_several() -> None:
    names: list[dict[str, str]] = [{}, {"tool_name": "-"}, {"tool_name": "--"}, {"tool_name": "(many)"}]
    told = {row["by_tool"] for row in rows([{"actor_id": "ann", **one} for one in names])}
    assert told == {"-", "--", "---", "-(many)"}
    (folded, *others) = sorted(row["by_tool"] for row in rows([*calls("eve", 30), *names]))
    assert (folded, len(others)) == ("(many)", 4)
