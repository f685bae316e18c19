"""Repeats and references of regular expressions: what an engine cannot count or find again is refused."""

import re
from typing import Any

import pytest

from mcpsoar.core.errors import Unsupported
from mcpsoar.targets.bridge import regex, tree
from mcpsoar.targets.bridge.table import texts
from mcpsoar.targets.rule import reading
from tests.targets.engines import asked
from tests.targets.evaluator import rule
from tests.targets.test_regex_laws import refused


def fitted(pattern: str, name: str) -> str:
    return regex.fitted(regex.Pattern(pattern, frozenset()), name)


@pytest.mark.parametrize("name", ["duckdb", "clickhouse", "bigquery"])
@pytest.mark.parametrize(
    "pattern",
    [
        "(?:a{200}){200}",
        r"(?:[\w.]{1,255}){1,20}",
        "(?:(?:a{10}b){10}c){11}",
        "(?:x(?:a{2,}b)+){501}",
        "(?:ba{200}|c){6}",
    ],
)
def test_repeats_within_repeats_that_re2_refuses_are_refused(pattern: str, name: str) -> None:
    with pytest.raises(Unsupported, match="repeats at most 1000 times in all"):
        fitted(pattern, name)
    assert fitted(pattern, "trino")


@pytest.mark.parametrize(
    "pattern",
    [
        "(?:a{500}){2}",
        "(?:a{500}b){2}c{600}",
        "(?:(?:a{10}b){10}c){10}",
        "a{600}|b{600}",
        "(?:a{1000})+",
        "(?:a{1000}){0,1}",
    ],
)
def test_as_many_repeats_as_re2_takes_are_asked(pattern: str, databases: dict[str, Any]) -> None:
    found = databases["duckdb"].execute("SELECT regexp_matches('b', ?)", [fitted(pattern, "duckdb")])
    assert found.fetchone() == (re.search(pattern, "b") is not None,)


@pytest.mark.parametrize(
    "pattern",
    [
        r"^(?P<q>['x]).(?P=q)$",
        r"^(?P<q>a)(?P=q)+1$",
        r"^(b)?(?P<q>a)(?P=q)1$",
        r"^(a)\1\x31$",
        r"^(a|b)+\1$",
        r"^(?:(a)|b)?\1$",
        r"^(?:(a)|b){0,1}\1$",
        r"^(?:(a)|b)*\1$",
        r"^(?:(a)|b){2}\1$",
        r"^(?:(a)|b\1)+$",
        r"^((a)|b)+\2$",
    ],
)
def test_a_reference_finds_what_python_finds_or_is_refused(pattern: str, engine: tuple[str, Any]) -> None:
    rows = [
        {"one": text} for text in ("'a'", "xax", "xa'", "aa1", "baa1", "aaa1", "aa", "abb", "aba", "abab")
    ]
    made = rule({"a": {"one|re": pattern}, "condition": "a"})
    predicate = tree.condition(reading.read(made).conditions[0], texts("events", ["one"]))
    if refused(predicate, engine[0]):
        return
    expected = [re.search(pattern, row["one"]) is not None for row in rows]
    assert any(expected)
    assert asked(*engine, predicate, rows) == expected


@pytest.mark.parametrize("name", ["postgres", "redshift", "trino", "mysql", "sqlite"])
def test_a_group_is_referred_to_by_its_number_where_it_has_lost_its_name(name: str) -> None:
    text = fitted("(x)(?P<q>a)(?P=q)1", name)
    assert text == r"(x)(?P<q>a)(?:\2)1" if name == "sqlite" else r"(x)(a)(?:\2)1"


def test_a_condition_asks_for_a_group_by_its_number() -> None:
    assert fitted("(?P<q>a)?(?(q)b|c)", "redshift") == "(a)?(?(1)b|c)"


def test_a_number_that_would_be_read_as_a_character_is_refused() -> None:
    with pytest.raises(Unsupported, match="a number over 99"):
        fitted("()" * 99 + "(?P<q>a)(?P=q)", "postgres")


def test_postgres_keeps_a_group_that_is_repeated_itself_and_forgets_one_within() -> None:
    assert fitted(r"(a|b)+\1", "postgres")
    with pytest.raises(Unsupported, match="no backreference to a group within a repeat"):
        fitted(r"(?:(a)|b)*\1", "postgres")
