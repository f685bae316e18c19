"""Conditions of SQL in SPL: TRUE, FALSE and NULL where DuckDB says so, and what has no word is refused.

MCPSOAR_EXAMPLES sets the number of random conditions.
"""

import itertools
import os
from typing import Any

import duckdb
import pytest
import sqlglot
from hypothesis import example, given, settings
from hypothesis import strategies as st

from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import Kind
from mcpsoar.targets.spl import expression
from mcpsoar.targets.spl.held import Held
from mcpsoar.targets.spl.text import Said, literal
from tests.languages.spl import run

EXAMPLES = int(os.environ.get("MCPSOAR_EXAMPLES", "40"))
COLUMNS = {
    "a": Held(Kind.TEXT, "a"),
    "b": Held(Kind.TEXT, "b"),
    "n": Held(Kind.INTEGER, "n"),
    "p": Held(Kind.BOOL, "p"),
    "q": Held(Kind.BOOL, "q"),
    "tags": Held(Kind.TEXTS, "tags", Said('has_tags="yes"')),
    "needs": Held(Kind.TEXTS, "needs", Said('has_needs="yes"')),
}
VALUES: dict[str, list[Any]] = {
    "a": [None, "x", "X", "7", 'q"\\'],
    "b": [None, "x", "007", "7"],
    "n": [None, 0, 7],
    "p": [None, True, False],
    "q": [None, True],
    "tags": [None, [], ["x"], ["x", "7", "x", "k.x"]],
    "needs": [None, [], ["7"]],
}
FACTS = [dict(zip(VALUES, row, strict=True)) for row in itertools.product(*VALUES.values())][::17]
ATOMS = [
    "a = 'x'",
    "a <> b",
    "a = b",
    "b = '7'",
    "a = 'q\"\\'",
    "a < 'x'",
    "a IN ('x', '7')",
    "NOT b IN ('x', '007')",
    "a IS NULL",
    "b IS NOT NULL",
    "LOWER(a) = 'x'",
    "TRIM(a) = 'x'",
    "n = 7",
    "n <> 0",
    "n > 0",
    "n BETWEEN 1 AND 7",
    "n + 1 = 8",
    "n * 2 - 1 > 3",
    "-n < 0",
    "p",
    "p = TRUE",
    "p <> q",
    "p = q",
    "p = FALSE",
    "p IS NULL",
    "TRUE",
    "NULL",
    "1 = 1",
    "CASE WHEN p THEN a ELSE 'x' END = 'x'",
    "CASE WHEN p THEN a END IS NULL",
    "CASE WHEN a = 'x' THEN q WHEN p THEN FALSE END",
    "COALESCE(a, b, '7') = '7'",
    "COALESCE(a, b) <> 'x'",
    "COALESCE(a, b) IN ('x', '7')",
    "COALESCE(n, 0) >= 0",
    "list_contains(tags, 'x')",
    "list_contains(tags, a)",
    "list_has_all(tags, needs)",
    "len(tags) = 0",
    "len(list_distinct(tags)) > 1",
    "len(list_filter(tags, lambda e: starts_with(e, 'k.') OR e = '7')) > 0",
    "len(list_filter(tags, lambda e: ends_with(e, '.x'))) = 0",
    "starts_with(a, 'x')",
    "ends_with(b, '7')",
    "tags IS NULL",
    "a LIKE 'x%' ESCAPE '!'",
    "a LIKE '_' ESCAPE '!'",
    "a LIKE '%!%' ESCAPE '!'",
]
CONDITIONS: st.SearchStrategy[str] = st.recursive(
    st.sampled_from(ATOMS),
    lambda inner: st.one_of(
        inner.map(lambda one: f"NOT ({one})"),
        st.tuples(inner, inner).map(lambda two: f"({two[0]}) AND ({two[1]})"),
        st.tuples(inner, inner).map(lambda two: f"({two[0]}) OR ({two[1]})"),
        st.tuples(inner, st.sampled_from(["TRUE", "FALSE", "p"])).map(
            lambda two: f"COALESCE({two[0]}, {two[1]})"
        ),
    ),
    max_leaves=6,
)


def as_field(value: Any) -> Any:
    return str(value).lower() if isinstance(value, bool) else str(value)


