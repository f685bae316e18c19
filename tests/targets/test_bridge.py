"""The bridge from Sigma to SQL: each construct, executed on two engines, equals plain Python."""

from dataclasses import replace
from typing import Any

import pytest
from sqlglot import exp

from mcpsoar.core.errors import BadContent, Unsupported, Usage
from mcpsoar.core.event import Column, Kind
from mcpsoar.kit import find
from mcpsoar.targets import sql
from mcpsoar.targets.bridge import dialect, tree
from mcpsoar.targets.bridge.table import Table, texts
from mcpsoar.targets.rule import reading
from tests.targets.evaluator import COLUMNS, Event, holds, on_duckdb, on_sqlite, rule

EVENTS: tuple[Event, ...] = (
    {},
    {"tool_name": "create_issue", "server_name": "GitHub", "action_class": "write", "chain_depth": 8},
    {"tool_name": "createXissue", "server_name": "github", "action_class": "read", "audience_match": True},
    {"tool_name": "CREATE_ISSUE", "action_class": "destructive", "audience_match": False, "latency_ms": 1.5},
    {"tool_name": "100%", "server_name": "a!b", "chain_depth": -3, "latency_ms": 8.0},
    {"tool_name": "1000", "server_name": "a\\b", "chain_depth": 0, "audience_match": True},
    {"tool_name": "what*", "server_name": "it's [x]", "chain_depth": 7},
    {"tool_name": "what?", "server_name": "line\nbreak", "action_class": "write"},
    {"tool_name": "what1", "server_name": " padded ", "chain_depth": 9, "latency_ms": 0.0},
    {"tool_name": "null", "server_name": "true", "chain_depth": 1},
)


def built(detection: dict[str, Any]) -> exp.Expression:
    return tree.build(reading.read(rule(detection)), COLUMNS)


@pytest.mark.parametrize(
    ("item", "hits"),
    [
        ({"tool_name": "create_issue"}, {1, 3}),
        ({"tool_name|cased": "create_issue"}, {1}),
        ({"tool_name": "CREATE?ISSUE"}, {1, 2, 3}),
        ({"tool_name|cased": "create?issue"}, {1, 2}),
        ({"tool_name|contains": "te_is"}, {1, 3}),
        ({"tool_name|contains|cased": "te_is"}, {1}),
        ({"tool_name|startswith": "CREATE"}, {1, 2, 3}),
        ({"tool_name|endswith": "%"}, {4}),
        ({"tool_name|endswith|cased": "UE"}, {3}),
        ({"tool_name": "100%"}, {4}),
        ({"tool_name": "100*"}, {4, 5}),
        ({"tool_name": 1000}, {5}),
        ({"tool_name": "what\\*"}, {6}),
        ({"tool_name": "what\\?"}, {7}),
        ({"tool_name": "what?"}, {6, 7, 8}),
        ({"tool_name|cased": "what\\*"}, {6}),
        ({"tool_name|contains|cased": "\\?"}, {7}),
        ({"tool_name": "*"}, set(range(1, 10))),
        ({"tool_name": "null"}, {9}),
        ({"tool_name": None}, {0}),
        ({"tool_name": ""}, {0}),
        ({"tool_name": "  "}, {0}),
        ({"tool_name|exists": True}, set(range(1, 10))),
        ({"tool_name|exists": False}, {0}),
        ({"server_name|contains": "!"}, {4}),
        ({"server_name": "a\\\\b"}, {5}),
        ({"server_name|contains": "\\"}, {5}),
        ({"server_name|contains": "'s [X]"}, {6}),
        ({"server_name|contains|cased": "[x]"}, {6}),
        ({"server_name": "line*break"}, {7}),
        ({"server_name": " padded "}, {8}),
        ({"server_name": "padded"}, set()),
        ({"server_name": True}, {9}),
        ({"action_class": ["write", "destructive"]}, {1, 3, 7}),
        ({"action_class": "WRITE"}, {1, 7}),
        ({"action_class": [None, "write"]}, {0, 1, 4, 5, 6, 7, 8, 9}),
        ({"action_class|neq": "write"}, {0, 2, 3, 4, 5, 6, 8, 9}),
        ({"tool_name|contains|all": ["CREATE", "_"]}, {1, 3}),
        ({"tool_name|contains": ["create", "%"]}, {1, 2, 3, 4}),
        ({"audience_match": False}, {3}),
        ({"audience_match": True}, {2, 5}),
        ({"audience_match": "False"}, {3}),
        ({"audience_match": "maybe"}, set()),
        ({"chain_depth|gte": 8}, {1, 8}),
        ({"chain_depth|gt": 8}, {8}),
        ({"chain_depth|lt": 0}, {4}),
        ({"chain_depth|lte": 0}, {4, 5}),
        ({"chain_depth": [7, 9]}, {6, 8}),
        ({"chain_depth": "7"}, {6}),
        ({"chain_depth": "deep"}, set()),
        ({"chain_depth|gt": 7.5}, {1, 8}),
        ({"latency_ms": 8}, {4}),
        ({"latency_ms|lte": 1.5}, {3, 8}),
        ({"no_such_column": "x"}, set()),
        ({"no_such_column": None}, set(range(10))),
        ({"no_such_column|exists": True}, set()),
        ({"action_class": "write", "chain_depth|gte": 8}, {1}),
    ],
    ids=str,
)
def test_an_item_matches_the_same_events_everywhere(item: dict[str, Any], hits: set[int]) -> None:
    detection = {"selection": item}
    for detection_condition, condition in (
        ("selection", "selection"),
        ("not selection", ("not", "selection")),
    ):
        predicate = built({**detection, "condition": detection_condition})
        expected = [holds(detection, condition, event) for event in EVENTS]
        assert on_duckdb(predicate, EVENTS) == expected
        assert on_sqlite(predicate, EVENTS) == expected
    assert {index for index, event in enumerate(EVENTS) if holds(detection, "selection", event)} == hits


