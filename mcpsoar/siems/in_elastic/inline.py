"""Events inside an ES|QL query: rows in normal form, as the ingest pipeline stores them.

ROW makes one row and MV_EXPAND one for each event; CASE then gives every field its value by the row's place.
Each event is received a millisecond after the one before.
"""

import ipaddress
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import datetime

from mcpsoar.core.digest import Facts, Json
from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import Column, Kind
from mcpsoar.siems.checks import place
from mcpsoar.siems.checks.cases import at_ms
from mcpsoar.targets.es import paths
from mcpsoar.targets.es.text import quoted

_MOST = 600  # events: assumed, as the pairs of one CASE are; no page tells how many it takes
_PAIRS = 400
_BLANK: Mapping[Kind, str] = {
    Kind.BOOL: "false",
    Kind.INTEGER: "0",
    Kind.NUMBER: "0.0",
    Kind.TIME: "TO_DATETIME(0)",
}
_STORED = {
    "_id": "place",
    "_index": quoted("selftest"),
    "event.kind": quoted("event"),
    paths.RECEIVED: "TO_DATETIME(TO_LONG(place))",
}


def commands(events: Sequence[Facts], columns: Sequence[Column]) -> Iterator[str]:
    """One row an event, with these columns and a `place`; where they are asked for their times, with what
    the pipeline and the index add. An event without a time is then none. Raises Unsupported for too many."""
    is_timed = any(column.name == "event_time" for column in columns)
    told = {at: event for at, event in enumerate(events) if not is_timed or event.get("event_time")}
    if len(told) > _MOST:
        raise Unsupported(f"{len(told)} events, and a query holds {_MOST} at most")
    places = [quoted(place(at)) for at in told] or [quoted("")]
    yield f"ROW place = [{', '.join(places)}]" if len(places) > 1 else f"ROW place = {places[0]}"
    yield "MV_EXPAND place" if told else f"WHERE place != {quoted('')}"
    yield f"EVAL {assigned(_fields(columns, told) | (_STORED if is_timed else {}))}"


def assigned(values: Mapping[str, str]) -> str:
    """The parts of one EVAL."""
    return ",\n    ".join(f"{name} = {value}" for name, value in values.items())


def _fields(columns: Sequence[Column], events: Mapping[int, Facts]) -> dict[str, str]:
    made = {
        paths.quoted(paths.of(column.name)): _by_place(
            {at: event.get(column.name) for at, event in events.items()}, column
        )
        for column in columns
    }
    lists = [column.name for column in columns if column.kind is Kind.TEXTS]
    if lists:
        empty: dict[int, Json] = {
            at: [name for name in lists if event.get(name) == []] for at, event in events.items()
        }
        made[paths.quoted(paths.EMPTY_LISTS)] = _case(
            [(at, literal(names)) for at, names in empty.items() if names], quoted("")
        )
    if any(column.name == "src_ip" for column in columns):
        made[paths.quoted(paths.ADDRESS)] = _case(
            [(at, f"TO_IP({quoted(one)})") for at, one in _addresses(events)], f"TO_IP({quoted('::')})"
        )
    return made


def _addresses(events: Mapping[int, Facts]) -> Iterator[tuple[int, str]]:
    for at, event in events.items():
        with suppress(ValueError):
            yield at, str(ipaddress.ip_address(str(event.get("src_ip"))))


def _by_place(values: Mapping[int, Json], column: Column) -> str:
    told = [(at, literal(value)) for at, value in values.items() if value is not None and value != []]
    same = {value for _, value in told}
    if len(same) == 1 and len(told) == len(values):
        return same.pop()
    return _case(told, _BLANK.get(column.kind, quoted("")))


def _case(told: Sequence[tuple[int, str]], other: str) -> str:
    """Null where nothing is told; `other` only says of what type that null is."""
    pairs = [f"place == {quoted(place(at))}, {value}" for at, value in told[:_PAIRS]]
    rest = [_case(told[_PAIRS:], other)] if len(told) > _PAIRS else []
    return f"CASE({', '.join([*pairs, *rest]) or f'false, {other}'})"


def literal(value: Json | datetime) -> str:
    """A value as ES|QL writes it."""
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, datetime):
        return f"TO_DATETIME({at_ms({'event_time': value})})"
    if isinstance(value, list) and len(value) > 1:
        return f"[{', '.join(map(literal, value))}]"
    return literal(value[0]) if isinstance(value, list) else json.dumps(value)
