"""Calculated fields: Splunk finds in a line what the engine's prelude makes of it, column by column."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest

from mcpsoar.app import variants
from mcpsoar.core.event import Column, Kind
from mcpsoar.detect import matching, prelude
from mcpsoar.detect.engines.duckdb import connect, quoted, rows
from mcpsoar.pack import content, gates
from mcpsoar.targets.spl import fields
from tests.languages.spl.evaluate import Scope, boolean
from tests.languages.spl.expression import parse
from tests.languages.spl.values import decided
from tests.laws.random_logs import ODD
from tests.targets.spl.splunk import COLUMNS, EXTRACTIONS, ROOT, Extraction, Fields, calculated

ASKED = [column for column in COLUMNS if column.kind is not Kind.TIME]
NAMES = frozenset(column.name for column in ASKED)
LISTED = {name: parse(held.listed.text) for name, held in fields.normalised(COLUMNS).items() if held.listed}
Facts = Mapping[str, Any]


def in_sql(events: Sequence[Facts]) -> list[dict[str, Any]]:
    """What the prelude makes of each event."""
    with connect() as connection:
        matching.place(connection, events, COLUMNS)
        ctes = prelude.relation(matching.TABLE, COLUMNS, NAMES, extra="place AS place")
        asked = ", ".join(quoted(column.name) for column in ASKED)
        found = rows(connection, f"WITH {ctes} SELECT {asked} FROM mcp_audit ORDER BY place")
    return [dict(zip([column.name for column in ASKED], row, strict=True)) for row in found]


def in_spl(facts: Facts, extraction: Extraction) -> dict[str, Any]:
    """The same as Splunk has it, in the words of Python."""
    raw = extraction.fields(json.dumps(facts))
    named = re.compile(rf"\b({'|'.join(map(re.escape, facts))})\b")
    touched = frozenset(name for name, written in calculated().written.items() if named.search(written))
    found = calculated().over(raw, touched)
    return {column.name: _value(column, found, raw) for column in ASKED if column.name in touched}


def test_splunk_finds_in_an_empty_event_what_the_prelude_finds() -> None:
    """And so does every other event, of columns that are computed from nothing it has."""
    raw = EXTRACTIONS[0].fields("{}")
    found = calculated().over(raw)
    assert {column.name: _value(column, found, raw) for column in ASKED} == in_sql([{}])[0]


def _value(column: Column, found: Fields, raw: Fields) -> Any:
    one = found.get(column.name)
    if column.kind is Kind.TEXTS:
        is_there = decided(boolean(LISTED[column.name], Scope(raw, 0)), "a list")
        assert is_there or one is None
        return (
            json.dumps(one if isinstance(one, list) else [] if one is None else [one]) if is_there else None
        )
    if one is None or column.kind in (Kind.TEXT, Kind.ENUM):
        return one
    if column.kind is Kind.BOOL:
        return {"true": True, "false": False}[one]
    return int(one) if column.kind is Kind.INTEGER else float(one)


def alike(column: Column, value: Any) -> Any:
    return json.dumps(json.loads(value)) if column.kind is Kind.TEXTS and value is not None else value


EMPTY = in_sql([{}])[0]


def every_event() -> list[Facts]:
    """The events of all cases, as they are and in two other spellings; of long cases the beginning."""
    cases = [case for text in content.load(ROOT) for case in text.cases]
    cases += [case for gate in gates.load(ROOT) for case in gate.cases]
    cases = [replace(case, events=case.events[:3]) for case in cases]
    found = [event for case in cases for event in case.events]
    found += [
        event for case in cases for one in variants.together(case, COLUMNS, NAMES) for event in one.events
    ]
    unnamed = [
        {name: event[name] for name in event if name not in ("event_id", "event_time")} for event in found
    ]
    return list({json.dumps(event): event for event in unnamed}.values())


def odd_events() -> Iterator[Facts]:
    """Every odd value in every column, and lists that are odd in themselves."""
    numbers = ["007", "-0", "-0.0", "1.50", "1e3", 1e-05, 10**18, -7, "7\n", "true\n", "2.000", "ALLOW\n"]
    lists = [
        ["a", None],
        ["a", ["b"]],
        [{"a": "b"}],
        ['q"]', "x"],
        ["\\"],
        ["a", "a"],
        [True],
        [""],
        ["x", 1.5],
    ]
    lists += [["n"] * 101, ["n"] * 150]
    for column in ASKED:
        for value in [*ODD, *numbers, *lists, "null", "NULL", " Allow ", "unKnown", "\u212a"]:
            yield {column.name: value}
    for one in [[], ["a"], ["a", "b"], ["secret.k", "admin"], ["secretx"], None]:
        for other in ["a", "", None, "c"]:
            yield {"token_aud": one, "server_audience": other, "actor_tags": one, "classifier_labels": one}
            yield {
                "token_scopes": one,
                "required_scopes": [other] if other else [],
                "extra": {"token_aud": ["a"]},
            }
    for left, right in [("007", "7"), ("1e3", "1000"), ("h", "H"), ("a", "a"), ("", "a"), ("0x10", "16")]:
        yield {"manifest_hash": left, "pinned_manifest_hash": right, "approver_id": left, "actor_id": right}
    for name in ("actor_id", "token_aud", "server_audience"):  # another key of that name, elsewhere
        pairs: list[tuple[Any, Any]] = [(5, "x"), (None, "x"), (True, ["x"]), (["x", 5], ["x"]), ({}, [])]
        for here, there in pairs:
            yield {name: here, "extra": {name: there}}
            yield {"extra": [{name: there}], name: here}
            yield {"extra": {name: there}}
    for scope in ["*", "a:*", "a.*", "a*", "admin", "Admin", ".*", "x\n:*", "files:*\n"]:
        yield {"token_scopes": [scope], "classifier_labels": ["x", f"secret.{scope}"]}


@pytest.mark.parametrize("extraction", EXTRACTIONS, ids=["nulls absent", "nulls text"])
@pytest.mark.parametrize("events", [every_event(), list(odd_events())], ids=["cases", "odd"])
def test_splunk_finds_what_the_prelude_finds(events: Sequence[Facts], extraction: Extraction) -> None:
    wrong = []
    for event, sql in zip(events, in_sql(events), strict=True):
        spl = EMPTY | in_spl(event, extraction)
        wrong += [
            (event, column.name, sql[column.name], spl[column.name])
            for column in ASKED
            if alike(column, sql[column.name]) != spl[column.name]
        ]
    assert not wrong, f"{len(wrong)} of {len(events)}: {wrong[:20]}"