@pytest.mark.parametrize(
    ("condition", "hits"),
    [
        ("a and b", {1}),
        ("a or b", {1, 7, 8}),
        ("a and not b", {7}),
        ("not a and not b", {0, 2, 3, 4, 5, 6, 9}),
        ("not (a and b)", {0, 2, 3, 4, 5, 6, 7, 8, 9}),
        ("1 of filter_*", {2, 4, 5}),
        ("all of filter_*", {5}),
        ("a and not 1 of filter_*", {1, 7}),
        ("any of them", {1, 2, 4, 5, 7, 8}),
        ("b or a and not filter_x", {1, 7, 8}),
    ],
)
def test_conditions_bind_as_sigma_says(condition: str, hits: set[int]) -> None:
    predicate = built(
        {
            "a": {"action_class": "write"},
            "b": {"chain_depth|gte": 8},
            "filter_x": {"audience_match": True},
            "filter_y": [{"chain_depth": 0}, {"tool_name|startswith": "100", "server_name|contains": "!"}],
            "condition": condition,
        }
    )
    for answers in (on_duckdb(predicate, EVENTS), on_sqlite(predicate, EVENTS)):
        assert {index for index, hit in enumerate(answers) if hit} == hits


def test_a_rule_with_several_conditions_matches_when_any_does() -> None:
    predicate = built({"a": {"chain_depth": 7}, "b": {"chain_depth": 9}, "condition": ["a", "b"]})
    assert [index for index, hit in enumerate(on_duckdb(predicate, EVENTS)) if hit] == [6, 8]


def test_text_that_is_not_ascii_folds_as_the_engine_folds() -> None:
    predicate = built({"a": {"tool_name|contains": "LÖSCHE"}, "condition": "a"})
    assert on_duckdb(predicate, [{"tool_name": "lösche_alles"}, {"tool_name": "losche"}]) == [True, False]


@pytest.mark.parametrize(
    ("part", "number", "engines"),
    [
        ("minute", 7, ("duckdb", "sqlite")),
        ("hour", 23, ("duckdb", "sqlite")),
        ("day", 31, ("duckdb", "sqlite")),
        ("week", 53, ("duckdb",)),
        ("month", 12, ("duckdb", "sqlite")),
        ("year", 2026, ("duckdb", "sqlite")),
    ],
)
def test_a_part_of_a_time_is_that_of_utc(part: str, number: int, engines: tuple[str, ...]) -> None:
    predicate = built({"a": {f"event_time|{part}": number}, "condition": "a"})
    event = {"event_time": "2026-12-31 23:07:09"}
    other = {"event_time": "2025-02-01 22:08:09"}
    for engine, ask in (("duckdb", on_duckdb), ("sqlite", on_sqlite)):
        if engine in engines:
            assert ask(predicate, [event, other, {}]) == [True, False, False]
        else:
            with pytest.raises(Unsupported, match=part):
                dialect.text(predicate, engine)


