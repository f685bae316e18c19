"""The saved searches of gates, as shipped with their macros: what `gates check` says, tuned or not.

MCPSOAR_EXAMPLES sets the number of random logs.
"""

import json
import os
import re
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from mcpsoar.app.watch import look
from mcpsoar.core.content import GateText, Ratio, Threshold
from mcpsoar.core.event import MINUTE_MS
from mcpsoar.pack.overlay import DeployWindow, GateTuning, Tuning
from mcpsoar.siems.in_splunk import gates
from tests.languages.spl import run
from tests.laws.random_logs import NOW, logs
from tests.siems.scheduler import scheduled
from tests.siems.splunk import built
from tests.targets.spl.splunk import ROOT, Fields
from tests.targets.spl.test_gate import in_splunk, said, told

EXAMPLES = int(os.environ.get("MCPSOAR_EXAMPLES", "4"))
GATES = [gate.text for gate in built.content().gates]
TICK = NOW - NOW % MINUTE_MS
WRITES, RATIO, REGISTRY, MANIFEST = (
    "unapproved-write-calls",
    "scope-mismatch",
    "registry-drift",
    "manifest-drift",
)


def rows(
    gate: str, events: Sequence[Fields], tick_ms: int, files: built.Files | None = None, **options: Any
) -> list[dict[str, Any]]:
    """The rows of a gate's state search at a tick; every event has arrived."""
    name = options.pop("name", None) or gates.state_name(gate)
    now_ms = tick_ms + gates.LAG * MINUTE_MS + 7_300
    here = [{**one, "sourcetype": "mcp:audit"} for one in events]
    return built.ran(files or built.files(), name, here, now_ms=now_ms, **options)


def log(events: Sequence[Mapping[str, Any]]) -> bytes:
    return "\n".join(json.dumps(event) for event in events).encode()


def agree(text: GateText, lines: bytes, files: built.Files, pack: Path = ROOT) -> None:
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "log.ndjson"
        path.write_bytes(lines)
        seen = look([str(path)], pack=pack, now_ms=NOW, approved=None, gates=(text.id,))
    (row,) = rows(text.id, in_splunk(lines), seen.as_of_ms, files)
    assert said(row) == told(seen.judgements[0])


@pytest.mark.parametrize("text", GATES, ids=lambda text: text.id)
def test_a_gate_as_shipped_judges_its_cases_as_the_engine_does(text: GateText) -> None:
    for case in text.cases:
        agree(text, log(case.events), built.files())


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example],
)
@given(lines=logs())
def test_a_gate_as_shipped_says_of_any_log_what_the_engine_says(lines: bytes) -> None:
    for text in GATES:
        agree(text, lines, built.files())


def scopes(total: int, bad: int) -> list[Fields]:
    return in_splunk(
        log(
            [
                {
                    "event_time": (TICK - 1000 * (at + 1)) / 1000,
                    "event_id": str(at),
                    "server_name": "crm",
                    "scope_match": at >= bad,
                }
                for at in range(total)
            ]
        )
    )


@pytest.mark.parametrize(
    ("tuning", "counts", "state"),
    [
        (GateTuning(), (100, 3), "page"),
        (GateTuning(), (99, 3), "warn"),
        (GateTuning(min_denominator=10), (99, 3), "page"),
        (GateTuning(min_numerator=4), (100, 3), "warn"),
        (GateTuning(page=Threshold(Ratio(1, 20), inclusive=True)), (100, 4), "warn"),
        (GateTuning(page=Threshold(Ratio(1, 20), inclusive=True)), (100, 5), "page"),
        (GateTuning(page=Threshold(Ratio(1, 20), inclusive=False)), (100, 5), "warn"),
        (GateTuning(warn=Threshold(Ratio(1, 10), inclusive=True), min_denominator=1000), (100, 9), "ok"),
        (GateTuning(warn=Threshold(Ratio(1, 10), inclusive=True), min_denominator=1000), (100, 10), "warn"),
        (GateTuning(window_ms=2 * MINUTE_MS), (130, 130), "page"),
    ],
)
def test_tuned_thresholds_are_macros_and_mean_what_they_say(
    tuning: GateTuning, counts: tuple[int, int], state: str
) -> None:
    files = built.unpacked(built.small(Tuning(gates={RATIO: tuning})))
    (row,) = rows(RATIO, scopes(*counts), TICK, files)
    assert row["state"] == state
    if tuning.window_ms:
        assert row["denominator"] == 120
        assert row["window_to"] - row["window_from"] == 120
    for name in (gates.name(RATIO), gates.state_name(RATIO)):
        assert built.searches(files)[name]["search"] == built.searches(built.files())[name]["search"]


