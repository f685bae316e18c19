"""Each way in which the stock text would mean something else than the rule: repaired here, seen on events.

What an item finds is written by hand; the scan must find the same.
"""

from collections.abc import Callable
from typing import Any

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcpsoar.core.errors import Unsupported
from mcpsoar.core.event import Column
from mcpsoar.detect.matching import matches
from mcpsoar.targets import lucene, sql
from mcpsoar.targets.bridge import tree
from mcpsoar.targets.bridge.table import normal
from mcpsoar.targets.es.lucene import regexp, text
from mcpsoar.targets.rule import reading
from tests.languages.lucene import Index, patterns
from tests.targets.es import ground
from tests.targets.es import test_traps as esql
from tests.targets.es.test_traps import COLUMNS, RANDOM, detections
from tests.targets.evaluator import rule
from tests.targets.interpreter import holds
from tests.targets.lucene.index import places
from tests.targets.spl.test_rules import found_in_sql
from tests.targets.test_bridge_laws import EVENT
from tests.targets.test_regex_laws import ALPHABET, FLAGS, PATTERN, TEXTS, parsed

ALL = ground.columns()


def asked(detection: dict[str, Any], events: list[dict[str, Any]], of: tuple[Column, ...]) -> tuple[int, ...]:
    return places(lucene.make(of).convert(rule(detection)), ground.held(timed(events, of), of))


def timed(events: list[dict[str, Any]], of: tuple[Column, ...]) -> list[dict[str, Any]]:
    """No event is without its time, by the contract and in a data stream."""
    is_there = any(column.name == "event_time" for column in of)
    return [{"event_time": "2026-01-01T00:00:00Z", **event} for event in events] if is_there else events


def found(detection: dict[str, Any], events: list[dict[str, Any]], of: tuple[Column, ...]) -> list[int]:
    """The places that Lucene finds, which must be those that the scan finds."""
    got = asked(detection, events, of)
    assert got == matches({"r": sql.predicate(rule(detection), of)}, timed(events, of), of)["r"]
    return list(got)


@pytest.mark.parametrize(
    ("item", "condition", "values", "hits"),
    [
        pytest.param({"tool_name": "x"}, "not a", ["x", "y", None], [1, 2], id="absent under NOT"),
        pytest.param({"tool_name": "Fetch"}, "a", ["fetch", "FETCH", "x"], [0, 1], id="case"),
        pytest.param({"tool_name": ["A", "b"]}, "a", ["a", "B", "c"], [0, 1], id="case in a list of values"),
        pytest.param({"tool_name|contains": "A"}, "a", ["xAx", "xax", "x"], [0, 1], id="case in a part"),
        pytest.param({"tool_name|startswith": "A"}, "a", ["ax", "Ax", "xa"], [0, 1], id="case at the start"),
        pytest.param({"tool_name|endswith": "A"}, "a", ["xa", "xA", "ax"], [0, 1], id="case at the end"),
        pytest.param({"tool_name": "é"}, "a", ["É", "é", "e"], [0, 1], id="case beyond ASCII"),
        pytest.param({"tool_name": "ki"}, "a", ["\u212ai", "k\u0130", "KI"], [0, 1, 2], id="odd capitals"),
        pytest.param({"tool_name|cased": "Fetch"}, "a", ["fetch", "Fetch"], [1], id="cased"),
        pytest.param({"tool_name|contains|cased": "A"}, "a", ["xax", "xAx"], [1], id="a cased part"),
        pytest.param({"tool_name": "a\\*b"}, "a", ["a*b", "axb"], [0], id="an asterisk that is meant"),
        pytest.param({"tool_name": "a\\?*"}, "a", ["a?x", "axx"], [0], id="a question mark that is meant"),
        pytest.param({"tool_name": "a?b"}, "a", ["axb", "ab", "axxb"], [0], id="one sign"),
        pytest.param({"tool_name": "a*b"}, "a", ["a\nb", "ab", "abc"], [0, 1], id="any signs"),
        pytest.param({"tool_name": "^ab$"}, "a", ["^ab$", "ab"], [0], id="anchors that are meant"),
        pytest.param({"tool_name|re": "^ab$"}, "a", ["ab", "xab", "abx"], [0], id="an anchored pattern"),
        pytest.param({"tool_name|re": "ab"}, "a", ["ab", "xabx", "ba"], [0, 1], id="a pattern anywhere"),
        pytest.param({"tool_name|re": "^(?:a|b)c"}, "a", ["acx", "bc", "xac"], [0, 1], id="a plain group"),
        pytest.param(
            {"tool_name|re": "(?i)ab"}, "not a", ["xAB", "a", None], [1, 2], id="flags in a pattern"
        ),
        pytest.param({"tool_name|re": "a.b"}, "a", ["axb", "a\nb"], [0], id="a dot is no new line"),
        pytest.param({"tool_name": None}, "a", ["x", None, "", " \t"], [1, 2, 3], id="blank is absent"),
        pytest.param({"tool_name|exists": True}, "a", ["x", None, " "], [0], id="blank is not there"),
        pytest.param({"tool_name": ""}, "not a", ["x", None, " "], [0], id="blank under NOT"),
        pytest.param({"tool_name": "*"}, "not a", ["x", None, " "], [1, 2], id="not there at all"),
        pytest.param({"tool_name": ["x", None]}, "a", ["x", "y", None], [0, 2], id="absent or this"),
        pytest.param({"tool_name": 7}, "a", ["7", "7.0", "77"], [0], id="a number that is a name"),
    ],
)
def test_a_text_is_what_the_rule_means(
    item: dict[str, Any], condition: str, values: list[Any], hits: list[int]
) -> None:
    events = [{"tool_name": value} for value in values]
    assert found({"a": item, "condition": condition}, events, COLUMNS) == hits


