"""The law of the bridge over any log source: random rules on random rows mean the same on every engine."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sigma.rule import SigmaRule

from mcpsoar.targets.bridge import tree
from mcpsoar.targets.bridge.table import texts
from tests.targets.engines import asked
from tests.targets.evaluator import rule
from tests.targets.interpreter import holds

ALPHABET = "aAbBxu1.%_!\\*?'\"[]{}$^ -/\n\v\x1c\té中\U0001f600"
WRITTEN = st.text(alphabet=ALPHABET, max_size=4)
STORED = st.one_of(
    st.none(),
    st.text(alphabet=ALPHABET, max_size=6),
    st.sampled_from(
        ["10.0.0.1", "10.1.0.255", "192.0.2.7", "::1", "0:0::1", "2001:db8::9", "5", "-3", "12.5"]
    ),
)
FIELD = st.sampled_from(["one", "Two Words", "three.dots", "gone"])
ROW = st.fixed_dictionaries(dict.fromkeys(("one", "Two Words", "three.dots", "raw"), STORED))
PATTERN = st.recursive(
    st.sampled_from(
        [
            *(
                "a",
                "A",
                "b",
                "1",
                ".",
                "é",
                "%",
                "_",
                r"\.",
                r"\d",
                r"\w",
                r"\s",
                r"\S",
                r"\b",
                r"\\",
                r"\*",
                r"\?",
            ),
            *(
                r"\$",
                r"\x41",
                r"\u0041",
                r"\u00e9",
                r"\n",
                r"\v",
                "[ab]",
                "[^a]",
                r"[\d.]",
                r"[\x41]",
                r"[\u0041é]",
            ),
            *(r"[\\s]", r"[\S]", r"[^\S]", r"[\W_]", "[$]", r"[\b\n]", "[%_*?]"),
        ]
    ),
    lambda below: st.one_of(
        st.tuples(below, below).map("".join),
        st.tuples(below, below).map(lambda two: f"(?:{two[0]}|{two[1]})"),
        st.tuples(below, st.sampled_from(["*", "+", "?", "{1,2}", "*?"])).map(
            lambda two: f"({two[0]}){two[1]}"
        ),
    ),
    max_leaves=5,
)
ANCHORED = st.tuples(st.sampled_from(["", "^"]), PATTERN, st.sampled_from(["", "$"])).map("".join)


def item(modifiers: list[str], values: st.SearchStrategy[Any]) -> st.SearchStrategy[tuple[str, Any]]:
    key = st.tuples(FIELD, st.sampled_from(modifiers)).map("".join)
    return st.tuples(key, st.one_of(values, st.lists(values, min_size=1, max_size=3)))


ITEM = st.one_of(
    item(["", "|contains", "|startswith", "|endswith", "|cased", "|contains|cased"], WRITTEN),
    item(["|windash|contains", "|contains|windash"], st.sampled_from(["-a", "/a", "a -b"])),
    item(
        ["|base64|contains", "|base64offset|contains", "|wide|base64offset|contains"],
        st.sampled_from(["a", "ab"]),
    ),
    item(["|re", "|re|i", "|re|m", "|re|s", "|re|i|s"], ANCHORED),
    item(
        ["|cidr"], st.sampled_from(["10.0.0.0/8", "10.0.0.0/15", "192.0.2.6/31", "::/127", "2001:db8::/32"])
    ),
    item(["", "|gt", "|gte", "|lt", "|lte"], st.integers(-4, 13)),
    st.tuples(FIELD.map("{}|exists".format), st.booleans()),
    st.tuples(FIELD, st.sampled_from([None, True, False])),
    st.tuples(
        st.tuples(FIELD, st.sampled_from(["", "|startswith", "|endswith", "|contains"])).map(
            "|fieldref".join
        ),
        FIELD,
    ),
)
KEYWORDS = st.lists(st.sampled_from(["a", "A1", "b*1", "%", "_", 1]), min_size=1, max_size=2)
SELECTION = st.one_of(st.lists(ITEM, min_size=1, max_size=3).map(dict), KEYWORDS)
CONDITION = st.sampled_from(
    ["a", "not a", "a and b", "a or not b", "not (a and b)", "1 of them", "not all of them"]
)


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(first=SELECTION, second=SELECTION, condition=CONDITION, rows=st.lists(ROW, min_size=1, max_size=5))
def test_any_rule_finds_the_same_rows_everywhere(
    engine: tuple[str, Any], first: Any, second: Any, condition: str, rows: list[dict[str, Any]]
) -> None:
    made = rule({"a": first, "b": second, "condition": condition})
    node = SigmaRule.from_yaml(made.text).detection.parsed_condition[0].parsed
    predicate = tree.condition(node, texts("events", rows[0], raw="raw"))
    expected = [holds(node, row, "raw") for row in rows]
    assert asked(*engine, predicate, rows) == expected
