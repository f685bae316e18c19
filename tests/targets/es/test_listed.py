"""Pins, tickets and deploy windows of a list fill what an event does not say, and nothing that it says."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from mcpsoar.core.event import MINUTE_MS
from mcpsoar.targets.es import alert, gate, listed
from mcpsoar.targets.es.gate import Asked
from tests.languages.esql import Field, Index, run
from tests.targets.es.test_alert import FIELDS
from tests.targets.es.test_gate import BY_TICK, GATES, SOME, TICK, parsed, stream

DRIFT = GATES["manifest-drift"]
AT = "2026-03-01T11:59:00Z"
EVENT: dict[str, Any] = {"event_time": AT, "event_id": "a", "server_name": "crm", "manifest_hash": "new"}
PINNED = EVENT | {"pinned_manifest_hash": "old"}
ALL = replace(BY_TICK, servers=True, windows=True)


def fields(index: Mapping[str, Any]) -> dict[str, Field]:
    properties = index["mappings"]["properties"]
    return {
        f"{above}.{name}": Field(kind["type"])
        for above, own in properties.items()
        for name, kind in own["properties"].items()
    }


def window(start: int, end: int, name: str = "crm") -> dict[str, Any]:
    """Minutes before the tick."""
    own = {"window_from": TICK - start * MINUTE_MS, "window_to": TICK - end * MINUTE_MS}
    return {"mcp": {"server_name": name}, "listed": own}


def server(name: str = "crm", **said: str) -> dict[str, Any]:
    return {"mcp": {"server_name": name}, "listed": said}


def state(
    events: Sequence[dict[str, Any]],
    servers: Sequence[dict[str, Any]] = (),
    windows: Sequence[dict[str, Any]] = (),
    asked: Asked = ALL,
) -> tuple[Any, ...]:
    held = {
        **stream(events, None),
        listed.SERVERS: Index(fields(listed.servers_index()), servers, lookup=True),
        listed.WINDOWS: Index(fields(listed.windows_index()), windows, lookup=True),
        alert.LOOKUP: Index(FIELDS, [], lookup=True),
    }
    found = [run(ask(parsed(DRIFT), SOME, asked), held, now_ms=0) for ask in (gate.state, alert.state)]
    (one,), (other,) = found
    assert (one["state"], one["numerator"], one["warned"]) == (
        other["state"],
        other["numerator"],
        other["warned"],
    )
    return one["state"], one["events"]


def test_a_pin_of_the_list_is_compared_where_the_event_has_none() -> None:
    assert state([EVENT]) == ("warn", 1)
    assert state([EVENT], [server(pinned_manifest_hash="old")]) == ("page", 1)
    assert state([EVENT], [server(pinned_manifest_hash="new")]) == ("ok", 1)
    assert state([EVENT], [server("other", pinned_manifest_hash="old")]) == ("warn", 1)
    assert state([PINNED], [server(pinned_manifest_hash="new")]) == ("page", 1)


def test_a_ticket_of_the_list_makes_a_page_a_warning() -> None:
    assert state([PINNED]) == ("page", 1)
    assert state([PINNED], [server(change_ticket="CHG-1")]) == ("warn", 1)


@pytest.mark.parametrize(
    ("windows", "expected"),
    [
        ([], "page"),
        ([window(2, 0)], "ok"),
        ([window(1, 0)], "ok"),
        ([window(2, 1)], "page"),
        ([window(9, 8), window(2, 0), window(7, 6)], "ok"),
        ([window(2, 0, "other")], "page"),
    ],
)
def test_inside_any_window_of_its_server_an_event_is_announced(
    windows: list[dict[str, Any]], expected: str
) -> None:
    """Half open: the event is a minute old. However many windows there are it stays one event."""
    assert state([PINNED], windows=windows) == (expected, 1)
    assert state([PINNED], windows=windows[::-1]) == (expected, 1)


def test_an_event_that_denies_its_window_is_believed() -> None:
    assert state([PINNED | {"deploy_window": False}], windows=[window(2, 0)]) == ("page", 1)


def test_of_two_with_one_identity_the_first_received_still_counts() -> None:
    late = PINNED | {"server_name": "hr"}
    assert state([PINNED, late], windows=[window(2, 0, "hr")]) == ("page", 1)
    assert state([late, PINNED], windows=[window(2, 0, "hr")]) == ("ok", 1)


def test_a_gate_that_reads_none_of_it_joins_nothing() -> None:
    for text in GATES.values():
        query = gate.state(parsed(text), SOME, ALL)
        assert (listed.SERVERS in query) == (listed.WINDOWS in query) == (text is DRIFT)