@pytest.mark.parametrize(
    ("condition", "hits"),
    [
        ("a or not b", [0, 2, 3]),
        ("not a or not b", [1, 2, 3]),
        ("not a and not b", [3]),
        ("a and not b", [2]),
        ("not (a and b)", [1, 2, 3]),
        ("not (a or b)", [3]),
        ("not not a", [0, 2]),
        ("a or b and a", [0, 2]),
        ("(not a) and (not b or a)", [3]),
    ],
)
def test_a_not_is_what_the_rule_means_wherever_it_stands(condition: str, hits: list[int]) -> None:
    events = [{"tool_name": "x", "server_name": "x"}, {"server_name": "x"}, {"tool_name": "x"}, {}]
    parts = {"a": {"tool_name": "x"}, "b": {"server_name": "x"}}
    columns = tuple(column for column in ALL if column.name in ("event_time", "event_id", *_NAMES))
    assert found({**parts, "condition": condition}, events, columns) == hits


_NAMES = ("tool_name", "server_name")


@pytest.mark.parametrize(
    ("item", "hits"),
    [
        ({"chain_depth": -3}, [0]),
        ({"chain_depth": [-3, 7]}, [0, 2]),
        ({"chain_depth|neq": 7}, [0, 1, 3]),
        ({"chain_depth|gt": -3}, [1, 2]),
        ({"chain_depth|gte": -3}, [0, 1, 2]),
        ({"chain_depth|lt": 7}, [0, 1]),
        ({"chain_depth|lte": 0}, [0, 1]),
    ],
    ids=str,
)
def test_a_number_is_one_even_below_zero(item: dict[str, Any], hits: list[int]) -> None:
    events: list[dict[str, Any]] = [{"chain_depth": value} for value in (-3, 0, 7, None)]
    assert found({"a": item, "condition": "a"}, events, COLUMNS) == hits
    rest = [place for place in range(4) if place not in hits]
    assert found({"a": item, "condition": "not a"}, events, COLUMNS) == rest


@pytest.mark.parametrize(
    ("item", "condition", "hits"),
    [
        pytest.param({"actor_tags": "SVC"}, "a", [0, 1, 2], id="any element"),
        pytest.param({"actor_tags|all": ["svc", "ci"]}, "a", [1, 2], id="every element"),
        pytest.param({"actor_tags|cased": "svc"}, "a", [0, 1], id="cased"),
        pytest.param({"actor_tags|contains": "V"}, "a", [0, 1, 2], id="a part of an element"),
        pytest.param({"actor_tags|re": "^c.$"}, "a", [1, 2], id="a pattern of an element"),
        pytest.param({"actor_tags": ["ci", "ops"]}, "not a", [0, 3, 4], id="under NOT"),
        pytest.param({"actor_tags": None}, "a", [4], id="absent, which an empty list is not"),
        pytest.param({"actor_tags": ""}, "a", [4], id="the same in other words"),
        pytest.param({"actor_tags": ["ops", ""]}, "a", [4], id="absent or this"),
        pytest.param({"actor_tags": "*"}, "a", [0, 1, 2, 3], id="there, as an empty list is"),
        pytest.param({"actor_tags|exists": False}, "not a", [0, 1, 2, 3], id="under NOT again"),
    ],
)
def test_a_list_is_asked_for_its_elements(item: dict[str, Any], condition: str, hits: list[int]) -> None:
    tags: list[Any] = [["svc"], ["svc", "ci"], ["ci", "Svc"], [], None]
    events = [{"actor_tags": value} for value in tags]
    detection = {"a": item, "condition": condition}
    conditions = reading.read(rule(detection)).conditions
    predicate = tree.joined([tree.condition(one, normal(COLUMNS)) for one in conditions])
    assert list(asked(detection, events, COLUMNS)) == hits == found_in_sql(predicate, timed(events, COLUMNS))


