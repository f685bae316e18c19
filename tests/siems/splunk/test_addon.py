"""The add-on: an event's time as the contract has it, a user's own source type, CIM's names, what is cut."""

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from mcpsoar.core.content import Text
from mcpsoar.core.errors import Usage
from mcpsoar.kit.mapping import FieldMapping, Source
from mcpsoar.pack.overlay import Tuning
from mcpsoar.siems.in_splunk import addon, health
from tests.languages.spl import functions
from tests.languages.spl.evaluate import Scope, evaluate
from tests.languages.spl.expression import parse
from tests.languages.spl.results import stored
from tests.languages.spl.times import relative
from tests.languages.spl.values import text, whole
from tests.laws import contract_reading as plain
from tests.siems.splunk import built
from tests.targets.spl.splunk import EXTRACTIONS

ARRIVED_S = 1_790_000_000
MAPPING = FieldMapping(
    "example-gateway",
    {"event_time": Source(("meta.ts", "time")), "server_name": Source(("target.server",))},
    {"sourcetype": "example:gateway", "dataset": "example.gateway"},
)


@pytest.fixture(autouse=True)
def _zones(monkeypatch: pytest.MonkeyPatch) -> None:
    """strptime with %z, the offset as +hhmm (Search Reference 10.0, "Date and time format variables")."""

    def strptime(_now: int, value: Any, form: Any) -> Any:
        assert form == "%Y-%m-%d %H:%M:%S %z"
        try:
            return int(datetime.strptime(text(value), "%Y-%m-%d %H:%M:%S %z").timestamp())
        except ValueError:
            return None

    least, most, _ = functions.FUNCTIONS["strptime"]
    monkeypatch.setitem(functions.FUNCTIONS, "strptime", (least, most, strptime))


