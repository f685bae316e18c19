"""Laws of ES|QL's conditions: over single values they are SQL's, which another engine can be asked."""

import sqlite3
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.languages.esql import Field, Index, run

NUMBERS = st.one_of(st.none(), st.integers(-3, 3))
TEXTS = st.one_of(st.none(), st.sampled_from(["", "a", "A", "ab", "b"]))
FIELDS = {"n": Field("long"), "m": Field("long"), "s": Field("keyword"), "t": Field("keyword")}
ROWS = st.lists(
    st.fixed_dictionaries({"n": NUMBERS, "m": NUMBERS, "s": TEXTS, "t": TEXTS}), min_size=1, max_size=6
)

amounts = st.recursive(
    st.sampled_from(["n", "m", "0", "1", "2", "3"]),
    lambda inner: (
        st.builds("{} {} {}".format, inner, st.sampled_from("+-*/%"), inner)
        | st.builds("({})".format, inner)
        | st.builds("- ({})".format, inner)
    ),
    max_leaves=4,
)
words = st.sampled_from(["s", "t", '"a"', '"A"', '"ab"', '""'])
comparisons = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
predicates = st.one_of(
    st.builds("{} {} {}".format, amounts, comparisons, amounts),
    st.builds("{} {} {}".format, words, comparisons, words),
    st.builds("{} {} ({}, {})".format, amounts, st.sampled_from(["IN", "NOT IN"]), amounts, st.just("2")),
    st.builds("{} {} ({}, {})".format, words, st.sampled_from(["IN", "NOT IN"]), words, words),
    st.builds("{} IS {}NULL".format, st.sampled_from(["n", "s"]), st.sampled_from(["", "NOT "])),
)
conditions = st.recursive(
    predicates,
    lambda inner: (
        st.builds("{} {} {}".format, inner, st.sampled_from(["AND", "OR"]), inner)
        | st.builds("NOT {}".format, inner)
        | st.builds("({})".format, inner)
    ),
    max_leaves=6,
)


def kept_by_sql(condition: str, rows: list[dict[str, Any]]) -> list[int]:
    """The places of the rows that SQLite keeps; only the spelling of equality and of texts differs."""
    with sqlite3.connect(":memory:") as database:
        database.execute("CREATE TABLE i (place INTEGER, n INTEGER, m INTEGER, s TEXT, t TEXT)")
        database.executemany("INSERT INTO i VALUES (:place, :n, :m, :s, :t)", placed(rows))
        asked = condition.replace("==", "=").replace('"', "'")
        return [at for (at,) in database.execute(f"SELECT place FROM i WHERE {asked} ORDER BY place")]


def placed(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**row, "place": at} for at, row in enumerate(rows)]


@settings(deadline=None)  # the first query builds the parser
@given(condition=conditions, rows=ROWS)
def test_a_condition_over_single_values_keeps_what_sql_keeps(
    condition: str, rows: list[dict[str, Any]]
) -> None:
    index = Index({**FIELDS, "place": Field("long")}, placed(rows))
    read = run(f"FROM i | WHERE {condition} | SORT place | KEEP place", {"i": index}, now_ms=0)
    assert [row["place"] for row in read] == kept_by_sql(condition, rows)


@settings(deadline=None)  # the first query builds the parser
@given(rows=ROWS, key=st.sampled_from(["n", "s"]))
def test_groups_over_single_values_are_sql_s(rows: list[dict[str, Any]], key: str) -> None:
    query = f"FROM i | STATS c = COUNT(*), d = COUNT(m), x = SUM(m), u = COUNT_DISTINCT(t) BY {key}"
    read = run(query, {"i": Index(FIELDS, rows)}, now_ms=0)
    with sqlite3.connect(":memory:") as database:
        database.execute("CREATE TABLE i (n INTEGER, m INTEGER, s TEXT, t TEXT)")
        database.executemany("INSERT INTO i VALUES (:n, :m, :s, :t)", rows)
        expected = database.execute(
            f"SELECT COUNT(*), COUNT(m), SUM(m), COUNT(DISTINCT t), {key} FROM i GROUP BY {key}"
        )
        assert {tuple(row.values()) for row in read} == set(expected)