def test_a_field_is_asked_by_its_columns_own_name() -> None:
    table = Table("t", {"ProcessID": Column("c1", Kind.TEXT, ""), "ProcessId": Column("c2", Kind.TEXT, "")})
    node = reading.read(rule({"a": {"ProcessId": 1, "ProcessID": 2}, "condition": "a"})).conditions[0]
    said = dialect.text(tree.condition(node, table), "duckdb")
    assert said == """COALESCE(LOWER("c2") = '1', FALSE) AND COALESCE(LOWER("c1") = '2', FALSE)"""


def test_a_node_that_nobody_tried_is_refused_not_passed_on() -> None:
    strange = exp.EQ(this=exp.func("SOUNDEX", exp.column("a")), expression=exp.Literal.string("x"))
    for name in dialect.DIALECTS:
        with pytest.raises(Unsupported, match="never tried"):
            dialect.text(strange, name)
    unknown = exp.Anonymous(this="NO_SUCH", expressions=[])
    with pytest.raises(Unsupported, match="never tried on duckdb"):
        dialect.text(unknown, "duckdb")


@pytest.mark.parametrize(
    ("pattern", "refusing"),
    [
        ("(?=a)b", {"duckdb", "bigquery", "clickhouse", "snowflake"}),
        ("(?<!a)b", {"duckdb", "bigquery", "clickhouse", "snowflake"}),
        (r"(a)\1", {"duckdb", "bigquery", "clickhouse", "snowflake"}),
        ("a{256}", {"postgres"}),
        ("a{1001}", {"duckdb", "bigquery", "clickhouse", "postgres"}),
        ("a++b", {"duckdb", "bigquery", "clickhouse", "postgres", "snowflake"}),
        ("(?>a)b", {"duckdb", "bigquery", "clickhouse", "postgres", "snowflake"}),
        ("(?i:a)b", {"postgres", "snowflake"}),
        ("(?i)a.b$", set()),
    ],
)
def test_each_dialect_refuses_the_regular_expressions_it_lacks(pattern: str, refusing: set[str]) -> None:
    node = reading.read(rule({"a": {"tool_name|re": pattern}, "condition": "a"})).conditions[0]
    reasons = {name: refusal(tree.condition(node, texts("t")), name) for name in dialect.DIALECTS}
    assert {name for name, reason in reasons.items() if reason} == refusing
    assert all(name in reason for name, reason in reasons.items() if reason)


def refusal(asked: exp.Expression, name: str) -> str:
    """Why a dialect cannot say it; empty where it can."""
    try:
        dialect.text(asked, name)
    except Unsupported as error:
        return error.message
    return ""


def test_a_list_of_a_thousand_values_prints_and_runs() -> None:
    values = [f"*tool{number}*" for number in range(1000)]
    predicate = built({"a": {"tool_name": values}, "condition": "not a"})
    assert on_duckdb(predicate, [{"tool_name": "my tool999"}, {"tool_name": "other"}]) == [False, True]
    assert on_sqlite(predicate, [{"tool_name": "my tool999"}, {"tool_name": "other"}]) == [False, True]


@pytest.mark.parametrize(
    ("item", "word"),
    [
        ({"tool_name|re": "(?=cre).*"}, r"\|re: duckdb has no lookaround"),
        ({"tool_name|re": "(a)\\1"}, r"\|re: duckdb has no backreference"),
        ({"tool_name|re": "a{1001}"}, "at most 1000 times"),
        ({"tool_name|fieldref": "chain_depth"}, r"\|fieldref: .* no common meaning"),
        ({"tool_name|expand": "%tools%"}, r"\|expand"),
        ({"tool_name|hour": 3}, "only a time has its hour"),
        ({"actor_tags|fieldref": "tool_name"}, "no common meaning"),
        ({"actor_tags": "read_only"}, "actor_tags is a list in one text; a derived column"),
        ({"actor_tags|contains|all": ["a", "b"]}, "is a list in one text"),
        ({"chain_depth|re": "8"}, "no text to search"),
        ({"event_time": "2026-03-01"}, "is a time"),
        ({"chain_depth|contains": "8"}, "no text to search"),
        (["keyword"], "keywords"),
    ],
    ids=str,
)
def test_what_is_not_bridged_is_refused_with_rule_item_and_line(item: Any, word: str) -> None:
    with pytest.raises(Unsupported, match=word) as refusal:
        built({"first": {"tool_name": "x"}, "second": item, "condition": "first and second"})
    assert "made_up" in refusal.value.message
    assert refusal.value.where
    text = rule({"first": {"tool_name": "x"}, "second": item, "condition": "first and second"}).text
    line = int(refusal.value.where.rpartition(":")[2])
    assert "second" in "".join(text.splitlines()[line - 2 : line])


