"""A rule's case as one ES|QL query: rows in normal form, as the ingest pipeline stores them, and the rule.

ROW makes one row and MV_EXPAND one for each event; CASE then gives every field its value by the row's place.
Nothing is read from an index.
"""

import ipaddress
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from itertools import islice

from mcpsoar.core.content import RuleText
from mcpsoar.core.digest import Facts, Json
from mcpsoar.core.event import Column, Kind
from mcpsoar.detect import matching
from mcpsoar.siems.checks import COLUMNS, NOTHING, RIGHT, WRONG, Asked, Check, converted, of_rules, place
from mcpsoar.targets import esql
from mcpsoar.targets.es import paths
from mcpsoar.targets.es.text import quoted

_BLANK: Mapping[Kind, str] = {Kind.BOOL: "false", Kind.INTEGER: "0", Kind.NUMBER: "0.0"}


def checks(rules: Sequence[RuleText], columns: Sequence[Column]) -> Iterator[Check]:
    """One query a case of what ES|QL can say."""
    queries, cases = converted(rules, esql.make(columns)), tuple(of_rules(rules, columns))
    given = [event for asked in cases for event in asked.case.events]
    events = iter(matching.normal(given, columns, frozenset().union(*(asked.reads for asked in cases))))
    for asked in cases:
        own = tuple(islice(events, len(asked.case.events)))
        if asked.rule.id in queries:
            query = _query(asked, queries[asked.rule.id], columns, own)
            yield Check(asked.name, query, asked.expected)


def _query(asked: Asked, query: str, columns: Sequence[Column], events: Sequence[Facts]) -> str:
    reads = [column for column in columns if column.name in asked.reads]
    places = ", ".join(quoted(place(at)) for at in range(len(events)))
    _, _, asks = query.partition("\n| ")
    facts = {"case": quoted(asked.name), "expected": quoted(asked.expected)}
    found = f"COALESCE(MV_CONCAT(MV_SORT(found), {quoted(',')}), {quoted(NOTHING)})"
    verdict = f"CASE(found == expected, {quoted(RIGHT)}, {quoted(WRONG)})"
    return "\n| ".join(
        [
            f"ROW place = [{places}]" if len(events) > 1 else f"ROW place = {places}",
            "MV_EXPAND place",
            f"EVAL {_assigned(_fields(reads, events))}",
            asks,
            "STATS found = VALUES(place)",
            f"EVAL {_assigned({**facts, 'found': found, 'verdict': verdict})}",
            f"KEEP {', '.join(COLUMNS)}",
        ]
    )


def _fields(reads: Sequence[Column], events: Sequence[Facts]) -> dict[str, str]:
    made = {
        paths.quoted(paths.of(column.name)): _by_place([event.get(column.name) for event in events], column)
        for column in reads
    }
    lists = [column.name for column in reads if column.kind is Kind.TEXTS]
    if lists:
        empty: list[Json] = [[name for name in lists if event.get(name) == []] for event in events]
        made[paths.quoted(paths.EMPTY_LISTS)] = _case(
            [(at, _literal(names)) for at, names in enumerate(empty) if names], quoted("")
        )
    if any(column.name == "src_ip" for column in reads):
        made[paths.quoted(paths.ADDRESS)] = _case(
            [(at, f"TO_IP({quoted(one)})") for at, one in _addresses(events)], f"TO_IP({quoted('::')})"
        )
    return made


def _addresses(events: Sequence[Facts]) -> Iterator[tuple[int, str]]:
    for at, event in enumerate(events):
        with suppress(ValueError):
            yield at, str(ipaddress.ip_address(str(event.get("src_ip"))))


def _by_place(values: Sequence[Json], column: Column) -> str:
    told = [(at, _literal(value)) for at, value in enumerate(values) if value is not None and value != []]
    return _case(told, _BLANK.get(column.kind, quoted("")))


def _case(told: Sequence[tuple[int, str]], other: str) -> str:
    """Null where nothing is told; `other` only says of what type that null is."""
    pairs = ", ".join(f"place == {quoted(place(at))}, {value}" for at, value in told)
    return f"CASE({pairs or f'false, {other}'})"


def _literal(value: Json) -> str:
    if isinstance(value, str):
        return quoted(value)
    if isinstance(value, list) and len(value) > 1:
        return f"[{', '.join(map(_literal, value))}]"
    return _literal(value[0]) if isinstance(value, list) else json.dumps(value)


def _assigned(values: Mapping[str, str]) -> str:
    return ",\n    ".join(f"{name} = {value}" for name, value in values.items())
