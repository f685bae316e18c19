"""SQL expressions as ES|QL: the same three values, row by row, as DuckDB gives; the rest refused by name."""

from itertools import product
from typing import Any

import duckdb
import pytest
import sqlglot
from hypothesis import example, given, settings
from hypothesis import strategies as st
from sqlglot import exp

from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import Column, Kind
from mcpsoar.targets.es import paths
from mcpsoar.targets.es.expression import Printer
from mcpsoar.targets.es.text import quoted
from tests.languages.esql import Index, run
from tests.targets.es import ground

COLUMNS = (
    Column("tool_name", Kind.TEXT, ""),
    Column("server_name", Kind.TEXT, ""),
    Column("scope_match", Kind.BOOL, ""),
    Column("chain_depth", Kind.INTEGER, ""),
    Column("token_aud", Kind.TEXTS, ""),
    Column("token_scopes", Kind.TEXTS, ""),
    Column("event_time", Kind.TIME, ""),
)
NAMES = [column.name for column in COLUMNS if column.kind is not Kind.TIME]
_VALUES: tuple[tuple[Any, ...], ...] = (
    ("a", "A*", None),
    ("a", 'b"\\', None),
    (True, False, None),
    (1, 3, None),
    (["a"], ["a", 'b"\\'], [], None),
    (["a"], ["b:*", "x.y"], [], None),
)
ROWS = [row for at, row in enumerate(product(*_VALUES)) if at % 7 == 0]
_DOCUMENTS = [
    {
        **ground.stored(dict(zip(NAMES, row, strict=True)), at, COLUMNS),
        paths.TIME: at,
    }
    for at, row in enumerate(ROWS)
]
_INDICES = {ground.STREAM: Index(ground.mapping(COLUMNS), _DOCUMENTS)}


@pytest.fixture(scope="module")
def database() -> Any:
    with duckdb.connect() as made:
        types = "place INT, tool_name VARCHAR, server_name VARCHAR, scope_match BOOL, chain_depth BIGINT"
        made.execute(f"CREATE TABLE t ({types}, token_aud VARCHAR[], token_scopes VARCHAR[])")
        made.executemany(
            "INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?)", [(at, *row) for at, row in enumerate(ROWS)]
        )
        yield made


def in_sql(database: Any, sql: str) -> list[Any]:
    return [value for (value,) in database.execute(f"SELECT {sql} FROM t ORDER BY place").fetchall()]


def in_esql(text: str) -> list[Any]:
    query = f"FROM {ground.STREAM} METADATA _id | EVAL x = {text} | KEEP _id, x | SORT _id"
    return [row["x"] for row in run(query, _INDICES, now_ms=ground.NOW)]


def tree(sql: str) -> exp.Expr:
    return sqlglot.parse_one(sql, dialect="duckdb")


TEXTS = st.sampled_from(
    ["tool_name", "server_name", "'a'", "'b\"\\'", "lower(tool_name)", "coalesce(tool_name, 'a')"]
)
NUMBERS = st.recursive(
    st.sampled_from(["chain_depth", "1", "3", "0", "-2"]),
    lambda inner: st.tuples(inner, st.sampled_from("+-*"), inner).map(lambda x: f"({x[0]} {x[1]} {x[2]})"),
    max_leaves=3,
)
_LISTS = st.sampled_from(["token_aud", "token_scopes"])
_ORDERS = st.sampled_from(["=", "<>", "<", "<=", ">", ">="])
_LEAVES = st.one_of(
    st.sampled_from(
        ["scope_match", "TRUE", "FALSE", "scope_match = FALSE", "token_aud IS NULL", "token_aud IS NOT NULL"]
    ),
    st.tuples(TEXTS, _ORDERS, TEXTS).map(" ".join),
    st.tuples(NUMBERS, _ORDERS, NUMBERS).map(" ".join),
    st.tuples(TEXTS, TEXTS, TEXTS).map(lambda x: f"{x[0]} IN ({x[1]}, {x[2]})"),
    st.tuples(TEXTS, TEXTS).map(lambda x: f"{x[0]} NOT IN ({x[1]}, 'a')"),
    st.tuples(NUMBERS, NUMBERS, NUMBERS).map(lambda x: f"{x[0]} BETWEEN {x[1]} AND {x[2]}"),
    TEXTS.map(lambda x: f"{x} IS NULL"),
    st.tuples(_LISTS, TEXTS).map(lambda x: f"list_contains({x[0]}, {x[1]})"),
    st.tuples(_LISTS, _LISTS).map(lambda x: f"list_has_all({x[0]}, {x[1]})"),
    st.tuples(_LISTS, NUMBERS).map(lambda x: f"len(list_distinct({x[0]})) > {x[1]}"),
    _LISTS.map(lambda x: f"len(list_filter({x}, lambda w: w = 'a' OR ends_with(w, ':*'))) > 0"),
    _LISTS.map(lambda x: f"len(list_filter({x}, lambda w: starts_with(w, 'x.'))) > 0"),
)
CONDITIONS = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        inner.map(lambda x: f"NOT ({x})"),
        st.tuples(inner, st.sampled_from(["AND", "OR"]), inner).map(lambda x: f"({x[0]}) {x[1]} ({x[2]})"),
        st.tuples(inner, inner).map(lambda x: f"CASE WHEN {x[0]} THEN {x[1]} END"),
        st.tuples(inner, inner, inner).map(lambda x: f"CASE WHEN {x[0]} THEN {x[1]} ELSE {x[2]} END"),
        inner.map(lambda x: f"({x}) IS NULL"),
        inner.map(lambda x: f"coalesce({x}, FALSE)"),
    ),
    max_leaves=6,
)