def test_the_range_holds_the_window_and_the_lag() -> None:
    tuning = Tuning(gates={WRITES: GateTuning(window_ms=60 * MINUTE_MS)})
    search = built.searches(built.unpacked(built.small(tuning)))[gates.name(WRITES)]
    assert search["dispatch.earliest_time"] == "-66m@m"
    assert search["alert.suppress.period"] == "60m"


def write(at_ms: int, **facts: Any) -> dict[str, Any]:
    own = {"event_time": at_ms / 1000, "action_class": "write", "decision": "ALLOW", "event_id": str(at_ms)}
    return {**own, **facts}


def test_an_alert_is_one_row_a_subject_that_pages() -> None:
    events = [write(TICK - at * 1000, server_name=name) for at, name in ((1, "a b"), (2, "a b"), (3, "crm"))]
    found = rows(WRITES, in_splunk(log([*events, write(TICK - 4000)])), TICK, name=gates.name(WRITES))
    assert sorted(row["subject"] for row in found) == ["-", "a b", "crm"]
    assert {row["gate"] for row in found} == {WRITES}
    assert (
        rows(WRITES, in_splunk(log([write(TICK - 1000, decision="DENY")])), TICK, name=gates.name(WRITES))
        == []
    )


def test_a_page_whose_groups_were_lost_is_a_row_all_the_same() -> None:
    """As where eventstats met its memory limit, which leaves its fields out (limits.conf, [stats])."""
    query = built.searches(built.files())[gates.name(WRITES)]["search"]
    lost = re.sub(r"eventstats .*", "eval own_hits=null(), own_warned=null(), own_judged=null()", query)
    assert lost != query
    events = [{**one, "sourcetype": "mcp:audit"} for one in in_splunk(log([write(TICK - 1000)]))]
    now_ms = TICK + gates.LAG * MINUTE_MS
    (row,) = run(lost, events, now_ms=now_ms, macros=built.macros(built.files()))
    assert (row["gate"], row["state"], row["subject"], row["numerator"]) == (WRITES, "page", "-", 1)
    assert run(lost, [], now_ms=now_ms, macros=built.macros(built.files())) == []


def test_a_tenant_is_judged_alone_and_comes_first_in_every_key() -> None:
    files = built.unpacked(built.small(Tuning(), tenant="org"))
    events = [
        {**one, "org": org}
        for org, approval in (("x", ""), ("y", "ap-1"))
        for one in in_splunk(
            log([write(TICK - 1000, server_name="crm", approval_id="a" if org == "y" else "")])
        )
    ]
    events.append(in_splunk(log([write(TICK - 2000, server_name="crm")]))[0])
    found = rows(WRITES, events, TICK, files)
    assert {row["tenant"]: row["state"] for row in found} == {"x": "page", "y": "ok", "-": "page"}
    search = built.searches(files)[gates.name(WRITES)]
    assert search["alert.suppress.fields"] == "tenant,gate,by_subject"
    assert "BY tenant subject" in search["search"]


def test_a_server_named_like_nothing_is_throttled_by_itself() -> None:
    names = ("-", "--", "(many)", "a 1 ", "crm", None)
    calls = [
        write(TICK - at * 1000, **({"server_name": one} if one else {})) for at, one in enumerate(names, 1)
    ]
    found = _ran(gates.name(WRITES), in_splunk(log(calls)), TICK + gates.LAG * MINUTE_MS)
    assert {row["by_subject"] for row in found} == {"--", "---", "-(many)", "a 1 ", "crm", "-"}