@pytest.mark.parametrize(
    ("item", "words"),
    [
        ({"tool_nmae": "x"}, ("tool_nmae", "tool_name")),
        ({"action_class": "delete"}, ("never 'delete'", "read, write, destructive")),
        ({"action_class|cased": "WRITE"}, ("never 'WRITE'",)),
        ({"action_class|contains": "q"}, ("never",)),
        ({"action_class": 3}, ("one of",)),
        ({"audience_match": "false"}, ("without quotes",)),
        ({"tool_name": True}, ("is text",)),
        ({"chain_depth": "8"}, ("without quotes",)),
        ({"tool_name|gte": 8}, ("not a number",)),
        ({"tool_name|contains": 8}, ("tool_name|contains",)),
        ({"tool_name|frobnicate": "x"}, ("frobnicate",)),
        ({"tool_name|exists": "yes"}, ("tool_name|exists",)),
    ],
    ids=str,
)
def test_a_dead_or_broken_item_is_a_complaint_with_its_line(
    item: dict[str, Any], words: tuple[str, ...]
) -> None:
    made = rule({"selection": {"server_name": "x", **item}, "condition": "selection"})
    with pytest.raises(BadContent) as complaint:
        sql.predicate(made, COLUMNS)
    for word in words:
        assert word in complaint.value.message
    assert complaint.value.where
    line = int(complaint.value.where.rpartition(":")[2])
    assert next(iter(item)) in made.text.splitlines()[line - 1]


@pytest.mark.parametrize("target", ["sql", "splunk", "esql"])
def test_a_condition_as_deep_as_allowed_is_converted(target: str) -> None:
    made = rule({"a": {"tool_name": "x"}, "condition": "not " * 64 + "a"})
    assert find.load("mcpsoar.targets", target).make(COLUMNS, None).convert(made)


def test_one_reader_of_yaml_decides_what_a_rule_says() -> None:
    """pySigma's own reader refuses an escape that ours took: a fault, and a difference anywhere else."""
    made = rule({"a": {"tool_name": "SMILE"}, "condition": "a"})
    made = replace(made, text=made.text.replace("SMILE", '"\\uD83D\\uDE00"'))
    with pytest.raises(BadContent, match="half a character") as complaint:
        sql.predicate(made, COLUMNS)
    assert complaint.value.where == f"{made.path}:10"


@pytest.mark.parametrize(
    ("detection", "line", "word"),
    [
        ({"a": {"tool_name": "x"}, "condition": None}, 11, "condition is a text"),
        ({"a": {"tool_name": "x"}, "condition": 5}, 11, "condition is a text"),
        ({"a": {"tool_name": "x"}, "condition": [["a"]]}, 11, "condition is a text"),
        ({"a": {"tool_name": "x"}, "condition": {}}, 11, "condition is a text"),
        ({"a": {"tool_name": "x"}, "condition": []}, 11, "condition is a text"),
        ({"a": {"tool_name": "x"}}, 8, "condition is a text"),
        ({"a": {1: "x"}, "condition": "a"}, 10, "1 is no field"),
        ({"a": {None: "x"}, "condition": "a"}, 9, "is no field"),
        ({"a": None, "condition": "a"}, 9, "null asks for nothing"),
        ({"a": [None], "condition": "a"}, 9, "null asks for nothing"),
        ({1: {"tool_name": "x"}, "condition": "1 of them"}, 9, "1 is no name"),
    ],
    ids=str,
)
@pytest.mark.parametrize("target", ["sql", "splunk", "esql"])
def test_what_is_no_detection_is_a_complaint_with_its_line(
    detection: dict[Any, Any], line: int, word: str, target: str
) -> None:
    made = rule(detection)
    with pytest.raises(BadContent, match=word) as complaint:
        find.load("mcpsoar.targets", target).make(COLUMNS, None).convert(made)
    assert complaint.value.where == f"{made.path}:{line}"