def test_an_enumeration_is_asked_in_lower_case_which_its_normalizer_leaves_alone() -> None:
    events = [{"decision": "ALLOW"}, {"decision": "deny"}, {}]
    for item, hits in (({"decision": "ALLOW"}, [0]), ({"decision|contains": "LL"}, [0])):
        assert found({"a": item, "condition": "a"}, events, COLUMNS) == hits
    assert found({"a": {"decision|cased": "allow"}, "condition": "not a"}, events, COLUMNS) == [1, 2]


@pytest.mark.parametrize("finds", [esql.found, found], ids=["esql", "lucene"])
def test_a_network_is_asked_of_the_address_and_not_of_the_text(finds: Callable[..., list[int]]) -> None:
    texts = ["10.1.2.3", "10.1.2.300", "11.1.2.3", "::ffff:10.1.2.3", "x", None]
    events = [{"src_ip": value} for value in texts]
    item = {"src_ip|cidr": "10.0.0.0/8"}
    assert finds({"a": item, "condition": "a"}, events, COLUMNS) == [0]
    assert finds({"a": item, "condition": "not a"}, events, COLUMNS) == [1, 2, 3, 4, 5]
    new = {"a": {"src_ip|cidr": "2001:db8::/32"}, "condition": "a"}
    assert finds(new, [{"src_ip": "2001:DB8::1"}, {"src_ip": "2001:db9::1"}], COLUMNS) == [0]


def test_a_blank_that_nobody_took_out_is_absent_all_the_same() -> None:
    """The guard of rules whose events came in by another way than ours; it knows the common blank alone."""
    events = timed([{"tool_name": value} for value in ("x", "  ", "", None)], COLUMNS)
    documents = [ground.stored(event, place, COLUMNS) for place, event in enumerate(events)]
    indices = {ground.STREAM: Index(ground.mapping(COLUMNS), documents)}
    for value, hits in ((None, (1, 2, 3)), ("*", (0,))):
        query = lucene.make(COLUMNS).convert(rule({"a": {"tool_name": value}, "condition": "a"}))
        assert places(query, indices) == hits


HOSTILE = [
    *("x", "X", "ab", "AND", "OR", "NOT", "TO", "and", "x AND y", "a OR b", "NOT x", "&&", "||", "!x"),
    *("_exists_", '"', 'a"b', '"x"', '\\"', "\\", "a\\", "\\\\", "a\\b", "a\\/b", "/", "//", "a/b"),
    *("/x/", "\\/", "x\\/ OR y:/", "*", "?", "a*b", "a?b", "**", "a\\*b", "<x", ">x", ">=5", "<"),
    *("a<b>c", "a:b", "tool_name:x", ":", "::1", "(", ")", "(a", "a)", "[", "]", "{", "}", "[a TO b]"),
    *("{* TO x}", "a{2}", "[a-z]", "[^a]", "-x", "+x", "-", "x-y", "~", "x~", "x~2", "^", "x^2", "^x$"),
    *("$", "#", "@", "&", "a&b", "a|b", "|", "a+b", "a.b", "a,b", "a;b", "'", "`", "a b", " a", "a "),
    *("a  b", "a\tb", "a\nb", "a\r\nb", "\x00x", "\x7f", "x\u2028", "é", "É", "ß", "ẞ", "ſ", "s", "k"),
    *("\u212a", "i", "İ", "ı", "ω", "Ω", "\u2126", "中", "😀", "\u202ex", "e\u0301", "%", "_", "a_b"),
    *("$(x)", "now", "true", "null", "7", "-7", "7.5", "1e5", "10.0.0.0/8", "2026-01-01", "\\u0041"),
    *("\\d", "${x}", "{{x}}"),
]


def said(hostile: str) -> str:
    """As a rule writes it where no sign of it is a wildcard."""
    return hostile.replace("\\", "\\\\").replace("*", "\\*").replace("?", "\\?")