def servers(*names: str) -> list[Fields]:
    known = {"registry_status": "approved", "environment": "production"}
    return in_splunk(
        log(
            [
                {"event_time": (TICK - 1000) / 1000, "event_id": one, "server_name": one, **known}
                for one in names
            ]
        )
    )


def test_the_approved_list_is_the_overlay_s_or_the_collection_s() -> None:
    events = servers("crm", "CRM", "007", "7", 'a"b|c`$x$')
    (row,) = rows(REGISTRY, events, TICK)
    assert row["state"] == "ok"
    tuning = Tuning(approved=("crm", "007", 'a"b|c`$x$'))
    (row,) = rows(REGISTRY, events, TICK, built.unpacked(built.small(tuning)))
    assert (row["state"], row["groups"]) == ("page", ["page 1 7", "page 1 CRM"])
    (row,) = rows(REGISTRY, events, TICK, built.unpacked(built.small(Tuning(approved=()))))
    assert row["numerator"] == 5
    (row,) = rows(
        REGISTRY,
        events,
        TICK,
        macro={"mcp_approved_list": "`mcp_approved_list_from_lookup`"},
        lookups={"mcp_approved_servers": [{"server_name": "crm"}, {"server_name": "007"}]},
    )
    assert row["groups"] == ["page 1 7", "page 1 CRM", 'page 1 a"b|c`$x$']


MANIFESTS: dict[str, tuple[dict[str, Any], str, int]] = {  # by server: its event, and what the gate says
    "same": ({"manifest_hash": "aa"}, "ok", 0),
    "drifted": ({"manifest_hash": "ab"}, "page", 1),
    "ticketed": ({"manifest_hash": "ab"}, "warn", 0),
    "windowed": ({"manifest_hash": "ab"}, "ok", 0),
    "too-late": ({"manifest_hash": "ab"}, "page", 1),
    "own-pin": ({"manifest_hash": "ab", "pinned_manifest_hash": "ab"}, "ok", 0),
    "unpinned": ({"manifest_hash": "ab"}, "warn", 0),
}
PINNED = [name for name in MANIFESTS if name != "unpinned"]
AT_S = TICK // 1000 - 60


def manifest_row(name: str, **options: Any) -> dict[str, Any]:
    event = {"event_time": AT_S, "event_id": name, "server_name": name, **MANIFESTS[name][0]}
    (row,) = rows(MANIFEST, in_splunk(log([event])), TICK, **options)
    return row


@pytest.mark.parametrize("name", MANIFESTS)
def test_pins_tickets_and_windows_fill_what_an_event_lacks(name: str) -> None:
    windows = [("windowed", AT_S, AT_S + 1), ("windowed", 1, 2), ("too-late", AT_S - 60, AT_S)]
    tuning = Tuning(
        pins=dict.fromkeys(PINNED, "aa"),
        tickets={"ticketed": "CHG-1"},
        deploy_windows=tuple(DeployWindow(one, start * 1000, end * 1000) for one, start, end in windows),
    )
    row = manifest_row(name, files=built.unpacked(built.small(tuning)))
    assert (row["state"], row["numerator"]) == MANIFESTS[name][1:]
    row = manifest_row(
        name,
        macro={"mcp_fill_manifest": "`mcp_fill_manifest_from_lookups`"},
        lookups={
            "mcp_pins": [{"server_name": one, "manifest_hash": "aa"} for one in PINNED],
            "mcp_tickets": [{"server_name": "ticketed", "change_ticket": "CHG-1"}],
            "mcp_deploy_windows": [
                {"server_name": one, "window": f"{start}-{end}"} for one, start, end in windows
            ],
        },
    )
    assert (row["state"], row["numerator"]) == MANIFESTS[name][1:]