def time_of(line: str, files: built.Files | None = None) -> int:
    """What ingest makes of a line's time, in milliseconds."""
    stanza = built.stanzas(files or built.files(), "TA-mcpsoar/default/transforms.conf")["mcp_event_time"]
    name, _, expression = stanza["INGEST_EVAL"].partition("=")
    assert name == "_time"
    made: Any = evaluate(parse(expression), Scope({"_raw": line, "_time": whole(ARRIVED_S)}, 0))
    return int(round(made * 1_000_000) // 1000)


@pytest.mark.parametrize(
    "written",
    [
        *("2026-03-01T12:00:00Z", "2026-03-01T12:00:00z", "2026-03-01t12:00:00Z", "2026-03-01 12:00:00"),
        *("2026-03-01T12:00:00", "2026-03-01T12:00:00.5", "2026-03-01T12:00:00.123456789Z"),
        *("2026-03-01T12:00:00+05:30", "2026-03-01T12:00:00.999-08:00", "2026-03-01T12:00:00.001+00:00"),
        *(1772366400, 1772366400.25, 1772366400123, "1772366400", "1772366400123", 99_999_999_999),
        *(946684800, "2024-02-29T23:59:59.9999Z"),
    ],
)
def test_the_time_is_the_event_s_own(written: Any) -> None:
    assert time_of(json.dumps({"event_time": written})) == plain.moment(written)


@pytest.mark.parametrize(
    "line",
    [
        "{}",
        '{"event_time": null}',
        '{"event_time": "soon"}',
        '{"event_time": "2026-13-01T12:00:00Z"}',
        '{"event_time": ""}',
        '{"event_time": " 2026-03-01T12:00:00Z"}',
        '{"event_time": "2026-03-01T12:00:00+0530"}',
        '{"args": {"event_time": "2026-03-01T12:00:00Z"}}',
        '{"args": "\\"event_time\\": \\"2026-03-01T12:00:00Z\\""}',
        '{"event_time": "2026-03-01T12:00:00Z; 2026-03-01T12:00:00Z"}',
    ],
)
def test_an_event_whose_time_cannot_be_read_has_that_of_its_arrival(line: str) -> None:
    assert time_of(line) == ARRIVED_S * 1000


@pytest.mark.parametrize(
    ("event", "at"),
    [
        ({"meta": {"ts": 1772366400}}, 1772366400000),
        ({"meta.ts": 1772366400}, 1772366400000),
        ({"time": "2026-03-01T12:00:00Z", "event_time": 1}, 1772366400000),
        ({"meta": {"ts": 1772366400}, "time": 5}, 1772366400000),
    ],
)
def test_a_mapped_time_is_the_first_that_is_there(event: Mapping[str, Any], at: int) -> None:
    files = built.unpacked(replace(built.small(Tuning()), mapping=MAPPING))
    assert time_of(json.dumps(event), files) == at


def test_a_mapped_source_type_is_parsed_and_searched_under_its_name() -> None:
    files = built.unpacked(replace(built.small(Tuning()), mapping=MAPPING))
    assert list(built.stanzas(files, "TA-mcpsoar/default/props.conf")) == ["example:gateway"]
    assert built.macros(files)["mcp_audit_events"] == 'index="mcp" sourcetype="example:gateway"'
    with pytest.raises(Usage, match="names no sourcetype"):
        built.unpacked(replace(built.small(Tuning()), mapping=replace(MAPPING, own={})))


def found(event: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of CIM as a search finds them."""
    raw = EXTRACTIONS[0].fields(json.dumps(event))
    props = built.stanzas(built.files(), "TA-mcpsoar/default/props.conf")["mcp:audit"]
    wanted = ("user", "dest", "src", "action", "app", "command")
    return {name: evaluate(parse(props[f"EVAL-{name}"]), Scope(raw, 0)) for name in wanted}


def test_the_names_of_cim_are_answered() -> None:
    event = {"actor_id": "eve", "server_name": "crm", "src_ip": "10.0.0.1", "tool_name": "x"}
    assert found({**event, "decision": "ALLOW"}) == {
        "user": "eve",
        "dest": "crm",
        "src": "10.0.0.1",
        "command": "x",
        "action": "allowed",
        "app": "mcp",
    }
    assert found({**event, "decision": "Deny"})["action"] == "blocked"
    assert found({"user": "own", "decision": "maybe"}) | {"app": ""} == {
        **dict.fromkeys(("dest", "src", "command", "action")),
        "user": "own",
        "app": "",
    }


@pytest.mark.parametrize(
    ("line", "is_cut"),
    [
        (json.dumps({"event_id": "1", "x": "a" * 4900}), False),
        (json.dumps({"event_id": "1", "x": "a" * 5000}), True),
        (json.dumps({"event_id": "1", "x": "é" * 2000}, ensure_ascii=False), True),
        (json.dumps({f"k{at}": 1 for at in range(90)}), False),
        (json.dumps({f"k{at}": 1 for at in range(101)}), True),
        (json.dumps({"event_id": "1"})[:-1], True),
        (json.dumps({"event_id": "1"}) + " ", False),
        (json.dumps({"x": "a" * 1_048_576}), True),
        (json.dumps({f"k{at}": 1 for at in range(5000)}), True),
        (json.dumps({f"k{at}": 1 for at in range(101)}, separators=(",", " \t: ")), True),
        ('{"decision": "deny", "decision": "allow"}', True),
        ('{"event_time": "2026-03-01T12:00:00Z", "event_time": 5}', True),
        ('{"token_aud": ["a"], "token_aud": ["b"]}', True),
        ('{"token_aud": ["a"], "token_aud{}": "b"}', True),
        ('{"token_aud": ["a\\"b", "c, d"], "token_scopes": [1, "a"], "actor_tags": []}', False),
        ('{"decision": "deny", "args": {"decision": "allow"}, "token_aud": ["a", "b"]}', False),
    ],
)
def test_what_splunk_may_not_have_seen_whole_is_told(line: str, is_cut: bool) -> None:
    now_ms = ARRIVED_S * 1000
    event = {"_raw": line, "_time": ARRIVED_S - 120, "_indextime": ARRIVED_S - 120, "server_name": "crm"}
    props = built.stanzas(built.files(), "TA-mcpsoar/default/props.conf")["mcp:audit"]
    is_whole = line.rstrip().endswith("}")  # of what is torn no page says what JSON functions make
    doubled = parse(props[f"EVAL-{addon.DOUBLED}"])
    if is_whole and evaluate(doubled, Scope(EXTRACTIONS[0].fields(line), 0)) is not None:
        event[addon.DOUBLED] = "true"
    rows = built.ran(built.files(), health.TRUNCATED, [event], now_ms=now_ms)
    assert [row["by_server"] for row in rows] == (["crm"] if is_cut else [])
    (row,) = built.ran(built.files(), health.ARRIVAL, [event], now_ms=now_ms)
    assert row["truncated"] == int(is_cut)


@pytest.mark.parametrize(("ahead", "is_told"), [(0, False), (599, False), (601, True), (3_000_000_000, True)])
def test_an_event_that_is_stamped_too_far_ahead_is_told_of(ahead: int, is_told: bool) -> None:
    at = ARRIVED_S - 120
    event = {"_raw": "{}", "_time": at + ahead, "_indextime": at}
    assert bool(built.ran(built.files(), health.TRUNCATED, [event], now_ms=ARRIVED_S * 1000)) is is_told
    (row,) = built.ran(built.files(), health.ARRIVAL, [event], now_ms=ARRIVED_S * 1000)
    assert row["ahead"] == int(is_told)
    assert row.get("last_event") == (None if is_told else at + ahead)


@pytest.mark.parametrize("back_s", [0, 86_400, 172_799, 172_801, 180_001, 1_700_000_000])
def test_an_event_is_judged_or_told_of_however_far_back_it_is_stamped(back_s: int) -> None:
    """Whatever minute the runs come at, and as seldom as an overlay may say."""
    is_judged, is_told = [], []
    rule = built.searches(built.files())[f"MCP rule {built.SMALL[0]}"]
    for now in range(ARRIVED_S, ARRIVED_S + 3600, 60):
        is_judged.append(now - 3660 - back_s >= relative(now, rule["dispatch.earliest_time"]))
        event = {"_raw": "{}", "_time": now - 120 - back_s, "_indextime": now - 120}
        told = built.ran(built.files(), health.TRUNCATED, [event], now_ms=now * 1000)
        is_told.append([row["reason"] for row in told] == ["stamped too far back"])
    assert all(one or other for one, other in zip(is_judged, is_told, strict=True))
    assert set(is_told) == {back_s > 172_800}


def test_limits_that_were_raised_are_two_macros() -> None:
    event = {"_raw": json.dumps({"x": "a" * 6000}), "_time": ARRIVED_S - 120, "_indextime": ARRIVED_S - 120}
    raised = {"mcp_longest": str(addon.LONGEST), "mcp_most_keys": "1000"}
    assert built.ran(built.files(), health.TRUNCATED, [event], now_ms=ARRIVED_S * 1000, macro=raised) == []


def all_texts() -> list[Text]:
    return [*built.content().rules, *(one.text for one in built.content().detections)]


def test_field_health_names_rules_and_the_columns_that_never_come() -> None:
    at = {"_raw": "{}", "_time": ARRIVED_S - 60, "_indextime": ARRIVED_S - 50}
    nothing = {row["rule"] for row in built.ran(built.files(), health.FIELDS, [], now_ms=ARRIVED_S * 1000)}
    texts = all_texts()
    assert nothing == {text.id for text in texts if text.needs}
    every = {name: "x" for text in texts for name in text.needs}
    full = [at | every]
    assert built.ran(built.files(), health.FIELDS, full, now_ms=ARRIVED_S * 1000) == []
    full = [at | {name: one for name, one in every.items() if name not in ("decision", "approver_id")}]
    rows = built.ran(built.files(), health.FIELDS, full, now_ms=ARRIVED_S * 1000)
    lacking = {row["rule"]: row["missing_columns"] for row in rows}
    assert lacking["approval_without_approver"] == ["approver_id", "decision"]
    assert set(lacking) == {text.id for text in texts if {"decision", "approver_id"} & set(text.needs)}


def test_arrival_tells_of_silence_lag_and_stamps_ahead() -> None:
    rows = built.ran(built.files(), health.ARRIVAL, [], now_ms=ARRIVED_S * 1000)
    assert [row["state"] for row in rows] == ["no_data"]
    events = [
        {"_raw": "{}", "_time": ARRIVED_S - 3600, "_indextime": ARRIVED_S - 100},
        {"_raw": "{}", "_time": ARRIVED_S - 300, "_indextime": ARRIVED_S - 1200},
    ]
    (row,) = built.ran(built.files(), health.ARRIVAL, events, now_ms=ARRIVED_S * 1000)
    assert (row["state"], row["worst_lag_s"], row["ahead"], row["silent_s"]) == ("ok", 3500, 1, 100)


def test_silence_is_an_alert_and_one_event_ends_it() -> None:
    now_ms = ARRIVED_S * 1000
    (row,) = built.ran(built.files(), health.SILENT, [], now_ms=now_ms)
    assert row["state"] == "no_data"
    event = {"_raw": "{}", "_time": ARRIVED_S - 86_400, "_indextime": ARRIVED_S - 600}
    assert built.ran(built.files(), health.SILENT, [event], now_ms=now_ms) == []
    late = {**event, "_indextime": ARRIVED_S - 1800}
    assert len(built.ran(built.files(), health.SILENT, [late], now_ms=now_ms)) == 1


def test_silence_of_one_tenant_is_told_while_others_speak() -> None:
    files = built.unpacked(built.small(Tuning(), tenant="org"))
    search = built.searches(files)[health.SILENT_TENANT]
    assert search["alert.suppress.fields"].split(",")[0] == "tenant"
    at = {name: ARRIVED_S - age for name, age in (("a", 120), ("b", 1000), ("c", 86_300), ("d", 172_800))}
    events = [{"_raw": "{}", "_time": one, "_indextime": one, "org": name} for name, one in at.items()]
    events.append({"_raw": "{}", "_time": ARRIVED_S - 7200, "_indextime": ARRIVED_S - 7200, "org": "a"})
    rows = built.ran(files, health.SILENT_TENANT, events, now_ms=ARRIVED_S * 1000)
    assert [(row["tenant"], row["state"]) for row in rows] == [("b", "no_data"), ("c", "no_data")]
    assert len(built.ran(files, health.SILENT, [], now_ms=ARRIVED_S * 1000)) == 1
    assert health.SILENT_TENANT not in built.searches(built.files())


TENANTS = {  # what an event has there, and whose it is
    '"org": "acme"': "acme",
    '"org": " acme "': " acme ",
    '"org": 42': "42",
    f'"org": "{"x" * 8191}"': "x" * 8191,
    f'"org": "{"x" * 8192}"': None,
    '"org": ""': None,
    r'"org": " \t\u3000"': None,
    '"org": ["acme"]': None,
    '"org": {"id": "acme"}': None,
    '"org": "acme", "org": "other"': None,
    '"x": 1': None,
}


@pytest.mark.parametrize("given", TENANTS)
@pytest.mark.parametrize("extraction", EXTRACTIONS)
def test_a_tenant_is_one_text_and_an_event_without_keeps_its_place(extraction: Any, given: str) -> None:
    files = built.unpacked(built.small(Tuning(), tenant="org"))
    props = built.stanzas(files, "TA-mcpsoar/default/props.conf")["mcp:audit"]
    line = f'{{"registry_status": "denied", "decision": "allow", {given}}}'
    event: dict[str, Any] = dict(extraction.fields(line))
    scope = Scope(dict(event), 0)
    is_doubled = evaluate(parse(props[f"EVAL-{addon.DOUBLED}"]), scope) is not None
    assert is_doubled == (given.count('"org"') == 2)
    stored(event, "org", evaluate(parse(props["EVAL-org"]), scope))
    assert event.get("org") == TENANTS[given]
    event |= {"_raw": line, "_time": ARRIVED_S - 120, "_indextime": ARRIVED_S - 120}
    event |= {addon.DOUBLED: "true"} if is_doubled else {}
    now_ms = ARRIVED_S * 1000
    (row,) = built.ran(files, f"MCP rule {built.SMALL[0]}", [event], now_ms=now_ms)
    assert row["by_tenant"] == (TENANTS[given] or "-")
    told = built.ran(files, health.TRUNCATED, [event], now_ms=now_ms)
    assert [row["tenant"] for row in told] == (["-"] if is_doubled else [row["by_tenant"]] * len(told))


@pytest.mark.parametrize("field", ["host", "index", "_meta", "client_id"])
def test_a_field_of_splunk_s_own_or_a_column_is_a_tenant_as_it_is(field: str) -> None:
    files = built.unpacked(built.small(Tuning(), tenant=field))
    assert files["TA-mcpsoar/default/props.conf"] == built.files()["TA-mcpsoar/default/props.conf"]


def test_however_much_of_one_server_was_cut_another_is_told_of() -> None:
    """Splunk makes alerts of the first 500 rows."""
    at = ARRIVED_S - 120
    cut = [{"_raw": "{", "_time": at - place, "_indextime": at, "server_name": "lab"} for place in range(600)]
    older = {"_raw": "{", "_time": at - 3600, "_indextime": at, "server_name": "crm"}
    rows = built.ran(built.files(), health.TRUNCATED, [*cut, older], now_ms=ARRIVED_S * 1000)
    assert [row["by_server"] for row in rows] == ["lab", "crm"]
