"""Random logs: events on the edges of minutes and windows, and lines that only look like events."""

import json
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

from hypothesis import strategies as st

from tests.laws.contract_reading import MINUTE

BASE = 1_772_366_400_000  # 2026-03-01T12:00:00Z
NOW = BASE + 30 * MINUTE
EDGES = [
    0,
    1,
    -1,
    60_000,
    -600_000,
    -600_001,
    -599_999,
    -900_000,
    -900_001,
    -86_400_000,
    -86_400_001,
    -60_000,
]

HOSTILE = [
    b"null",
    b"3",
    b"[]",
    b'"x"',
    b"{}",
    b'{"event_time":"2026-03-01T12:00:00Z"',
    b'{"event_time":"2026-03-01T12:00:00Z",}',
    b'{"event_time":"2026-03-01T12:00:00Z" , }',
    b'{"event_time":"2026-03-01T12:00:00Z","a":[1,]}',
    b'{"event_time":"2026-03-01T12:00:00Z","a":[1 , ]}',
    b'{"event_time":"2026-03-01T12:00:00Z","a":1,"a":1}',
    b'{"event_time":"2026-03-01T12:00:00Z","a":{"b":1,"b":2}}',
    b'{"event_time":"2026-03-01T12:00:00Z","a":{"b":1,"c":[{}]}}',
    b'{"event_time":"2026-03-01T12:00:00Z","token_scopes":[{"b":1,"b":2}]}',
    b'{"event_time":"2026-03-01T12:00:00Z","decision":"ALLOW","decision":"DENY"}',
    b'{"event_time":"2026-03-01T12:00:00Z","decision":"ALLOW","decisi\\u006fn":"DENY"}',
    b'{"event_time":"2026-03-01T12:00:00Z","Decision":"ALLOW","DECISION":"DENY"}',
    b'{"event_time":"2026-03-01T12:00:00Z","a":NaN}',
    b'{"event_time":"2026-03-01T12:00:00Z","latency_ms":Infinity}',
    b'{"event_time":"2026-03-01T12:00:00Z","a":-inf}',
    b'{"event_time":"2026-03-01T12:00:00Z","a":1e999}',
    b'{"event_time":"2026-03-01T12:00:00Z","latency_ms":1e400}',
    b'{"event_time":"2026-03-01T12:00:00Z","a":"\\ud800"}',
    b'{"event_time":"2026-03-01T12:00:00Z","a":"\xff"}',
    b'{"event_time":"2026-03-01T12:00:00Z","a":"\x01"}',
    b'{"event_time":"2026-03-01T12:00:00Z"}{"event_time":"2026-03-01T12:00:00Z"}',
    b'{"event_time":"2026-03-01T12:00:00Z"} {"event_time":"2026-03-01T12:00:00Z"}',
    b'{"event_time":"2026-03-01T12:00:00Z"}\x0b',
    b'{"event_time":"2026-03-01T12:00:00Z",\x0c"a":1}',
    b'{"event_time":"2026-03-01T12:00:00Z","":1}',
    b'{"event_time":"2026-03-01T12:00:00Z"} // no',
    b"  ",
    b"\r",
    b' {"event_time":"2026-03-01T12:00:00Z"} \r',
    b'{"event_time" : "2026-03-01T12:00:00Z" , "decision" : "ALLOW" }',
    b'{"event_time":"2026-03-01T12:00:00Z","mcpsoar_seed":1}',
    b'{"event_time":"2026-03-01T12:00:00Z","latency_ms":123456789012345678901234567890}',
]
TIMES: list[Any] = [
    None,
    "",
    "yesterday",
    "2026-02-30T12:00:00Z",
    "2026-03-01T24:00:00.000Z",
    "2026-03-01T23:59:60Z",
    "2026-03-01",
    "2026-03-01T12:00Z",
    "2026-03-01T12:00:00+0100",
    "2026-03-01T12:00:00.9999999Z",
    "2026-03-01T12:00:00.99999999+00:00",
    "2026-03-01T11:59:59.123456789Z",
    "2026-03-01t11:59:59z",
    "2026-03-01 11:59:59",
    "2026-03-01T12:00:00-00:00",
    "2026-03-01T12:00:00+24:00",
    "1999-12-31T23:59:59.999Z",
    "2000-01-01T00:00:00Z",
    "2026-03-01T12:40:00Z",
    "2026-03-01T12:40:00.001Z",
    "2026-03-01T12:00:00.1 2Z",
    " 2026-03-01T12:00:00Z",
    "infinity",
    "epoch",
    True,
    -1,
    1.5e9,
    1_772_366_399,
    1_772_366_399.9999,
    1_772_366_399_999.9,
    "1772366399",
    1e300,
    99_999_999_999,
    100_000_000_000,
    {"a": 1},
    [1],
]
ODD: list[Any] = [
    None,
    "",
    " \t\u00a0",
    5,
    0,
    1,
    1.0,
    True,
    "maybe",
    {"a": 1},
    ["x", 1],
    [],
    "é",
    'a"b\\c',
    "\u0000",
]