@pytest.mark.parametrize(
    ("event", "match", "ticket"),
    [
        ({"manifest_hash": "aa"}, "true", "false"),
        ({"manifest_hash": "ab"}, "false", "false"),
        ({"manifest_hash": "aa", "manifest_match": "false"}, "false", "false"),
        ({"manifest_match": "true", "change_ticket": "C"}, "true", "true"),
        ({}, None, "false"),
    ],
)
def test_what_is_derived_from_what_was_filled_is_derived_again(
    event: dict[str, str], match: str | None, ticket: str
) -> None:
    files = built.unpacked(built.small(Tuning(pins={"crm": "aa"})))
    row = {"_time": 1, "event_ms": "1000", "server_name": "crm", **event}
    (found,) = run("server_name=* | `mcp_fill_manifest`", [row], now_ms=0, macros=built.macros(files))
    assert (found.get("manifest_match"), found["has_ticket"]) == (match, ticket)


def test_a_gate_that_reads_no_list_asks_none() -> None:
    searches = built.searches(built.files())
    assert "mcp_approved_list" not in searches[gates.name(RATIO)]["search"]
    assert "mcp_fill_manifest" not in searches[gates.name(REGISTRY)]["search"]
    assert "`mcp_approved_list`" in searches[gates.name(REGISTRY)]["search"]
    assert "`mcp_fill_manifest`" in searches[gates.name(MANIFEST)]["search"]


def test_a_gate_enabled_by_the_overlay_runs_and_its_owner_is_named() -> None:
    tuning = GateTuning(enabled=True, owner="Blue", severity="critical")
    files = built.unpacked(built.small(Tuning(gates={WRITES: tuning})))
    search = built.searches(files)[gates.name(WRITES)]
    assert (search["disabled"], search["alert.severity"]) == ("0", "6")
    assert "Owner: Blue." in search["description"]


def written(at_ms: int, received_ms: int) -> list[Fields]:
    """A write that nobody approved, indexed then."""
    facts = {"action_class": "write", "decision": "ALLOW", "server_name": "crm", "event_id": "w"}
    (event,) = in_splunk(log([{"event_time": at_ms / 1000, **facts}]))
    return [{**event, "_indextime": received_ms / 1000}]


@pytest.mark.parametrize("late_s", [1, 59, 61, 300, 599, 601, 659, 661, 720, 3600])
@pytest.mark.parametrize("into_s", [0.0, 30.5, 59.9])
def test_a_write_pages_however_late_it_comes(late_s: int, into_s: float) -> None:
    """By a tick that can still look at its time, else by the search for what came too late for all."""
    at_ms = TICK + round(into_s * 1000)
    received_ms = at_ms + late_s * 1000
    event, minutes = written(at_ms, received_ms), range(1, late_s // 60 + 20)
    runs = [TICK + minute * MINUTE_MS for minute in minutes]
    ticks = [now for now in runs if received_ms <= now and _ran(gates.name(WRITES), event, now)]
    told = [now for now in runs if _is_due(now) and _ran(gates.late_name(WRITES), event, now)]
    assert bool(ticks) or len(told) == 1
    assert not (late_s < 599 and told)


def _ran(name: str, events: Sequence[Fields], now_ms: int) -> list[dict[str, Any]]:
    here = [{**one, "sourcetype": "mcp:audit"} for one in events]
    return built.ran(built.files(), name, here, now_ms=now_ms)


def _is_due(now_ms: int) -> bool:
    cron = built.searches(built.files())[gates.late_name(WRITES)]["cron_schedule"]
    return list(scheduled(cron, now_ms // 1000, now_ms // 1000 + 1)) == [now_ms // 1000]


def test_what_comes_late_tells_the_gate_and_its_subject() -> None:
    at_ms = TICK - 3600_000
    (row,) = _ran(gates.late_name(WRITES), written(at_ms, TICK - 120_000), TICK)
    assert (row["gate"], row["state"], row["subject"], row["event_id"]) == (WRITES, "page", "crm", "w")
    assert (
        _ran(gates.late_name(WRITES), [{**written(at_ms, TICK - 120_000)[0], "decision": "deny"}], TICK) == []
    )


def test_a_ratio_has_no_search_for_what_comes_late() -> None:
    assert gates.late_name(RATIO) not in built.searches(built.files())
