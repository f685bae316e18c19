"""Each way in which the stock text would mean something else than the rule: repaired here, seen on events.

What an item finds is written by hand; DuckDB must find the same.
"""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcpsoar.core.event import Column, Kind
from mcpsoar.detect.matching import matches
from mcpsoar.targets import esql, sql
from tests.languages.esql import Index
from tests.targets.es import ground
from tests.targets.evaluator import COLUMNS as FEW
from tests.targets.evaluator import rule, spelled
from tests.targets.test_bridge_laws import EVENT, ITEM, NAMES

_ASKED = ("event_time", "event_id", "tool_name", "decision", "actor_tags", "chain_depth", "src_ip")
COLUMNS = tuple(column for column in ground.columns() if column.name in _ASKED)
RANDOM = (*FEW, Column("event_id", Kind.TEXT, ""))


def asked(detection: dict[str, Any], events: list[dict[str, Any]], of: tuple[Column, ...]) -> tuple[int, ...]:
    return ground.places(esql.make(of).convert(rule(detection)), ground.held(events, of))


def found(detection: dict[str, Any], events: list[dict[str, Any]], of: tuple[Column, ...]) -> list[int]:
    """The places that ES|QL finds, which must be those that the scan finds."""
    places = asked(detection, events, of)
    text = rule(detection)
    assert places == matches({"r": sql.predicate(text, of)}, events, of)["r"]
    return list(places)


@pytest.mark.parametrize(
    ("item", "condition", "values", "hits"),
    [
        pytest.param({"tool_name": "x"}, "not a", ["x", "y", None], [1, 2], id="absent under NOT"),
        pytest.param({"chain_depth|gt": 5}, "not a", [], [0], id="no number under NOT"),
        pytest.param({"tool_name": "Fetch"}, "a", ["fetch", "FETCH", "x"], [0, 1], id="case"),
        pytest.param({"tool_name": ["A", "b"]}, "a", ["a", "B", "c"], [0, 1], id="case in a list of values"),
        pytest.param({"tool_name|contains": "A"}, "a", ["xAx", "xax", "x"], [0, 1], id="case in a part"),
        pytest.param({"tool_name|startswith": "A"}, "a", ["ax", "Ax", "xa"], [0, 1], id="case at the start"),
        pytest.param({"tool_name|cased": "Fetch"}, "a", ["fetch", "Fetch"], [1], id="cased"),
        pytest.param({"tool_name|contains|cased": "A"}, "a", ["xax", "xAx"], [1], id="a cased part"),
        pytest.param({"tool_name": "a\\*b"}, "a", ["a*b", "axb"], [0], id="an asterisk that is meant"),
        pytest.param(
            {"tool_name": "a\\?*"}, "a", ["a?x", "axx"], [0], id="a question mark before a wildcard"
        ),
        pytest.param({"tool_name|contains": "\\*"}, "a", ["a*b", "ab"], [0], id="an asterisk in a part"),
        pytest.param({"tool_name": "a?b"}, "a", ["axb", "ab", "axxb"], [0], id="one sign"),
        pytest.param({"tool_name": 'a"b\\c'}, "a", ['a"b\\c', "abc"], [0], id="quotes and backslashes"),
        pytest.param({"tool_name|endswith": "\\"}, "a", ["a\\", "a"], [0], id="a backslash at the end"),
        pytest.param({"tool_name": None}, "a", ["x", None, "", " \t"], [1, 2, 3], id="blank is absent"),
        pytest.param({"tool_name|exists": True}, "a", ["x", None, " "], [0], id="blank is not there"),
        pytest.param({"tool_name": ""}, "not a", ["x", None, " "], [0], id="blank under NOT"),
    ],
)
def test_a_text_is_what_the_rule_means(
    item: dict[str, Any], condition: str, values: list[Any], hits: list[int]
) -> None:
    events = [{"tool_name": value} for value in values] or [{}, {"chain_depth": 7}]
    assert found({"a": item, "condition": condition}, events, COLUMNS) == hits


def test_a_blank_that_nobody_took_out_is_absent_all_the_same() -> None:
    """The guard of rules whose events came in by another way than ours."""
    events = [{"tool_name": value} for value in ("x", " \t", "", None)]
    documents = [ground.stored(event, place, COLUMNS) for place, event in enumerate(events)]
    indices = {ground.STREAM: Index(ground.mapping(COLUMNS), documents)}
    for value, hits in ((None, (1, 2, 3)), ("*", (0,))):
        query = esql.make(COLUMNS).convert(rule({"a": {"tool_name": value}, "condition": "a"}))
        assert ground.places(query, indices) == hits


@pytest.mark.parametrize(
    ("item", "condition", "hits"),
    [
        pytest.param({"actor_tags": "SVC"}, "a", [0, 1, 2], id="any element"),
        pytest.param({"actor_tags|all": ["svc", "ci"]}, "a", [1, 2], id="every element"),
        pytest.param({"actor_tags|cased": "svc"}, "a", [0, 1], id="cased"),
        pytest.param({"actor_tags": ["ci", "ops"]}, "not a", [0, 3, 4], id="under NOT"),
        pytest.param({"actor_tags": None}, "a", [4], id="absent, which an empty list is not"),
        pytest.param({"actor_tags|exists": True}, "a", [0, 1, 2, 3], id="there, as an empty list is"),
        pytest.param({"actor_tags|exists": False}, "not a", [0, 1, 2, 3], id="under NOT again"),
    ],
)
def test_a_list_is_asked_for_its_elements(item: dict[str, Any], condition: str, hits: list[int]) -> None:
    tags: list[Any] = [["svc"], ["svc", "ci"], ["ci", "Svc"], [], None]
    events = [{"actor_tags": value} for value in tags]
    assert list(asked({"a": item, "condition": condition}, events, COLUMNS)) == hits


def test_a_constant_beside_a_folded_field_is_in_lower_case_itself() -> None:
    """A normalizer folds what is stored; whether it folds a constant depends on where that is compared."""
    events = [{"decision": "ALLOW"}, {"decision": "deny"}]
    assert found({"a": {"decision": "ALLOW"}, "condition": "a"}, events, COLUMNS) == [0]
    assert found({"a": {"decision|contains": "LL"}, "condition": "a"}, events, COLUMNS) == [0]


def test_a_search_says_whole_rows_and_cuts_none_off_itself() -> None:
    """Without LIMIT 1000 rows are shown; which a rule needs, its documents do not say, so none is written."""
    text = esql.make(COLUMNS).convert(rule({"a": {"tool_name": "x"}, "condition": "a"}))
    assert text.startswith("FROM logs-mcp.audit-* METADATA _id, _index, _version\n| WHERE ")
    assert "LIMIT" not in text


@st.composite
def detections(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=3, unique=True))
    items = ITEM.filter(lambda item: item[0] != "no_such_column")
    detection: dict[str, Any] = {name: dict([draw(items)]) for name in names}
    tree = st.recursive(
        st.sampled_from(names),
        lambda inner: st.one_of(
            inner.map(lambda one: ("not", one)),
            st.tuples(st.sampled_from(["and", "or"]), st.lists(inner, min_size=2, max_size=3)),
        ),
        max_leaves=4,
    )
    return {**detection, "condition": spelled(draw(tree))}


@settings(max_examples=ground.EXAMPLES, deadline=None)
@given(detections(), st.lists(EVENT, min_size=1, max_size=6))
def test_any_detection_finds_what_the_scan_finds(
    detection: dict[str, Any], events: list[dict[str, Any]]
) -> None:
    found(detection, events, RANDOM)
