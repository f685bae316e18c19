"""The ingest pipeline on a real engine: the document that it makes is the scan's normal form of the event."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from mcpsoar.core.event import Column, Kind
from mcpsoar.targets.es import fields, ingest
from tests.equality import asked
from tests.laws import contract_reading as contract
from tests.live import held
from tests.live.opensearch import Node

AT = '"event_time":"2026-03-01T12:00:00Z"'
EVENT = {"event_time": "2026-03-01T12:00:00Z"}
LONG = fields.LONGEST
_ANY: tuple[Any, ...] = (
    *(None, "", " ", "\t\u00a0\u2003", "x", "X", " x ", "é", "null", 'a"b\\c\n', "\U0001f600", "a" * LONG),
    *(0, 1, 2, -1, 7.0, 7.5, 1.0, True, False, [], [""], ["x"], ["x", None], ["x", 1], {}, {"a": 1}, [[]]),
    *("0", "1", "true", "TRUE", "False", " true", "7", "007", "7.0", "7.00", "7.5", "-7", "+7", ".5", "5."),
    *("1e3", "1E-3", "1e+3", "1e400", "1e", "e1", "-0", "--1", "1.", "1_0", "0x1"),
    *("٣", "٣.٥", "NaN", "Infinity"),
    *("9" * 18, "9" * 19, 10**17, 2**53 + 1, -(10**18 - 1), 2**63 - 1, 1e17, 0.1, 1e-7, 123456789.125),
    *("2026-03-01T12:00:00Z", 1772366400),
)
_LISTS: tuple[Any, ...] = (
    *(["r", "w", "r"], ["read_only"], ["READ_ONLY"], ["secret.x", "pii.y"], ["a secret.x"], ["secret"]),
    *(["*"], ["a:*"], ["a.*"], ["admin"], ["Admin"], ["a:*b"], ["injection."], [" "], ["é", "\u0000"]),
)
_TIMES: tuple[Any, ...] = (
    *("2026-03-01T12:00:00Z", "2026-03-01t12:00:00z", "2026-03-01 12:00:00", "2026-03-01T12:00:00+05:30"),
    *("2026-03-01T12:00:00.9999Z", "2026-03-01T12:00:00.1", "2026-03-01T12:00:00.123456789012-23:59"),
    *("2024-02-29T00:00:00Z", "2023-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-03-01T24:00:00Z"),
    *("2026-03-01T12:60:00Z", "2026-03-01T12:00:60Z", "2026-03-01T12:00:00+24:00"),
    *("2026-03-01T12:00:00+1:00", "2026-03-01T12:00:00.Z", "2026-03-01T12:00Z", "2026-03-01"),
    *("2026-3-1T12:00:00Z", " 2026-03-01T12:00:00Z", "2026-03-01T12:00:00 Z", "2026-03-01T12:00:00+0530"),
    *("٢٠٢٦-03-01T12:00:00Z", "2026-03-01T12:00:00Zx", "1999-12-31T23:59:59.999Z"),
    *("2000-01-01T00:00:00Z", "2000-01-01T01:00:00+01:00", "0000-01-01T00:00:00Z"),
    *(1772366400, 1772366400.1239, 1772366400123, "1772366400", "1772366400.9", "1772366400123.7"),
    *(99999999999, 100000000000, 946684799, 946684800, -1, 0, "1772366400.", ".5", "1" * 16),
    *(True, None, [], {}, "", "x", "1e9", "+1772366400", "1772366400Z"),
)


def _values(column: Column) -> Iterator[Any]:
    yield from _ANY
    for value in column.values:
        yield from (value, value.upper(), value.title(), f" {value}", f"{value}\n", [value])
        yield from (value.replace("k", "\u212a"), value.replace("i", "\u0130"), value.replace("s", "\u017f"))
    if column.kind is Kind.TEXTS:
        yield from _LISTS


@pytest.fixture(scope="module", autouse=True)
def _placed(node: Node) -> None:
    held.placed(node)


def differences(node: Node, documents: list[Any], events: list[Any]) -> list[Any]:
    """What the pipeline and the prelude make of the events, where they differ."""
    pairs = zip(map(held.values, held.made(node, documents)), held.prelude_values(events), strict=True)
    return [
        {name: (got[name], want[name]) for name in want if got[name] != want[name]}
        for got, want in pairs
        if got != want
    ]


def test_cases_in_every_spelling_and_the_corpora_come_in_as_the_scan_reads_them(node: Node) -> None:
    events = [dict(one) for one in asked.events()]
    assert len(events) > 5000
    assert differences(node, held.lines(events), events) == []


def test_every_hostile_value_of_every_column_comes_in_as_the_scan_reads_it(node: Node) -> None:
    events = [{**EVENT, column.name: value} for column in held.VALUES for value in (*_values(column),)]
    assert len(events) > 3000
    assert differences(node, held.lines(events), events) == []


def test_fields_at_the_top_come_in_as_a_line_does(node: Node) -> None:
    events = [{**EVENT, column.name: value} for column in held.VALUES for value in _ANY[:40]]
    assert differences(node, [dict(one) for one in events], events) == []


def test_pairs_of_facts_derive_as_the_scan_derives(node: Node) -> None:
    """Every column that something is derived from, with what the event itself says beside it."""
    some: dict[str, tuple[Any, ...]] = {
        "token_aud": ([], ["a"], ["a", "a"], ["b", "a"], None),
        "server_audience": ("a", "A", " ", None),
        "audience_match": (True, False, None),
    }
    facts = [
        {
            **EVENT,
            "token_aud": aud,
            "server_audience": own,
            "audience_match": said,
            "has_many_audiences": many,
        }
        for aud in some["token_aud"]
        for own in some["server_audience"]
        for said in some["audience_match"]
        for many in (True, False, None)
    ]
    scopes: tuple[Any, ...] = ([], ["r"], ["r", "w"], ["*"], None)
    facts += [
        {
            **EVENT,
            "token_scopes": held_,
            "required_scopes": wanted,
            "scope_match": said,
            "token_scope_count": 9,
        }
        for held_ in scopes
        for wanted in scopes
        for said in (True, False, None)
    ]
    facts += [
        {**EVENT, first: a, second: b, name: said}
        for first, second, name in (
            ("manifest_hash", "pinned_manifest_hash", "manifest_match"),
            ("approver_id", "actor_id", "is_self_approved"),
        )
        for a in ("h", "H", "", None)
        for b in ("h", "g", None)
        for said in (True, False, None)
    ]
    assert differences(node, held.lines(facts), facts) == []


@pytest.mark.parametrize("form", ["line", "fields"])
def test_a_time_is_read_or_rejected_as_the_contract_says(node: Node, form: str) -> None:
    soon = datetime.now(UTC)
    times = [*_TIMES, *((soon + timedelta(minutes=more)).isoformat() for more in (8, 12))]
    events: list[dict[str, Any]] = [{"event_time": one} for one in times]
    made = held.made(node, held.lines(events) if form == "line" else list(events))
    limit = soon.timestamp() * 1000 + ingest.SKEW_MS
    for event, document in zip(events, made, strict=True):
        try:
            want: int | None = contract.moment(event["event_time"])
        except contract.NoEventError:
            want = None
        if want is None or not ingest.FIRST_MS <= want <= limit:
            assert document["event"]["kind"] == "pipeline_error", event
            assert "mcp" not in document
        else:
            assert held.values(document)["event_ms"] == want, event


@pytest.mark.parametrize(
    "line",
    [
        *("", "nope", "[1]", "1", '"x"', "null", "{", '{"a":}', "{'a':1}", f"{{{AT}", f"{{{AT},}}"),
        *(f"{{{AT}}} x", f"{{{AT}}}{{{AT}}}", f"{{{AT}}}]", f"{{{AT}/**/}}", f"{{{AT}}} # x", f"{{{AT}}}//"),
        *(f'{{{AT},"a":NaN}}', f'{{{AT},"a":-Infinity}}', f'{{{AT},"a":1e999}}', f'{{{AT},"a":01}}'),
        *(f'{{{AT},"a":1,"a":2}}', f'{{{AT},"a":{{"b":1,"b":1}}}}', f'{{{AT},"a":1,"\\u0061":2}}'),
        *(f'{{{AT},"a":"\\ud800"}}', f'{{{AT},"a":["\\udc00x"]}}', f'{{{AT},"\\ud800":1}}'),
        *(f'{{{AT},"a":"\t"}}', f'{{{AT},"a":"\x01"}}', f'{{{AT},"a":"\\x"}}', f'{{{AT},"a":TRUE}}'),
        *(f'{{{AT},"a":{"[" * deep}{"]" * deep}}}' for deep in (70, 999, 2000, 20_000, 400_000)),
        *(f'{{{AT},"a":{"[1," * 5000}', '{"event_time":5}', "{}"),
    ],
    ids=lambda line: line[:60],
)
def test_a_line_that_is_no_event_stays_with_its_reason(node: Node, line: str) -> None:
    if len(line) < 10_000:
        with pytest.raises(contract.NoEventError):
            contract_at(line)
    held.stored(node, [{"message": line, "host": {"name": "gw1"}}])
    (hit,) = node.ask("POST", f"/{held.STREAM}/_search", {})["hits"]["hits"]
    document = hit["_source"]
    assert document["event"]["kind"] == "pipeline_error"
    assert document["event"]["original"] == line
    assert document["error"]["message"]
    assert document["host"] == {"name": "gw1"}
    assert "mcp" not in document


def contract_at(line: str) -> int:
    at = contract.moment(contract.parse(line.encode()).get("event_time"))
    if at < ingest.FIRST_MS or ("a" in contract.parse(line.encode()) and line.count("[") > 60):
        raise contract.NoEventError("out of range, or deeper than a scan goes")
    return at


def hostile() -> Iterator[tuple[str, dict[str, Any]]]:
    yield "5000 keys", {f"key {number}.{'x' * 50}": number for number in range(5000)}
    yield "no names", {"": 1, ".": 2, "..": 3, " ": 4, "a.": 5, ".a": 6, "a..b": 7, "\u0000": 8}
    yield "our names", {"mcp": {"decision": "deny"}, "event": "x", "user": 5, "error": 1, "@timestamp": "x"}
    yield "metadata", {"_source": 1, "_id": "x", "_index": "y", "_routing": 3, "_version": "no"}
    yield "our own marks", {"mcpsoar_why": "x", "mcpsoar_event": {"a": 1}, "mcpsoar_now": "never"}
    yield "1 MiB of arguments", {"arguments": {"text": "x" * 2**20}}
    yield "many arguments", {"arguments": {str(number): [number] * 20 for number in range(9000)}}
    yield "flat lists", {"arguments": {"a": [0] * 300_000}}
    yield "more than is looked at", {"arguments": {"a": [0] * 1_200_000}}
    deep: Any = 1
    for _ in range(40):
        deep = {"a": deep}
    yield "deep arguments", {"arguments": deep}
    yield "long keys", {"arguments": {"k" * 40_000: 1}}
    yield "a NUL in a key", {"arguments": {"a\u0000b": 1}}
    yield "odd keys", {"arguments": {"": 1, ".": 2, " ": 3, "a..b": 4, "a.": {"b": 5}}}
    yield "arguments of wide letters", {"arguments": {"é" * 120: {"k" * 128: "\U0001f600" * LONG}}}
    yield "no object of arguments", {"arguments": "x"}
    yield "a list of arguments", {"arguments": [1, {"a": 2}]}
    yield "40 kB of name", {"server_name": "x" * 40_000}
    yield "40 kB of blanks", {"server_name": " " * 40_000}
    yield "2 MiB of blanks", {"server_name": "\u3000" * 2**20}
    yield "wide letters", {"server_name": "\U0001f600" * LONG, "token_aud": ["é" * LONG]}
    yield "a pair at the cut", {"server_name": "x" * (LONG - 1) + "\U0001f600"}
    yield "40 kB in a list", {"token_scopes": ["a", "x" * 40_000], "required_scopes": ["x" * 40_000]}
    yield "many in a list", {"token_scopes": [f"s{number}" for number in range(20_000)]}
    yield "40 kB of enumeration", {"decision": "allow" * 8000}
    yield "40 kB of time", {"ingest_time": "2026-03-01T12:00:00." + "0" * 40_000 + "Z"}
    yield "40 kB of number", {"latency_ms": "1" * 40_000, "bytes_out": "1" * 40_000}


@pytest.mark.parametrize("form", ["line", "fields"])
@pytest.mark.parametrize(("name", "more"), list(hostile()), ids=[name for name, _ in hostile()])
def test_a_hostile_event_is_stored_and_reads_as_the_scan_reads_it(
    node: Node, name: str, more: dict[str, Any], form: str
) -> None:
    """Where a text was cut it is named, and everything else is the same."""
    if form == "fields" and name == "metadata":
        pytest.skip("names that the engine keeps for itself never get as far as a pipeline")
    event = {**EVENT, "tool_name": "t", "decision": "allow", **more}
    held.stored(node, held.lines([event]) if form == "line" else [event])
    (hit,) = node.ask("POST", f"/{held.STREAM}/_search", {})["hits"]["hits"]
    got, (want,) = held.values(hit["_source"]), held.prelude_values([event])
    cut = set(hit["_source"]["mcp"].get("truncated", [])) - {"arguments"}
    assert {column for column in want if got[column] != want[column]} == cut
    assert all(str(want[column]).startswith(str(got[column])) for column in cut if column == "server_name")
    assert (hit["_source"]["event"].get("original") is not None) == (form == "line")
    assert held.found(node, "mcp.tool_name:t") == (0,)


@pytest.mark.parametrize(
    ("more", "truncated"),
    [
        ({"server_name": "x" * LONG, "arguments": {"a": 1}}, None),
        ({"server_name": "x" * (LONG + 1)}, ["server_name"]),
        ({"token_aud": ["x" * (LONG + 1)], "user_agent": "y" * 40_000}, ["token_aud", "user_agent"]),
        ({"arguments": {"k" * 129: 1}}, ["arguments"]),
        ({"arguments": {"a": [{"b" * 128: "x" * 40_000}], "c": 1}}, ["arguments"]),
    ],
)
def test_what_was_cut_is_named_and_can_be_asked_for(
    node: Node, more: dict[str, Any], truncated: list[str] | None
) -> None:
    held.stored(node, held.lines([{**EVENT, **more}]))
    (hit,) = node.ask("POST", f"/{held.STREAM}/_search", {})["hits"]["hits"]
    assert hit["_source"]["mcp"].get("truncated") == truncated
    assert held.found(node, "mcp.truncated:*") == ((0,) if truncated else ())
    if "c" in more.get("arguments", {}):
        assert held.found(node, "mcp.arguments.c:1") == (0,)


def test_an_address_is_one_or_there_is_none(node: Node) -> None:
    addresses = ["10.0.0.1", "fe80::1", "10.0.0.300", "10.0.0.1/8", "x", "::ffff:10.0.0.1", "010.0.0.1"]
    held.stored(node, held.lines([{**EVENT, "src_ip": one} for one in addresses]))
    assert held.found(node, "source.ip:*") == (0, 1, 5)
    assert held.found(node, 'source.ip:"10.0.0.0/8"') == (0, 5)


def test_an_event_may_have_its_columns_elsewhere(node: Node) -> None:
    sources = {"event_time": "ts", "tool_name": "attributes.mcp.tool", "arguments": "params.arguments"}
    node.ask("PUT", "/_ingest/pipeline/elsewhere", ingest.pipeline(held.COLUMNS, sources))
    said = {
        "ts": 1772366400,
        "attributes": {"mcp.tool": "t"},
        "params": {"arguments": {"a": 1}},
        "tool_name": "no",
    }
    nested = {**said, "attributes": {"mcp": {"tool": "t"}}}
    asked_ = {"docs": [{"_source": one} for one in (*held.lines([said, nested]), said, nested)]}
    for answer in node.ask("POST", "/_ingest/pipeline/elsewhere/_simulate", asked_)["docs"]:
        document = answer["doc"]["_source"]
        assert document["mcp"]["tool_name"] == "t"
        assert document["mcp"]["arguments"] == {"a": 1}
        assert document["@timestamp"] == "2026-03-01T12:00:00Z"


def test_a_number_that_the_engine_cannot_copy_loses_no_event(node: Node) -> None:
    """OpenSearch copies the event for a script and knows no whole number of more than 64 bits."""
    line = f'{{{AT},"a":{"9" * 30}}}'
    held.stored(node, [{"message": line}])
    (hit,) = node.ask("POST", f"/{held.STREAM}/_search", {})["hits"]["hits"]
    assert hit["_source"]["event"]["original"] == line


def test_a_line_keeps_what_its_shipper_says_and_nothing_else(node: Node) -> None:
    document = {"message": json.dumps(EVENT), "host": {"name": "gw1"}, "mcp": {"decision": "deny"}, "junk": 1}
    (made,) = held.made(node, [document])
    assert set(made) == {"@timestamp", "event", "host", "mcp"}
    assert "decision" not in made["mcp"]
    assert made["event"]["dataset"] == "mcp.audit"


@pytest.mark.parametrize("event", [EVENT, {"event_time": "x"}], ids=["kept", "rejected"])
def test_a_field_with_an_underscore_is_no_metadata_and_goes(node: Node, event: dict[str, Any]) -> None:
    held.stored(node, [{**event, "_own": {"a": 1}, "_x": "y", "host": {"name": "h"}}])
    (hit,) = node.ask("POST", f"/{held.STREAM}/_search", {})["hits"]["hits"]
    assert {"_own", "_x"} & hit["_source"].keys() == set()
    assert hit["_source"]["host"] == {"name": "h"}