def written(at_ms: int, style: int) -> Any:
    at = datetime.fromtimestamp(at_ms / 1000, UTC)
    if style == 0:
        return at.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at_ms % 1000:03d}Z"
    if style == 1:
        there = at.astimezone(timezone(timedelta(hours=5, minutes=45)))
        return there.strftime("%Y-%m-%dT%H:%M:%S.") + f"{at_ms % 1000:03d}+05:45"
    if style == 2:
        return at.strftime("%Y-%m-%d %H:%M:%S.") + f"{at_ms % 1000:03d}999"
    return at_ms if style == 3 else at_ms / 1000


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    at_ms = BASE + draw(st.sampled_from(EDGES) | st.integers(-1_000_000, 1_000_000))
    event: dict[str, Any] = {"event_time": written(at_ms, draw(st.integers(0, 4)))}
    choices: dict[str, Any] = {
        "event_id": ["a", "b", "c", "d", "", None],
        "event_kind": ["tool_call", "TOOL_CALL", "registry", None],
        "server_name": ["crm", "CRM", "files", " ", None],
        "action_class": ["read", "write", "DESTRUCTIVE", None],
        "decision": ["ALLOW", "allow", "DENY", None],
        "approval_id": ["ap-1", "", " ", "\t", "\u2003\r", None],
        "registry_status": ["approved", "APPROVED", "pending", None],
        "environment": ["production", "prod", "staging", None],
        "manifest_hash": ["h1", "h2", None],
        "pinned_manifest_hash": ["h1", "h1", None],
        "deploy_window": [True, False, "TRUE", 0, None],
        "change_ticket": ["CHG-1", "", "\u00a0", None],
        "scope_match": [True, False, "false", 1, None],
        "token_scopes": [["r"], ["r", "w"], [], None],
        "required_scopes": [["r"], ["w"], None],
        "classifier_result": ["CLEAN", "REDACT", "QUARANTINE", "ERROR", None],
        "chain_depth": [1, "2", 1.5, 1e5, 1e16, 1e17, 10**18, -0.0, None],
        "latency_ms": [1, 2.5, "x", None],
    }
    for name in draw(st.lists(st.sampled_from(sorted(choices)), unique=True, min_size=3)):
        odd = draw(st.integers(0, 25)) == 0
        event[name] = draw(st.sampled_from(ODD if odd else choices[name]))
    if draw(st.integers(0, 30)) == 0:
        event["event_time"] = draw(st.sampled_from(TIMES))
    if draw(st.integers(0, 20)) == 0:
        event[draw(st.sampled_from(["extra", "x0", "ingest_at"]))] = draw(st.sampled_from(ODD))
    return event


@st.composite
def logs(draw: st.DrawFn) -> bytes:
    lines: list[bytes] = []
    for event in draw(st.lists(events(), max_size=12)):
        times = draw(st.sampled_from([1, 1, 1, 1, 2, 97, 120]))
        for copy in range(times):
            # many calls, not one call many times
            own = (
                {**event, "event_id": f"{event['event_id']}{copy}"}
                if times > 2 and event.get("event_id")
                else event
            )
            lines.append(json.dumps(own, ensure_ascii=draw(st.booleans()) if times == 1 else True).encode())
    if draw(st.integers(0, 2)) == 0:
        for line in draw(st.lists(st.sampled_from(HOSTILE), max_size=3)):
            lines.insert(draw(st.integers(0, len(lines))), line)
    if draw(st.booleans()):
        lines = draw(st.permutations(lines)) if len(lines) < 30 else lines[::-1]
    return b"\n".join(lines) + (b"\n" if draw(st.booleans()) else b"")