def event(facts: dict[str, Any]) -> dict[str, Any]:
    """A row as Splunk has it: no field is null, an empty list has no values."""
    row: dict[str, Any] = {"_time": 1, "_indextime": 1}
    for name, value in facts.items():
        if isinstance(value, list):
            row[f"has_{name}"] = "yes"
            row |= {name: value} if value else {}
        elif value is not None:
            row[name] = as_field(value)
    return row | {"has_tags": row.get("has_tags", "no"), "has_needs": row.get("has_needs", "no")}


@pytest.fixture(scope="module")
def table() -> Any:
    connection = duckdb.connect()
    connection.execute(
        "CREATE TABLE t (i INT, a VARCHAR, b VARCHAR, n BIGINT, p BOOLEAN, q BOOLEAN, "
        "tags VARCHAR[], needs VARCHAR[])"
    )
    connection.executemany(
        "INSERT INTO t VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [[at, *facts.values()] for at, facts in enumerate(FACTS)],
    )
    return connection


def in_spl(said: Said) -> list[bool]:
    events = [event(facts) | {"at": str(at)} for at, facts in enumerate(FACTS)]
    kept = run(f"* | where {said.text}", events, now_ms=0)
    found = {row["at"] for row in kept}
    return [str(at) in found for at in range(len(FACTS))]


def agree(table: Any, sql: str) -> None:
    answers = [row[0] for row in table.execute(f"SELECT {sql} FROM t ORDER BY i").fetchall()]
    tree = sqlglot.parse_one(sql, dialect="duckdb")
    made = expression.Conditions(COLUMNS)
    assert in_spl(made.true(tree)) == [one is True for one in answers]
    assert in_spl(made.false(tree)) == [one is False for one in answers]
    assert in_spl(made.untrue(tree)) == [one is not True for one in answers]
    assert in_spl(made.null(tree)) == [one is None for one in answers]


@settings(max_examples=EXAMPLES, deadline=None)
@given(sql=CONDITIONS)
@example(sql="NOT ((a = 'x') OR NULL)")
def test_a_condition_is_true_false_and_null_where_sql_is(table: Any, sql: str) -> None:
    agree(table, sql)


@pytest.mark.parametrize("sql", ATOMS)
def test_every_condition_alone_and_negated(table: Any, sql: str) -> None:
    for whole in (sql, f"NOT ({sql})", f"NOT COALESCE({sql}, FALSE)"):
        agree(table, whole)


@pytest.mark.parametrize(
    ("sql", "word"),
    [
        ("regexp_matches(a, 'x')", "regular expression"),
        ("a = 7", "no common meaning"),
        ("n = 'x'", "no common meaning"),
        ("a", "no condition"),
        ("unheard = 'x'", "no field"),
        ("strftime(n, '%d') = 'x'", "no word in SPL"),
        ("EXISTS (SELECT 1)", "no word in SPL"),
        ("md5(a) = 'x'", "no word in SPL"),
        ("a LIKE b ESCAPE '!'", "no fixed text"),
        ("LOWER(a) = LOWER('É')", "outside ASCII"),
        ("TRIM(a, 'x') = 'y'", "TRIM"),
        ("CASE a WHEN 'x' THEN TRUE END", "write its conditions"),
        ("a IN (SELECT 'x')", "list of values"),
    ],
)
def test_what_spl_has_no_word_for_is_refused_by_name(sql: str, word: str) -> None:
    with pytest.raises(Unsupported, match=word):
        expression.condition(sqlglot.parse_one(sql, dialect="duckdb"), COLUMNS)


@pytest.mark.parametrize(
    "text",
    ["x", 'a"b', "a\\", '\\"', "a|b", "`m`", "a\nb\tc", "é\u2028%41+", "\x00", "%", "a\u202eb", "\u200b"],
)
def test_a_literal_is_the_text_itself(text: str) -> None:
    rows = [{"_time": 1, "_indextime": 1, "f": one} for one in (text, text + "!", "x!")]
    assert [row["f"] for row in run(f"* | where f={literal(text)}", rows, now_ms=0)] == [text]
    assert not {*literal(text)} & {*"`\n\t\x00\u202e\u200b"}