def test_every_complaint_is_told_at_once() -> None:
    made = rule({"a": {"tool_nmae": "x", "action_class": "delete"}, "condition": "a"})
    with pytest.raises(BadContent, match=r"tool_nmae.*also.*made_up.yml:.*never 'delete'"):
        sql.predicate(made, COLUMNS)


@pytest.mark.parametrize(
    ("condition", "word"),
    [
        ("a and b", "'b' not defined"),
        ("a and", "Expected"),
        ("a and 1 of filter_*", "no selection"),
        ("a | count() > 3", "pipe"),
        ("not " * 3000 + "a", "more than 64 deep"),
        ("not " * 150 + "a", "more than 64 deep"),
        ("(a and " * 150 + "a" + ")" * 150, "more than 64 deep"),
    ],
)
def test_a_broken_condition_is_a_complaint_with_its_line(condition: str, word: str) -> None:
    made = rule({"a": {"tool_name": "x"}, "condition": condition})
    with pytest.raises(BadContent, match=word) as complaint:
        sql.predicate(made, COLUMNS)
    assert complaint.value.where
    line = int(complaint.value.where.rpartition(":")[2])
    assert made.text.splitlines()[line - 1].strip().startswith("condition")


def test_an_unknown_dialect_is_refused_with_the_known_ones() -> None:
    with pytest.raises(Usage, match="duckdb"):
        sql.make(COLUMNS, "klingon")


def test_every_dialect_prints_and_none_gets_a_bare_wildcard() -> None:
    made = rule({"a": {"tool_name|contains": "50%_!\\'"}, "condition": "not a"})
    for name in dialect.DIALECTS:
        text = sql.make(COLUMNS, name).convert(made)
        assert ("ESCAPE" in text) is (name not in ("bigquery", "clickhouse")), text


EXACT = "AS CHAR CHARACTER SET utf8mb4) COLLATE utf8mb4_0900_bin"


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        ({"tool_name|cased": "X"}, f"CAST(`tool_name` {EXACT} = 'X'"),
        ({"tool_name|cased|contains": "X"}, f"CAST(`tool_name` {EXACT} LIKE '%X%' ESCAPE '!'"),
        ({"tool_name": "X"}, f"CAST(LOWER(`tool_name`) {EXACT} = 'x'"),
        ({"tool_name": ["X", "Y"]}, f"CAST(LOWER(`tool_name`) {EXACT} IN ('x', 'y')"),
        ({"tool_name|startswith": "É"}, f"CAST(LOWER(`tool_name`) {EXACT} LIKE LOWER('É%') ESCAPE '!'"),
        ({"action_class": "read"}, f"CAST(`action_class` {EXACT} = 'read'"),
        ({"tool_name|fieldref": "server_name"}, f"CAST(LOWER(`tool_name`) {EXACT} = LOWER(`server_name`)"),
        (
            {"tool_name|fieldref|contains": "server_name"},
            f"LOCATE(LOWER(`server_name`), CAST(LOWER(`tool_name`) {EXACT}) > 0",
        ),
        ({"chain_depth": 3}, "COALESCE(`chain_depth` = 3, FALSE)"),
        ({"tool_name": None}, "`tool_name` IS NULL"),
    ],
    ids=str,
)
def test_mysql_compares_texts_by_their_code_points(item: dict[str, Any], expected: str) -> None:
    """Its default collation would find `resume` in `RÉSUMÉ`, and Sigma would not."""
    assert expected in dialect.text(built({"a": item, "condition": "a"}), "mysql")


def test_a_predicate_of_the_scan_folds_no_enumeration_and_looks_for_no_blank() -> None:
    """The prelude has done both; a scan asks every rule of every event."""
    item = {"action_class": "READ", "server_name": None, "tool_name|exists": True}
    made = sql.predicate(rule({"a": item, "condition": "a"}), COLUMNS).sql("duckdb")
    assert made.replace("(", "").replace(")", "") == (
        """COALESCE"action_class" = 'read', FALSE AND "server_name" IS NULL AND NOT "tool_name" IS NULL"""
    )


@pytest.mark.parametrize("name", dialect.DIALECTS)
def test_what_stands_for_a_dialect_s_words_is_a_text_like_any_other(name: str) -> None:
    item = {"tool_name|cased": ["EVENT_MS_HERE", "BARE_HERE(x)"]}
    made = sql.make(COLUMNS, name).convert(rule({"a": item, "condition": "a"}))
    assert "'EVENT_MS_HERE'" in made
    assert "'BARE_HERE(x)'" in made
    assert made.count("_HERE") == 2