@pytest.mark.parametrize("modifiers", ["", "|cased", "|contains", "|startswith|cased", "|endswith"])
def test_a_hostile_text_is_the_text_and_nothing_else(modifiers: str) -> None:
    events = timed([{"tool_name": one} for one in HOSTILE], COLUMNS)
    indices = ground.held(events, COLUMNS)
    items = {f"r{at}": {f"tool_name{modifiers}": said(one)} for at, one in enumerate(HOSTILE)}
    made = {name: rule({"a": item, "condition": "a"}) for name, item in items.items()}
    want = matches({name: sql.predicate(one, COLUMNS) for name, one in made.items()}, events, COLUMNS)
    got = {name: places(lucene.make(COLUMNS).convert(one), indices) for name, one in made.items()}
    assert got == want
    assert all(at in got[f"r{at}"] for at in range(len(HOSTILE)))


def test_several_hostile_texts_stand_in_one_group() -> None:
    events = timed([{"tool_name": one} for one in HOSTILE], COLUMNS)
    detection = {"a": {"tool_name|cased": [said(one) for one in HOSTILE[::2]]}, "condition": "a"}
    assert found(detection, events, COLUMNS) == list(range(0, len(HOSTILE), 2))


def test_case_is_that_of_the_engine_for_every_letter_there_is() -> None:
    """DuckDB's LOWER is the scan's; what has the same small letter is the same letter."""
    codes = "SELECT i, lower(chr(i::INT)) FROM range(1, 1114112) t(i) WHERE i NOT BETWEEN 55296 AND 57343"
    with duckdb.connect() as database:
        small = dict(database.execute(codes).fetchall())
    alike: dict[str, set[str]] = {}
    for code, letter in small.items():
        alike.setdefault(letter, set()).add(chr(code))
    assert [code for code, letter in small.items() if set(text.cases(chr(code))) != alike[letter]] == []


@pytest.mark.parametrize(
    ("item", "is_said"),
    [
        ({"tool_name": "a" * 250}, True),
        ({"tool_name": "a" * 251}, False),
        ({"tool_name|cased": "a" * 5000}, True),
        ({"tool_name|cased": "<" + "\U0001f600" * 499}, True),
        ({"tool_name|cased": "<" + "\U0001f600" * 500}, False),
        ({"tool_name|re": "^" + "a" * 1000}, False),
        ({"tool_name|re": "^" + "\U0001f600" * 499 + "$"}, True),
        ({"tool_name|re": "^" + "\U0001f600" * 501 + "$"}, False),
    ],
    ids=[
        "sets",
        "one more",
        "a word",
        "a pattern",
        "two for one",
        "re",
        "re of both",
        "re of both, one more",
    ],
)
def test_a_pattern_is_as_long_as_elastic_takes_it_and_a_word_as_long_as_it_is(
    item: dict[str, Any], is_said: bool
) -> None:
    """index.max_regex_length counts in UTF-16, as Java does."""
    made = rule({"a": item, "condition": "a"})
    if is_said:
        lucene.make(COLUMNS).convert(made)
    else:
        with pytest.raises(Unsupported, match="longer than 1000"):
            lucene.make(COLUMNS).convert(made)


@pytest.mark.parametrize("depth", [64, 65, 340])
def test_groups_are_nested_as_deep_as_conditions_and_no_deeper(depth: int) -> None:
    """pySigma reads some 400; what a pattern is printed by would be lost in them."""
    made = rule({"a": {"tool_name|re": "(?:" * depth + "a" + ")" * depth}, "condition": "a"})
    if depth == 64:
        assert "(a)" in lucene.make(COLUMNS).convert(made)
    else:
        with pytest.raises(Unsupported, match="64 deep"):
            lucene.make(COLUMNS).convert(made)


@settings(max_examples=ground.EXAMPLES, deadline=None)
@given(detections(), st.lists(EVENT, min_size=1, max_size=6))
def test_any_detection_finds_what_the_scan_finds(
    detection: dict[str, Any], events: list[dict[str, Any]]
) -> None:
    found(detection, events, RANDOM)


@pytest.mark.filterwarnings("ignore:Possible:FutureWarning")
@settings(max_examples=5 * ground.EXAMPLES, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pattern=PATTERN, flags=FLAGS, some=TEXTS)
def test_any_pattern_finds_what_python_finds_or_is_refused(pattern: str, flags: str, some: list[str]) -> None:
    node = parsed(pattern, flags)
    try:
        made = regexp.of(node.value)
    except Unsupported:
        return
    matched = patterns.compiled(made)
    for one in (*some, *ALPHABET):
        if one:  # an empty text is none
            assert matched(one) == holds(node, {"one": one}), (made, one)
