"""Fields of Elastic: how each column is stored, and that the EVALs give what the SQL prelude gives."""

import json
from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from mcpsoar.core.event import Column, Kind
from mcpsoar.detect import prelude
from mcpsoar.detect.engines.duckdb import connect, rows
from mcpsoar.detect.matching import place
from mcpsoar.targets.es import fields, paths
from tests.languages.esql import Field
from tests.targets.es import ground

COLUMNS = ground.columns()
_SOME: tuple[Any, ...] = (
    None,
    "",
    " \t\u00a0",
    "\u2003\r",
    "x",
    "é",
    'a"b\\c',
    5,
    0,
    1,
    True,
    ["x"],
    [],
    {"a": 1},
)
_OF_KIND: dict[Kind, tuple[Any, ...]] = {
    Kind.BOOL: (True, False, "TRUE", "false", 1, 0, "1", 1.0),
    Kind.INTEGER: (1, "2", 1.5, -3, 10**15, "4.0"),
    Kind.NUMBER: (1, 2.5, "2.5", "x", -1),
    Kind.TEXTS: (
        [],
        ["r"],
        ["r", "w"],
        ["w", "r", "r"],
        ["read_only"],
        ["secret.key", "pii.a"],
        ["*", "a:*"],
        ["x.*"],
    ),
    Kind.TEXT: ("h1", "H1", "r", "ap-1", "a b"),
}


def prelude_values(events: Sequence[dict[str, Any]], of: Sequence[Column]) -> list[dict[str, Any]]:
    """What the engine's own prelude makes of the events."""
    names = [column.name for column in of if column.kind is not Kind.TIME]
    with connect() as connection:
        place(connection, events, of)
        ctes = prelude.relation("given", of, names, extra="place AS place")
        asked = ", ".join(names)
        found = rows(connection, f"WITH {ctes} SELECT {asked} FROM mcp_audit ORDER BY place")
    return [dict(zip(names, row, strict=True)) for row in found]


def eval_values(events: Sequence[dict[str, Any]], of: Sequence[Column]) -> list[dict[str, Any]]:
    documents = [ground.stored(event, number, of) for number, event in enumerate(events)]
    made = ground.normal(documents, of)
    return [
        {column.name: _said(document, column) for column in of if column.kind is not Kind.TIME}
        for document in made
    ]


def _said(document: Any, column: Column) -> Any:
    value = document.get(paths.of(column.name))
    if column.kind is Kind.TEXTS:
        if value is None:
            return [] if column.name in document.get(paths.EMPTY_LISTS, []) else None
        return sorted(value) if isinstance(value, list) else [value]
    return value


def _like(value: Any, column: Column) -> Any:
    if column.kind is Kind.TEXTS and value is not None:
        return sorted(set(json.loads(value)))
    return value


@st.composite
def events(draw: st.DrawFn) -> dict[str, Any]:
    chosen = draw(st.lists(st.sampled_from(COLUMNS), max_size=14, unique_by=lambda column: column.name))
    event: dict[str, Any] = {"event_time": "2026-03-01T12:00:00Z"}
    for column in chosen:
        own = _OF_KIND.get(column.kind, (*column.values, *map(str.upper, column.values), "other"))
        if column.kind is not Kind.TIME:
            event[column.name] = draw(st.sampled_from((*own, *own, *_SOME)))
    return event


@settings(max_examples=ground.EXAMPLES, deadline=None)
@given(st.lists(events(), min_size=1, max_size=6))
def test_the_evals_give_what_the_prelude_gives(log: list[dict[str, Any]]) -> None:
    want = [
        {column.name: _like(row[column.name], column) for column in COLUMNS if column.kind is not Kind.TIME}
        for row in prelude_values(log, COLUMNS)
    ]
    assert eval_values(log, COLUMNS) == want


def test_an_element_with_a_blank_in_it_leaves_the_question_open() -> None:
    """What comes in by a pipeline is exact; of a stored list the EVAL says that it cannot tell."""
    (made,) = eval_values([{"classifier_labels": ["a secret.key"]}], COLUMNS)
    assert made["has_secret_label"] is None


def test_several_values_where_one_belongs_are_none() -> None:
    """Some shipper's own arrays: what is stored so was never one value."""
    fields_of = {paths.of(column.name): column for column in COLUMNS}
    twice: dict[Kind, list[Any]] = {
        Kind.TEXT: ["a", "b"],
        Kind.ENUM: ["allow", "deny"],
        Kind.BOOL: [True, False],
        Kind.INTEGER: [1, 2],
        Kind.NUMBER: [1.0, 2.0],
    }
    document = {path: twice[column.kind] for path, column in fields_of.items() if column.kind in twice}
    (made,) = ground.normal([{"_id": "0", **document}], COLUMNS)
    assert {path for path in made if path in document} == {"mcp.has_approval", "mcp.has_ticket"}


def test_each_column_is_stored_as_its_kind_and_enumerations_alone_are_folded() -> None:
    kinds = {column.name: ground.mapping(COLUMNS)[paths.of(column.name)] for column in COLUMNS}
    word = Field("keyword", None, fields.LONGEST)
    assert kinds["event_time"].kind == kinds["ingest_time"].kind == "date"
    assert kinds["tool_name"] == kinds["token_scopes"] == word
    assert kinds["scope_match"] == Field("boolean")
    assert kinds["chain_depth"] == Field("long")
    assert kinds["latency_ms"] == Field("double")
    folded = {column.name for column in COLUMNS if kinds[column.name].normalizer}
    assert folded == {column.name for column in COLUMNS if column.kind is Kind.ENUM}


def test_no_event_makes_a_field_of_its_own() -> None:
    mappings = fields.template(COLUMNS)["template"]["mappings"]
    assert mappings["dynamic"] is False
    assert mappings["properties"]["mcp"]["properties"]["arguments"]["type"] == "flattened"


def test_the_longest_text_of_the_widest_characters_is_still_a_term() -> None:
    assert fields.LONGEST * len("\U0001f600".encode()) <= 32_766 < (fields.LONGEST + 1) * 4


def test_a_field_is_an_enumeration_in_any_case_and_nothing_else() -> None:
    said = fields.evals(COLUMNS, ["status"])
    folded = "TO_LOWER(mcp.status)"
    assert said == (f'mcp.status = CASE({folded} IN ("ok", "error", "denied", "timeout"), {folded})',)


def test_what_a_derived_column_is_computed_from_comes_first() -> None:
    names = [one.partition(" = ")[0] for one in fields.evals(COLUMNS, ["manifest_match"])]
    assert names == ["mcp.manifest_hash", "mcp.pinned_manifest_hash", "mcp.manifest_match"]