@settings(max_examples=ground.EXAMPLES, deadline=None)
@given(CONDITIONS)
@example("CASE tool_name WHEN 'a' THEN 1 WHEN 'A*' THEN 2 END = 1")
@example("1 - (2 - chain_depth) * -3 > 0")
@example("scope_match = (chain_depth > 1)")
@example("list_contains(token_aud, 'a')")
@example("list_contains(token_aud, server_name)")
@example("list_has_all(token_aud, token_scopes)")
@example("len(list_distinct(token_aud)) > 1")
@example("len(list_filter(token_scopes, lambda w: w = 'a' OR ends_with(w, ':*') OR starts_with(w, 'x'))) > 0")
@example("token_aud IS NULL")
def test_a_condition_has_the_three_values_that_sql_gives_it(database: Any, sql: str) -> None:
    want = in_sql(database, sql)
    printer = Printer(COLUMNS)
    assert in_esql(printer.value(tree(sql))) == want
    assert in_esql(printer.condition(tree(sql))) == [bool(value) for value in want]


def test_a_condition_is_two_valued_before_anybody_negates_it(database: Any) -> None:
    made = Printer(COLUMNS).condition(tree("tool_name = 'a'"))
    assert in_esql(f"NOT {made}") == [value is not True for value in in_sql(database, "tool_name = 'a'")]


def test_the_time_is_asked_in_milliseconds_and_the_key_is_the_id() -> None:
    assert Printer(COLUMNS).value(tree("event_ms >= 5 AND event_key = 'x'")) == (
        'TO_LONG(@timestamp) >= 5 AND event.id == "x"'
    )


def test_a_list_of_names_is_a_field_that_a_lookup_fills(database: Any) -> None:
    """SQL's three values: who has no name is neither on the list nor off it."""
    said = Printer(COLUMNS, approved="mcp.scope_match").value(tree("server_name IN (:approved)"))
    is_listed = "CASE WHEN server_name IS NOT NULL THEN coalesce(scope_match, FALSE) END"
    assert in_esql(said) == in_sql(database, is_listed)


def test_without_a_list_every_name_counts_as_approved(database: Any) -> None:
    said = Printer(COLUMNS).value(tree("server_name IN (:approved)"))
    assert in_esql(said) == in_sql(database, "CASE WHEN server_name IS NOT NULL THEN TRUE END")


@pytest.mark.parametrize(
    ("sql", "word"),
    [
        ("trim(tool_name) = ''", "Trim"),
        ("upper(tool_name) = 'A'", "Upper"),
        ("tool_name LIKE 'a%'", "Like"),
        ("tool_name = token_aud", "token_aud is a list"),
        ("event_time IS NULL", "time"),
        ("len(token_aud) > 1", "list_distinct"),
        ("len(list_filter(token_aud, lambda w: w = 'a')) > 1", "whether any"),
        ("len(list_filter(token_aud, lambda w: w <> 'a')) > 0", "NEQ"),
        ("len(list_filter(token_aud, lambda w: starts_with(w, 'a b'))) > 0", "blank"),
        ("len(list_filter(token_aud, lambda w: starts_with(tool_name, 'a'))) > 0", "elements"),
        ("list_contains(tool_name, 'a')", "no column with a list"),
        ("list_has_any(token_aud, token_scopes)", "ArrayOverlaps"),
        ("made_up(tool_name)", "made_up"),
        ("chain_depth > 9223372036854775808", "64 bits"),
        ("nothing = 1", "no column nothing"),
        ("tool_name IN (SELECT 1)", "list of values"),
        ("tool_name IN (:other)", "parameter"),
    ],
)
def test_what_is_not_the_same_in_both_languages_is_refused_by_name(sql: str, word: str) -> None:
    with pytest.raises(Unsupported, match=word):
        Printer(COLUMNS).value(tree(sql))


def test_an_element_with_a_blank_in_it_is_not_taken_for_two() -> None:
    """The law above holds for elements without: of others the EVAL says that it cannot tell."""
    said = Printer(COLUMNS).value(tree("len(list_filter(token_aud, lambda w: starts_with(w, 'b'))) > 0"))
    index = Index(ground.mapping(COLUMNS), [{"_id": "1", "mcp.token_aud": ["a b"]}])
    query = f"FROM {ground.STREAM} | EVAL x = {said} | KEEP x"
    assert run(query, {ground.STREAM: index}, now_ms=ground.NOW) == [{"x": None}]


@settings(max_examples=ground.EXAMPLES, deadline=None)
@given(st.text(st.characters(codec="utf-8"), max_size=12))
def test_a_text_is_quoted_so_that_it_is_itself(text: str) -> None:
    assert run(f"ROW x = {quoted(text)}", {}, now_ms=0) == [{"x": text}]
